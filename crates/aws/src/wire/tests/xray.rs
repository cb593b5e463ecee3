//! The same causes, as X-Ray tells them (xray.md §5): by path, status 403, and on the daemon's port as well.

use crate::wire::testing::{Fixture, Request};
use crate::xray::{self, App};
use axum::body::Body;
use axum::extract::ConnectInfo;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where the operations are answered.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// The API's address.
    Api,
    /// TCP port 2000.
    Daemon,
}

fn fixture(door: Door, dev: bool) -> Fixture {
    let mut fixture = Fixture::new(dev);
    let app = App::new(fixture.engine.clone());
    fixture.router = match door {
        Door::Api => xray::router(app),
        Door::Daemon => xray::daemon_router(app, Arc::new(|_| true)),
    };
    fixture
}

fn groups() -> Request {
    Request::new("xray", "/Groups", "{}")
}

/// The same request, from a machine of a private network.
fn near(mut request: http::Request<Body>) -> http::Request<Body> {
    let from = SocketAddr::from(([172, 18, 0, 3], 40_000));
    request.extensions_mut().insert(ConnectInfo(from));
    request
}

/// How a request is refused: its name, itself, AWS's code, the reason in Arrivals, a word of the message.
type Case = (
    &'static str,
    http::Request<Body>,
    &'static str,
    &'static str,
    &'static str,
);

fn cases() -> Vec<Case> {
    let mut unsigned = groups().sign();
    unsigned.headers_mut().remove("authorization");
    let mut presigned = groups().sign();
    presigned.headers_mut().remove("authorization");
    *presigned.uri_mut() = "/Groups?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"
        .parse()
        .unwrap();
    let mut half = groups().sign();
    let cut = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/xray/aws4_request";
    half.headers_mut()
        .insert("authorization", cut.parse().unwrap());
    let (parts, _) = groups().sign().into_parts();
    let forged = http::Request::from_parts(parts, Body::from("{\"NextToken\":\"x\"}"));
    let mut moved = groups().sign();
    *moved.uri_mut() = "/GetGroup".parse().unwrap();
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = groups();
        change(&mut request);
        request.sign()
    };
    let (missing, incomplete, unknown, invalid) = (
        "MissingAuthenticationTokenException",
        "IncompleteSignatureException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
    );
    let told = groups().header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    #[rustfmt::skip]
    let cases = vec![
        ("unsigned", unsigned, missing, "missing_key", "signature|Authentication Token"),
        ("presigned", presigned, missing, "missing_key", "signature|presigned"),
        ("half a header", half, incomplete, "bad_signature", "SignedHeaders"),
        ("unknown access key", with(&|r| r.key_id = "AKIAUNKNOWN".into()), unknown, "unknown_key", "security token"),
        ("wrong secret", with(&|r| r.secret = "wrong".into()), invalid, "bad_signature", "does not match"),
        ("stale date", with(&|r| r.ahead_s = -600), invalid, "clock_skew", "600 s behind"),
        ("date to come", with(&|r| r.ahead_s = 600), invalid, "clock_skew", "s ahead"),
        ("scope of logs", with(&|r| r.service = "logs"), invalid, "wrong_service", "'xray', not 'logs'"),
        ("scope of another", with(&|r| r.service = "monitoring"), invalid, "wrong_service", "not 'monitoring'"),
        ("another body", forged, invalid, "bad_signature", "does not match"),
        ("another path", moved, invalid, "bad_signature", "does not match"),
        ("unsigned body from afar", told.sign(), invalid, "bad_signature", "does not match"),
    ];
    cases
}

async fn check(fixture: &Fixture, door: Door, case: Case) {
    let (name, request, code, reason, words) = case;
    let answer = fixture.send(near(request)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, code),
        "{door:?}: {name}"
    );
    assert_eq!(answer.headers["content-type"], "application/json");
    let (noted, detail) = fixture.last_refusal();
    assert_eq!(noted, reason, "{door:?}: {name}: {detail}");
    assert_eq!(detail, answer.message(), "{door:?}: {name}");
    assert!(
        words.split('|').any(|w| detail.contains(w)),
        "{door:?}: {name}: {detail}"
    );
}

#[tokio::test]
async fn what_is_not_signed_as_it_should_be_is_told_by_its_cause() {
    for door in [Door::Api, Door::Daemon] {
        let f = fixture(door, true);
        for case in cases() {
            check(&f, door, case).await;
        }
        for ahead_s in [-290, 0, 290] {
            let good = Request {
                ahead_s,
                ..groups()
            };
            let answer = f.send(near(good.sign())).await;
            assert_eq!(answer.status, 200, "{door:?}: {ahead_s}");
            assert!(answer.json()["Groups"].is_array());
        }
        f.close().await;
    }
}

#[tokio::test]
async fn outside_dev_its_credentials_are_refused() {
    for door in [Door::Api, Door::Daemon] {
        let f = fixture(door, false);
        let code = "UnrecognizedClientException";
        let case = (
            "the key of --dev",
            groups().sign(),
            code,
            "dev_key",
            "security token",
        );
        check(&f, door, case).await;
        f.close().await;
    }
}

/// Operation, its path (xray.md §5.2), and whether port 2000 takes it without a signature: sampling calls and
/// what the SDKs send do, nothing else (design.md §4.16).
const PATHS: [(&str, &str, bool); 20] = [
    ("PutTraceSegments", "/TraceSegments", true),
    ("PutTelemetryRecords", "/TelemetryRecords", true),
    ("GetSamplingRules", "/GetSamplingRules", true),
    ("GetSamplingTargets", "/SamplingTargets", true),
    ("GetTraceSummaries", "/TraceSummaries", false),
    ("BatchGetTraces", "/Traces", false),
    ("GetTraceGraph", "/TraceGraph", false),
    ("GetServiceGraph", "/ServiceGraph", false),
    ("CreateSamplingRule", "/CreateSamplingRule", false),
    ("UpdateSamplingRule", "/UpdateSamplingRule", false),
    ("DeleteSamplingRule", "/DeleteSamplingRule", false),
    (
        "GetSamplingStatisticSummaries",
        "/SamplingStatisticSummaries",
        false,
    ),
    ("CreateGroup", "/CreateGroup", false),
    ("GetGroup", "/GetGroup", false),
    ("GetGroups", "/Groups", false),
    ("UpdateGroup", "/UpdateGroup", false),
    ("DeleteGroup", "/DeleteGroup", false),
    ("TagResource", "/TagResource", false),
    ("UntagResource", "/UntagResource", false),
    ("ListTagsForResource", "/ListTagsForResource", false),
];

#[tokio::test]
async fn without_a_signature_the_sdks_calls_alone_are_answered_and_on_port_2000_alone() {
    let unsigned = |path: &'static str| {
        let mut request = Request::new("xray", path, "{}").sign();
        request.headers_mut().remove("authorization");
        near(request)
    };
    for door in [Door::Api, Door::Daemon] {
        let f = fixture(door, true);
        for (name, path, is_open) in PATHS {
            let answer = f.send(unsigned(path)).await;
            if is_open && matches!(door, Door::Daemon) {
                // Some of these need members that `{}` lacks: what matters is that none asks for a key.
                assert!(
                    [200, 400].contains(&answer.status),
                    "{name}: {}",
                    answer.status
                );
                continue;
            }
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (403, "MissingAuthenticationTokenException"),
                "{door:?}: {name}"
            );
            assert_eq!(f.last_refusal().0, "missing_key");
        }
        f.close().await;
    }
}

/// Operations of the vendor that are not built, and their paths (xray.md §5.2).
const NOT_BUILT: [(&str, &str); 18] = [
    (
        "GetTimeSeriesServiceStatistics",
        "/TimeSeriesServiceStatistics",
    ),
    ("GetInsight", "/Insight"),
    ("GetInsightSummaries", "/InsightSummaries"),
    ("GetInsightEvents", "/InsightEvents"),
    ("GetInsightImpactGraph", "/InsightImpactGraph"),
    ("GetEncryptionConfig", "/EncryptionConfig"),
    ("PutEncryptionConfig", "/PutEncryptionConfig"),
    ("PutResourcePolicy", "/PutResourcePolicy"),
    ("DeleteResourcePolicy", "/DeleteResourcePolicy"),
    ("ListResourcePolicies", "/ListResourcePolicies"),
    ("GetTraceSegmentDestination", "/GetTraceSegmentDestination"),
    (
        "UpdateTraceSegmentDestination",
        "/UpdateTraceSegmentDestination",
    ),
    ("GetIndexingRules", "/GetIndexingRules"),
    ("UpdateIndexingRule", "/UpdateIndexingRule"),
    ("StartTraceRetrieval", "/StartTraceRetrieval"),
    ("ListRetrievedTraces", "/ListRetrievedTraces"),
    ("GetRetrievedTracesGraph", "/GetRetrievedTracesGraph"),
    ("CancelTraceRetrieval", "/CancelTraceRetrieval"),
];

#[tokio::test]
async fn an_operation_that_is_not_built_is_named() {
    for door in [Door::Api, Door::Daemon] {
        let f = fixture(door, true);
        for (name, path) in NOT_BUILT {
            let request = Request::new("xray", path, "{}").sign();
            let answer = f.send(near(request)).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "UnknownOperationException"),
                "{door:?}: {name}"
            );
            let named = format!("The operation {name} is not known here, or not built");
            assert_eq!(answer.message(), named, "{door:?}: {path}");
            assert_eq!(f.last_refusal(), ("unsupported", named));
        }
        f.close().await;
    }
}

/// A daemon's own counts are taken however large: together they may be more than a number holds.
#[tokio::test]
async fn counts_of_a_daemon_are_taken_whatever_they_say() {
    let f = fixture(Door::Api, true);
    let most = u64::MAX;
    let body = format!(
        r#"{{"TelemetryRecords": [{{"Timestamp": 1795166170, "SegmentsSpilloverCount": {most}, "SegmentsRejectedCount": {most}}}]}}"#
    );
    let answer = f
        .send(near(Request::new("xray", "/TelemetryRecords", body).sign()))
        .await;
    // xray.md §5.2: `→ {}`.
    assert_eq!((answer.status, answer.json()), (200, serde_json::json!({})));
    f.close().await;
}
