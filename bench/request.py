"""One request of 200 rows, told by all four sources among millions of events: sends it, and asks for it.

It is sent before the load, so that its rows lie in parts among the load's. The trace carries 132 spans and 52 lines; a line of an
access log and an occurrence share no id with it, and a segment with 13 subsegments is of a trace of its own: they are found by
time, path, method, status and client address.
"""

import json
import secrets
import socket
import statistics
import time
import urllib.parse
import urllib.request

TOKEN = "f045000000000000000000000000dev0"
SERVICE, ADDRESS, AGENT = "bench-shop", "198.51.100.17", "bench/1"
ROUTE, PATH = "/api/orders/{id}", "/api/orders/4711"
ROWS = 200


def post(url, body, headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"} | headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        reply.read()


def attributes(fields):
    def value(v):
        return {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}

    return [{"key": k, "value": value(v)} for k, v in fields.items()]


def send(server, key):
    """Sends the request, which has just ended (an occurrence has the time at which it comes); returns its trace id."""
    start = time.time_ns() - 160_000_000
    trace, root = secrets.token_hex(16), secrets.token_hex(8)
    resource = {"attributes": attributes({"service.name": SERVICE})}
    http = {"http.request.method": "POST", "http.route": ROUTE, "url.path": PATH, "http.response.status_code": 500,
            "client.address": ADDRESS, "user_agent.original": AGENT}

    def span(i):
        begun = start + i * 1_000_000
        return {"traceId": trace, "spanId": secrets.token_hex(8) if i else root, "name": f"step {i}" if i else f"POST {ROUTE}",
                "parentSpanId": root if i else "", "kind": 1 if i else 2, "startTimeUnixNano": str(begun),
                "endTimeUnixNano": str(start + 150_000_000 if i == 0 else begun + 900_000),
                "attributes": attributes(http if i == 0 else {"app.step": i, "db.statement": f"select {i} from orders"})}

    def line(i, with_id):
        said = {"timeUnixNano": str(start + i * 2_500_000), "severityText": "INFO",
                "body": {"stringValue": f"step {i} done" if with_id else f"{ADDRESS} POST http {PATH} 500"}}
        return said | ({"traceId": trace, "spanId": root} if with_id else {})

    otlp = {"x-honeycomb-team": key}
    spans = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span(i) for i in range(132)]}]}]}
    post(server.url("/v1/traces", "otlp_http"), spans, otlp)
    lines = [line(i, True) for i in range(52)] + [line(60, False)]
    logs = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": lines}]}]}
    post(server.url("/v1/logs", "otlp_http"), logs, otlp)

    seconds = start / 1e9
    part = [{"id": secrets.token_hex(8), "name": f"part {i}", "start_time": seconds + i / 100,
             "end_time": seconds + i / 100 + 0.005} for i in range(13)]
    segment = {"name": SERVICE, "id": secrets.token_hex(8), "trace_id": f"1-{int(seconds):08x}-{secrets.token_hex(12)}",
               "start_time": seconds, "end_time": seconds + 0.15, "fault": True, "subsegments": part,
               "http": {"request": {"method": "POST", "url": f"http://shop.example{PATH}", "client_ip": ADDRESS, "user_agent": AGENT},
                        "response": {"status": 500}}}
    daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    where = urllib.parse.urlsplit(f"//{server.ready['xray']}")
    daemon.sendto(b'{"format":"json","version":1}\n' + json.dumps(segment).encode(), (where.hostname, where.port))

    data = {"environment": "bench", "timestamp": int(seconds + 0.15), "level": "error", "framework": "flask",
            "body": {"trace": {"exception": {"class": "ValueError", "message": "no such order"},
                               "frames": [{"filename": "app.py", "lineno": 10, "method": "order"}]}},
            "request": {"url": f"http://shop.example{PATH}", "method": "POST", "user_ip": ADDRESS,
                        "headers": {"User-Agent": AGENT}}}
    post(server.url("/api/1/item/"), {"data": data}, {"x-rollbar-access-token": TOKEN})
    return trace


def ask(server, trace):
    """Milliseconds until the whole request is told, the median of nine after a first; and what it holds."""
    url = server.url(f"/foursight/v1/request?env=dev&trace_id={trace}&fields=true")
    times, told = [], None
    for _ in range(10):
        started = time.monotonic()
        with urllib.request.urlopen(url, timeout=60) as reply:
            told = json.load(reply)
        times.append((time.monotonic() - started) * 1000)
    sources = {}
    for row in told["rows"]:
        source = told["joins"][row["join"]]["source"]
        sources[source] = sources.get(source, 0) + 1
    if len(told["rows"]) < ROWS or len(sources) < 4:
        raise SystemExit(f"a request of {len(told['rows'])} rows: {sources}, {told['joins']}")
    return {"wall_ms": statistics.median(times[1:]), "first_ms": times[0], "rows": len(told["rows"]), "sources": sources}
