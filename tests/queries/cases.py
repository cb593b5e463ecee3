"""The golden cases: what is asked of the rows of generate.py.

A case is (name, dataset or None for the whole environment, query as Honeycomb spells it, section of the specification).
Ranges are absolute unless the case is about ranges: the clock of the test stands at generate.NOW_S.
"""

import re

from generate import NOW_S, START_S

HOUR = 3600
CASES = []
SPEC = "honeycomb.md §5"


def calc(text, **more):
    """`P99(duration_ms)` as a calculation."""
    op, column = re.fullmatch(r"(\w+)(?:\((.*)\))?", text).groups()
    return {"op": op} | ({"column": column} if column else {}) | more


def where(text):
    """`app.x >= 3`, `name in ["a"]`, `x exists`: the value is JSON."""
    import json

    column, op, value = re.fullmatch(
        r"(\S+) (=|!=|>=|<=|>|<|(?:does-not-)?(?:start|end)s?-with|(?:starts|ends)-with|(?:does-not-)?contains?|not-in|in"
        r"|exists|does-not-exist)(?: (.*))?",
        text,
    ).groups()
    return {"column": column, "op": op} | ({} if value is None else {"value": json.loads(value)})


def order(text):
    """`-COUNT`, `name`, `-P99(duration_ms)`: a minus is descending."""
    direction = "descending" if text.startswith("-") else "ascending"
    text = text.lstrip("-")
    if re.fullmatch(r"[A-Z0-9_]+(\(.*\))?", text):
        return calc(text) | {"order": direction}
    return {"column": text, "order": direction}


def having(text):
    what, op, value = text.split(" ")
    c = calc(what)
    return {"calculate_op": c["op"], "op": op, "value": float(value)} | (
        {"column": c["column"]} if "column" in c else {}
    )


def query(calcs=(), filters=(), by=(), orders=(), havings=(), start=0.0, end=3.0, **more):
    """`start` and `end` in hours after the generator's start; None leaves the range to `more`."""
    q = {}
    if calcs:
        q["calculations"] = [c if isinstance(c, dict) else calc(c) for c in calcs]
    if filters:
        q["filters"] = [where(f) for f in filters]
    if by:
        q["breakdowns"] = list(by)
    if orders:
        q["orders"] = [order(o) for o in orders]
    if havings:
        q["havings"] = [having(h) for h in havings]
    if start is not None:
        q["start_time"] = START_S + int(start * HOUR)
        q["end_time"] = START_S + int(end * HOUR)
    return q | more


def case(name, dataset, *args, spec=SPEC, **more):
    assert name not in {c["name"] for c in CASES}, name
    CASES.append({"name": name, "dataset": dataset, "query": query(*args, **more), "spec": spec})


# -- calculations -------------------------------------------------------------------------------------------------------

B, F, D, W = "backend-flask", "frontend", "messages-db", "worker"

case("count everything", None, ["COUNT"])
case("no calculation is COUNT", B)
case("count weighs by sample rate", F, ["COUNT"], spec="honeycomb.md §1.8")
case("count of a field counts rows that have it", B, ["COUNT(user.handle)"])
case("count of a field with empty texts", B, ["COUNT(search.term)", "COUNT"])
case("count of an absent field", B, ["COUNT(no.such.field)"])
case("count of a false boolean exists", B, ["COUNT(cache.hit)"])
case("sum of integers with negatives", B, ["SUM(queue.delta)"])
case("sum of doubles", B, ["SUM(balance)", "SUM(payload.size)"])
case("sum of nothing is null", B, ["SUM(no.such.field)"])
case("avg weighs", B, ["AVG(app.result_length)", "AVG(duration_ms)"])
case("avg over groups with all-null groups", None, ["AVG(queue.delta)", "COUNT"], by=["service.name"])
case("min and max are unweighted", B, ["MIN(queue.delta)", "MAX(queue.delta)", "MIN(balance)", "MAX(balance)"])
case("min and max of integers kept as doubles", B, ["MIN(payload.size)", "MAX(payload.size)"])
case("min and max of integers beyond 2^53", B, ["MIN(app.big_id)", "MAX(app.big_id)"])
case("max of zeros and small integers", B, ["MAX(app.result_length)", "MIN(app.result_length)"], by=["http.route"])
case("count distinct texts", F, ["COUNT_DISTINCT(user.handle)"])
case("count distinct is not weighted", B, ["COUNT_DISTINCT(app.result_length)", "COUNT_DISTINCT(cache.hit)"])
case("count distinct of ids below 1024", B, ["COUNT_DISTINCT(trace.trace_id)"], ["http.status = 500"])
case("count distinct of big integers", B, ["COUNT_DISTINCT(app.big_id)"])
case("count distinct by group", None, ["COUNT_DISTINCT(name)", "COUNT"], by=["service.name"])
case("count distinct of nothing", B, ["COUNT_DISTINCT(no.such.field)"])
for p in ["P001", "P01", "P05", "P10", "P20", "P25", "P50", "P75", "P80", "P90", "P95", "P99", "P999"]:
    case(f"{p} of durations", B, [f"{p}(duration_ms)"], spec="honeycomb.md §5, storage.md §5.1")
case("percentiles low by route", B, [f"{p}(duration_ms)" for p in ("P001", "P01", "P05", "P10", "P20", "P25")],
     by=["http.route"], orders=["http.route"])
case("percentiles high by route", B, [f"{p}(duration_ms)" for p in ("P50", "P75", "P80", "P90", "P95", "P99", "P999")],
     by=["http.route"], orders=["http.route"])
case("percentiles of negatives", B, ["P05(queue.delta)", "P50(queue.delta)", "P95(queue.delta)"])
case("percentiles of doubles with zeros and negatives", B, ["P05(balance)", "P25(balance)", "P50(balance)", "P90(balance)"])
case("percentiles of small integers are exact", B, ["P50(app.result_length)", "P90(app.result_length)"])
case("percentiles over many magnitudes", W, ["P05(ratio)", "P25(ratio)", "P75(ratio)", "P99(ratio)"])
case("percentiles of nothing", B, ["P99(no.such.field)"])
case("percentiles of a single value", "edges", ["P001(duration_ms)", "P50(duration_ms)", "P999(duration_ms)"])
case("percentile over time", B, ["P90(duration_ms)"], granularity=600)
case("percentile of one group", F, ["P99(duration_ms)"], ['user.handle = "worf"', 'http.route = "/api/activities/@<handle>"'])

case("concurrency of long jobs", "batch", ["CONCURRENCY"], granularity=300)
case("concurrency by lane", "batch", ["CONCURRENCY"], by=["lane"], granularity=600)
case("concurrency is cut at the end of the range", "batch", ["CONCURRENCY"], start=1, end=2, granularity=300)
case("concurrency of short spans", B, ["CONCURRENCY"], start=1, end=2, granularity=600)
case("rate of a sum", B, ["RATE_SUM(app.result_length)"], granularity=1800)
case("rate of a sum by group", B, ["RATE_SUM(payload.size)", "COUNT"], by=["http.route"], granularity=1800)
case("rate of an average", B, ["RATE_AVG(duration_ms)"], granularity=1800)
case("rate of an average of negatives", B, ["RATE_AVG(queue.delta)"], granularity=1800)
case("rate of a maximum", B, ["RATE_MAX(duration_ms)"], granularity=1800)
case("rate of a maximum of integers", B, ["RATE_MAX(queue.delta)"], granularity=900)

HM = "honeycomb.md §7, storage.md §5.1"
case("heatmap of durations of one route", B, ["HEATMAP(duration_ms)"], ['http.route = "/api/message_groups"'],
     granularity=1800, spec=HM)
case("heatmap with two bands", F, ["HEATMAP(duration_ms)"], ['user.handle = "worf"'], granularity=3600, spec=HM)
case("heatmap of negatives and zero", B, ["HEATMAP(queue.delta)"], ["http.status = 404"], granularity=3600, spec=HM)
case("heatmap by group", B, ["HEATMAP(duration_ms)", "COUNT"], ["http.status >= 500"], by=["http.status"],
     granularity=3600, spec=HM)
case("heatmap leaves out null", B, ["HEATMAP(app.result_length)"], ["http.status = 304"], granularity=10800, spec=HM)

# -- filters ------------------------------------------------------------------------------------------------------------

for name, f in {
    "equals text": 'http.route = "/api/activities/home"',
    "equals unicode text": 'user.handle = "日本"',
    "equals integer": "queue.delta = -7",
    "equals zero": "app.result_length = 0",
    "equals double": "balance = -12.5",
    "equals integer on integers kept as doubles": "payload.size = 3",
    "equals integer beyond 2^53": "app.big_id = 9007199254740993",
    "equals true": "cache.hit = true",
    "equals false": "cache.hit = false",
    "equals text true on a boolean": 'cache.hit = "true"',
    "equals number given as text": 'http.status = "404"',
    "equals empty text": 'search.term = ""',
    "not equal matches absent": 'user.handle != "worf"',
    "not equal number matches absent": "app.result_length != 0",
    "not equal on a field nobody has": 'no.such.field != "x"',
    "greater": "duration_ms > 60",
    "greater with negatives": "queue.delta > -10",
    "greater or equal": "app.result_length >= 64",
    "greater or equal beyond 2^53": "app.big_id >= 9007199254740994",
    "less": "queue.delta < 0",
    "less on doubles": "balance < 0.1",
    "less or equal": "duration_ms <= 2.5",
    "less or equal zero": "balance <= 0",
    "starts with": 'http.route starts-with "/api/activities"',
    "starts with on numbers": 'http.status starts-with "5"',
    "does not start with": 'http.route does-not-start-with "/api/activities"',
    "does not start with, absent": 'search.term does-not-start-with "c"',
    "ends with": 'http.route ends-with "search"',
    "ends with special characters": 'http.route ends-with "<handle>"',
    "does not end with": 'http.route does-not-end-with "<handle>"',
    "does not end with, absent": 'user.handle does-not-end-with "o"',
    "contains": 'name contains "messages"',
    "contains is case-sensitive": 'search.term contains "cloud"',
    "contains unicode": 'search.term contains "é"',
    "contains an emoji": 'search.term contains "🚀"',
    "contains percent literally": 'search.term contains "%"',
    "contains underscore literally": 'search.term contains "a_b"',
    "contains backslash literally": 'search.term contains "\\\\"',
    "does not contain": 'name does-not-contain "activities"',
    "does not contain, absent": 'search.term does-not-contain "a"',
    "exists": "search.term exists",
    "exists on booleans": "cache.hit exists",
    "does not exist": "app.result_length does-not-exist",
    "does not exist on a field nobody has": "no.such.field does-not-exist",
    "in texts": 'user.handle in ["worf", "zoë", "nobody"]',
    "in numbers": "http.status in [404, 500]",
    "in numbers and texts": 'http.status in ["404", 500]',
    "not in matches absent": 'user.handle not-in ["worf", "zoë"]',
    "not in numbers": "app.result_length not-in [0, 1]",
}.items():
    case("filter " + name, B, ["COUNT"], [f])

case("filter greater or equal text", F, ["COUNT"], ['user.handle >= "worf"'])
case("filter less than text", F, ["COUNT"], ['cloud.region < "eu"'])
case("filter and", B, ["COUNT"], ["cache.hit = true", "app.result_length > 2", 'http.route contains "home"'])
case("filter and with absent", B, ["COUNT", "AVG(duration_ms)"], ["user.handle does-not-exist", "queue.delta >= 0"])
case("filter or", B, ["COUNT"], ["cache.hit = true", "app.result_length > 2"], filter_combination="OR")
case("filter or with absent and negative", B, ["COUNT"], ["search.term exists", "queue.delta > 15", "cache.hit does-not-exist"],
     filter_combination="OR")
case("filter that nothing passes", B, ["COUNT", "MAX(duration_ms)"], ['http.route = "/nowhere"'])
case("filter on a range", B, ["COUNT"], ["duration_ms >= 10", "duration_ms < 20"])

# -- the same key in several types; rendered fields ---------------------------------------------------------------------

TY = "storage.md §2.1, mapping.md §3"
case("a key in three types, equal number", None, ["COUNT"], ["http.status = 500"], spec=TY)
case("a key in three types, equal text", None, ["COUNT"], ['http.status = "500"'], spec=TY)
case("a key in three types, greater", None, ["COUNT"], ["http.status >= 404"], spec=TY)
case("a key in three types, grouped", None, ["COUNT"], by=["http.status"], spec=TY)
case("a key in three types, averaged", None, ["AVG(http.status)", "MAX(http.status)"], spec=TY)
case("a key in three types, distinct", None, ["COUNT_DISTINCT(http.status)"], spec=TY)
case("a key in three types, in", None, ["COUNT"], ["http.status in [200, 204]"], by=["service.name"], spec=TY)
case("mixed values, numeric operations", D, ["SUM(mixed)", "AVG(mixed)", "MIN(mixed)", "MAX(mixed)"], spec=TY)
case("mixed values, grouped", D, ["COUNT"], by=["mixed"], spec=TY)
case("mixed values, equal true", D, ["COUNT"], ["mixed = true"], spec=TY)
case("mixed values, equal integer", D, ["COUNT"], ["mixed = 4"], spec=TY)
case("mixed values, less", D, ["COUNT"], ["mixed < 2"], spec=TY)
case("mixed values, contains", D, ["COUNT"], ['mixed contains "."'], spec=TY)
case("mixed values, exists", D, ["COUNT"], ["mixed exists"], spec=TY)
case("mixed values, not in", D, ["COUNT"], ['mixed not-in ["n/a", 4, true]'], spec=TY)
case("error of spans", None, ["COUNT"], ["error = true"], by=["service.name"], spec="mapping.md §8")
case("error not true matches absent", B, ["COUNT"], ["error != true"], spec="mapping.md §8")
case("error attribute wins", "signups", ["COUNT"], by=["error"], spec="mapping.md §3.1, §8")
case("status code", None, ["COUNT"], by=["status_code"], spec="mapping.md §2")
case("status code as number", W, ["COUNT"], ["status_code >= 1"], spec="mapping.md §2")
case("type and kind are one", None, ["COUNT"], ['type = "server"'], by=["span.kind"], spec="mapping.md §2")
case("a name that is a number", "signups", ["COUNT"], by=["name"], spec="mapping.md §3.1")
case("a duration that is text", "signups", ["COUNT(duration_ms)", "SUM(duration_ms)", "MAX(duration_ms)"],
     spec="mapping.md §3.1")
case("text trace ids", "signups", ["COUNT"], ["trace.trace_id exists"], by=["trace.trace_id"], spec="mapping.md §3.3")
case("a text trace id", "signups", ["COUNT"], ['trace.trace_id = "order-7"'], spec="mapping.md §3.3")
case("count by trace id", B, ["COUNT"], ["http.status = 500", 'http.route = "/api/message_groups"'],
     by=["trace.trace_id"], orders=["trace.trace_id"], spec="mapping.md §3.2")
case("parent absent is root", F, ["COUNT"], ["trace.parent_id does-not-exist"], spec="honeycomb.md §1.4")
case("span events", None, ["COUNT"], ['meta.annotation_type = "span_event"'], by=["meta.signal_type"], spec="mapping.md §7")
case("span events by time since start", None, ["P50(meta.time_since_span_start_ms)"], ['name = "exception"'],
     spec="honeycomb.md §1.4")
case("links", None, ["COUNT"], ["trace.link.trace_id exists"], spec="honeycomb.md §1.4")
case("log bodies", None, ["COUNT"], ['body contains "GET"', "severity_code >= 17"], spec="honeycomb.md §1.5")
case("log bodies, unicode and empty", "unknown_log_source", ["COUNT"], by=["body"], spec="honeycomb.md §1.5")
case("occurrences", "rollbar-cruddur", ["COUNT"], by=["severity"], spec="mapping.md §6")
case("one dataset over two tables", B, ["COUNT"], by=["meta.signal_type"], spec="mapping.md §1")

# -- groups, orders, limits, havings ------------------------------------------------------------------------------------

case("group by one", None, ["COUNT"], by=["service.name"])
case("group by two", B, ["COUNT", "MAX(duration_ms)"], by=["http.route", "http.status"])
case("group by three with nulls", F, ["COUNT"], by=["tier", "cloud.region", "http.request.method"])
case("group by boolean with null", B, ["COUNT"], by=["cache.hit"])
case("group by double", B, ["COUNT"], by=["balance"])
case("group by integer with null", B, ["COUNT"], by=["app.result_length"], orders=["app.result_length"])
case("group by a field nobody has", B, ["COUNT"], by=["no.such.field"])
case("group by unicode", F, ["COUNT"], by=["user.handle"], orders=["user.handle"])
case("order by a breakdown descending", F, ["COUNT"], by=["cloud.region"], orders=["-cloud.region"])
case("order by count ascending", F, ["COUNT"], by=["user.handle"], orders=["COUNT"])
case("order by average descending", B, ["COUNT", "AVG(duration_ms)"], by=["http.route"], orders=["-AVG(duration_ms)"])
case("order by maximum", B, ["MAX(duration_ms)"], by=["http.route"], orders=["MAX(duration_ms)"])
case("order by percentile", F, ["P90(duration_ms)"], ['http.route = "/api/activities/@<handle>"'], by=["user.handle"], limit=1,
     orders=["-P90(duration_ms)"])
case("order by two terms", F, ["COUNT"], by=["tier", "cloud.region"], orders=["tier", "-COUNT"])
case("order by sum of negatives", B, ["SUM(queue.delta)"], by=["http.route"], orders=["SUM(queue.delta)"])
case("limit with other", F, ["COUNT", "AVG(duration_ms)"], by=["user.handle"], limit=3)
case("limit one", B, ["COUNT"], by=["http.route"], limit=1)
case("limit with other and percentiles", B, ["COUNT", "P99(duration_ms)", "MAX(duration_ms)"], by=["http.route"], limit=2,
     spec="honeycomb.md §5, storage.md §5.1")
case("limit with other and distinct", F, ["COUNT", "COUNT_DISTINCT(user.handle)"], by=["http.route"], limit=2)
case("limit at the number of groups has no other", F, ["COUNT"], by=["tier"], limit=4)
case("limit over time lists only its groups", F, ["COUNT"], by=["user.handle"], limit=2, granularity=3600)
case("limit 10000 by trace", B, ["COUNT"], by=["trace.trace_id"], orders=["trace.trace_id"], limit=10000)
case("limit cuts many groups", B, ["COUNT"], by=["trace.trace_id"], orders=["trace.trace_id"], limit=5)
for name, h in {
    "greater": "COUNT > 800", "greater or equal": "COUNT >= 1000", "less": "COUNT < 900", "less or equal": "COUNT <= 800",
    "equal": "COUNT_DISTINCT(tier) = 3", "not equal": "COUNT_DISTINCT(tier) != 3",
}.items():
    case(f"having {name}", F, ["COUNT", "COUNT_DISTINCT(tier)"], by=["user.handle"], havings=[h])
case("having on an average", B, ["COUNT", "AVG(duration_ms)"], by=["http.route"], havings=["AVG(duration_ms) > 20"])
case("having on a percentile", F, ["P99(duration_ms)"], by=["user.handle"], havings=["P99(duration_ms) > 500"])
case("having twice", F, ["COUNT", "MAX(duration_ms)"], by=["user.handle"], havings=["COUNT > 700", "MAX(duration_ms) < 700"])
case("having on null drops the group", None, ["SUM(queue.delta)"], by=["service.name"], havings=["SUM(queue.delta) < 0"])
# Each operator once more, on a calculation of another type.
case("having a least at most", B, ["MIN(duration_ms)"], by=["http.route"], havings=["MIN(duration_ms) <= 1.013"])
case("having a sum of at least", B, ["SUM(duration_ms)"], by=["http.route"], havings=["SUM(duration_ms) >= 30000"])
case("having another count", F, ["COUNT"], by=["tier"], havings=["COUNT != 408"])
case("having that very count", F, ["COUNT"], by=["tier"], havings=["COUNT = 2836"])
case("having leaves the total alone", F, ["COUNT"], by=["tier"], havings=["COUNT > 1000000"])

# -- filters of a calculation -------------------------------------------------------------------------------------------

case("calculation filter", B, ["COUNT", calc("COUNT", name="failed", filters=[where("http.status >= 500")])])
case("calculation filters by group", B,
     [calc("COUNT", name="slow", filters=[where("duration_ms > 50")]),
      calc("COUNT", name="all"),
      calc("AVG(duration_ms)", name="avg hit", filters=[where("cache.hit = true")])],
     by=["http.route"])
case("calculation filters with or", B,
     [calc("COUNT", name="odd", filters=[where("http.status = 404"), where("http.status = 304")], filter_combination="OR")])
case("calculation filter that nothing passes", B,
     ["COUNT", calc("SUM(duration_ms)", name="none", filters=[where('http.route = "/nowhere"')])], by=["http.request.method"])
case("calculation filter with percentile and name", B,
     [calc("P90(duration_ms)", name="p90 ok", filters=[where("http.status = 200")])], ["http.status exists"])

# -- time ---------------------------------------------------------------------------------------------------------------

case("time series of counts", B, ["COUNT"], granularity=900)
case("time series by group", None, ["COUNT", "SUM(duration_ms)"], by=["service.name"], granularity=3600)
case("time series with gaps", B, ["COUNT"], ["http.status = 500", "cache.hit = true"], granularity=60)
case("granularity that does not divide the range", B, ["COUNT"], granularity=700)
case("granularity of ten seconds", W, ["COUNT", "MAX(depth)"], start=1, end=1.5, granularity=10)
case("buckets align to the epoch", B, ["COUNT"], start=0.125, end=1.375, granularity=3600)
case("start is inside, end is outside", "edges", ["COUNT"], by=["name"], start=0, end=1)
case("edges of the second hour", "edges", ["COUNT", "SUM(shift)"], start=1, end=2, granularity=3600)
case("no range: two hours back", "edges", ["COUNT"], by=["name"], start=None)
case("time_range alone goes back from now", "edges", ["COUNT"], by=["name"], start=None, time_range=3600)
case("time_range and start go forward", "edges", ["COUNT"], by=["name"], start=None, start_time=START_S, time_range=3601)
case("time_range and end go backward", "edges", ["COUNT"], by=["name"], start=None, end_time=NOW_S - HOUR, time_range=3601)
case("start alone goes to now", "edges", ["COUNT"], by=["name"], start=None, start_time=START_S + HOUR)
case("end in the future is clamped", B, ["COUNT"], start=None, start_time=NOW_S - 1800, end_time=NOW_S + 86400)
case("fractional seconds", "edges", ["COUNT"], by=["name"], start=None, start_time=START_S - 0.5, end_time=START_S + 0.5)
case("an empty range before all data", B, ["COUNT"], start=-9, end=-8)

# -- usage mode ---------------------------------------------------------------------------------------------------------

US = "honeycomb.md §5 (usage_mode)"
case("usage mode ignores weights", F, ["COUNT", "AVG(duration_ms)", "P50(duration_ms)"], usage_mode=True, spec=US)
case("usage mode shows Sample Rate", None, ["COUNT"], by=["Sample Rate"], usage_mode=True, spec=US)
case("usage mode computes with Sample Rate", F, ["SUM(Sample Rate)", "MAX(Sample Rate)"], usage_mode=True, spec=US)

# -- relational fields --------------------------------------------------------------------------------------------------

RE = "honeycomb.md §5 (relational fields), storage.md §5"


def related(name, *args, **more):
    case("relation " + name, *args, spec=RE, **more)


related("root in a filter", D, ["COUNT"], ['root.user.handle = "worf"'])
related("root of two filters on one span", D, ["COUNT"], ['root.user.handle = "worf"', 'root.tier = "pro"'])
related("root in a breakdown", D, ["COUNT", "AVG(duration_ms)"], by=["root.http.route"])
related("root of a deep trace", W, ["COUNT", "MAX(depth)"], by=["root.job.kind"])
related("root is missing", W, ["COUNT"], ["root.name does-not-exist"])
related("root of the root itself", F, ["COUNT"], ['root.service.name = "frontend"'])
related("root, a rendered field", D, ["COUNT"], ["root.error = true"])
related("root, negative operator", D, ["COUNT"], ['root.cloud.region != "eu-west-1"'])
related("parent in a filter", D, ["COUNT"], ["parent.http.status >= 500"])
related("parent in a breakdown", None, ["COUNT"], by=["parent.service.name", "service.name"])
related("parent lacks a field", D, ["COUNT"], ["parent.user.handle does-not-exist"])
related("parent of span events and logs", None, ["COUNT"], ['parent.name starts-with "GET"'], by=["meta.annotation_type"])
related("parent numeric in a breakdown", D, ["COUNT"], by=["parent.http.status"])
related("child in a filter", B, ["COUNT"], ['child.name = "INSERT activity"'])
related("child filters on the same span", B, ["COUNT"], ['child.name = "SELECT users"', "child.duration_ms > 5"])
related("child in a filter on errors", B, ["COUNT"], ["child.error = true"])
related("child in a breakdown, first that matches", B, ["COUNT"], ['child.name starts-with "SELECT"'], by=["child.name"])
related("child in a breakdown without filter", B, ["COUNT"], by=["child.name", "meta.signal_type"])
related("any in a filter", F, ["COUNT"], ['any.name = "INSERT activity"'])
related("any filters on the same span", F, ["COUNT"], ['any.service.name = "messages-db"', "any.error = true"])
related("any and any2 bind two spans", F, ["COUNT"], ['any.name = "INSERT activity"', 'any2.name = "SELECT users"'])
related("any, any2 and any3", F, ["COUNT"],
        ['any.name = "INSERT activity"', 'any2.name = "SELECT users"', 'any3.name = "SELECT messages"'])
related("any in a breakdown", F, ["COUNT"], ['any.service.name = "backend-flask"'], by=["any.http.status"])
related("any3 in a filter", W, ["COUNT"], ["any3.depth = 40"])
related("none in a filter", F, ["COUNT"], ['none.service.name = "messages-db"'])
related("none filters on the same span", F, ["COUNT"], ['none.service.name = "messages-db"', "none.duration_ms > 10"])
related("none keeps rows without a trace", None, ["COUNT"], ["none.error = true"], by=["meta.source"])
related("several relations", D, ["COUNT", "P50(duration_ms)"],
        ["parent.http.status = 200", 'root.tier != "free"', 'none.name = "INSERT activity"', "duration_ms > 0.2"])
related("relations force and", D, ["COUNT"], ['root.tier = "pro"', 'name = "SELECT users"'], filter_combination="OR")
related("over time", D, ["COUNT"], ['root.user.handle = "worf"'], granularity=3600)
related("limit with other", D, ["COUNT"], by=["root.user.handle"], limit=2)
related("in a narrow range finds spans outside it", D, ["COUNT"], ["root.tier exists"], start=1.3, end=1.3125)
related("of a whole environment", None, ["COUNT"], ['root.user.handle = "日本"'], by=["service.name"])

# -- refused by name, never guessed -------------------------------------------------------------------------------------


def refused(name, how, *args, **more):
    case("refused " + name, B, *args, spec="design.md §6.7", **more)
    CASES[-1]["error"] = how


refused("formulas", "unsupported", ["COUNT"], formulas=[{"name": "f", "expression": "$COUNT * 2"}])
refused("calculated fields", "unsupported", ["COUNT"], calculated_fields=[{"name": "f", "expression": "1"}])
refused("comparison in time", "unsupported", ["COUNT"], compare_time_offset_seconds=86400)
refused("order by a heatmap", "invalid", ["HEATMAP(duration_ms)"], by=["http.route"], orders=["HEATMAP(duration_ms)"])
refused("order by what was not asked", "invalid", ["COUNT"], by=["http.route"], orders=["MAX(duration_ms)"])
refused("having on what was not asked", "invalid", ["COUNT"], by=["http.route"], havings=["MAX(duration_ms) > 1"])
refused("limit over 10000", "invalid", ["COUNT"], by=["http.route"], limit=10001)
refused("start, end and length at once", "invalid", ["COUNT"], time_range=60)
refused("a sum of no field", "invalid", [{"op": "SUM"}])
refused("none in a breakdown", "invalid", ["COUNT"], by=["none.name"])
