// Crashes on purpose and lets rollbar.js report: `node crashes.cjs ENDPOINT ROOT VARIANT`.
const Rollbar = require("rollbar");
const shop = require("./shop.cjs");

const [endpoint, root, variant] = process.argv.slice(2);
const two = variant === "two";
const rollbar = new Rollbar({ accessToken: "0".repeat(32), endpoint, environment: "production", verbose: false, maxItems: 1000,
  payload: { server: { root } } });
const done = [];
const report = (name, error) => done.push(new Promise((ok) => rollbar.error(error, { case: `js-${name}-${variant}` }, ok)));
const caught = (name, action) => { try { action(); } catch (e) { report(name, e); } };
const rejected = async (name, action) => { try { await action(); } catch (e) { report(name, e); } };

(async () => {
  caught("property", () => shop.handleOf(two ? null : undefined));
  caught("function", () => shop.call({ run: two ? 7 : "x" }));
  caught("undefined", () => shop.undeclared());
  caught("thrown", () => shop.fail(two ? "order 4711" : "order 12"));
  caught("thrown-other", () => shop.failOther("order 12"));
  caught("json", () => shop.parse(two ? "{" : "nope"));
  caught("method-a", () => new shop.Store(two).first());
  caught("method-b", () => new shop.Store(two).second());
  caught("callback", () => [two ? 3 : 1].forEach(shop.each));
  caught("range", () => shop.forever(0));
  caught("cause", () => shop.wrapped(two));
  caught("custom-a", () => shop.custom("a"));
  caught("custom-b", () => shop.custom("b"));
  caught("array", () => shop.sized(two ? -3 : -1));
  await rejected("async", () => shop.later(two ? 5 : 1));
  await rejected("async-other", () => shop.laterOther(1));
  const say = (name, text) => done.push(new Promise((ok) => rollbar.warning(text, { case: `js-${name}-${variant}` }, ok)));
  say("msg", two ? "cache miss for 8123 keys" : "cache miss for 17 keys");
  await Promise.all(done);
})();
