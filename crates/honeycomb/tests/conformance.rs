//! Requests recorded from the vendor's own clients, replayed byte for byte through the router.
//!
//! `tests/conformance/honeycomb/<case>/`: `request.http` as it came over the wire, `response.http` as it
//! must go back (headers listed there, no more), `events.json` with where it comes from and what must
//! then be found by questions. Only the key in them is public: the fixed one of `--dev`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use engine::query::{Cell, Limits, Query, Scope};
use engine::{Clock, Config, Engine};
use http_body_util::BodyExt;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// A clock that begins shortly after the recording, so that it never grows too old, and ticks by a
/// millisecond each time it is read.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

fn split(message: &[u8]) -> (Vec<String>, Vec<u8>) {
    let end = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&message[..end]).unwrap();
    let lines = head.split("\r\n").map(str::to_owned).collect();
    (lines, message[end + 4..].to_vec())
}

fn header(line: &str) -> (&str, &str) {
    let (name, value) = line.split_once(':').unwrap();
    (name, value.trim())
}

async fn replay(case: &Path) {
    let read = |name: &str| std::fs::read(case.join(name)).unwrap();
    let expected: Value = serde_json::from_slice(&read("events.json")).unwrap();
    assert!(expected["provenance"].is_string(), "{}", case.display());
    let now: i64 = expected["now_ns"].as_str().unwrap().parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(Ticking(now.into()))).unwrap();

    let (lines, body) = split(&read("request.http"));
    let mut first = lines[0].split(' ');
    let mut request = http::Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    for line in &lines[1..] {
        let (name, value) = header(line);
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let reply = honeycomb::router(engine.clone())
        .oneshot(request)
        .await
        .unwrap();

    let (lines, want) = split(&read("response.http"));
    let status = lines[0].split(' ').nth(1).unwrap();
    assert_eq!(reply.status().as_str(), status, "{}", case.display());
    for line in &lines[1..] {
        let (name, value) = header(line);
        assert_eq!(reply.headers()[name], value, "{}", case.display());
    }
    let got = reply.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&want)
    );

    let scope = Scope {
        env: engine.catalog().environments()[0].id,
        dataset: Some(expected["dataset"].as_str().unwrap().to_owned()),
    };
    let query = Query {
        time_range: Some(86_400),
        ..Query::default()
    };
    let rows = engine.querier().rows(&scope, &query, 100).await.unwrap();
    let rows: Vec<Value> = rows
        .rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            // Follows from the sequence: not the client's.
            row.remove("event_id");
            if expected["received"] == true {
                row.remove("timestamp_ns");
            }
            serde_json::to_value(row).unwrap()
        })
        .collect();
    assert_eq!(Value::from(rows), expected["events"], "{}", case.display());
    let answer = engine
        .querier()
        .run(&scope, &query, Limits::default(), None)
        .await
        .unwrap();
    let count = expected["count"].as_i64().unwrap();
    assert_eq!(
        answer.total["COUNT"],
        Cell::Int(count),
        "{}",
        case.display()
    );
    engine.close().await.unwrap();
}

#[tokio::test]
async fn recorded_requests_are_answered_and_kept_as_the_clients_expect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/honeycomb");
    let mut cases = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        replay(&entry.unwrap().path()).await;
        cases += 1;
    }
    assert!(cases >= 2, "the recordings are missing");
}
