//! Exports over HTTP that are refused: the vendor's words, and a note in Arrivals.

use crate::*;
use engine::{Lane, Reason};
use prost::Message as _;

const PROTOBUF: (&str, &str) = ("content-type", "application/protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const TEAM: (&str, &str) = ("x-honeycomb-team", KEY);
const UNKNOWN: &str = "unknown API key - check your credentials, region, and API URL";

struct Case {
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    code: i32,
    /// The start of the message.
    message: &'static str,
    reason: Reason,
}

fn case(
    headers: &[(&'static str, &'static str)],
    body: impl Into<Vec<u8>>,
    answer: (u16, i32, &'static str),
    reason: Reason,
) -> Case {
    Case {
        headers: headers.to_vec(),
        body: body.into(),
        status: answer.0,
        code: answer.1,
        message: answer.2,
        reason,
    }
}

fn cases() -> Vec<Case> {
    let unknown = ("x-honeycomb-team", "nobodys-key");
    let dev = ("x-honeycomb-team", engine::dev::INGEST_KEY);
    let gz = ("content-encoding", "gzip");
    let bomb = gzip(&vec![0; 21 << 20]);
    vec![
        case(
            &[],
            "",
            (401, 16, "missing 'x-honeycomb-team' header"),
            Reason::MissingKey,
        ),
        case(&[unknown], "", (401, 16, UNKNOWN), Reason::UnknownKey),
        case(&[dev], "", (401, 16, UNKNOWN), Reason::DevKey),
        case(
            &[TEAM],
            b"\x0a\x7f\x01".to_vec(),
            (400, 3, "failed to parse OTLP request body: "),
            Reason::Undecodable,
        ),
        case(
            &[TEAM, gz],
            "plain",
            (400, 3, "failed to parse OTLP request body: "),
            Reason::Undecodable,
        ),
        case(
            &[TEAM, gz],
            bomb,
            (413, 8, "request body is larger than 20971520 bytes"),
            Reason::Bomb,
        ),
        case(
            &[TEAM],
            vec![0; (20 << 20) + 1],
            (413, 8, "request body is larger than 20971520 bytes"),
            Reason::TooLarge,
        ),
        case(
            &[TEAM, ("content-encoding", "br")],
            "x",
            (415, 12, "unsupported content-encoding \"br\""),
            Reason::ContentEncoding,
        ),
    ]
}

#[tokio::test]
async fn refusals_are_told_in_the_encoding_of_the_request() {
    let subject = Subject::new();
    for c in cases() {
        for content_type in [PROTOBUF, JSON] {
            let mut headers = c.headers.clone();
            headers.push(content_type);
            let answer = subject
                .send(post("/v1/traces", &headers, c.body.clone()))
                .await;
            assert_eq!(answer.status, c.status, "{}", c.message);
            assert_eq!(answer.header("content-type"), content_type.1);
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            let message = if content_type == JSON {
                let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(value.as_object().unwrap().len(), 1, "the message alone");
                value["message"].as_str().unwrap().to_owned()
            } else {
                let status = Status::read(&answer.body);
                assert_eq!(status.code, c.code);
                let bad_request = "type.googleapis.com/google.rpc.BadRequest";
                let details: Vec<&str> = status.details.iter().map(|d| &*d.type_url).collect();
                assert_eq!(details.contains(&bad_request), c.code == 3);
                status.message
            };
            assert!(message.starts_with(c.message), "{message}");
            let arrival = subject.arrival();
            assert_eq!(arrival.outcome.reason, Some(c.reason), "{message}");
            assert_eq!((arrival.outcome.received, arrival.outcome.refused), (1, 1));
        }
    }
}

#[tokio::test]
async fn the_content_type_is_asked_before_the_key() {
    let subject = Subject::new();
    for headers in [&[("content-type", "text/plain")][..], &[], &[TEAM]] {
        let answer = subject.send(post("/v1/traces", headers, "x")).await;
        assert_eq!(answer.status, 415);
        assert!(answer.header("content-type").starts_with("text/plain"));
        assert_eq!(
            answer.text(),
            "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json"
        );
        assert_eq!(subject.arrival().outcome.reason, Some(Reason::ContentType));
    }
    assert!(
        subject.arrival().env.is_some(),
        "a good key shows whose request it was"
    );
}

#[tokio::test]
async fn json_nested_too_deeply_is_told_as_that() {
    let subject = Subject::new();
    let body = format!("{{\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = subject.send(post("/v1/logs", &[JSON, TEAM], body)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("nested deeper than 64"),
        "{}",
        answer.text()
    );
    assert_eq!(subject.arrival().outcome.reason, Some(Reason::TooDeep));
}

/// *Scenario*: all room for bodies is taken. *Guarantees*: within a second 503 with `Retry-After`
/// and RetryInfo, never 429 or 500; the same request is taken once there is room.
#[tokio::test]
async fn overload_is_told_with_the_time_to_come_back() {
    let subject = Subject::new();
    let held = subject
        .engine
        .reserve(Lane::Common, u64::MAX)
        .await
        .unwrap();
    let body = subject.traces("shop", 1).encode_to_vec();
    let request = || post("/v1/traces", &[PROTOBUF, TEAM], body.clone());
    let answer = subject.send(request()).await;
    assert_eq!(answer.status, 503);
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((2..=10).contains(&seconds));
    let status = Status::read(&answer.body);
    assert_eq!(status.code, 14);
    assert_eq!(
        status.details[0].type_url,
        "type.googleapis.com/google.rpc.RetryInfo"
    );
    assert_eq!(subject.arrival().outcome.reason, Some(Reason::Overload));
    drop(held);
    assert_eq!(subject.send(request()).await.status, 200);
}

#[tokio::test]
async fn a_sender_that_breaks_off_is_noted() {
    let subject = Subject::new();
    let frames = futures::stream::iter([
        Ok(bytes::Bytes::from_static(b"\x0a")),
        Err(std::io::Error::other("connection reset")),
    ]);
    let answer = subject
        .send(post(
            "/v1/traces",
            &[PROTOBUF, TEAM],
            Body::from_stream(frames),
        ))
        .await;
    assert_eq!(answer.status, 408);
    let outcome = &subject.arrival().outcome;
    assert_eq!(outcome.reason, Some(Reason::Undecodable));
    let detail = outcome.detail.as_deref().unwrap();
    assert!(
        detail.starts_with("the sender broke off after 1 bytes"),
        "{detail}"
    );
}

/// *Scenario*: the caller is dropped while its body has not come whole. *Guarantees*: the export
/// is noted all the same.
#[tokio::test]
async fn a_caller_that_is_dropped_is_noted() {
    let subject = Subject::new();
    let mut live = subject.engine.arrivals().subscribe();
    let (body, frames) =
        futures::channel::mpsc::unbounded::<Result<bytes::Bytes, std::io::Error>>();
    let request = post("/v1/traces", &[PROTOBUF, TEAM], Body::from_stream(frames));
    let calling = subject.router.clone().oneshot(request);
    assert!(
        tokio::time::timeout(std::time::Duration::from_millis(20), calling)
            .await
            .is_err()
    );
    drop(body);
    let arrival = live.recv().await.unwrap();
    assert_eq!(arrival.outcome.received, 0, "an empty request, taken");
}

#[tokio::test]
async fn other_methods_and_paths_are_not_ours() {
    let subject = Subject::new();
    let get = Request::get("/v1/traces").body(Body::empty()).unwrap();
    assert_eq!(subject.send(get).await.status, 405);
    assert_eq!(
        subject.send(post("/v1/profiles", &[TEAM], "")).await.status,
        404
    );
}
