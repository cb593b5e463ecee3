//! The real SDKs against the binary: the Flask app of the team, gRPC, JSON, zstd, libhoney.
//!
//! What must be found is computed from the bytes the exporters sent, by protobuf's own Python
//! decoder (`tests/clients/facts.py`), never by us.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{Flask, Lines, client_env, run_client};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");
const KEY: &str = "fsdev_ingest_key_000000";

/// Asks one question over a dataset of the development environment.
fn ask(server: &Server, dataset: &str, query: &Value) -> Value {
    let reply = support::request(
        "POST",
        &server.url("/foursight/v1/query"),
        &[
            ("content-type", "application/json"),
            ("accept", "application/json"),
            ("x-foursight-csrf", "1"),
        ],
        Some(
            json!({"env": "dev", "dataset": dataset, "query": query})
                .to_string()
                .as_bytes(),
        ),
    );
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn count(server: &Server, dataset: &str) -> u64 {
    ask(server, dataset, &json!({"calculations": [{"op": "COUNT"}]}))["total"]["COUNT"]
        .as_u64()
        .unwrap_or(0)
}

fn wait_for(what: &str, seconds: u64, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not within {seconds} s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// *Scenario*: the team's Flask app with the real packages; only the endpoint and the key are
/// ours. *Guarantees*: within a second of the export the dataset answers; each request has its
/// Flask span and the app's child under it, typed; counts, MAX, P90 and HEATMAP are what the
/// exported bytes say.
#[test]
fn the_flask_app_is_seen_as_it_was_sent() {
    flask_round("the_flask_app_is_seen_as_it_was_sent", &[]);
}

/// The same with the exporter compressing.
#[test]
fn the_flask_app_is_seen_as_it_was_sent_with_gzip() {
    flask_round(
        "the_flask_app_is_seen_as_it_was_sent_with_gzip",
        &[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")],
    );
}

fn flask_round(test: &str, extra: &[(&str, &str)]) {
    let Some(python) = client_env(test) else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let captured = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let tee = Lines::start(
        std::process::Command::new(&python)
            .arg(support::repository().join("tests/clients/tee.py"))
            .arg(server.url_of("otlp_http", ""))
            .arg(captured.path()),
    );
    let port = tee.line();
    let (endpoint, headers) = (
        format!("http://127.0.0.1:{port}"),
        format!("x-honeycomb-team={KEY}"),
    );
    let mut variables = vec![
        ("OTEL_SERVICE_NAME", "backend-flask"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", &headers),
    ];
    variables.extend_from_slice(extra);
    let app = Flask::start(&python, &variables);
    for i in 0..6 {
        for path in [
            "/api/activities/home",
            "/api/activities/notifications",
            "/api/activities/search?term=cloud",
        ] {
            assert_eq!(support::get(&app.url(path)).status, 200);
        }
        assert_eq!(
            support::get(&app.url(&format!("/api/activities/@user{i}"))).status,
            200
        );
    }
    // 24 requests, each a server span and the app's own child.
    wait_for("the export", 20, || count(&server, "backend-flask") == 48);
    let seen_ns = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    // The server answers the question before the tee has written down the ack, or soon after.
    wait_for("the ack", 20, || {
        facts(&python, captured.path())["count"] == 48
    });
    let late_ns = seen_ns.saturating_sub(last_ack(captured.path()));
    assert!(
        late_ns < 1_000_000_000,
        "the answer came {} ms after the ack",
        late_ns / 1_000_000
    );

    let facts = facts(&python, captured.path());
    check_trace(&server, "backend-flask", &facts);
    check_answers(&server, "backend-flask", &facts);
    if !extra.is_empty() {
        let sent = std::fs::read_to_string(captured.path().join("0001.headers"))
            .unwrap()
            .to_lowercase();
        assert!(
            sent.contains("content-encoding: gzip"),
            "the exporter did not compress: {sent}"
        );
    } else {
        check_other_encodings(&server, &python, captured.path());
    }
}

fn facts(python: &Path, captured: &Path) -> Value {
    run_client(python, "facts.py", &[captured.to_str().unwrap()])
}

fn last_ack(captured: &Path) -> u128 {
    std::fs::read_dir(captured)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "acked"))
        .map(|p| std::fs::read_to_string(p).unwrap().parse().unwrap())
        .max()
        .unwrap()
}

/// One home request: two rows, the child under the Flask span, every attribute with its type.
fn check_trace(server: &Server, dataset: &str, facts: &Value) {
    let spans = facts["spans"].as_array().unwrap();
    let child = spans
        .iter()
        .find(|s| s["name"] == "home-activities-mock-data")
        .unwrap();
    let parent = spans
        .iter()
        .find(|s| s["span_id"] == child["parent_id"])
        .unwrap();
    assert_eq!(parent["parent_id"], Value::Null);
    let rows = support::request(
        "POST",
        &server.url("/foursight/v1/rows"),
        &[("content-type", "application/json"), ("x-foursight-csrf", "1")],
        Some(
            json!({"env": "dev", "dataset": dataset, "limit": 10,
                   "query": {"filters": [{"column": "trace.trace_id", "op": "=", "value": child["trace_id"]}]}})
            .to_string()
            .as_bytes(),
        ),
    )
    .json();
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    let found = rows
        .iter()
        .find(|r| r["trace.span_id"] == child["span_id"])
        .unwrap();
    let root = rows
        .iter()
        .find(|r| r["trace.span_id"] == parent["span_id"])
        .unwrap();
    assert_eq!(found["trace.parent_id"], parent["span_id"]);
    assert_eq!(found["app.now"], child["attributes"]["app.now"]);
    assert_eq!(found["app.result_length"], json!(3), "an integer stays one");
    assert_eq!(found["library.name"], "home.activities");
    assert_eq!(found["service.name"], dataset);
    assert_eq!(found["name"], "home-activities-mock-data");
    assert_eq!(found["duration_ms"].as_f64(), child["duration_ms"].as_f64());
    assert_eq!(found["meta.signal_type"], "trace");
    assert_eq!(root["trace.parent_id"], Value::Null);
    assert_eq!(root["library.name"], parent["library"]);
    assert_eq!(root["name"], parent["name"]);
    assert_eq!(root["span.kind"], "server");
}

fn check_answers(server: &Server, dataset: &str, facts: &Value) {
    let by_trace = ask(
        server,
        dataset,
        &json!({"calculations": [{"op": "COUNT"}], "breakdowns": ["trace.trace_id"]}),
    );
    let results = by_trace["results"].as_array().unwrap();
    let want = facts["count_by_trace"].as_object().unwrap();
    assert_eq!(results.len(), want.len());
    for row in results {
        assert_eq!(row["COUNT"], want[row["trace.trace_id"].as_str().unwrap()]);
    }

    let exists = json!({"calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "app.result_length"}],
                        "filters": [{"column": "app.result_length", "op": "exists"}]});
    let total = &ask(server, dataset, &exists)["total"];
    assert_eq!(total["COUNT"], facts["with_result_length"]);
    assert_eq!(
        total["MAX(app.result_length)"].as_f64(),
        facts["max_result_length"].as_f64()
    );

    let measured = ask(
        server,
        dataset,
        &json!({"calculations": [{"op": "P90", "column": "duration_ms"}, {"op": "HEATMAP", "column": "duration_ms"}]}),
    );
    let (p90, want) = (
        measured["total"]["P90(duration_ms)"].as_f64().unwrap(),
        facts["p90_duration_ms"].as_f64().unwrap(),
    );
    assert!(
        (p90 - want).abs() <= 0.016 * want,
        "P90 is {p90}, the spans say {want}"
    );
    check_heatmap(&measured["series"][0]["lines"][1], facts);
}

/// Every cell counted holds as many durations as the exported bytes put there.
fn check_heatmap(line: &Value, facts: &Value) {
    assert_eq!(line["kind"], "heatmap");
    let edges = |name: &str| -> Vec<f64> {
        line[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_f64().unwrap())
            .collect()
    };
    let (min, max) = (edges("min"), edges("max"));
    let mut by_bin = vec![0u64; min.len()];
    for cell in line["cells"].as_array().unwrap().chunks_exact(3) {
        by_bin[usize::try_from(cell[1].as_u64().unwrap()).unwrap()] += cell[2].as_u64().unwrap();
    }
    let durations: Vec<f64> = facts["durations_ms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect();
    assert_eq!(by_bin.iter().sum::<u64>(), durations.len() as u64);
    // One bin over everything would hold them all.
    let of_each = |d: &f64| (0..min.len()).position(|bin| *d >= min[bin] && *d < max[bin]);
    let (least, most) = (durations.first().unwrap(), durations.last().unwrap());
    assert!(min.len() >= 5, "{} bins", min.len());
    assert_ne!(
        of_each(least),
        of_each(most),
        "{least} and {most} lie in one bin"
    );
    for (bin, counted) in by_bin.iter().enumerate() {
        // Edges come from a sketch that is fine to 1 %: a duration that close to an edge may lie beyond it.
        let (sure, maybe) = durations.iter().fold((0, 0), |(sure, maybe), d| {
            let (lo, hi) = (min[bin], max[bin]);
            (
                sure + u64::from(*d >= lo * 1.01 && *d < hi * 0.99),
                maybe + u64::from(*d >= lo * 0.99 && *d < hi * 1.01),
            )
        });
        assert!(
            (sure..=maybe).contains(counted),
            "bin {}..{}: {counted}, not {sure} to {maybe}",
            min[bin],
            max[bin]
        );
    }
}

/// The captured requests again as OTLP/JSON and as zstd, under services of their own: the same traces and answers.
fn check_other_encodings(server: &Server, python: &Path, captured: &Path) {
    run_client(python, "recode.py", &[captured.to_str().unwrap()]);
    let url = server.url("/v1/traces");
    for (dataset, extension, headers, answer) in [
        (
            "from-json",
            "json",
            &[
                ("content-type", "application/json"),
                ("x-honeycomb-team", KEY),
            ][..],
            &b"{}"[..],
        ),
        (
            "from-zstd",
            "zst",
            &[
                ("content-type", "application/x-protobuf"),
                ("content-encoding", "zstd"),
                ("x-honeycomb-team", KEY),
            ],
            b"",
        ),
    ] {
        let folder = captured.join(dataset);
        let facts = facts(python, &folder);
        let bodies: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|f| f.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == extension))
            .map(|p| std::fs::read(p).unwrap())
            .collect();
        // The same bytes again are a repeat: answered alike, stored once.
        for body in bodies.iter().chain(&bodies) {
            let reply = support::request("POST", &url, headers, Some(body));
            assert_eq!((reply.status, &*reply.body), (200, answer), "{dataset}");
        }
        assert_eq!(count(server, dataset), facts["count"].as_u64().unwrap());
        check_trace(server, dataset, &facts);
        check_answers(server, dataset, &facts);
    }
}

#[test]
fn the_grpc_exporter_is_taken_plain_and_compressed() {
    let Some(python) = client_env("the_grpc_exporter_is_taken_plain_and_compressed") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    // Also on the port that serves everything, by content type.
    for (listener, compression) in [("otlp_grpc", "none"), ("http", "gzip")] {
        let address = server.ready[listener].as_str().unwrap().to_owned();
        let said = run_client(&python, "grpc_spans.py", &[&address, KEY, compression]);
        assert_eq!(said["flushed"], true, "{}", server.log());
        let dataset = format!("grpc-{compression}");
        assert_eq!((&said["count"], count(&server, &dataset)), (&json!(48), 48));
        check_trace(&server, &dataset, &said);
        check_answers(&server, &dataset, &said);
        // Types beside whole numbers and texts: 24 with half = i / 2, even for every other.
        let answer = ask(
            &server,
            &dataset,
            &json!({"calculations": [{"op": "COUNT"}, {"op": "SUM", "column": "half"}], "breakdowns": ["even"],
                    "filters": [{"column": "even", "op": "exists"}]}),
        );
        let mut got: Vec<(Value, u64, Option<f64>)> = answer["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let count = r["COUNT"].as_u64().unwrap();
                (r["even"].clone(), count, r["SUM(half)"].as_f64())
            })
            .collect();
        got.sort_by_key(|g| format!("{g:?}"));
        let want = [
            (json!(false), 12, Some(72.0)),
            (json!(true), 12, Some(66.0)),
        ];
        assert_eq!(got, want);
    }
}

#[test]
fn libhoney_gets_202_for_each_event() {
    let Some(python) = client_env("libhoney_gets_202_for_each_event") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let said = run_client(&python, "libhoney_three.py", &[&server.url(""), KEY]);
    let statuses: Vec<_> = said
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["status"].as_u64())
        .collect();
    assert_eq!(statuses, [Some(202); 3], "{said}");
    let answer = ask(
        &server,
        "libhoney-py",
        &json!({"calculations": [{"op": "COUNT"}, {"op": "AVG", "column": "ratio"}], "breakdowns": ["ok"]}),
    );
    assert_eq!(answer["total"]["COUNT"], 3);
    assert_eq!(answer["total"]["AVG(ratio)"].as_f64(), Some(0.25));
}
