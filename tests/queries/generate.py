"""Makes the golden rows: a seeded, fixed set of spans, span events, links, logs, errors and plain events.

Plain standard library and integer arithmetic only, so that every machine and every Python makes the same bytes.

One row is one JSON line:

    {"table": "spans", "ts": <ns>, "dataset": "backend-flask",
     "set": {"duration_ns": .., "status": "error", "sample_rate": 10},   what only intake can set
     "fields": {"name": .., "trace.trace_id": .., "http.status": 200}}   visible names, put one by one

A number with a point is a double, without one an integer: `3.0` is an integer kept as a double.

    python3 generate.py rows.jsonl
"""

import json
import sys

SEED = 20_251_009
# 2025-10-09T09:00:00Z, on the hour.
START_S = 1_760_000_400
HOURS = 3
NOW_S = START_S + HOURS * 3600
NS = 1_000_000_000
MASK = (1 << 64) - 1


class Rng:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed & MASK

    def u64(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, n):
        return self.u64() % n

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def chance(self, percent):
        return self.below(100) < percent

    def pick(self, items):
        return items[self.below(len(items))]

    def skewed(self, low, high):
        """Many small numbers, few great ones: about as many of each magnitude."""
        while True:
            bits = self.between(low.bit_length(), high.bit_length())
            value = 0 if bits == 0 else (1 << (bits - 1)) + self.below(1 << (bits - 1))
            if low <= value <= high:
                return value


ROUTES = [
    "/api/activities/home",
    "/api/activities/notifications",
    "/api/activities/search",
    "/api/activities/@<handle>",
    "/api/message_groups",
    "/api/messages/@<handle>",
]
HANDLES = ["andrewbrown", "bayko", "worf", "garek", "zoë", "日本", "Ωmega", "o'neil", "100%", "under_score"]
TERMS = ["cloud", "Cloud", "café", "ＦＵＬＬ", "", "a%b", "a_b", "日本語", "naïve 🚀", "back\\slash"]
TIERS = ["free", "pro", "team"]
REGIONS = ["eu-west-1", "us-east-1", "ap-south-1"]
RATES = [1, 1, 1, 2, 5, 10, 20]


class Rows:
    def __init__(self, seed):
        self.r = Rng(seed)
        self.rows = []

    # -- pieces -----------------------------------------------------------------------------------------------------

    def hex(self, digits):
        return f"{self.r.u64():016x}{self.r.u64():016x}"[:digits]

    def span_id(self):
        return self.hex(16)

    def add(self, table, ts, dataset, fields, **sets):
        fields = {k: v for k, v in fields.items() if v is not None}
        sets = {k: v for k, v in sets.items() if v is not None}
        self.rows.append({"table": table, "ts": ts, "dataset": dataset, "set": sets, "fields": fields})

    def span(self, ts, service, name, trace, span, parent, duration_ns, kind, rate, status="unset", **fields):
        base = {
            "trace.trace_id": trace,
            "trace.span_id": span,
            "trace.parent_id": parent,
            "service.name": service,
            "name": name,
            "span.kind": kind,
            "meta.signal_type": "trace",
            "meta.source": "otlp",
        }
        fields = {k.replace("__", "."): v for k, v in fields.items()}
        self.add(
            "spans", ts, service, base | fields, duration_ns=duration_ns, status=status, sample_rate=rate
        )

    def event(self, ts, service, name, trace, owner, owner_name, owner_ts, rate, status, **fields):
        base = {
            "trace.trace_id": trace,
            "trace.parent_id": owner,
            "service.name": service,
            "name": name,
            "parent_name": owner_name,
            "meta.annotation_type": "span_event",
            "meta.signal_type": "trace",
            "meta.source": "otlp",
            "meta.time_since_span_start_ms": (ts - owner_ts) / 1e6,
        }
        fields = {k.replace("__", "."): v for k, v in fields.items()}
        self.add("spans", ts, service, base | fields, status=status, sample_rate=rate)

    # -- traces -----------------------------------------------------------------------------------------------------

    def web(self, ts):
        """frontend → backend-flask → messages-db, as Cruddur has it."""
        r = self.r
        trace = self.hex(32) if not r.chance(5) else "0" * 16 + self.hex(16)
        if trace.startswith("0" * 16):
            trace = trace[16:]
        rate = r.pick(RATES)
        route = r.pick(ROUTES)
        handle = r.pick(HANDLES)
        slow = route == "/api/activities/@<handle>" and handle == "worf"
        fails = r.chance(6)
        status = 500 if fails else r.pick([200, 200, 200, 200, 204, 304, 404])
        front, back = self.span_id(), self.span_id()
        work = r.skewed(1_000_000, 90_000_000) + (700_000_000 if slow else 0)
        front_ns = work + r.between(200_000, 9_000_000)
        # The same key in three types, by sender.
        front_status = str(status) if r.chance(70) else float(status)
        self.span(
            ts, "frontend", route.replace("<handle>", handle), trace, front, None, front_ns, "server", rate,
            "error" if fails else "unset",
            http__route=route, http__request__method="GET", http__status=front_status,
            user__handle=handle, tier=r.pick(TIERS), cloud__region=r.pick(REGIONS),
            library__name="opentelemetry.instrumentation.flask",
        )
        back_ts = ts + r.between(50_000, 150_000)
        self.span(
            back_ts, "backend-flask", "GET " + route, trace, back, front, work, "server", rate,
            "error" if fails else r.pick(["unset", "ok"]),
            http__route=route, http__request__method="GET", http__status=status,
            user__handle=handle if r.chance(60) else None,
            search__term=r.pick(TERMS) if route.endswith("search") else None,
            app__result_length=r.pick([0, 0, 1, 2, 3, 10, 25, 63, 64, 200]) if r.chance(80) else None,
            app__big_id=9_007_199_254_740_992 + r.below(4),
            queue__delta=r.between(-50, 20),
            balance=r.pick([0.0, -0.0 + 0.0, -12.5, 0.1, 3.25, -1_000_000.75, 99.99]),
            payload__size=float(r.skewed(0, 40_000)),
            cache__hit=r.chance(40) if r.chance(90) else None,
            request__id=self.hex(12),
            exception__message="view function did not return a valid response" if fails else None,
        )
        if fails:
            at = back_ts + work // 2
            self.event(
                at, "backend-flask", "exception", trace, back, "GET " + route, back_ts, rate, "error",
                exception__type="TypeError", exception__message="view function did not return a valid response",
            )
            if r.chance(50):
                self.add(
                    "errors", at, "rollbar-cruddur",
                    {
                        "name": "TypeError: view function did not return a valid response",
                        "service.name": "backend-flask",
                        "trace.trace_id": trace, "trace.parent_id": back,
                        "meta.source": "rollbar", "meta.signal_type": "error",
                        "meta.annotation_type": "span_event",
                        "severity": r.pick(["error", "critical", "warning"]),
                        "user.handle": handle, "http.status": status,
                    },
                    status=r.pick(["error", "unset"]),
                )
        if r.chance(45):
            self.add(
                "logs", back_ts + 1000, "backend-flask",
                {
                    "body": f"127.0.0.1 GET http {route} {status}",
                    "service.name": "backend-flask",
                    "trace.trace_id": trace, "trace.parent_id": back,
                    "meta.source": "otlp", "meta.signal_type": "log", "meta.annotation_type": "span_event",
                    "severity": "error" if fails else r.pick(["info", "debug", "warn"]),
                    "severity_code": 17 if fails else 9,
                    "flags": 0,
                },
            )
        db_ts = back_ts
        for i in range(r.between(0, 3)):
            db_ts += r.between(1_000, 200_000)
            db_fails = fails and i == 0 and r.chance(50)
            self.span(
                db_ts, "messages-db", r.pick(["SELECT messages", "SELECT users", "INSERT activity"]), trace,
                self.span_id(), back, r.skewed(100_000, 30_000_000), "client", rate,
                "error" if db_fails else "unset",
                db__system="postgresql", db__rows=r.skewed(0, 900), retry=r.between(0, 2) if r.chance(30) else None,
                mixed=self.mixed(),
            )
        if r.chance(4):
            self.add(
                "spans", ts, "frontend",
                {
                    "trace.trace_id": trace, "trace.parent_id": front, "service.name": "frontend",
                    "trace.link.trace_id": self.hex(32), "trace.link.span_id": self.span_id(),
                    "parent_name": route, "meta.annotation_type": "link", "meta.signal_type": "trace",
                    "meta.source": "otlp",
                },
                sample_rate=rate,
            )

    def mixed(self):
        """One key in every type."""
        r = self.r
        return r.pick([
            None, r.between(-5, 5), r.between(1, 40) / 4, str(r.between(1, 9)), "n/a", "7.5", r.chance(50), 4.0, "",
        ])

    def deep(self, ts, depth):
        """A worker's chain of calls."""
        r = self.r
        trace, parent, rate = self.hex(32), None, 1
        length = depth * 2_000_000
        for level in range(depth):
            span = self.span_id()
            self.span(
                ts, "worker", "job" if level == 0 else f"step {level % 7}", trace, span, parent, length, "internal",
                rate, "error" if level == depth - 1 and r.chance(50) else "ok",
                depth=level, job__kind=r.pick(["mail", "thumbnail", "feed"]) if level == 0 else None,
                ratio=(1 + r.below(1000)) * (1e-9 if level % 2 else 1e6),
            )
            ts += 500_000
            length -= 1_000_000
            parent = span

    def orphan(self, ts):
        """Spans whose parent never arrived."""
        trace, lost = self.hex(32), self.span_id()
        for i in range(self.r.between(1, 3)):
            self.span(
                ts + i * 1_000_000, "worker", "orphan", trace, self.span_id(), lost,
                self.r.skewed(1_000, 5_000_000), "consumer", 2, "unset", job__kind="lost",
            )

    def signup(self, ts):
        """Events API: any field, any id."""
        r = self.r
        fields = {
            "meta.source": "events",
            "name": r.pick(["signup", "signup", "invite", 7]),
            "plan": r.pick(["free", "pro", None]),
            "duration_ms": r.pick([12.5, 40, "n/a", "33.25", None, 0.1234567]),
            "trace.trace_id": r.pick([None, f"order-{r.below(40)}"]),
            "error": r.pick([None, True, False, "timeout"]),
            "count": r.pick([0, 1, -1, 2]),
            "note": r.pick([None, "", "true", "Zoë 🚀", "line\nbreak"]),
        }
        self.add("spans", ts, "signups", fields, sample_rate=r.pick(RATES))

    def log(self, ts):
        """A line without a trace and without a service."""
        r = self.r
        self.add(
            "logs", ts, "unknown_log_source",
            {
                "body": r.pick(["Test log", "test LOG", "größe überschritten", "disk full", ""]),
                "severity": r.pick(["info", "error"]), "meta.signal_type": "log", "meta.source": "otlp",
                "host.name": r.pick(["a", "b"]),
            },
        )

    def make(self):
        r = self.r
        start = START_S * NS
        span_ns = HOURS * 3600 * NS
        for i in range(1500):
            # A burst in the second hour.
            ts = start + r.below(span_ns) if i % 5 else start + 4_500 * NS + r.below(600 * NS)
            self.web(ts)
        for i in range(25):
            self.deep(start + r.below(span_ns), 4 + 2 * i)
        for _ in range(60):
            self.orphan(start + r.below(span_ns))
        for _ in range(500):
            self.signup(start + r.below(span_ns))
        for _ in range(250):
            self.log(start + r.below(span_ns))
        # Edges of buckets and ranges: the first and last nanosecond of hours.
        for second in (0, 3600, 7200):
            for shift in (-1, 0, 1):
                at = start + second * NS + shift
                self.add("spans", at, "edges", {"name": f"edge {second} {shift}", "shift": shift}, duration_ns=0)
        # Spans that reach over buckets and over the end of the range: concurrency.
        for i in range(40):
            at = start + i * 270 * NS
            self.span(
                at, "batch", "long job", self.hex(32), self.span_id(), None, r.between(1, 900) * NS, "internal",
                r.pick([1, 3]), "ok", lane=i % 4,
            )
        return self.rows


def rows():
    return Rows(SEED).make()


def lines():
    for row in rows():
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8", newline="\n") as out:
        for line in lines():
            out.write(line + "\n")
