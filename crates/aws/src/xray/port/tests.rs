//! Port 2000 by the bytes that clients send (xray.md §5.2, captured): the Python poller signs nothing and
//! sends no body where an operation has no input; Node sends three headers.

use super::*;
use crate::xray::testing::Bench;
use axum::body::Body;
use http::Request as HttpRequest;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

async fn ask(
    bench: &Bench,
    from: [u8; 4],
    host: &str,
    path: &str,
    body: &str,
) -> (u16, Value, String) {
    let names_us: AllowsHost = Arc::new(|host: &str| host.starts_with("127.0.0.1"));
    let router = daemon_router(bench.app.clone(), names_us);
    let request = HttpRequest::post(path)
        .header("host", host)
        .header("content-type", "application/json")
        .extension(ConnectInfo(SocketAddr::from((from, 40_000))))
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let code = response.headers().get("x-amzn-errortype");
    let code = code.map_or(String::new(), |c| c.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap(), code)
}

const NEAR: [u8; 4] = [172, 18, 0, 3];
const HOST: &str = "127.0.0.1:2000";

#[tokio::test(flavor = "multi_thread")]
async fn the_pollers_of_the_sdks_are_answered_unsigned() {
    let bench = Bench::new();
    let rule = engine::sampling::Rule {
        name: "Shop".into(),
        priority: 9_000,
        reservoir_size: 5,
        fixed_rate: 0.1,
        service_name: "web".into(),
        ..engine::sampling::Rule::default_rule()
    };
    let env = bench.grant.env();
    let sampling = bench.engine.sampling();
    sampling
        .create_rule(env, rule, Default::default(), bench.engine.now())
        .unwrap();
    for body in ["", "{}"] {
        let (status, rules, _) = ask(&bench, NEAR, HOST, "/GetSamplingRules", body).await;
        assert_eq!(status, 200);
        let first = &rules["SamplingRuleRecords"][0]["SamplingRule"];
        assert_eq!(
            first,
            &json!({
                "RuleName": "Shop", "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Shop",
                "ResourceARN": "*", "Priority": 9000, "FixedRate": 0.1, "ReservoirSize": 5, "ServiceName": "web",
                "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {}
            })
        );
        assert!(rules.get("NextToken").is_none());
    }
    let now = bench.engine.now() / 1_000_000_000;
    let poll = format!(
        r#"{{"SamplingStatisticsDocuments": [{{"RuleName": "Default", "ClientID": "ae0c7f03eb64d81a5e41f700", "RequestCount": 1, "BorrowCount": 1, "SampledCount": 0, "Timestamp": {now}}}, {{"RuleName": "Gone", "ClientID": "ae0c7f03eb64d81a5e41f700", "RequestCount": 1, "BorrowCount": 1, "SampledCount": 0, "Timestamp": {now}}}]}}"#
    );
    let (status, targets, _) = ask(&bench, NEAR, HOST, "/SamplingTargets", &poll).await;
    assert_eq!(status, 200);
    let target = &targets["SamplingTargetDocuments"][0];
    assert_eq!(
        (
            &target["RuleName"],
            &target["ReservoirQuota"],
            &target["FixedRate"],
            &target["Interval"]
        ),
        (&json!("Default"), &json!(1), &json!(0.05), &json!(10))
    );
    assert!(target["ReservoirQuotaTTL"].as_f64().unwrap() > now as f64);
    assert!(targets["LastRuleModification"].is_number());
    assert_eq!(targets["UnprocessedStatistics"][0]["RuleName"], "Gone");
}

/// A rule that keeps nothing is why nothing arrives: Arrivals says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_keeps_nothing_shows_in_arrivals() {
    let bench = Bench::new();
    let update = engine::sampling::RuleUpdate {
        name: "Default".into(),
        fixed_rate: Some(0.0),
        reservoir_size: Some(0),
        ..Default::default()
    };
    let env = bench.grant.env();
    let sampling = bench.engine.sampling();
    sampling
        .update_rule(env, update, bench.engine.now())
        .unwrap();
    let now = bench.engine.now() / 1_000_000_000;
    let poll = format!(
        r#"{{"SamplingStatisticsDocuments": [{{"RuleName": "Default", "ClientID": "ae0c7f03eb64d81a5e41f700", "RequestCount": 12, "BorrowCount": 0, "SampledCount": 0, "Timestamp": {now}}}]}}"#
    );
    let (status, targets, _) = ask(&bench, NEAR, HOST, "/SamplingTargets", &poll).await;
    assert_eq!(
        (
            status,
            &targets["SamplingTargetDocuments"][0]["ReservoirQuota"]
        ),
        (200, &json!(0))
    );
    let rows = bench
        .engine
        .arrivals()
        .list(&engine::ArrivalFilter::default());
    let row = rows
        .iter()
        .find(|r| r.latest.outcome.reason == Some(Reason::NotSampled))
        .unwrap();
    let detail = row.latest.outcome.detail.as_deref();
    assert_eq!(detail, Some("rule Default: 12 requests, 0 sampled"));
    assert_eq!(row.counts.received, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_asked_unsigned_is_refused_by_cause() {
    let bench = Bench::new();
    for (from, host, path, status, code, word) in [
        (
            NEAR,
            "evil.example",
            "/GetSamplingRules",
            403,
            "AccessDeniedException",
            "http.allow_hosts",
        ),
        (
            [8, 8, 8, 8],
            HOST,
            "/GetSamplingRules",
            403,
            "AccessDeniedException",
            "8.8.8.8",
        ),
        (
            NEAR,
            HOST,
            "/Groups",
            403,
            "MissingAuthenticationTokenException",
            "GetGroups",
        ),
        (
            NEAR,
            HOST,
            "/Insight",
            404,
            "UnknownOperationException",
            "GetInsight",
        ),
        (
            NEAR,
            HOST,
            "/nothing",
            404,
            "UnknownOperationException",
            "/nothing",
        ),
        (
            NEAR,
            HOST,
            "/SamplingTargets",
            400,
            "InvalidRequestException",
            "SamplingStatisticsDocuments",
        ),
    ] {
        let got = ask(&bench, from, host, path, "{}").await;
        assert_eq!((got.0, got.2.as_str()), (status, code), "{path}");
        assert!(
            got.1["message"].as_str().unwrap().contains(word),
            "{}",
            got.1
        );
        assert_eq!(got.1["__type"], code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_taken_and_what_is_not_is_listed() {
    let bench = Bench::new();
    let at = bench.base();
    let good = format!(
        r#"{{"name":"w","id":"0000000000000001","trace_id":"1-5c1fa200-000000000000000000000001","start_time":{at},"end_time":{at}.5}}"#
    );
    let body =
        json!({"TraceSegmentDocuments": [good, "{\"id\":", "{\"id\":\"0000000000000001\"}"]})
            .to_string();
    for _ in 0..2 {
        let (status, answer, _) = ask(&bench, NEAR, HOST, "/TraceSegments", &body).await;
        assert_eq!(status, 200);
        let list = answer["UnprocessedTraceSegments"].as_array().unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(
            (&list[0]["ErrorCode"], list[0].get("Id")),
            (&json!("ParseError"), None)
        );
        let message = list[0]["Message"].as_str().unwrap();
        assert!(
            message.starts_with("Invalid segment. ErrorCode: ParseError (document 1, byte 6"),
            "{message}"
        );
        assert_eq!(
            (&list[1]["ErrorCode"], &list[1]["Id"]),
            (&json!("MissingTraceId"), &json!("0000000000000001"))
        );
    }
    // Received = stored + refused + dropped + merged: each call has one good document and two bad ones.
    let counters = bench.engine.arrivals().counters();
    let (_, c) = &counters[0];
    assert_eq!((c.received, c.stored, c.refused, c.merged), (6, 1, 4, 1));
    let (status, answer, _) = ask(
        &bench,
        NEAR,
        HOST,
        "/TelemetryRecords",
        r#"{"TelemetryRecords":[{"Timestamp":1,"SegmentsReceivedCount":3}]}"#,
    )
    .await;
    assert_eq!((status, answer), (200, json!({})));
}
