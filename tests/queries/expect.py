"""Computes the expected answers of cases.py from the rows of generate.py: rows are filtered in plain Python,
numbers are made by numpy, and sqlcheck.py asks DuckDB a second time. Knows nothing of the engine or its files.

    python3 expect.py expected.json          writes
    python3 expect.py --check expected.json  compares, exit 1 when they differ

Rules (section of the specification in brackets; [R] = rule of tests/queries/README.md):
percentiles are the smallest value whose cumulated weight reaches q·W, numpy's weighted `inverted_cdf`.
"""

import json
import math
import sys
from collections import defaultdict

import numpy as np

import generate
from cases import CASES

NS = 1_000_000_000
SIBLINGS = ("root", "parent", "child", "any", "any2", "any3", "none")
MARGIN_NS = 900 * NS
STATUS = {"unset": 0, "ok": 1, "error": 2}
QUANTILES = {
    "P001": 0.001, "P01": 0.01, "P05": 0.05, "P10": 0.10, "P20": 0.20, "P25": 0.25, "P50": 0.50, "P75": 0.75,
    "P80": 0.80, "P90": 0.90, "P95": 0.95, "P99": 0.99, "P999": 0.999,
}


# -- rows as users see them (mapping.md §2, §3, §8) ---------------------------------------------------------------------


class Row:
    __slots__ = ("table", "ts", "dataset", "weight", "duration_ns", "fields")

    def __init__(self, raw):
        sets, fields = raw["set"], dict(raw["fields"])
        self.table, self.ts, self.dataset = raw["table"], raw["ts"], raw["dataset"]
        self.weight = sets.get("sample_rate", 1)
        self.duration_ns = sets.get("duration_ns")
        if self.duration_ns is not None:
            fields.setdefault("duration_ms", self.duration_ns / 1e6)
        if "status" in sets:
            fields.setdefault("status_code", STATUS[sets["status"]])
            if sets["status"] == "error":
                fields.setdefault("error", True)
        if "span.kind" in fields:
            fields.setdefault("type", fields["span.kind"])
        self.fields = fields

    @property
    def trace(self):
        return self.fields.get("trace.trace_id")

    @property
    def span(self):
        return self.fields.get("trace.span_id")

    @property
    def parent(self):
        return self.fields.get("trace.parent_id")

    def is_span(self):
        return (
            self.table == "spans" and self.trace is not None and self.span is not None
            and "meta.annotation_type" not in self.fields
        )


ROWS = [Row(r) for r in generate.rows()]


def text(value):
    """The canonical text of a value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return repr(value)


def number(value):
    """The value in numeric context: booleans are 0 and 1, text counts when it is a number."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


# -- filters ------------------------------------------------------------------------------------------------------------


def equal(value, wanted):
    if value is None:
        return False
    if isinstance(wanted, bool) or isinstance(wanted, str):
        return text(value) == text(wanted)
    if isinstance(value, str):
        return value == text(wanted)
    return not isinstance(value, bool) and value == wanted


def compare(value, wanted, holds):
    if value is None:
        return False
    if isinstance(wanted, str):
        return holds((text(value) > wanted) - (text(value) < wanted))
    v = number(value)
    return v is not None and holds((v > wanted) - (v < wanted))


def passes(value, op, wanted):
    """One condition. What is absent passes only the negative ones."""
    if op.startswith("does-not-") and op != "does-not-exist":
        positive = {"start": "starts", "end": "ends", "contain": "contains"}
        rest = op.removeprefix("does-not-")
        head, _, tail = rest.partition("-")
        return not passes(value, positive[head] + (f"-{tail}" if tail else ""), wanted)
    match op:
        case "=":
            return equal(value, wanted)
        case "!=":
            return not equal(value, wanted)
        case ">":
            return compare(value, wanted, lambda c: c > 0)
        case ">=":
            return compare(value, wanted, lambda c: c >= 0)
        case "<":
            return compare(value, wanted, lambda c: c < 0)
        case "<=":
            return compare(value, wanted, lambda c: c <= 0)
        case "exists":
            return value is not None
        case "does-not-exist":
            return value is None
        case "in":
            return any(equal(value, w) for w in wanted)
        case "not-in":
            return not any(equal(value, w) for w in wanted)
        case "starts-with":
            return value is not None and text(value).startswith(wanted)
        case "ends-with":
            return value is not None and text(value).endswith(wanted)
        case "contains":
            return value is not None and wanted in text(value)
    raise ValueError(op)


def relation(column):
    prefix, _, field = column.partition(".")
    return (prefix, field) if prefix in SIBLINGS and field else (None, column)


def holds_all(row, filters):
    return all(passes(row.fields.get(relation(f["column"])[1]), f["op"], f.get("value")) for f in filters)


# -- relational fields (honeycomb.md §5): the spans of the same trace ---------------------------------------------------


class Traces:
    def __init__(self, start, end):
        self.by_trace = defaultdict(list)
        for row in ROWS:
            if row.is_span() and start - MARGIN_NS <= row.ts < end + MARGIN_NS:
                self.by_trace[row.trace].append(row)
        for spans in self.by_trace.values():
            spans.sort(key=lambda r: (r.ts, r.span))

    def candidates(self, row, prefix):
        if row.trace is None:
            return []
        spans = self.by_trace.get(row.trace, [])
        if prefix == "root":
            return [s for s in spans if s.parent is None]
        if prefix == "parent":
            return [s for s in spans if row.parent is not None and s.span == row.parent]
        if prefix == "child":
            return [s for s in spans if row.span is not None and s.parent == row.span]
        return spans

    def bind(self, row, prefix, filters, breakdowns):
        """The span bound: the first in time of those that pass; one that has the fields of the breakdowns first."""
        found = [s for s in self.candidates(row, prefix) if holds_all(s, filters)]
        full = [s for s in found if all(s.fields.get(b) is not None for b in breakdowns)]
        return (full or found or [None])[0]


def select(query, dataset, start, end):
    """The rows asked for, each with the spans its relations bind."""
    filters = query.get("filters", [])
    related, plain = defaultdict(list), []
    for f in filters:
        prefix, _ = relation(f["column"])
        related[prefix].append(f) if prefix else plain.append(f)
    wanted = defaultdict(list)
    for b in query.get("breakdowns", []):
        prefix, field = relation(b)
        if prefix:
            wanted[prefix].append(field)
    any_passes = query.get("filter_combination") == "OR" and not related
    traces = Traces(start, end) if related or wanted else None
    out = []
    for row in ROWS:
        if not start <= row.ts < end or (dataset is not None and row.dataset != dataset):
            continue
        if usage(query):
            row.fields["Sample Rate"] = row.weight
        verdicts = [passes(row.fields.get(f["column"]), f["op"], f.get("value")) for f in plain]
        if verdicts and not (any(verdicts) if any_passes else all(verdicts)):
            continue
        bound, good = {}, True
        for prefix in {*related, *wanted}:
            bound[prefix] = traces.bind(row, prefix, related.get(prefix, []), wanted.get(prefix, []))
            if prefix in related and (bound[prefix] is None) != (prefix == "none"):
                good = False
                break
        if good:
            out.append((row, bound))
    for row in ROWS:
        row.fields.pop("Sample Rate", None)
    return out


def usage(query):
    return query.get("usage_mode", False)


# -- calculations -------------------------------------------------------------------------------------------------------


def label(calculation):
    if "name" in calculation:
        return calculation["name"]
    column = calculation.get("column")
    return f"{calculation['op']}({column})" if column else calculation["op"]


def quantile(values, weights, q):
    """[low, high]: the same number unless q·W falls on the edge between two values."""
    order = np.argsort(values, kind="stable")
    values, cumulated = values[order], np.cumsum(weights[order])
    rank = q * cumulated[-1]
    slack = 1e-9 * cumulated[-1]
    pick = lambda r: values[min(int(np.searchsorted(cumulated, r, side="left")), len(values) - 1)]
    low, high = float(pick(rank - slack)), float(pick(rank + slack))
    second = float(np.quantile(values.astype(np.float64), q, weights=weights[order], method="inverted_cdf"))
    assert low <= second <= high, (low, second, high)
    return [low, high]


class Group:
    """The rows of one group, or of one group in one bucket."""

    def __init__(self, query, rows):
        self.query, self.rows = query, rows

    def of(self, calculation):
        filters = calculation.get("filters", [])
        combine = any if calculation.get("filter_combination") == "OR" else all
        for row in self.rows:
            if not filters or combine(passes(row.fields.get(f["column"]), f["op"], f.get("value")) for f in filters):
                yield row, (row.weight if not usage(self.query) else 1)

    def field(self, row, column):
        return row.weight if column == "Sample Rate" and usage(self.query) else row.fields.get(column)

    def numbers(self, calculation):
        values, weights = [], []
        for row, weight in self.of(calculation):
            v = number(self.field(row, calculation["column"]))
            if v is not None:
                values.append(v)
                weights.append(weight)
        exact = all(isinstance(v, int) for v in values)
        return np.array(values, dtype=np.int64 if exact else np.float64), np.array(weights, dtype=np.int64)

    def value(self, calculation, window_ns, end):
        op, column = calculation["op"].removeprefix("RATE_"), calculation.get("column")
        if op == "COUNT":
            return int(sum(w for r, w in self.of(calculation) if column is None or self.field(r, column) is not None))
        if op == "COUNT_DISTINCT":
            seen = {text(self.field(r, column)) for r, _ in self.of(calculation)} - {None}
            return len(seen)
        if op == "CONCURRENCY":
            return overlap(self.of(calculation), end) / window_ns
        values, weights = self.numbers(calculation)
        if op == "HEATMAP":
            pairs = defaultdict(int)
            for v, w in zip(values.tolist(), weights.tolist()):
                pairs[v] += w
            return {"heatmap": sorted(pairs.items())}
        if len(values) == 0:
            return None
        match op:
            case "SUM":
                return (values * weights).sum().item()
            case "AVG":
                return float(np.average(values, weights=weights))
            case "MIN":
                return values.min().item()
            case "MAX":
                return values.max().item()
        return {"quantile": quantile(values, weights, QUANTILES[op])}


def overlap(weighted, end, bucket=None, step=None):
    """Weighted nanoseconds that spans spend in a bucket, or in all; spans are cut at the end of the range."""
    total = 0
    for row, weight in weighted:
        if row.duration_ns is None:
            continue
        low, high = row.ts, min(row.ts + row.duration_ns, end)
        if bucket is not None:
            low, high = max(low, bucket), min(high, bucket + step)
        total += weight * max(0, high - low)
    return total


# -- answers ------------------------------------------------------------------------------------------------------------


def time_range(query):
    now = generate.NOW_S
    start, end, length = query.get("start_time"), query.get("end_time"), query.get("time_range")
    if start is not None and end is None:
        end = start + length if length is not None else now
    elif end is not None and start is None:
        start = end - (length if length is not None else 7200)
    elif start is None:
        end, start = now, now - (length if length is not None else 7200)
    # Rows may be an hour ahead of the clock, not more (design.md §4.7).
    end = min(end, now + 3600)
    return round(start * NS), round(end * NS)


def sort_value(value):
    """What a value is ordered by."""
    if isinstance(value, dict):
        value = value["quantile"][0]
    return value


def rank_groups(query, calculations, groups):
    """Sorts groups; equal ones get the same rank, nulls none."""
    breakdowns = query.get("breakdowns", [])
    orders = query.get("orders") or ([] if calculations[0]["op"] == "HEATMAP" else [calculations[0] | {"order": "descending"}])

    def terms(group):
        for o in orders:
            if "op" in o:
                yield sort_value(group["values"][label({k: o[k] for k in ("op", "column") if k in o} | (
                    {"name": o["name"]} if "name" in o else {}))])
            else:
                yield group["sort"][breakdowns.index(o["column"])]

    for group in groups:
        group["terms"] = list(terms(group))
    # Stable sorts from the last term to the first; nulls last.
    groups.sort(key=lambda g: [(k is None, k or "") for k in g["key"]])
    for i, o in reversed(list(enumerate(orders))):
        down = o.get("order") == "descending"
        present = [g for g in groups if g["terms"][i] is not None]
        missing = [g for g in groups if g["terms"][i] is None]
        try:
            present.sort(key=lambda g: g["terms"][i], reverse=down)
        except TypeError:
            present.sort(key=lambda g: text(g["terms"][i]), reverse=down)
        groups[:] = present + missing
    if orders and orders[0].get("op") in QUANTILES:
        # A percentile may be off: neighbours that an error could swap make no case.
        terms = [g["terms"][0] for g in groups if g["terms"][0] is not None]
        for a, b in zip(terms, terms[1:]):
            assert abs(a - b) > 0.034 * max(abs(a), abs(b)) or query.get("limit") == 1, f"{a} and {b} are too near"
    rank, previous = 0, None
    for group in groups:
        rank += previous is not None and group["terms"] != previous
        previous = group["terms"]
        group["rank"] = None if None in group["terms"] else rank
    return groups


def key_of(query, row, bound):
    key = []
    for b in query.get("breakdowns", []):
        prefix, field = relation(b)
        if prefix:
            key.append(bound[prefix].fields.get(field) if bound[prefix] else None)
        elif b == "Sample Rate" and usage(query):
            key.append(row.weight)
        else:
            key.append(row.fields.get(b))
    return key


def answer(case):
    query = case["query"]
    start, end = time_range(query)
    calculations = query.get("calculations") or [{"op": "COUNT"}]
    picked = select(query, case["dataset"], start, end)
    rows = [row for row, _ in picked]

    def values(of):
        group = Group(query, of)
        # A rate is a difference between consecutive buckets: the whole range is one bucket and has none before it.
        return {
            label(c): None if c["op"].startswith("RATE_") else group.value(c, end - start, end) for c in calculations
        }

    by_key = defaultdict(list)
    sort_keys = {}
    for row, bound in picked:
        typed = key_of(query, row, bound)
        key = tuple(text(k) for k in typed)
        by_key[key].append(row)
        sort_keys.setdefault(key, typed)
    if not query.get("breakdowns"):
        by_key.setdefault((), [])
        sort_keys.setdefault((), [])
    groups = [{"key": list(k), "sort": sort_keys[k], "values": values(v)} for k, v in by_key.items()]
    seen = len(groups)
    listed = groups
    for h in query.get("havings", []):
        what = label({"op": h["calculate_op"]} | ({"column": h["column"]} if "column" in h else {}))
        listed = [g for g in listed if sort_value(g["values"][what]) is not None
                  and passes(sort_value(g["values"][what]), h["op"], h["value"])]
    sortable = not any(c["op"].startswith("RATE_") for c in calculations[:1]) or query.get("orders")
    if sortable:
        rank_groups(query, calculations, listed)
    else:
        for g in listed:
            g["rank"] = None
    limit = query.get("limit", 100)
    if len(listed) > limit:
        a, b = listed[limit - 1], listed[limit]
        assert a["rank"] != b["rank"] and sortable, f"{case['name']}: a tie at the limit"
        listed = listed[:limit]
    keys = {tuple(g["key"]) for g in listed}
    others = [row for key, of in by_key.items() if key not in keys for row in of]
    out = {
        "groups": seen,
        "results": [{"key": g["key"], "rank": g["rank"], "values": g["values"]} for g in listed],
        "total": values(rows),
        "other": values(others) if len(keys) < seen else None,
        "start_ns": str(start), "end_ns": str(end),
    }
    if query.get("granularity"):
        out["series"] = series(query, calculations, {k: by_key[k] for k in keys}, start, end)
        out["total_series"] = series(query, calculations, {(): rows}, start, end)
    return out


def series(query, calculations, groups, start, end):
    step = round(query["granularity"] * NS)
    points = []
    for key, rows in sorted(groups.items(), key=lambda kv: [(k is None, k or "") for k in kv[0]]):
        buckets = defaultdict(list)
        for row in rows:
            buckets[row.ts // step * step].append(row)
        concurrent = any(c["op"] == "CONCURRENCY" for c in calculations)
        times = range(start // step * step, end, step) if concurrent else sorted(buckets)
        for time in times:
            group = Group(query, buckets[time])
            data = {}
            for c in calculations:
                if c["op"] == "CONCURRENCY":
                    data[label(c)] = overlap(Group(query, rows).of(c), end, time, step) / step
                    continue
                value = group.value(c, step, end)
                if c["op"].startswith("RATE_"):
                    before = Group(query, buckets[time - step] if time - step in buckets else []).value(c, step, end)
                    value = None if value is None or before is None else value - before
                data[label(c)] = value
            points.append({"time_ns": str(time), "key": list(key), "values": data})
    return points


def expected():
    out = {}
    for case in CASES:
        out[case["name"]] = {"error": case["error"]} if "error" in case else answer(case)
    return out


def clean(value):
    """JSON has no NaN; a NaN here is a mistake in a case."""
    if isinstance(value, float):
        assert math.isfinite(value), value
    elif isinstance(value, dict):
        for v in value.values():
            clean(v)
    elif isinstance(value, list):
        for v in value:
            clean(v)


def render(answers):
    clean(answers)
    lines = [
        json.dumps({"name": c["name"], "dataset": c["dataset"], "spec": c["spec"], "query": c["query"],
                    "expected": answers[c["name"]]}, ensure_ascii=False, separators=(",", ":"))
        for c in CASES
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def main():
    import sqlcheck

    answers = expected()
    sqlcheck.run(ROWS, answers)
    made = render(answers)
    path = sys.argv[-1]
    if sys.argv[1] != "--check":
        with open(path, "w", encoding="utf-8", newline="\n") as out:
            out.write(made)
        return 0
    with open(path, encoding="utf-8") as kept:
        kept = kept.read()
    if kept == made:
        return 0
    for a, b in zip(kept.splitlines(), made.splitlines()):
        if a != b:
            print(f"kept: {a[:2000]}\nmade: {b[:2000]}", file=sys.stderr)
            break
    print("expected.json differs from what the rows give: run expect.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
