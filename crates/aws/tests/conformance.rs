//! A session of the vendor's own client, recorded, replayed byte for byte: signatures and all.
//!
//! `tests/conformance/logs/<case>/`: `<n>-<operation>.http` as they came over the wire, in order, and
//! `expected.json`: where they come from, when, and members that each answer has to have. Only the key in
//! them is public: the fixed one of `--dev`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Body;
use engine::{Clock, Config, Engine};
use http_body_util::BodyExt;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tower::ServiceExt;

/// A clock that begins at the recording and ticks by a millisecond each time it is read.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

fn request(message: &[u8]) -> http::Request<Body> {
    let end = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&message[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let mut request = http::Request::builder()
        .method(first.next().unwrap())
        .uri(first.next().unwrap());
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name, value.trim());
    }
    request
        .body(Body::from(message[end + 4..].to_vec()))
        .unwrap()
}

/// Whether `got` has everything that `want` has; lists have to be of one length.
fn has(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => want
            .iter()
            .all(|(name, want)| got.get(name).is_some_and(|got| has(got, want))),
        (Value::Array(got), Value::Array(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| has(got, want))
        }
        (got, want) => got == want,
    }
}

#[tokio::test]
async fn a_recorded_session_is_answered_as_its_client_expects() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/logs/boto3");
    let read = |name: &str| std::fs::read(case.join(name)).unwrap();
    let expected: Value = serde_json::from_slice(&read("expected.json")).unwrap();
    let now = expected["now_ms"].as_i64().unwrap() * 1_000_000;
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        dev: true,
        query_threads: 1,
        ..Config::new(dir.path())
    };
    let engine = Engine::open(config, Arc::new(Ticking(now.into()))).unwrap();
    let app = aws::App {
        engine: engine.clone(),
        closing: None,
    };
    let router = Router::new().route("/", aws::root(app));
    let answers = expected["answers"].as_object().unwrap();
    assert_eq!(answers.len(), 6);
    for (name, want) in answers {
        let recorded = read(&format!("{name}.http"));
        let reply = router.clone().oneshot(request(&recorded)).await.unwrap();
        let status = reply.status();
        let got = reply.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&got);
        assert_eq!(status, 200, "{name}: {text}");
        if want.is_null() {
            assert_eq!(text, "", "{name}");
        } else {
            let got: Value = serde_json::from_slice(&got).unwrap();
            assert!(has(&got, want), "{name}: {got} has not {want}");
        }
    }
    // One byte of a signed body changed: the signature no longer holds.
    let mut forged = read("3-PutLogEvents.http");
    *forged.last_mut().unwrap() = b' ';
    let reply = router.clone().oneshot(request(&forged)).await.unwrap();
    assert_eq!(
        reply.headers()["x-amzn-errortype"],
        "InvalidSignatureException"
    );
    engine.close().await.unwrap();
}
