//! Exports over gRPC.

use crate::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use engine::{Lane, Reason};
use prost::Message as _;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const PATHS: [&str; 3] = [
    TRACES,
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
];
const GRPC: (&str, &str) = ("content-type", "application/grpc");
const TEAM: (&str, &str) = ("x-honeycomb-team", KEY);

/// A length-prefixed message.
fn frame(packed: bool, content: &[u8]) -> Vec<u8> {
    let mut out = vec![u8::from(packed)];
    out.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
    out.extend_from_slice(content);
    out
}

/// The status of an answer without a message, and its details.
#[track_caller]
fn refused(answer: &Answer, code: u32, message: &str) -> Status {
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), "application/grpc");
    assert_eq!(
        answer.header("grpc-status"),
        code.to_string(),
        "{}",
        answer.header("grpc-message")
    );
    let details = STANDARD_NO_PAD
        .decode(answer.header("grpc-status-details-bin"))
        .unwrap();
    let status = Status::read(&details);
    assert_eq!(status.code.cast_unsigned(), code);
    assert!(status.message.starts_with(message), "{}", status.message);
    status
}

#[tokio::test]
async fn every_service_answers_with_a_message_and_ok() {
    let subject = Subject::new();
    for path in PATHS {
        let answer = subject
            .send(post(path, &[GRPC, TEAM], frame(false, b"")))
            .await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/grpc");
        assert_eq!(answer.body, [0; 5], "an empty response");
        assert_eq!(answer.trailers.get("grpc-status").unwrap(), "0", "{path}");
        assert_eq!(subject.arrival().protocol, engine::Protocol::OtlpGrpc);
    }
}

#[tokio::test]
async fn messages_are_unpacked_as_their_flag_says() {
    let subject = Subject::new();
    let encodings = [
        ("gzip", true),
        ("zstd", true),
        ("gzip", false),
        ("identity", false),
    ];
    for (i, (encoding, packed)) in encodings.into_iter().enumerate() {
        let plain = subject.traces(&format!("service-{i}"), 2).encode_to_vec();
        let content = match (encoding, packed) {
            ("gzip", true) => gzip(&plain),
            ("zstd", true) => zstd::encode_all(&plain[..], 1).unwrap(),
            _ => plain,
        };
        let headers = [GRPC, TEAM, ("grpc-encoding", encoding)];
        let answer = subject
            .send(post(TRACES, &headers, frame(packed, &content)))
            .await;
        assert_eq!(answer.trailers.get("grpc-status").unwrap(), "0");
        assert_eq!(subject.arrival().outcome.stored, 2, "{encoding}");
    }
}

#[tokio::test]
async fn refusals_are_statuses() {
    let subject = Subject::new();
    let bad = frame(false, b"\x0a\x7f\x01");
    let bomb = frame(true, &gzip(&vec![0; 17 << 20]));
    let declared = [&[0u8][..], &(17u32 << 20).to_be_bytes(), b"x"].concat();
    let gz = ("grpc-encoding", "gzip");
    let unknown = "unknown API key";
    for (headers, body, code, message, reason) in [
        (
            &[GRPC][..],
            frame(false, b""),
            16,
            "missing 'x-honeycomb-team' header",
            Reason::MissingKey,
        ),
        (
            &[GRPC, ("x-honeycomb-team", "x")],
            frame(false, b""),
            16,
            unknown,
            Reason::UnknownKey,
        ),
        (
            &[GRPC, TEAM],
            bad,
            3,
            "failed to parse OTLP request body",
            Reason::Undecodable,
        ),
        (
            &[GRPC, TEAM],
            b"\0\0".to_vec(),
            3,
            "failed to parse OTLP",
            Reason::Undecodable,
        ),
        (
            &[GRPC, TEAM],
            frame(true, b"x"),
            3,
            "failed to parse OTLP",
            Reason::Undecodable,
        ),
        (
            &[GRPC, TEAM],
            [frame(false, b""), frame(false, b"")].concat(),
            3,
            "failed to parse OTLP",
            Reason::Undecodable,
        ),
        (
            &[GRPC, TEAM],
            declared,
            8,
            "request body is larger than 16777216 bytes",
            Reason::TooLarge,
        ),
        (
            &[GRPC, TEAM, gz],
            bomb,
            8,
            "request body is larger than 16777216 bytes",
            Reason::Bomb,
        ),
        (
            &[GRPC, TEAM, ("grpc-encoding", "snappy")],
            frame(false, b""),
            12,
            "unsupported content-encoding",
            Reason::ContentEncoding,
        ),
    ] {
        let answer = subject.send(post(TRACES, headers, body)).await;
        let status = refused(&answer, code, message);
        assert!(
            !status
                .details
                .iter()
                .any(|d| d.type_url.ends_with("RetryInfo"))
        );
        assert_eq!(subject.arrival().outcome.reason, Some(reason), "{message}");
    }
}

#[tokio::test]
async fn overload_is_unavailable_with_retry_info() {
    let subject = Subject::new();
    let _held = subject
        .engine
        .reserve(Lane::Common, u64::MAX)
        .await
        .unwrap();
    let answer = subject
        .send(post(TRACES, &[GRPC, TEAM], frame(false, b"")))
        .await;
    let status = refused(&answer, 14, "too much was under way");
    let retry = &status.details[0];
    assert_eq!(retry.type_url, "type.googleapis.com/google.rpc.RetryInfo");
    // RetryInfo { retry_delay: Duration { seconds } }
    assert!(
        matches!(retry.value[..], [0x0a, 2, 0x08, 2..=10]),
        "{:?}",
        retry.value
    );
}

#[tokio::test]
async fn partial_success_is_in_the_response() {
    let subject = Subject::new();
    let mut request = subject.traces("shop", 2);
    request.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = 5;
    let body = frame(false, &request.encode_to_vec());
    let answer = subject.send(post(TRACES, &[GRPC, TEAM], body)).await;
    assert_eq!(answer.trailers.get("grpc-status").unwrap(), "0");
    let response =
        opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse::decode(
            &answer.body[5..],
        )
        .unwrap();
    assert_eq!(response.partial_success.unwrap().rejected_spans, 1);
}

#[tokio::test]
async fn what_is_no_grpc_is_refused_as_http() {
    let subject = Subject::new();
    let answer = subject
        .send(post(
            TRACES,
            &[("content-type", "application/json"), TEAM],
            "{}",
        ))
        .await;
    assert_eq!(answer.status, 415);
}
