"""Crashes on purpose and lets pyrollbar report: `crashes.py ENDPOINT ROOT VARIANT`.

Variant two is the same program after an innocent week: other data, other depth, another release.
"""

import json
import logging
import sys

import rollbar
import rollbar.logger
from shop import cart, pricing, users, util

endpoint, root, variant = sys.argv[1:4]
two = variant == "two"
rollbar.init("0" * 32, "production", root=root, endpoint=endpoint, handler="blocking", capture_email=True)


def report(name, action):
    try:
        action()
    except BaseException:
        rollbar.report_exc_info(extra_data={"case": f"py-{name}-{variant}"})


class Local:
    def first(self):
        raise LookupError("first")

    def second(self):
        raise LookupError("second")


report("key", lambda: users.profile({"id": 7}, "handle" if two else "name"))
report("attribute", lambda: users.greet(None))
report("zero", lambda: pricing.average([] if two else []))
report("parse", lambda: pricing.parse("12,5" if two else "n/a"))
report("json", lambda: util.load('{"a": ' if two else "not json"))
report("chain", lambda: users.load_or_fail({"b": 2} if two else {}))
report("recursion", lambda: (sys.setrecursionlimit(700 if two else 400), util.even(10_000)))
report("cycle", lambda: util.countdown(40 if two else 3))
report("decorated", lambda: cart.checkout(99 if two else 1))
report("helper-a", lambda: cart.add(None))
report("helper-b", lambda: cart.remove(None))
report("class-a", lambda: pricing.pick("a", two))
report("class-b", lambda: pricing.pick("b", two))
report("method-a", Local().first)
report("method-b", Local().second)
report("comprehension", lambda: cart.totals([1, "x" if two else None]))
report("generator", lambda: list(cart.stream(5 if two else 2)))
report("twin-cart", lambda: cart.validate({}))
report("twin-users", lambda: users.validate({}))
report("assertion", lambda: pricing.check(-5 if two else -1))
report("file", lambda: util.read("/var/data/77.csv" if two else "/var/data/12.csv"))
report("group", lambda: util.many(two))


def say(name, text, level="info", **extra):
    rollbar.report_message(text, level, extra_data={"case": f"py-{name}-{variant}", **extra})


say("msg-user", "user 4711 was not found" if two else "user 12 was not found", "warning")
say("msg-order", "order 4711 was not found" if two else "order 12 was not found", "warning")
say("msg-uuid", "job %s failed" % ("6fa459ea-ee8a-3ca4-894e-db77e160355e" if two else "16fd2706-8baf-433b-82eb-8c7fada847da"))
say("msg-time", "slow query: 35ms at 2024-05-01 10:00:00" if two else "slow query: 1204ms at 2023-11-30 23:59:59")
say("msg-phase-3", "phase 3 failed")
say("msg-phase-4", "phase 4 failed")

handler = rollbar.logger.RollbarHandler()
log = logging.getLogger("shop")
log.propagate = False
log.addHandler(handler)
log.error("could not ship parcel for %s", "grace" if two else "andrew", extra={"extra_data": {"case": f"py-log-{variant}"}})
