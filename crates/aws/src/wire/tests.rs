//! What is refused before an operation runs (reliability.md §5 and §6, cloudwatch.md §3).

mod xray;

use super::testing::{Fixture, Request};
use std::io::Write as _;

fn describe() -> Request {
    Request::new("logs", "/", "{}").header("x-amz-target", "Logs_20140328.DescribeLogGroups")
}

/// Status, code, and what Arrivals says.
async fn check(
    fixture: &Fixture,
    request: http::Request<axum::body::Body>,
    code: &str,
    reason: &str,
) {
    let answer = fixture.send(request).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, code));
    assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1");
    let (told, detail) = fixture.last_refusal();
    assert_eq!(told, reason, "{detail}");
    assert_eq!(detail, answer.message());
}

#[tokio::test]
async fn what_is_not_signed_as_it_should_be_is_told_by_its_cause() {
    let f = Fixture::new(true);
    let mut unsigned = describe().sign();
    unsigned.headers_mut().remove("authorization");
    check(
        &f,
        unsigned,
        "MissingAuthenticationTokenException",
        "missing_key",
    )
    .await;

    let mut presigned = describe().sign();
    presigned.headers_mut().remove("authorization");
    *presigned.uri_mut() = "/?X-Amz-Signature=00".parse().unwrap();
    check(
        &f,
        presigned,
        "MissingAuthenticationTokenException",
        "missing_key",
    )
    .await;

    let mut half = describe().sign();
    let cut = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/logs/aws4_request";
    half.headers_mut()
        .insert("authorization", cut.parse().unwrap());
    check(&f, half, "IncompleteSignatureException", "bad_signature").await;

    let unknown = Request {
        key_id: "AKIAUNKNOWN".into(),
        ..describe()
    };
    check(
        &f,
        unknown.sign(),
        "UnrecognizedClientException",
        "unknown_key",
    )
    .await;

    let wrong = Request {
        secret: "wrong".into(),
        ..describe()
    };
    check(
        &f,
        wrong.sign(),
        "InvalidSignatureException",
        "bad_signature",
    )
    .await;

    for (ahead_s, clock) in [(-600, "600 s behind"), (600, "s ahead")] {
        let stale = Request {
            ahead_s,
            ..describe()
        };
        check(&f, stale.sign(), "InvalidSignatureException", "clock_skew").await;
        assert!(f.last_refusal().1.contains(clock), "{:?}", f.last_refusal());
    }
    for ahead_s in [-290, 290] {
        let near = Request {
            ahead_s,
            ..describe()
        };
        assert_eq!(f.send(near.sign()).await.status, 200);
    }

    let service = Request {
        service: "xray",
        ..describe()
    };
    check(
        &f,
        service.sign(),
        "InvalidSignatureException",
        "wrong_service",
    )
    .await;

    let (parts, _) = describe().sign().into_parts();
    let forged = http::Request::from_parts(parts, "{\"limit\":1}".into());
    check(&f, forged, "InvalidSignatureException", "bad_signature").await;

    // A hash that is told and is not the body's, though it is what was signed.
    let told = describe().header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    check(
        &f,
        told.sign(),
        "InvalidSignatureException",
        "bad_signature",
    )
    .await;
    f.close().await;
}

#[tokio::test]
async fn outside_dev_its_credentials_are_refused() {
    let f = Fixture::new(false);
    check(
        &f,
        describe().sign(),
        "UnrecognizedClientException",
        "dev_key",
    )
    .await;
    f.close().await;
}

/// Operations of the vendor that are not built (cloudwatch.md §5, §2.4).
#[rustfmt::skip]
const NOT_BUILT: [&str; 27] = [
    "PutMetricFilter", "DescribeMetricFilters", "DeleteMetricFilter", "TestMetricFilter",
    "PutQueryDefinition", "DescribeQueryDefinitions", "DeleteQueryDefinition", "ListLogGroups",
    "PutSubscriptionFilter", "DescribeSubscriptionFilters", "DeleteSubscriptionFilter", "PutDataProtectionPolicy",
    "PutResourcePolicy", "PutIndexPolicy", "DescribeFieldIndexes", "PutDestination",
    "CreateExportTask", "PutLogGroupDeletionProtection", "AssociateKmsKey", "CreateLogAnomalyDetector",
    "ListAnomalies", "UpdateAnomaly", "PutTransformer", "CreateLookupTable",
    "PutDeliverySource", "CreateDelivery", "GetLogObject",
];

#[tokio::test]
async fn an_operation_that_is_not_there_is_named() {
    let f = Fixture::new(true);
    for name in NOT_BUILT {
        let target = format!("Logs_20140328.{name}");
        let request = Request::new("logs", "/", "{}").header("x-amz-target", &target);
        check(
            &f,
            request.sign(),
            "UnknownOperationException",
            "unsupported",
        )
        .await;
        let named = format!("The operation {name} is not known here, or not built");
        assert_eq!(f.last_refusal().1, named);
    }
    for (target, named) in [
        (
            "GraniteServiceVersion20100801.PutMetricData",
            "PutMetricData of CloudWatch metrics",
        ),
        ("Logs_20140328.", "names no operation"),
        (
            "DynamoDB_20120810.ListTables",
            "DynamoDB_20120810.ListTables",
        ),
    ] {
        let request = Request::new("logs", "/", "{}").header("x-amz-target", target);
        check(
            &f,
            request.sign(),
            "UnknownOperationException",
            "unsupported",
        )
        .await;
        assert!(f.last_refusal().1.contains(named), "{target}");
    }
    f.close().await;
}

#[tokio::test]
async fn bodies_are_unpacked_after_the_signature_and_within_limits() {
    let f = Fixture::new(true);
    let gzip = |data: &[u8]| {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        e.write_all(data).unwrap();
        e.finish().unwrap()
    };
    let packed = |body: Vec<u8>| Request { body, ..describe() }.header("content-encoding", "gzip");
    let good = f.send(packed(gzip(b"{\"limit\": 1}")).sign()).await;
    assert_eq!(good.status, 200);

    check(
        &f,
        packed(b"{}".to_vec()).sign(),
        "SerializationException",
        "undecodable",
    )
    .await;
    let brotli = describe().header("content-encoding", "br");
    check(
        &f,
        brotli.sign(),
        "SerializationException",
        "content_encoding",
    )
    .await;
    let bomb = gzip(&vec![b' '; 2 << 20]);
    check(&f, packed(bomb).sign(), "InvalidParameterException", "bomb").await;
    let large = Request {
        body: vec![b' '; (1 << 20) + 1],
        ..describe()
    };
    check(&f, large.sign(), "InvalidParameterException", "too_large").await;

    for body in ["{", "[]", "{\"limit\": \"x\"}", "\u{0}"] {
        let request = Request {
            body: body.into(),
            ..describe()
        };
        check(&f, request.sign(), "SerializationException", "undecodable").await;
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(64), "]".repeat(64));
    let request = Request {
        body: deep.into(),
        ..describe()
    };
    check(&f, request.sign(), "SerializationException", "undecodable").await;
    f.close().await;
}
