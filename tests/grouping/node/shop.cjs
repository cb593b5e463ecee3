class NotFound extends Error { constructor(m) { super(m); this.name = "NotFound"; } }
class Conflict extends Error { constructor(m) { super(m); this.name = "Conflict"; } }
function handleOf(user) { return user.handle; }
function call(target) { return target.run(); }
function undeclared() { return notThere + 1; }
function fail(what) { throw new Error(`cannot load ${what}`); }
function failOther(what) { throw new Error(`cannot load ${what}`); }
function parse(text) { return JSON.parse(text); }
class Store {
  constructor(flag) { this.flag = flag; }
  first() { throw new TypeError("store"); }
  second() { throw new TypeError("store"); }
}
function each(n) { throw new Error(`item ${n}`); }
function forever(n) { return forever(n + 1) + 1; }
function wrapped(two) { try { handleOf(null); } catch (cause) { throw new Error(two ? "again 12" : "again 345", { cause }); } }
function custom(kind) { const Kind = kind === "a" ? NotFound : Conflict; throw new Kind("custom"); }
function sized(n) { return new Array(n); }
const wait = () => new Promise((ok) => setTimeout(ok, 1));
async function later(n) { await wait(); throw new Error(`late ${n}`); }
async function laterOther(n) { await wait(); throw new Error(`late ${n}`); }
module.exports = { handleOf, call, undeclared, fail, failOther, parse, Store, each, forever, wrapped, custom, sized, later, laterOther };
