"""Lines of two log groups, questions in Logs Insights QL, and their answers by a plain walk.

Each case names its section of the specification of CloudWatch Logs. Answers are computed here from the
lines, in plain Python, or written down by hand: our engine has no part in them. `python insights.py`
writes insights.json; a test makes it again and compares.
"""

import hashlib
import json
import math
import re
import sys
from collections import defaultdict
from datetime import datetime, timedelta, timezone

T0 = 1760000400000  # 2025-10-09 09:00:00 UTC, milliseconds
END = T0 + 3 * 3600_000


class Line:
    def __init__(self, at_s, group, stream, message, fields=None):
        self.ts = T0 + round(at_s * 1000)
        self.group, self.stream, self.message = group, stream, message
        self.f = dict(fields or {})

    def get(self, name):
        return self.f.get(name)


def flatten(value, prefix=""):
    """Fields of a JSON line: objects by dotted names, arrays as JSON text, null is nothing."""
    out = {}
    for key, v in value.items():
        name = prefix + key
        if isinstance(v, dict):
            out.update(flatten(v, name + "."))
        elif isinstance(v, list):
            out[name] = json.dumps(v, separators=(",", ":"))
        elif v is not None:
            out[name] = v
    return out


def jline(at_s, group, stream, doc):
    return Line(at_s, group, stream, json.dumps(doc, separators=(",", ":")), flatten(doc))


PATHS = ["/home", "/api/items", "/health", "/login"]
METHODS = ["GET", "GET", "POST", "GET", "DELETE"]
STATUS = [200, 200, 404, 500, 200, 403, 201]
IPS = ["10.0.0.5", "10.1.2.3", "192.168.7.7", "2001:db8::7", "not-an-ip"]
USERS = ["ada", "bob", "eve", None]


def lines():
    out = []
    for i in range(35):
        doc = {
            "level": ["info", "info", "warn", "error"][i % 4],
            "method": METHODS[i % 5],
            "path": PATHS[i * 3 % 4],
            "status": STATUS[i % 7],
            "ms": round(3.25 + (i * 37 % 101) * 1.5, 2),
            "bytes": 100 + i * i,
            "ip": IPS[i % 5],
            "ok": i % 3 == 0,
            "user": {"name": USERS[i % 4], "id": i % 4 + 1},
            "@kind": "access",
            "items": [{"id": i, "n": i % 3}, {"id": i + 100, "n": 1}],
            "odd-key": "k%d" % (i % 2),
        }
        if i % 6 == 0:
            doc["code"] = str(STATUS[i % 7])  # a number written as text
            doc["error"] = "boom" if i % 12 == 0 else ""
            doc["name"] = "n%d" % i
        if i % 7 == 0:
            doc["timestamp"] = "client %d" % i
        out.append(jline(7 + i * 211.5, "web", "web/%d" % (i % 2 + 1), doc))
    texts = [
        "[INFO] user=alice latency=12 job started",
        "[ERROR] user=bob latency=250 job failed: Timeout after 30s",
        "[ERROR] user=alice latency=9 job failed: error in step 2",
        "[WARN] user=carol latency=100 retrying",
        "[INFO] user=bob latency=31 job done",
        "plain words without anything",
        "first line\nsecond line: ERROR inside",
        "[INFO] user=alice latency=7.5 job done",
        "[ERROR] user=dave latency=x job failed",
        "id=007 took 1,5 a/b path=/x/y",
        "   padded   ",
        "naïve café 日本 ünïcode",
        '{"a":{"b":[10,20,{"c":"deep"}]},"odd key":1}',
        "[INFO] user=erin latency=64 job done",
    ]
    for i, text in enumerate(texts):
        out.append(Line(31 + i * 540.25, "jobs", "jobs/1", text))
    return sorted(out, key=lambda l: l.ts)


L = lines()
WEB = [l for l in L if l.group == "web"]
JOBS = [l for l in L if l.group == "jobs"]


def stamp(ms):
    d = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
    return d.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (ms % 1000)


def shown(v, stored=True):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, float):
        if v == int(v):
            return str(int(v))
        if stored:
            return repr(v)
        places = 4 if abs(v) >= 0.1 else 4 + math.floor(-math.log10(abs(v)))
        return ("%.*f" % (places, v)).rstrip("0").rstrip(".")
    return v


def c(v):
    """A computed value."""
    return None if v is None else shown(v, stored=False)


def newest(ls):
    return sorted(ls, key=lambda l: -l.ts)


def rows(ls, *columns):
    """A row per line: pairs of a column's name and how it is read (its name: the field)."""
    out = []
    for l in ls:
        row = []
        for col in columns:
            name, read = col if isinstance(col, tuple) else (col, None)
            v = read(l) if read else field(l, name)
            if v is not None:
                row.append([name, shown(v)])
        out.append(row)
    return out


def field(l, name):
    if name == "@timestamp":
        return stamp(l.ts)
    if name == "@message":
        return l.message
    if name == "@logStream":
        return l.stream
    if name == "@log":
        return "000000000000:" + l.group
    return l.get(name)


def table(names, records):
    return [[[n, shown(v)] for n, v in zip(names, r) if v is not None] for r in records]


def grouped(ls, key):
    out = defaultdict(list)
    for l in ls:
        out[key(l)].append(l)
    return out


def num(v):
    if isinstance(v, bool) or v is None:
        return None
    if isinstance(v, (int, float)):
        return v
    return float(v) if re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", v) else None


def rank(values, p):
    values = sorted(values)
    return values[max(1, math.ceil(p / 100 * len(values))) - 1]


def mean(values):
    return sum(values) / len(values)


def floor_to(ms, step_ms):
    return ms // step_ms * step_ms


CASES = []


def case(section, query, want, groups=("web",), matched=None, limit=None):
    CASES.append(
        {
            "section": section,
            "query": query,
            "groups": list(groups),
            "limit": limit,
            "rows": want,
            "matched": matched,
        }
    )


BOTH = ("web", "jobs")
LV, ME, PA, ST, MS = "level", "method", "path", "status", "ms"

# --- 7.2, 7.3: rows, order, fields, display, limit
case("7.2 default columns", "limit 3", rows(newest(WEB)[:3], "@timestamp", "@message"))
case("7.2 default order", "fields @timestamp", rows(newest(WEB), "@timestamp"), matched=35)
case("7.2 @log and @logStream", "fields @log, @logStream, @timestamp | limit 6",
     rows(newest(L)[:6], "@log", "@logStream", "@timestamp"), BOTH)
case("7.3 fields accumulate", "fields level | fields status, method | limit 4",
     rows(newest(WEB)[:4], LV, ST, ME))
case("7.3 fields with an alias", "fields status as code2, ms | limit 2",
     rows(newest(WEB)[:2], ("code2", lambda l: l.get(ST)), MS))
case("7.3 the last display wins", "fields level, ms | display path | display status, path | limit 3",
     rows(newest(WEB)[:3], ST, PA))
case("7.3 missing fields are left out", "fields code, status | limit 12", rows(newest(WEB)[:12], "code", ST))
case("7.3 limit before fields", "limit 2 | fields method", rows(newest(WEB)[:2], ME))
case("7.3 the last limit wins", "fields ms | limit 1 | sort ms | limit 4",
     rows(sorted(WEB, key=lambda l: (l.get(MS), -l.ts))[:4], MS))
case("7.3 a limit narrows what follows", "limit 5 | filter status >= 400 | fields status",
     rows([l for l in newest(WEB)[:5] if l.get(ST) >= 400], ST))
case("5.13 the call's own limit", "fields ms", rows(newest(WEB)[:7], MS), limit=7)
case("5.13 the query's limit before the call's", "fields ms | limit 9", rows(newest(WEB)[:9], MS), limit=7)
case("7.1 words in any case", "FIELDS status | SORT status DESC, ms ASC | Limit 3",
     rows(sorted(WEB, key=lambda l: (-l.get(ST), l.get(MS)))[:3], ST))
case("7.1 comments", "# all of it\nfields status # the code\n| limit 1 # one\n# end",
     rows(newest(WEB)[:1], ST))
case("7.1 a number sign in text is no comment", "filter @message like ' #' | fields @message", [], BOTH, 0)
case("7.1 names in backticks", "fields `odd-key`, user.`name` | limit 4",
     rows(newest(WEB)[:4], "odd-key", "user.name"))
case("7.1 a minus without backticks subtracts", "fields bytes-status as d | limit 3",
     rows(newest(WEB)[:3], ("d", lambda l: l.get("bytes") - l.get(ST))))
case("7.2 a key that begins with @", "filter @@kind = 'access' | fields @@kind | limit 2",
     rows(newest(WEB)[:2], ("@@kind", lambda l: l.get("@kind"))))
case("7.2 names the event model has columns for are the line's own",
     "filter ispresent(timestamp) or ispresent(error) | fields timestamp, error, name, dataset",
     rows([l for l in newest(WEB) if "timestamp" in l.f or "error" in l.f], "timestamp", "error", "name"))
case("7.2 array elements by name", "fields items.0.id as first, items.1.id as second, items.2.id as third | limit 3",
     rows(newest(WEB)[:3], ("first", lambda l: json.loads(l.get("items"))[0]["id"]),
          ("second", lambda l: json.loads(l.get("items"))[1]["id"])))
case("7.3 stats after Grafana's prefix",
     "fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__|"
     "stats count(*) as n",
     table(["n"], [[len(WEB)]]))
case("7.3 a comment after Grafana's prefix",
     "fields @timestamp,ltrim(@log) as __log__grafana_internal__,ltrim(@logStream) as __logstream__grafana_internal__|"
     "# mine\nfields ms | limit 1",
     rows(newest(WEB)[:1], "@timestamp", ("__log__grafana_internal__", lambda l: field(l, "@log")),
          ("__logstream__grafana_internal__", lambda l: l.stream), MS))


# --- filter, 7.4
def where(section, condition, keep, groups=("web",), columns=("@timestamp",)):
    ls = [l for l in L if l.group in groups]
    kept = [l for l in newest(ls) if keep(l)]
    case(section, "filter %s | fields %s" % (condition, ", ".join(columns)),
         rows(kept, *columns), groups, len(kept))


where("7.4 equal", "status = 200", lambda l: l.get(ST) == 200)
where("7.4 not equal", "status != 200", lambda l: l.get(ST) != 200)
where("7.4 less", "ms < 30.5", lambda l: l.get(MS) < 30.5)
where("7.4 at most", "bytes <= 500", lambda l: l.get("bytes") <= 500)
where("7.4 greater", "400 < status", lambda l: l.get(ST) > 400)
where("7.4 and before or", "level = 'error' or level = 'warn' and status = 200",
      lambda l: l.get(LV) == "error" or l.get(LV) == "warn" and l.get(ST) == 200)
where("7.4 parentheses", "(level = 'error' or level = 'warn') and status = 200",
      lambda l: l.get(LV) in ("error", "warn") and l.get(ST) == 200)
where("7.4 not", "not (status = 200 or status = 404)", lambda l: l.get(ST) not in (200, 404))
where("7.4 numbers in text", "code >= 400", lambda l: l.get("code") is not None and int(l.get("code")) >= 400)
where("7.4 a number equals its text", "code = 200", lambda l: l.get("code") == "200")
where("7.4 quoted numbers", "status = '200'", lambda l: l.get(ST) == 200)
where("7.4 missing makes a comparison false", "code != 200", lambda l: l.get("code") not in (None, "200"))
where("7.4 not of a comparison with what is missing", "not (code = 200)", lambda l: l.get("code") != "200")
where("7.4 words compare by bytes", "method > 'GET'", lambda l: l.get(ME) > "GET")
where("7.4 truth values", "ok = true", lambda l: l.get("ok"))
where("7.4 a truth value alone", "ok", lambda l: l.get("ok"))
where("7.4 only truth is true", "status", lambda l: False)
where("7.4 like text", "path like 'api'", lambda l: "api" in l.get(PA))
where("7.4 like is about case", "@message like 'error'", lambda l: "error" in l.message, BOTH)
where("7.4 like with % at both ends", "path like '%ogi%'", lambda l: "ogi" in l.get(PA))
where("7.4 like with % at the end", "path like '/h%'", lambda l: l.get(PA).startswith("/h"))
where("7.4 not like", "path not like 'h'", lambda l: "h" not in l.get(PA))
where("7.4 not like needs a value", "code not like '4'", lambda l: l.get("code") is not None and "4" not in l.get("code"))
where("7.4 like a regular expression", "@message like /(?i)ERROR/", lambda l: re.search("error", l.message, re.I), BOTH)
where("7.4 =~", r"@message =~ /latency=\d{2,}\b/", lambda l: re.search(r"latency=\d{2,}\b", l.message), BOTH)
where("7.4 not like a regular expression", "ip not like /^10\\./", lambda l: not l.get("ip").startswith("10."))
where("7.1 a slash in a regular expression", "path like /^\\/api\\//", lambda l: l.get(PA).startswith("/api/"))
where("7.4 in", "status in [403, 404, 500]", lambda l: l.get(ST) in (403, 404, 500))
where("7.4 in is of whole values", "method in ['GE', 'POST', 'get']", lambda l: l.get(ME) == "POST")
where("7.4 in with text and numbers", "code in [200, '404']", lambda l: l.get("code") in ("200", "404"))
where("7.4 not in", "status not in [200, 201]", lambda l: l.get(ST) not in (200, 201))
where("7.4 not in needs a value", "code not in [200]", lambda l: l.get("code") not in (None, "200"))
where("7.5 ispresent", "ispresent(user.name)", lambda l: l.get("user.name") is not None)
where("7.5 not ispresent", "not ispresent(user.name)", lambda l: l.get("user.name") is None)
where("7.4 two filters", "status >= 400 | filter method = 'GET'", lambda l: l.get(ST) >= 400 and l.get(ME) == "GET")
where("7.4 fields with each other", "bytes > status", lambda l: l.get("bytes") > l.get(ST))
where("7.4 over both groups", "ispresent(status) and ms > 100 or @message like 'ERROR'",
      lambda l: l.get(ST) is not None and l.get(MS) > 100 or "ERROR" in l.message, BOTH, ("@log", "@timestamp"))
where("7.2 time as milliseconds", "@timestamp >= %d" % (T0 + 3600_000), lambda l: l.ts >= T0 + 3600_000)
where("7.2 by stream", "@logStream = 'web/2'", lambda l: l.stream == "web/2")
where("7.2 by group", "@log like /jobs$/", lambda l: l.group == "jobs", BOTH)
where("7.3 a name that is nowhere", "nowhere = 1 or nowhere like 'x' or not ispresent(nowhere) and status = 201",
      lambda l: l.get(ST) == 201)

# --- arithmetic
case("7.4 precedence of arithmetic",
     "fields 1 + 2 * 3 as a, (1 + 2) * 3 as b, 2 ^ 3 ^ 2 as c, -2 ^ 2 as d, 7 % 4 as e, 10 / 4 as f, 6 / 3 as g, 7 - 2 - 1 as h | limit 1",
     table(list("abcdefgh"), [[7, 9, 512, 4, 3, 2.5, 2, 4]]))
case("7.4 arithmetic with what is no number", "fields method + 1 as a, status / 0 as b, code + 1 as c2, 1 as d | limit 7",
     [([["c2", str(int(l.get("code")) + 1)]] if "code" in l.f else []) + [["d", "1"]] for l in newest(WEB)[:7]])
case("7.6 short doubles", "fields bytes / 7 as x, ms | limit 5",
     [[["x", c(l.get("bytes") / 7)], [MS, shown(l.get(MS))]] for l in newest(WEB)[:5]])
case("7.3 computed fields in later commands", "fields ms * 2 as twice | filter twice > 150 | sort twice | display twice",
     rows(sorted([l for l in WEB if l.get(MS) * 2 > 150], key=lambda l: (l.get(MS), -l.ts)),
          ("twice", lambda l: l.get(MS) * 2)))

# --- sort
case("7.3 sort by number", "sort ms desc | fields ms", rows(sorted(WEB, key=lambda l: (-l.get(MS), -l.ts)), MS))
case("7.3 sort by two keys", "sort level, bytes desc | fields level, bytes",
     rows(sorted(WEB, key=lambda l: (l.get(LV), -l.get("bytes"))), LV, "bytes"))
case("7.3 what is missing is last", "sort code asc, @timestamp asc | fields code, @timestamp",
     rows(sorted(WEB, key=lambda l: (l.get("code") is None, int(l.get("code") or 0), l.ts)), "code", "@timestamp"))
case("7.3 what is missing is last in the other direction too", "sort code desc, @timestamp asc | fields code, @timestamp",
     rows(sorted(WEB, key=lambda l: (l.get("code") is None, -int(l.get("code") or 0), l.ts)), "code", "@timestamp"))
case("7.3 sort by an expression", "sort strlen(@message) desc, @timestamp | fields strlen(@message) as len | limit 5",
     rows(sorted(L, key=lambda l: (-len(l.message), l.ts))[:5], ("len", lambda l: len(l.message))), BOTH)
case("7.3 the oldest first", "fields @timestamp | sort @timestamp asc | limit 4", rows(WEB[:4], "@timestamp"))


# --- parse
def glob(l):
    return re.match(r"(?s).*?\[(.*?)\] (.*)\Z", l.message)


def groups_of(l, pattern):
    m = re.search(pattern, l.message)
    return m.groupdict() if m else {}


PARSED = [l for l in newest(JOBS) if glob(l)]
case("7.3 parse by a pattern", 'parse @message "[*] *" as lvl, msg | filter lvl = "ERROR" | display msg',
     rows([l for l in PARSED if glob(l)[1] == "ERROR"], ("msg", lambda l: glob(l)[2])), ("jobs",))
case("7.3 parse of the message by default", "parse 'user=* latency=* ' as who, lat | filter ispresent(who) | fields who, lat",
     rows([l for l in newest(JOBS) if "user=" in l.message],
          ("who", lambda l: re.search(r"user=(.*?) latency=(.*?) ", l.message)[1]),
          ("lat", lambda l: re.search(r"user=(.*?) latency=(.*?) ", l.message)[2])), ("jobs",))
case("7.3 a row that does not match stays", 'parse "[*]" as lvl | fields lvl, @timestamp',
     rows(newest(JOBS), ("lvl", lambda l: (re.search(r"\[(.*?)\]", l.message) or [None, None])[1]), "@timestamp"), ("jobs",))
case("7.3 parse of a field", "parse path '/*/*' as a, b | filter ispresent(a) | fields a, b | limit 3",
     rows([l for l in newest(WEB) if l.get(PA).count("/") == 2][:3], ("a", lambda l: "api"), ("b", lambda l: "items")))
case("7.3 parse with a regular expression",
     r"parse @message /user=(?<user>\S+) latency=(?<ms>\d+)/ | filter ispresent(user) | fields user, ms",
     rows([l for l in newest(JOBS) if re.search(r"user=(\S+) latency=(\d+)", l.message)],
          ("user", lambda l: groups_of(l, r"user=(?P<user>\S+) latency=(?P<ms>\d+)")["user"]),
          ("ms", lambda l: groups_of(l, r"user=(?P<user>\S+) latency=(?P<ms>\d+)")["ms"])), ("jobs",))
case("7.3 a group that took no part", r"parse /latency=(?<n>\d+)(?<rest>\.\d+)?/ | filter ispresent(n) | fields n, rest",
     rows([l for l in newest(JOBS) if re.search(r"latency=\d+", l.message)],
          ("n", lambda l: groups_of(l, r"latency=(?P<n>\d+)(?P<r>\.\d+)?")["n"]),
          ("rest", lambda l: groups_of(l, r"latency=(?P<n>\d+)(?P<r>\.\d+)?")["r"])), ("jobs",))
case("7.3 a piece may have more than one line", "parse 'first *' as rest | filter ispresent(rest) | display rest",
     [[["rest", "line\nsecond line: ERROR inside"]]], ("jobs",))
case("7.3 stats over parsed fields, sorted by an aggregate",
     r"parse @message /user=(?<user>\S+) latency=(?<ms>\d+)/ | filter ispresent(user)"
     " | stats avg(ms), pct(ms, 95), max(ms) by user | sort `avg(ms)` desc",
     table(["user", "avg(ms)", "pct(ms, 95)", "max(ms)"],
           sorted([[u, c(mean(v)), max(v), max(v)] for u, v in
                   {u: [int(groups_of(l, r"latency=(?P<n>\d+)")["n"]) for l in JOBS
                        if "user=%s " % u in l.message and re.search(r"latency=\d", l.message)]
                    for u in ["alice", "bob", "carol", "erin"]}.items()],
                  key=lambda r: -float(r[1]))), ("jobs",))

# --- dedup
FIRST = list({l.get(LV): l for l in WEB}.values())  # the newest of each level
case("7.3 dedup keeps the newest", "dedup level | limit 10", rows(newest(FIRST), "@timestamp", "@message"))
FIRST_BY_MS = list({l.get(ME): l for l in sorted(WEB, key=lambda l: (-l.get(MS), l.ts))}.values())
case("7.3 dedup in the order of sort", "fields method, ms | sort ms | dedup method",
     rows(sorted(FIRST_BY_MS, key=lambda l: l.get(MS)), ME, MS))
case("7.3 dedup keeps rows without a key", "fields code | dedup code",
     rows([l for i, l in enumerate(newest(WEB)) if l.get("code") is None
           or all(o.get("code") != l.get("code") for o in newest(WEB)[:i])], "code"))
case("7.3 dedup by two fields", "fields level, status | dedup level, status | limit 6",
     rows([l for i, l in enumerate(newest(WEB)) if all((o.get(LV), o.get(ST)) != (l.get(LV), l.get(ST))
                                                         for o in newest(WEB)[:i])][:6], LV, ST))

# --- stats
BYTES = [l.get("bytes") for l in WEB]
TIMES = [l.get(MS) for l in WEB]
case("7.5 count in three ways", "stats count(*), count(), count(code), count( * ) as n",
     table(["count(*)", "count()", "count(code)", "n"], [[35, 35, sum("code" in l.f for l in WEB), 35]]))
case("7.5 sum of whole numbers and of doubles", "stats sum(bytes), sum(ms) as s",
     table(["sum(bytes)", "s"], [[sum(BYTES), c(math.fsum(TIMES))]]))
case("7.5 avg min max", "stats avg(bytes), min(bytes), max(ms), min(method), max(method)",
     table(["avg(bytes)", "min(bytes)", "max(ms)", "min(method)", "max(method)"],
           [[c(mean(BYTES)), min(BYTES), max(TIMES), "DELETE", "POST"]]))
case("7.5 numbers in text count, other text does not", r"parse /latency=(?<n>\S+)/ | stats sum(n), avg(n), count(n)",
     table(["sum(n)", "avg(n)", "count(n)"], [[c(12 + 250 + 9 + 100 + 31 + 7.5 + 64), c(473.5 / 7), 8]]), ("jobs",))
case("7.5 count_distinct", "stats count_distinct(status), count_distinct(user.name), count_distinct(nowhere)",
     table(["count_distinct(status)", "count_distinct(user.name)", "count_distinct(nowhere)"], [[5, 3, 0]]))
case("7.5 stddev of a sample", "stats stddev(bytes) as d",
     table(["d"], [[c(math.sqrt(sum((b - mean(BYTES)) ** 2 for b in BYTES) / 34))]]))
case("7.5 percentiles", "stats pct(bytes, 50), pct(bytes, 95), pct(bytes, 99.9), pct(bytes, 0), median(ms)",
     table(["pct(bytes, 50)", "pct(bytes, 95)", "pct(bytes, 99.9)", "pct(bytes, 0)", "median(ms)"],
           [[rank(BYTES, 50), rank(BYTES, 95), max(BYTES), min(BYTES), rank(TIMES, 50)]]))
case("7.5 earliest and latest", "stats earliest(@timestamp) as a, latest(@timestamp) as b, latest(code), earliest(path)",
     table(["a", "b", "latest(code)", "earliest(path)"],
           [[stamp(WEB[0].ts), stamp(WEB[-1].ts), [l.get("code") for l in WEB if "code" in l.f][-1], WEB[0].get(PA)]]))
case("7.5 sortsFirst and sortsLast", "stats sortsFirst(path), sortsLast(path), sortsFirst(ms)",
     table(["sortsFirst(path)", "sortsLast(path)", "sortsFirst(ms)"], [["/api/items", "/login", min(TIMES)]]))
case("7.5 aggregates of expressions", "stats avg(bytes * 100 / status) as share, max(strlen(path)) as longest",
     table(["share", "longest"], [[c(mean([l.get("bytes") * 100 / l.get(ST) for l in WEB])), 10]]))
case("7.5 expressions of aggregates", "stats sum(ms) / count(*) as m, max(bytes) - min(bytes) as spread, ceil(avg(ms)) as up",
     table(["m", "spread", "up"], [[c(mean(TIMES)), max(BYTES) - min(BYTES), math.ceil(mean(TIMES))]]))
BY_LEVEL = grouped(WEB, lambda l: l.get(LV))
case("7.3 stats by a field, sorted", "stats count(*) as n by level | sort level asc",
     table([LV, "n"], [[k, len(BY_LEVEL[k])] for k in sorted(BY_LEVEL)]))
case("7.5 groups stand by the first aggregate", "stats sum(bytes) as b by method",
     table([ME, "b"], sorted([[k, sum(l.get("bytes") for l in v)] for k, v in grouped(WEB, lambda l: l.get(ME)).items()],
                             key=lambda r: -r[1])))
BY_BIN = grouped(WEB, lambda l: floor_to(l.ts, 1800_000))
case("7.5 groups over time stand newest first", "stats count(*) by bin(30m)",
     table(["bin(30m)", "count(*)"], [[stamp(k), len(BY_BIN[k])] for k in sorted(BY_BIN, reverse=True)]))
BY_BOTH = grouped(WEB, lambda l: (l.get(LV), floor_to(l.ts, 3600_000)))
case("7.9 by level and hour", "stats count(*) by level, bin(1h) | sort level asc, `bin(1h)` asc",
     table([LV, "bin(1h)", "count(*)"], [[k[0], stamp(k[1]), len(BY_BOTH[k])] for k in sorted(BY_BOTH)]))
case("7.5 the group of what is missing", "stats count(*) as n by code | sort n desc | limit 1",
     table(["code", "n"], [[None, sum("code" not in l.f for l in WEB)]]))
case("7.5 by an expression with a name", "stats count(*) as n by strlen(method) as len | sort len",
     table(["len", "n"], [[k, len(v)] for k, v in sorted(grouped(WEB, lambda l: len(l.get(ME))).items())]))
case("7.5 a sort by the aggregate as it was written", "stats avg(ms) by level | sort avg(ms) desc | limit 2",
     table([LV, "avg(ms)"], sorted([[k, c(mean([l.get(MS) for l in v]))] for k, v in BY_LEVEL.items()],
                                   key=lambda r: -float(r[1]))[:2]))
case("7.3 filter after stats", "stats count(*) as n by status | filter n > 5 | sort status",
     table([ST, "n"], [[k, len(v)] for k, v in sorted(grouped(WEB, lambda l: l.get(ST)).items()) if len(v) > 5]))
case("7.3 fields and display after stats", "stats sum(ms) as total, count(*) as n by level | fields total / n as mean | display level, mean | sort level",
     table([LV, "mean"], [[k, c(mean([l.get(MS) for l in BY_LEVEL[k]]))] for k in sorted(BY_LEVEL)]))
BY_MIN10 = grouped(WEB, lambda l: floor_to(l.ts, 600_000))
case("7.3 stats of stats", "stats count(*) as c by bin(10m) | stats max(c) as peak, avg(c), count(*) as bins",
     table(["peak", "avg(c)", "bins"], [[max(map(len, BY_MIN10.values())), c(35 / len(BY_MIN10)), len(BY_MIN10)]]))
case("7.3 the second stats groups the first's columns", "stats count(*) as n by level, status | stats count(*) as kinds, sum(n) as lines by level | sort level",
     table([LV, "kinds", "lines"], [[k, len({l.get(ST) for l in BY_LEVEL[k]}), len(BY_LEVEL[k])] for k in sorted(BY_LEVEL)]))
case("7.6 no row, no group", "filter status = 999 | stats count(*) by level", [], ("web",), 0)
case("7.5 over both groups", "stats count(*) as n by @log | sort @log", table(["@log", "n"], [["000000000000:jobs", 14], ["000000000000:web", 35]]), BOTH)
case("7.9 distinct users by path", "filter ispresent(user.name) | stats count_distinct(user.name) as users by path | sort path",
     table([PA, "users"], [[k, len({l.get("user.name") for l in v})] for k, v in sorted(grouped([l for l in WEB if l.get("user.name")], lambda l: l.get(PA)).items())]))
case("7.9 last and first by status", "filter status in [400,403,404] | stats latest(@message) as last, earliest(@timestamp) as first by status | sort status",
     table([ST, "last", "first"], [[k, v[-1].message, stamp(v[0].ts)] for k, v in sorted(grouped([l for l in WEB if l.get(ST) in (403, 404)], lambda l: l.get(ST)).items())]))
case("7.9 errors over time", "filter @message like /(?i)error/ | stats count(*) as n by bin(5m)",
     table(["bin(5m)", "n"], [[stamp(k), len(v)] for k, v in sorted(grouped([l for l in L if re.search("error", l.message, re.I)], lambda l: floor_to(l.ts, 300_000)).items(), reverse=True)]), BOTH)
case("7.9 addresses once", 'filter isIpv4InSubnet(ip, "10.0.0.0/8") | fields ip | dedup ip | limit 100',
     rows([next(l for l in newest(WEB) if l.get("ip") == ip) for ip in sorted(
         ["10.0.0.5", "10.1.2.3"], key=lambda ip: -max(l.ts for l in WEB if l.get("ip") == ip))], "ip"))
case("7.9 concat and length", "fields concat(method, ' ', path) as route, strlen(path) as len | sort len desc, @timestamp desc | limit 3",
     rows(sorted(WEB, key=lambda l: (-len(l.get(PA)), -l.ts))[:3], ("route", lambda l: l.get(ME) + " " + l.get(PA)),
          ("len", lambda l: len(l.get(PA)))))
case("7.9 the newest twenty", "fields @timestamp, @message | sort @timestamp desc | limit 20",
     rows(newest(WEB)[:20], "@timestamp", "@message"))

# --- functions, 7.5; a line of each kind, by hand
case("7.5 numbers", "fields abs(-3), abs(0 - 2.5), ceil(1.2), floor(-1.2), sqrt(16), log(1), greatest(1, 7, 3), least(4, 2.5) | limit 1",
     [[["abs(-3)", "3"], ["abs(0 - 2.5)", "2.5"], ["ceil(1.2)", "2"], ["floor(-1.2)", "-2"], ["sqrt(16)", "4"],
       ["log(1)", "0"], ["greatest(1, 7, 3)", "7"], ["least(4, 2.5)", "2.5"]]])
case("7.5 text", "fields toupper('aé') as a, tolower('ÀB') as b, strlen('日本') as n, substr('abcdef', 2, 3) as s, substr('日本語', 1) as t, "
     "replace('a-b-c', '-', '+') as r, concat('x', 1, nowhere, true) as k | limit 1",
     [[["a", "AÉ"], ["b", "àb"], ["n", "2"], ["s", "cde"], ["t", "本語"], ["r", "a+b+c"], ["k", "x1true"]]])
case("7.5 trimming", "filter @message like 'padded' | fields trim(@message) as a, concat('<', ltrim(@message), '>') as b, "
     "concat('<', rtrim(@message), '>') as c, ltrim('xxaxx', 'x') as d, rtrim('xxaxx', 'x') as e | display a, b, c, d, e",
     [[["a", "padded"], ["b", "<padded   >"], ["c", "<   padded>"], ["d", "axx"], ["e", "xxa"]]], ("jobs",))
case("7.5 tests are 1 and 0", "fields isempty(error) as a, isblank('  ') as b, strcontains(path, 'h') as c, ispresent(code) as d, isempty('x') as e | limit 13",
     [[["a", "0" if l.get("error") else "1"], ["b", "1"], ["c", "1" if "h" in l.get(PA) else "0"],
       ["d", "1" if "code" in l.f else "0"], ["e", "0"]] for l in newest(WEB)[:13]])
case("7.5 tests in a filter", "filter strcontains(path, 'login') and isempty(error) | stats count(*) as n",
     table(["n"], [[sum("login" in l.get(PA) and not l.get("error") for l in WEB)]]))
case("7.5 addresses", "fields isValidIp(ip) as a, isValidIpV4(ip) as b, isValidIpV6(ip) as c, isIpInSubnet(ip, '2001:db8::/32') as d, isIpv6InSubnet(ip, '2001:db8::/32') as e, isIpv4InSubnet(ip, '192.168.0.0/16') as f | limit 5",
     [[["a", "0" if l.get("ip") == "not-an-ip" else "1"], ["b", "1" if l.get("ip")[:2] in ("10", "19") else "0"],
       ["c", "1" if ":" in l.get("ip") else "0"], ["d", "1" if ":" in l.get("ip") else "0"],
       ["e", "1" if ":" in l.get("ip") else "0"], ["f", "1" if l.get("ip").startswith("192") else "0"]] for l in newest(WEB)[:5]])
case("7.5 times", "fields toMillis(@timestamp) as ms1, fromMillis(1500) as t, datefloor(@timestamp, 1h) as h, dateceil(@timestamp, 1d) as d, datefloor(@timestamp, 1mo) as mo, datefloor(fromMillis(0), 1w) as w | limit 2",
     [[["ms1", str(l.ts)], ["t", "1970-01-01 00:00:01.500"], ["h", stamp(floor_to(l.ts, 3600_000))],
       ["d", "2025-10-10 00:00:00.000"], ["mo", "2025-10-01 00:00:00.000"], ["w", "1969-12-29 00:00:00.000"]] for l in newest(WEB)[:2]])
# The clock of the tests stands at 2025-10-09 12:00:00 UTC, `date -u -d @1760011200`. The newest line of web is of
# 10:59:58.000, 3602 s before, and the one before it of 10:56:26.500, 3813.5 s before.
case("7.5 now", "fields now() as n | limit 2", [[["n", "1760011200"]], [["n", "1760011200"]]])
case("7.5 now in seconds, not milliseconds", "fields fromMillis(now() * 1000) as t | limit 1", [[["t", "2025-10-09 12:00:00.000"]]])
case("7.5 now, its column named as it is written", "fields NOW() | limit 1", [[["NOW()", "1760011200"]]])
case("7.5 age of a line", "fields now() - toMillis(@timestamp) / 1000 as age | limit 2", [[["age", "3602"]], [["age", "3813.5"]]])
case("7.5 now in filter", "filter now() - toMillis(@timestamp) / 1000 <= 3602 | stats count(*) as n", table(["n"], [[1]]))
case("7.5 now in filter", "filter now() - toMillis(@timestamp) / 1000 < 3813.6 | stats count(*) as n", table(["n"], [[2]]))
case("7.5 now is the same in every row", "filter now() = 1760011200 | stats count(*) as n, count_distinct(now()) as m", table(["n", "m"], [[35, 1]]))
case("7.5 now after stats", "stats max(toMillis(@timestamp)) / 1000 as newest | fields now() - newest as idle | display idle", [[["idle", "3602"]]])
case("7.1 spellings of periods", "stats count(*) as n by bin(2hours), bin(2hr) as b, bin(120min) as c, bin(7200s) as d | sort b",
     table(["bin(2hours)", "b", "c", "d", "n"],
           [[stamp(k)] * 4 + [len(v)] for k, v in sorted(grouped(WEB, lambda l: floor_to(l.ts, 7200_000)).items())]))
case("7.5 coalesce", "fields coalesce(code, nowhere, method) as v | limit 8",
     rows(newest(WEB)[:8], ("v", lambda l: l.get("code") or l.get(ME))))
case("7.4 maps and lists of jsonParse", "fields jsonParse(@message) as j | filter ispresent(j.a) | fields j.a.b.0 as x, j.a.b[1] as y, j.`odd key` as z, jsonStringify(j.a) as s, jsonParse('[1,[2,3]]')[1] as l | display x, y, z, s, l",
     [[["x", "10"], ["y", "20"], ["z", "1"], ["s", '{"b":[10,20,{"c":"deep"}]}'], ["l", "[2,3]"]]], ("jobs",))
case("7.4 in a list of a line", "fields jsonParse('[200, 404]') as codes | filter status in codes | stats count(*) as n",
     table(["n"], [[sum(l.get(ST) in (200, 404) for l in WEB)]]))
case("7.5 hashes", "filter @message like 'padded' | fields md5('abc') as m, sha256('abc') as s | display m, s",
     [[["m", hashlib.md5(b"abc").hexdigest()], ["s", hashlib.sha256(b"abc").hexdigest()]]], ("jobs",))
case("7.2 truth of JSON and of tests", "fields ok, ok = true as t | limit 3",
     [[["ok", shown(l.get("ok"))], ["t", "1" if l.get("ok") else "0"]] for l in newest(WEB)[:3]])
case("7.6 text is byte-exact", "filter @message like 'naïve' | fields @message, strlen(@message) as n",
     [[["@message", "naïve café 日本 ünïcode"], ["n", "21"]]], ("jobs",))


def document():
    fields = [
        {"ts_ms": l.ts, "group": l.group, "stream": l.stream, "message": l.message, "fields": l.f}
        for l in L
    ]
    return {"start_ms": T0, "end_ms": END, "lines": fields, "cases": CASES}


if __name__ == "__main__":
    with open(sys.argv[1] if len(sys.argv) > 1 else "insights.json", "w", encoding="utf-8") as out:
        json.dump(document(), out, ensure_ascii=False, indent=1)
        out.write("\n")
