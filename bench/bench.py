"""Drives the server with the load generator and prints figures with their gates.

Ingest: one core for the server, the other for the load, every ack durable, background work settled.
Queries: CPU of the server process per question, over the rows that the ingest run left; with --peer the same
questions to ClickHouse in-process (chdb) over the same events, in the same run.
"""

import argparse
import atexit
import datetime
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import request

KEY = "fsdev_ingest_key_000000"

# name, our question, the same in SQL (table e; columns as the flat events have them), and the gate in CPU ms
# over 5 M spans: twice the best of ClickHouse and VictoriaLogs as measured once on the reference machine.
QUESTIONS = [
    # The one question of the five that is about time.
    ("count by minute", {"calculations": [{"op": "COUNT"}], "granularity": 60},
     "SELECT toStartOfMinute(fromUnixTimestamp64Nano(ts)) m, count() FROM e GROUP BY m", 120),
    ("p50, p99 by route",
     {"calculations": [{"op": "P50", "column": "duration_ms"}, {"op": "P99", "column": "duration_ms"}],
      "breakdowns": ["http.route"], "filters": [{"column": "http.route", "op": "exists"}], "limit": 1000},
     "SELECT \"http.route\" r, quantiles(0.5, 0.99)(duration_ms) FROM e WHERE r != '' GROUP BY r", 146),
    ("distinct users", {"calculations": [{"op": "COUNT_DISTINCT", "column": "user.id"}]},
     "SELECT uniq(\"user.id\") FROM e", 406),
    ("top 10 users with p99",
     {"calculations": [{"op": "COUNT"}, {"op": "P99", "column": "duration_ms"}], "breakdowns": ["user.id"], "limit": 10},
     "SELECT \"user.id\" u, count() c, quantile(0.99)(duration_ms) FROM e GROUP BY u ORDER BY c DESC LIMIT 10", 850),
    ("rare attribute",
     {"calculations": [{"op": "COUNT"}], "filters": [{"column": "app.debug_ticket", "op": "exists"}]},
     "SELECT count() FROM e WHERE \"app.debug_ticket\" != ''", 8),
]


class Server:
    """A running server on free ports, pinned to `cores`."""

    def __init__(self, binary, data_dir, cores):
        self.ready_file = pathlib.Path(data_dir).with_suffix(".ready")
        self.ready_file.unlink(missing_ok=True)
        self.log = open(pathlib.Path(data_dir).with_suffix(".log"), "ab")
        started = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", cores, binary, "serve", "--dev", "--data-dir", data_dir, "--http", "127.0.0.1:0",
             "--otlp-http", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--xray", "127.0.0.1:0", "--ready-file", str(self.ready_file)],
            stdout=subprocess.DEVNULL, stderr=self.log)
        # A question that fails must not leave a server behind.
        atexit.register(self.process.kill)
        while not self.ready_file.exists() or not self.ready_file.read_text().strip():
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended: see {self.log.name}")
            time.sleep(0.002)
        self.start_ms = (time.monotonic() - started) * 1000
        self.ready = json.loads(self.ready_file.read_text())
        self.pid = self.process.pid

    def url(self, path, listener="http"):
        return f"http://{self.ready[listener]}{path}"

    def post(self, path, body, headers=None):
        """What a call answers, or None where it answers nothing."""
        request = urllib.request.Request(self.url(path), json.dumps(body).encode(),
                                         {"content-type": "application/json", "accept": "application/json",
                                          "x-foursight-csrf": "1"} | (headers or {}))
        with urllib.request.urlopen(request, timeout=300) as reply:
            answer = reply.read()
            return json.loads(answer) if answer else None

    def cpu_ms(self):
        """CPU of all threads, by the clock the kernel keeps for a process: /proc/stat tells 10 ms steps."""
        sched_clock_of_process = (~self.pid << 3) | 2
        return time.clock_gettime(sched_clock_of_process) * 1000

    def memory_mb(self, what):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        self.process.wait(120)


def load(args, server, spans, *more):
    """Sends `spans` and returns what the load generator printed, as a dict."""
    out = subprocess.run(
        ["taskset", "-c", "1", args.loadgen, "send", "--url", server.url("/v1/traces", "otlp_http"), "--header",
         f"x-honeycomb-team: {KEY}", "--spans", str(spans), "--gzip", "--concurrency", "8", "--server-pid",
         str(server.pid), "--settle-s", "120", *more],
        capture_output=True, text=True, check=False)
    if out.returncode != 0:
        raise SystemExit(f"loadgen: {out.returncode}\n{out.stdout}\n{out.stderr}")
    words = (word.split("=", 1) for word in out.stdout.split() if "=" in word)
    return {key: value for key, value in words} | {"text": out.stdout}


def disk_bytes(folder):
    """Parts and their trace indexes as the manifest has them: what was merged into others is unlinked later."""
    manifest = sqlite3.connect(f"file:{folder}/manifest.sqlite?mode=ro", uri=True)
    live = {id for id, in manifest.execute("SELECT id FROM part")}
    manifest.close()
    return sum(f.stat().st_size for f in pathlib.Path(f"{folder}/data").rglob("*") if f.is_file() and f.stem in live)


def count(server):
    answer = server.post("/foursight/v1/query", {"env": "dev", "query": {"calculations": [{"op": "COUNT"}], "time_range": 7200}})
    return answer["results"][0]["COUNT"] if answer["results"] else 0


def ingest(args, work):
    """Three runs on one core; returns the medians and leaves the last data directory."""
    cpu, rss, size, rate, written = [], [], [], [], []
    for run in range(args.runs):
        folder = f"{work}/ingest-{run}"
        server = Server(args.server, folder, "0")
        trace = request.send(server, KEY)
        said = load(args, server, args.spans)
        found = count(server)
        # Span events are rows of their own, so there are at least as many rows as spans.
        if found < args.spans:
            raise SystemExit(f"{found} rows for {args.spans} spans sent")
        cpu.append(float(said["cpu_s_per_million"]))
        rate.append(float(said["spans_per_s"]))
        written.append(times_written(server))
        rss.append(server.memory_mb("VmHWM"))
        server.stop()
        size.append(disk_bytes(folder) / args.spans)
        print(f"  run {run + 1}: {cpu[-1]:.2f} CPU-s/M, {size[-1]:.1f} B/span, peak {rss[-1]:.0f} MB", file=sys.stderr)
        if run + 1 < args.runs:
            shutil.rmtree(folder)
    return {"cpu_s_per_million": statistics.median(cpu), "bytes_per_span": statistics.median(size),
            "rss_peak_mb": statistics.median(rss), "spans_per_s": statistics.median(rate),
            "times_written": statistics.median(written), "folder": folder, "trace": trace}


def times_written(server):
    """How often a row was written after the WAL, on the average: once by its flush, again by merges."""
    with urllib.request.urlopen(server.url("/metrics"), timeout=60) as reply:
        lines = reply.read().decode().splitlines()
    rows = {by: int(line.split()[-1]) for line in lines for by in ("flush", "merge")
            if line.startswith(f'foursight_rows_written_total{{by="{by}"')}
    return (rows["flush"] + rows["merge"]) / max(rows["flush"], 1)


def sync_ms(work):
    """Median of the time that fdatasync takes for 64 KiB appended to a file."""
    times = []
    with tempfile.NamedTemporaryFile(dir=work) as file:
        for _ in range(200):
            os.write(file.fileno(), os.urandom(64 << 10))
            started = time.monotonic()
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - started) * 1000)
    return statistics.median(times)


def freshness(args, work):
    """Questions begun right after an ack: how many of them have the row that was acknowledged."""
    server = Server(args.server, f"{work}/freshness", "0,1")
    seen, asked = 0, 300
    for number in range(asked):
        server.post("/1/events/fresh", {"number": number}, {"x-honeycomb-team": KEY})
        query = {"filters": [{"column": "number", "op": "=", "value": number}], "time_range": 600}
        answer = server.post("/foursight/v1/query", {"env": "dev", "query": query, "totals_only": True})
        seen += bool(answer["results"]) and answer["results"][0]["COUNT"] == 1
    server.stop()
    return seen, asked


def idle(args, work):
    """A server that nothing was sent to: its size, its start on an empty folder, its memory half a minute later."""
    server = Server(args.server, f"{work}/idle", "0,1")
    time.sleep(30)
    figures = {"binary_mb": os.path.getsize(args.server) / 1e6, "start_ms": server.start_ms, "rss_mb": server.memory_mb("VmRSS")}
    server.stop()
    return figures


def latency(args, work):
    """Open loop at 15,000 spans/s: the time from when a batch was due to its ack."""
    server = Server(args.server, f"{work}/latency", "0")
    said = load(args, server, 15_000 * 30, "--rate", "15000")
    server.stop()
    # The disk, right after: what the server's acks had to wait for.
    return said | {"sync_ms": sync_ms(work)}


def queries(args, folder, trace):
    server = Server(args.server, folder, "0,1")
    result = {}
    for name, question, _, _ in QUESTIONS:
        # The peer is asked for no series either, unless time is what the question groups by.
        totals_only = "granularity" not in question
        body = {"env": "dev", "query": question | {"time_range": 7200}, "totals_only": totals_only}
        server.post("/foursight/v1/query", body)
        figures = []
        for _ in range(5):
            before, started = server.cpu_ms(), time.monotonic()
            server.post("/foursight/v1/query", body)
            figures.append((server.cpu_ms() - before, (time.monotonic() - started) * 1000))
        result[name] = {"cpu_ms": statistics.median(f[0] for f in figures), "wall_ms": statistics.median(f[1] for f in figures)}
        print(f"  {name}: {result[name]}", file=sys.stderr)
    # Traces from all over the hour, each opened once: nothing of it was read before, the files are warm.
    now = int(time.time())
    ids = []
    for second in range(now - 3500, now, 175):
        query = {"start_time": second - 5, "end_time": second}
        rows = server.post("/foursight/v1/rows", {"env": "dev", "query": query, "limit": 1})["rows"]
        ids += [r["trace.trace_id"] for r in rows if r.get("trace.trace_id")]
    times = []
    for id in ids:
        started = time.monotonic()
        with urllib.request.urlopen(server.url(f"/foursight/v1/environments/dev/traces/{id}"), timeout=60) as reply:
            reply.read()
        times.append((time.monotonic() - started) * 1000)
    result["trace by id"] = {"wall_ms": statistics.median(times)}
    if trace:
        result["request of 200 rows"] = request.ask(server, trace)
    server.stop(signal.SIGKILL)
    server = Server(args.server, folder, "0,1")
    result["start after kill -9"] = {"wall_ms": server.start_ms}
    server.stop()
    return result


def peer(args, work):
    """The same questions to ClickHouse (chdb) over the same events."""
    import chdb.session

    raw = f"{work}/events.frames"
    subprocess.run([args.loadgen, "write", "--signal", "jsonl", "--spans", str(args.spans), "--out", raw], check=True,
                   stdout=subprocess.DEVNULL)
    lines = f"{work}/events.jsonl"
    with open(raw, "rb") as frames, open(lines, "wb") as out:
        while head := frames.read(20):
            out.write(frames.read(int.from_bytes(head[:4], "little")))
    session = chdb.session.Session(f"{work}/chdb")
    session.query("SET max_threads = 1")
    for setting in ["input_format_null_as_default = 1", "schema_inference_make_columns_nullable = 0",
                    "input_format_try_infer_datetimes = 0",
                    # The rare attribute has to be among the rows that names are taken from.
                    "input_format_max_rows_to_read_for_schema_inference = 200000",
                    "input_format_max_bytes_to_read_for_schema_inference = 500000000"]:
        session.query(f"SET {setting}")
    session.query(f"""CREATE TABLE e ENGINE = MergeTree ORDER BY ts AS
        SELECT *, toUnixTimestamp64Nano(parseDateTime64BestEffort(time, 9)) ts
        FROM file('{lines}', JSONEachRow)""")
    session.query("OPTIMIZE TABLE e FINAL")
    result = {}
    for name, _, sql, _ in QUESTIONS:
        session.query(sql)
        figures = []
        for _ in range(5):
            before = time.process_time()
            session.query(sql)
            figures.append((time.process_time() - before) * 1000)
        result[name] = statistics.median(figures)
    return result


def targets(args, report, work):
    """The table of storage.md section 10: aims, not gates. Ratios within the engine come from a benchmark of its crate."""
    seen, asked = freshness(args, work)
    report["freshness"] = {"seen": seen, "asked": asked}
    command = ["cargo", "bench", "--quiet", "--locked", "--workspace", "--bench", "targets", "--"]
    folder = report.get("ingest", {}).get("folder", f"{work}/ingest-{args.runs - 1}")
    command += [f"--dir={folder}"] if os.path.isdir(folder) else [f"--spans={args.spans}"]
    out = subprocess.run(command, cwd=pathlib.Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True, check=True).stdout
    report["targets"] = out.splitlines()
    print()
    print(out, end="")
    if "ingest" in report:
        i = report["ingest"]
        print(f"| ingest on one core, decode to ack, spans/s | {i['spans_per_s']:.0f} | >= 100000 |")
        print(f"| write amplification: a row written after the WAL | {i['times_written']:.2f} times | <= 3 |")
    if "latency" in report:
        p99, sync = float(report["latency"]["p99"]), report["latency"]["sync_ms"]
        print(f"| ack p99 at 15,000 spans/s : median fdatasync of 64 KiB | {p99 / sync:.1f}x ({p99:.1f} of {sync:.2f} ms) | <= 5x |")
    print(f"| freshness: a question right after the ack has the row | {seen} of {asked} | always |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--loadgen", required=True)
    parser.add_argument("--spans", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="idle,ingest,latency,queries,targets")
    parser.add_argument("--peer", action="store_true", help="also ask chdb, which must be importable")
    parser.add_argument("--work", help="folder to work in; a temporary one otherwise")
    args = parser.parse_args()
    only = args.only.split(",")
    work = args.work or tempfile.mkdtemp(prefix="foursight-bench-")
    os.makedirs(work, exist_ok=True)
    report = {"date": datetime.date.today().isoformat(), "spans": args.spans}
    if "idle" in only:
        report["idle"] = idle(args, work)
    if "ingest" in only:
        report["ingest"] = ingest(args, work)
    if "latency" in only:
        report["latency"] = {k: v for k, v in latency(args, work).items() if k != "text"}
    if "queries" in only:
        ran = report.get("ingest", {})
        report["queries"] = queries(args, ran.get("folder", f"{work}/ingest-{args.runs - 1}"), ran.get("trace"))
    if args.peer:
        try:
            report["peer"] = peer(args, work)
        except ImportError as e:
            report["peer missing"] = str(e)
    scale = args.spans / 5_000_000
    print("| figure | measured | gate |\n| --- | --- | --- |")
    if "ingest" in report:
        i = report["ingest"]
        print(f"| CPU-seconds per million spans | {i['cpu_s_per_million']:.2f} | 6.3 |")
        print(f"| bytes per span on disk, compacted | {i['bytes_per_span']:.1f} | 58 |")
        print(f"| RSS peak, MB | {i['rss_peak_mb']:.0f} | 400 |")
    if "idle" in report:
        i = report["idle"]
        print(f"| binary, MB | {i['binary_mb']:.0f} | 110 |\n| start to ready, empty folder, ms | {i['start_ms']:.0f} | 300 |")
        print(f"| RSS after 30 s without a call, MB | {i['rss_mb']:.0f} | 80 |")
    if "latency" in report:
        print(f"| p99 of a batch at 15,000 spans/s, ms | {report['latency'].get('p99', '?')} | 12 |")
    if "peer missing" in report:
        print(f"| ClickHouse (chdb) | not run: {report['peer missing']} | |")
    for name, _, _, gate in QUESTIONS if "queries" in report else []:
        beside = f", ClickHouse in this run {report['peer'][name]:.0f}" if "peer" in report else ""
        print(f"| CPU ms: {name} | {report['queries'][name]['cpu_ms']:.0f} | {gate * scale:.0f}{beside} |")
    if "queries" in report:
        print(f"| trace by id, warm, ms | {report['queries']['trace by id']['wall_ms']:.1f} | 10 |")
        if told := report["queries"].get("request of 200 rows"):
            print(f"| request of {told['rows']} rows, ms ({told['first_ms']:.0f} the first time) | {told['wall_ms']:.0f} | 150 |")
        print(f"| start to ready after kill -9, ms | {report['queries']['start after kill -9']['wall_ms']:.0f} | 1000 |")
    if "targets" in only:
        targets(args, report, work)
    out = pathlib.Path(__file__).parent / "results"
    out.mkdir(exist_ok=True)
    (out / f"{report['date']}.json").write_text(json.dumps(report, indent=1))
    if not args.work:
        shutil.rmtree(work)


main()
