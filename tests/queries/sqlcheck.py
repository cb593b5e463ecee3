"""A second opinion: plain SQL in DuckDB over the same rows, hand-written per case, against what expect.py computed."""

import math

import duckdb

COLUMNS = {
    "user_handle": ("user.handle", "VARCHAR"), "route": ("http.route", "VARCHAR"), "name": ("name", "VARCHAR"),
    "service": ("service.name", "VARCHAR"), "annotation": ("meta.annotation_type", "VARCHAR"),
    "queue_delta": ("queue.delta", "BIGINT"), "balance": ("balance", "DOUBLE"), "size": ("payload.size", "DOUBLE"),
    "result_length": ("app.result_length", "BIGINT"), "big_id": ("app.big_id", "BIGINT"),
    "hit": ("cache.hit", "BOOLEAN"), "term": ("search.term", "VARCHAR"), "tier": ("tier", "VARCHAR"),
    "region": ("cloud.region", "VARCHAR"), "depth": ("depth", "BIGINT"), "lane": ("lane", "BIGINT"),
}
START, END = "1760000400000000000", "1760011200000000000"
IN = f"ts >= {START} AND ts < {END}"
BACK = f"{IN} AND dataset = 'backend-flask'"
FRONT = f"{IN} AND dataset = 'frontend'"
DB = f"{IN} AND dataset = 'messages-db'"
SPAN = "annotation IS NULL AND span IS NOT NULL AND trace IS NOT NULL"

# Name of the case → SQL that gives (keys …, values …) in the order of the case's breakdowns and calculations.
CHECKS = {
    "count everything": f"SELECT sum(w) FROM ev WHERE {IN}",
    "count of a field counts rows that have it": f"SELECT sum(w) FROM ev WHERE {BACK} AND user_handle IS NOT NULL",
    "sum of integers with negatives": f"SELECT sum(w * queue_delta) FROM ev WHERE {BACK}",
    "sum of doubles": f"SELECT sum(w * balance), sum(w * size) FROM ev WHERE {BACK}",
    "avg weighs": f"""SELECT sum(w * result_length) / sum(w) FILTER (result_length IS NOT NULL),
        sum(w * dur) / sum(w) FILTER (dur IS NOT NULL) FROM ev WHERE {BACK}""",
    "min and max are unweighted": f"SELECT min(queue_delta), max(queue_delta), min(balance), max(balance) FROM ev WHERE {BACK}",
    "min and max of integers beyond 2^53": f"SELECT min(big_id), max(big_id) FROM ev WHERE {BACK}",
    "count distinct texts": f"SELECT count(DISTINCT user_handle) FROM ev WHERE {FRONT}",
    "count distinct by group": f"SELECT service, count(DISTINCT name), sum(w) FROM ev WHERE {IN} GROUP BY ALL",
    "P50 of durations": f"""SELECT min(dur) FROM (SELECT dur, sum(w) OVER (ORDER BY dur, n) AS cum, sum(w) OVER () AS total
        FROM ev WHERE {BACK} AND dur IS NOT NULL) WHERE cum >= 0.5 * total""",
    "P999 of durations": f"""SELECT min(dur) FROM (SELECT dur, sum(w) OVER (ORDER BY dur, n) AS cum, sum(w) OVER () AS total
        FROM ev WHERE {BACK} AND dur IS NOT NULL) WHERE cum >= 0.999 * total""",
    "percentile of one group": f"""SELECT min(dur) FROM (SELECT dur, sum(w) OVER (ORDER BY dur, n) AS cum,
        sum(w) OVER () AS total FROM ev WHERE {FRONT} AND dur IS NOT NULL AND user_handle = 'worf'
        AND route = '/api/activities/@<handle>') WHERE cum >= 0.99 * total""",
    "filter not equal matches absent": f"SELECT sum(w) FROM ev WHERE {BACK} AND user_handle IS DISTINCT FROM 'worf'",
    "filter greater": f"SELECT sum(w) FROM ev WHERE {BACK} AND dur > 60",
    "filter equals integer beyond 2^53": f"SELECT sum(w) FROM ev WHERE {BACK} AND big_id = 9007199254740993",
    "filter equals false": f"SELECT sum(w) FROM ev WHERE {BACK} AND hit = false",
    "filter contains percent literally": f"SELECT sum(w) FROM ev WHERE {BACK} AND contains(term, '%')",
    "filter does not contain, absent": f"SELECT sum(w) FROM ev WHERE {BACK} AND NOT coalesce(contains(term, 'a'), false)",
    "filter or with absent and negative":
        f"SELECT sum(w) FROM ev WHERE {BACK} AND (term IS NOT NULL OR coalesce(queue_delta > 15, false) OR hit IS NULL)",
    "group by two": f"SELECT route, status, sum(w), max(dur) FROM ev WHERE {BACK} GROUP BY ALL",
    "group by three with nulls":
        f"SELECT tier, region, CASE WHEN annotation IS NULL THEN 'GET' END, sum(w) FROM ev WHERE {FRONT} GROUP BY ALL",
    "group by boolean with null": f"SELECT CAST(hit AS VARCHAR), sum(w) FROM ev WHERE {BACK} GROUP BY ALL",
    "calculation filter": f"SELECT sum(w), sum(w) FILTER (status IN ('500')) FROM ev WHERE {BACK}",
    "usage mode shows Sample Rate": f"SELECT CAST(w AS VARCHAR), count(*) FROM ev WHERE {IN} GROUP BY ALL",
    "relation root in a filter": f"""SELECT sum(w) FROM ev t WHERE {DB} AND EXISTS (SELECT 1 FROM ev r
        WHERE r.trace = t.trace AND r.parent IS NULL AND r.annotation IS NULL AND r.user_handle = 'worf')""",
    "relation root in a breakdown": f"""SELECT r.route, sum(t.w), sum(t.w * t.dur) / sum(t.w) FROM ev t LEFT JOIN
        (SELECT * FROM ev WHERE parent IS NULL AND {SPAN}) r ON r.trace = t.trace
        WHERE {DB.replace("ts", "t.ts").replace("dataset", "t.dataset")} GROUP BY ALL""",
    "relation parent in a filter": f"""SELECT sum(w) FROM ev t WHERE {DB} AND EXISTS (SELECT 1 FROM ev p
        WHERE p.trace = t.trace AND p.span = t.parent AND TRY_CAST(p.status AS INT) >= 500)""",
    "relation child filters on the same span": f"""SELECT sum(w) FROM ev t WHERE {BACK} AND EXISTS (SELECT 1 FROM ev c
        WHERE c.trace = t.trace AND c.parent = t.span AND c.annotation IS NULL AND c.name = 'SELECT users' AND c.dur > 5)""",
    "relation any and any2 bind two spans": f"""SELECT sum(w) FROM ev t WHERE {FRONT}
        AND EXISTS (SELECT 1 FROM ev a WHERE a.trace = t.trace AND a.name = 'INSERT activity')
        AND EXISTS (SELECT 1 FROM ev a WHERE a.trace = t.trace AND a.name = 'SELECT users')""",
    "relation none filters on the same span": f"""SELECT sum(w) FROM ev t WHERE {FRONT} AND NOT EXISTS (SELECT 1
        FROM ev a WHERE a.trace = t.trace AND a.annotation IS NULL AND a.service = 'messages-db' AND a.dur > 10)""",
    "relation none keeps rows without a trace": f"""SELECT source, sum(w) FROM ev t WHERE {IN} AND NOT EXISTS (SELECT 1
        FROM ev a WHERE {SPAN.replace("annotation", "a.annotation").replace("span ", "a.span ").replace("trace ", "a.trace ")}
        AND a.trace = t.trace AND a.error) GROUP BY ALL""",
}


def table(rows):
    db = duckdb.connect()
    columns = ", ".join(f"{c} {t}" for c, (_, t) in COLUMNS.items())
    db.execute(
        f"""CREATE TABLE ev (n BIGINT, ts BIGINT, dataset VARCHAR, w BIGINT, dur DOUBLE, trace VARCHAR, span VARCHAR,
        parent VARCHAR, status VARCHAR, error BOOLEAN, source VARCHAR, {columns})"""
    )
    made = []
    for n, row in enumerate(rows):
        f = row.fields
        status = f.get("http.status")
        dur = None if row.duration_ns is None else row.duration_ns / 1e6
        made.append(
            [n, row.ts, row.dataset, row.weight, dur, f.get("trace.trace_id"), f.get("trace.span_id"),
             f.get("trace.parent_id"), None if status is None else str(int(status)), f.get("error") is True,
             f.get("meta.source")]
            + [str(f[k]) if t == "VARCHAR" and k in f else f.get(k) for k, t in COLUMNS.values()]
        )
    # Through a file of JSON lines: far quicker than row-wise inserts.
    import json
    import os
    import tempfile

    names = [c[0] for c in db.execute("DESCRIBE ev").fetchall()]
    types = {c[0]: c[1] for c in db.execute("DESCRIBE ev").fetchall()}
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False, encoding="utf-8") as out:
        for row in made:
            out.write(json.dumps(dict(zip(names, row))) + "\n")
    db.execute("INSERT INTO ev SELECT * FROM read_json($1, format='newline_delimited', columns=$2)", [out.name, types])
    os.unlink(out.name)
    return db


def flat(value):
    return value["quantile"][0] if isinstance(value, dict) else value


def near(a, b):
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return a == b
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def run(rows, answers):
    db = table(rows)
    for name, sql in CHECKS.items():
        ours = [r["key"] + [flat(v) for v in r["values"].values()] for r in answers[name]["results"]]
        theirs = [list(r) for r in db.execute(sql).fetchall()]
        order = lambda r: [str(x) for x in r if isinstance(x, str) or x is None]
        ours.sort(key=order)
        theirs.sort(key=order)
        good = len(ours) == len(theirs) and all(
            len(a) == len(b) and all(near(x, y) for x, y in zip(a, b)) for a, b in zip(ours, theirs)
        )
        assert good, f"{name}: numpy says {ours}, DuckDB says {theirs}"
