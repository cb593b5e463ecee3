//! Requests recorded from the vendor's own SDKs, replayed byte for byte through the router.
//!
//! `tests/conformance/rollbar/<case>/`: `request.http` as it came over the wire, `response.http` as it must
//! go back (headers listed there, no more), `events.json` with where it comes from and what must then be
//! found: fields of the row by the table of mapping.md §6, the item's title, the last frames in order.
//! Without a socket the peer is 0.0.0.0.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use engine::query::{Query, Scope};
use engine::{Config, Engine, SystemClock, dev};
use http_body_util::BodyExt;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

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
    let name = case.display();
    let read = |name: &str| std::fs::read(case.join(name)).unwrap();
    let expected: Value = serde_json::from_slice(&read("events.json")).unwrap();
    assert!(expected["provenance"].is_string(), "{name}");
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(SystemClock)).unwrap();
    let router = rollbar::router(engine.clone());

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
    let reply = router.clone().oneshot(request).await.unwrap();
    let (lines, want) = split(&read("response.http"));
    let status = lines[0].split(' ').nth(1).unwrap();
    assert_eq!(reply.status().as_str(), status, "{name}");
    for line in &lines[1..] {
        let (header, value) = header(line);
        assert_eq!(reply.headers()[header], value, "{name}");
    }
    let got = reply.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        String::from_utf8_lossy(&got),
        String::from_utf8_lossy(&want)
    );
    if let Some(title) = expected["title"].as_str() {
        check_row(&engine, &expected, case).await;
        check_api(router, &expected, title, case).await;
    }
    engine.close().await.unwrap();
}

async fn check_row(engine: &Engine, expected: &Value, case: &Path) {
    let scope = Scope {
        env: engine.catalog().environments()[0].id,
        dataset: Some("rollbar-dev".to_owned()),
    };
    let query = Query {
        time_range: Some(3_600),
        ..Query::default()
    };
    let rows = engine.querier().rows(&scope, &query, 10).await.unwrap();
    assert_eq!(rows.rows.len(), 1, "{}", case.display());
    let row = serde_json::to_value(&rows.rows[0]).unwrap();
    for (field, want) in expected["fields"].as_object().unwrap() {
        assert_eq!(&row[field], want, "{field} of {}", case.display());
    }
    for field in expected["absent"].as_array().unwrap() {
        let field = field.as_str().unwrap();
        assert!(row.get(field).is_none(), "{field} of {}", case.display());
    }
}

async fn check_api(router: axum::Router, expected: &Value, title: &str, case: &Path) {
    let get = async |path: &str| -> Value {
        let request = http::Request::get(path)
            .header("x-rollbar-access-token", dev::PROJECT_TOKEN)
            .body(Body::empty())
            .unwrap();
        let reply = router.clone().oneshot(request).await.unwrap();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    };
    let items = get("/api/1/items/").await;
    let item = &items["result"]["items"][0];
    assert_eq!(item["title"], title, "{}", case.display());
    assert_eq!(item["level"], expected["level"], "{}", case.display());
    let instances = get("/api/1/instances/").await;
    let body = &instances["result"]["instances"][0]["data"]["body"];
    let frames = match body["trace_chain"][0]["frames"].as_array() {
        Some(frames) => frames,
        None => body["trace"]["frames"].as_array().unwrap(),
    };
    let last: Vec<&Value> = frames
        .iter()
        .rev()
        .take(3)
        .rev()
        .map(|f| &f["method"])
        .collect();
    let want: Vec<&Value> = expected["last_functions"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(last, want, "{}", case.display());
}

#[tokio::test]
async fn recorded_requests_are_answered_and_kept_as_the_sdks_expect() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/rollbar");
    let mut cases = 0;
    for entry in std::fs::read_dir(root).unwrap() {
        replay(&entry.unwrap().path()).await;
        cases += 1;
    }
    assert!(cases >= 4, "the recordings are missing");
}
