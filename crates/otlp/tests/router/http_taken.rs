//! Exports over HTTP that are taken.

use crate::*;
use prost::Message as _;

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const TEAM: (&str, &str) = ("x-honeycomb-team", KEY);

#[tokio::test]
async fn every_signal_is_taken_in_both_encodings_with_and_without_a_slash() {
    let subject = Subject::new();
    for (signal, json) in [
        ("traces", r#"{"resourceSpans":[]}"#),
        ("logs", r#"{"resourceLogs":[]}"#),
        ("metrics", "{}"),
    ] {
        for path in [format!("/v1/{signal}"), format!("/v1/{signal}/")] {
            let answer = subject.send(post(&path, &[PROTOBUF, TEAM], "")).await;
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
            assert_eq!(answer.header("content-type"), "application/x-protobuf");
            let answer = subject.send(post(&path, &[JSON, TEAM], json)).await;
            assert_eq!((answer.status, answer.text()), (200, "{}"), "{path}");
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
        assert_eq!(subject.arrival().signal, Some(signal));
    }
}

/// *Scenario*: the same spans in every way they can be packed, then once more. *Guarantees*: each is
/// stored, the repetition is merged, because the identity is that of the unpacked body.
#[tokio::test]
async fn bodies_are_unpacked_and_told_apart_by_their_content() {
    let subject = Subject::new();
    type Pack = fn(&[u8]) -> Vec<u8>;
    let packings: [(&str, Pack); 5] = [
        ("", |b| b.to_vec()),
        ("identity", |b| b.to_vec()),
        ("gzip", gzip),
        ("deflate", zlib),
        ("zstd", |b| zstd::encode_all(b, 1).unwrap()),
    ];
    for (i, (encoding, pack)) in packings.iter().enumerate() {
        let body = subject.traces(&format!("service-{i}"), 3).encode_to_vec();
        let mut headers = vec![PROTOBUF, TEAM];
        if !encoding.is_empty() {
            headers.push(("content-encoding", encoding));
        }
        let packed = pack(&body);
        let answer = subject
            .send(post("/v1/traces", &headers, packed.clone()))
            .await;
        assert_eq!(answer.status, 200, "{encoding}");
        let arrival = subject.arrival();
        assert_eq!((arrival.outcome.stored, arrival.outcome.merged), (3, 0));
        assert_eq!(arrival.wire_bytes, packed.len() as u64);
        let answer = subject
            .send(post("/v1/traces", &[PROTOBUF, TEAM], body))
            .await;
        assert_eq!(answer.status, 200);
        let outcome = &subject.arrival().outcome;
        assert_eq!((outcome.stored, outcome.merged), (0, 3), "{encoding}");
        assert_eq!(outcome.datasets[..], [format!("service-{i}").into()]);
    }
}

#[tokio::test]
async fn an_arrival_says_who_sent_what() {
    let subject = Subject::new();
    let mut request = post(
        "/v1/traces",
        &[
            PROTOBUF,
            TEAM,
            ("user-agent", "OTel-OTLP-Exporter-Python/1.40"),
        ],
        subject.traces("Shop", 2).encode_to_vec(),
    );
    let sender: std::net::SocketAddr = "172.18.0.3:40000".parse().unwrap();
    request
        .extensions_mut()
        .insert(axum::extract::ConnectInfo(sender));
    assert_eq!(subject.send(request).await.status, 200);
    let arrival = subject.arrival();
    assert_eq!(arrival.sender, sender.ip());
    assert_eq!(
        arrival.user_agent.as_deref(),
        Some("OTel-OTLP-Exporter-Python/1.40")
    );
    assert_eq!(arrival.protocol, engine::Protocol::OtlpHttp);
    assert!(KEY.starts_with(arrival.key_prefix.as_deref().unwrap().trim_end_matches('…')));
    let datasets = subject.engine.catalog().datasets(arrival.env.unwrap());
    assert_eq!(datasets.len(), 1);
    assert_eq!((&*datasets[0].slug, &*datasets[0].name), ("shop", "Shop"));
}

#[tokio::test]
async fn what_is_too_old_is_left_out_and_told() {
    let subject = Subject::new();
    let mut request = subject.traces("shop", 3);
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    spans[1].start_time_unix_nano = 1_000;
    let answer = subject
        .send(post(
            "/v1/traces",
            &[PROTOBUF, TEAM],
            request.encode_to_vec(),
        ))
        .await;
    assert_eq!(answer.status, 200);
    let response =
        opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse::decode(
            &answer.body[..],
        )
        .unwrap();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert_eq!(
        partial.error_message,
        "1 refused: the event is older than the retention keeps"
    );
    let outcome = &subject.arrival().outcome;
    assert_eq!(
        (outcome.received, outcome.stored, outcome.refused),
        (3, 2, 1)
    );
    assert_eq!(outcome.reason, Some(engine::Reason::TooOld));
}

#[tokio::test]
async fn a_classic_key_sends_to_the_dataset_of_the_header() {
    let subject = Subject::new();
    let classic = ("x-honeycomb-team", CLASSIC);
    let body = subject.traces("shop", 1).encode_to_vec();
    let headers = [PROTOBUF, classic, ("x-honeycomb-dataset", "mine")];
    let answer = subject
        .send(post("/v1/traces", &headers, body.clone()))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(subject.arrival().outcome.datasets[..], ["mine".into()]);
    let answer = subject
        .send(post("/v1/traces", &[JSON, classic], "{}"))
        .await;
    assert_eq!(
        (answer.status, answer.text()),
        (401, r#"{"message":"missing 'x-honeycomb-dataset' header"}"#)
    );
    let answer = subject.send(post("/v1/logs", &[JSON, classic], "{}")).await;
    assert_eq!(answer.status, 200, "logs need no header");
}

#[tokio::test]
async fn browsers_may_ask_first() {
    let subject = Subject::new();
    let request = Request::options("/v1/traces")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .body(Body::empty())
        .unwrap();
    let answer = subject.send(request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "POST");
    let allowed = answer.header("access-control-allow-headers");
    for name in ["content-type", "x-honeycomb-team", "x-honeycomb-dataset"] {
        assert!(allowed.contains(name), "{name} in {allowed}");
    }
}
