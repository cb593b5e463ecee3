// `node node.cjs ENDPOINT TOKEN`: an error three functions deep, and a message.
const Rollbar = require("rollbar");
const [endpoint, accessToken] = process.argv.slice(2);
const rollbar = new Rollbar({ accessToken, endpoint, environment: "production", verbose: false, captureUncaught: true });
function outer() { middle(); }
function middle() { inner(); }
function inner() { throw new TypeError("from node"); }
try { outer(); } catch (e) {
  rollbar.error(e, (failed, answer) => {
    console.log(JSON.stringify({ failed: failed && String(failed), answer }));
    rollbar.info("done", () => process.exit(0));
  });
}
