//! Requests of hand-made rows; the proof over many is `tests/joins`.

use super::*;
use crate::answer::Cell;
use crate::testing::{ENV, querier, span, wait};
use crate::{Querier, Query, Scope};
use serde_json::{Value, json};

/// One request of an app instrumented four ways, `at` milliseconds after the start, 80 ms long, failing.
/// No row has an id of another; clocks are off: X-Ray's by −20 ms, CloudWatch's by +30 ms.
fn told(n: u64, at: i64) -> Vec<Value> {
    told_of(n, at, &format!("/api/activities/{n}"))
}

fn told_of(n: u64, at: i64, path: &str) -> Vec<Value> {
    told_late(n, at, path, 120)
}

/// The same with the occurrence so many milliseconds after the start.
fn told_late(n: u64, at: i64, path: &str, reported: i64) -> Vec<Value> {
    let url = format!("http://localhost:4567{path}");
    vec![
        span(
            n,
            10 * n,
            0,
            at,
            json!({"name": "GET", "service.name": "backend-flask", "@ms": 80, "span.kind": "server",
            "meta.source": "otlp", "http.method": "GET", "http.scheme": "http", "http.host": "localhost:4567",
            "http.target": path, "http.status_code": 500, "net.peer.ip": "10.0.0.7",
            "exception.type": "TypeError", "exception.message": "no response"}),
        ),
        span(
            n,
            10 * n + 1,
            10 * n,
            at + 5,
            json!({"name": "home-activities-mock-data", "service.name": "backend-flask", "@ms": 60,
            "span.kind": "internal", "meta.source": "otlp"}),
        ),
        span(
            n + 500,
            20 * n,
            0,
            at - 20,
            json!({"name": "backend-flask", "service.name": "backend-flask", "@ms": 80, "@dataset": "xray",
            "span.kind": "server", "meta.source": "xray", "http.request.method": "GET", "url.full": url,
            "http.response.status_code": 500, "client.address": "10.0.0.7"}),
        ),
        span(
            0,
            0,
            0,
            at + 109,
            json!({"@table": "logs", "@dataset": "logs-cruddur", "meta.source": "cloudwatch",
            "body": format!("[2025-Oct-09 09:00] 10.0.0.7 GET http {path}? 500 INTERNAL SERVER ERROR")}),
        ),
        span(
            0,
            0,
            0,
            at + reported,
            json!({"@table": "errors", "@dataset": "rollbar-cruddur", "meta.source": "rollbar",
            "name": "TypeError: no response", "@status": "error", "http.request.method": "GET", "url.full": url,
            "client.address": "10.0.0.7", "exception.type": "TypeError", "exception.message": "no response",
            "number": format!("number {n}.")}),
        ),
    ]
}

/// Times and identities of rows by what a field of theirs has.
fn find(querier: &Querier, field: &str, value: &str) -> From {
    let query = json!({"filters": [{"column": field, "op": "contains", "value": value}], "time_range": 10_000});
    let query: Query = serde_json::from_value(query).unwrap();
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let rows = wait(querier.rows(&scope, &query, 2)).unwrap().rows;
    assert_eq!(rows.len(), 1, "{field} contains {value}");
    let text = |name: &str| match &rows[0][name] {
        Cell::Text(t) => t.clone(),
        other => panic!("{other:?}"),
    };
    From::Row {
        event_id: EventId::parse(&text("event_id")).unwrap(),
        ts_ns: text("timestamp_ns").parse().unwrap(),
    }
}

fn ask(querier: &Querier, from: &From) -> Request {
    let request = wait(querier.request(ENV, from)).unwrap().unwrap();
    // What hardly anything speaks for is no candidate, and what is likely enough is joined.
    for near in &request.unattached {
        assert!((0.1..THRESHOLD).contains(&near.score), "{near:?}");
    }
    request
}

/// (source, tier) of each row, by time.
fn rows_of(request: &Request) -> Vec<(Source, Tier)> {
    let rows = request.rows.iter();
    rows.map(|r| (r.source, request.joins[r.join].tier))
        .collect()
}

fn sources(request: &Request) -> Vec<Source> {
    rows_of(request).into_iter().map(|r| r.0).collect()
}

/// Scenario: one app, four instruments, no shared id, another request a second later.
/// Guarantees: asked from a row of any source, the same five rows stand on one timeline.
#[test]
fn from_any_of_the_four_the_same_story_is_told() {
    use Source as S;
    let rows = [told(1, 0), told(2, 1000)].concat();
    let querier = querier(&rows);
    let want = [S::Segments, S::Spans, S::Spans, S::Lines, S::Occurrences];
    for from in [
        find(&querier, "http.target", "/api/activities/1"),
        From::Trace {
            id: TraceId::parse("f0000000000000000000000000000001").unwrap(),
            span: Some(SpanId::parse("000000000000000b").unwrap()),
            hint: None,
        },
        From::Trace {
            // X-Ray's written form of the segment's trace.
            id: TraceId::parse("1-f0000000-0000000000000000000001f5").unwrap(),
            span: None,
            hint: None,
        },
        find(&querier, "body", "http /api/activities/1?"),
    ] {
        let request = ask(&querier, &from);
        assert_eq!(sources(&request), want, "{from:?}: {:?}", request.joins);
        assert_eq!(request.joins[0].tier, Tier::Asked);
        assert_eq!(request.joins.len(), 4, "{:?}", request.joins);
        for join in &request.joins[1..] {
            assert_eq!(join.tier, Tier::Assignment);
            assert!(join.score >= THRESHOLD && join.score < 1.0, "{join:?}");
            assert!(join.reason.contains("GET, /api/activities/1"), "{join:?}");
        }
    }
}

/// Scenario: one path asked for four times a second by one client; the occurrence is there 2 ms after the end of its request, not
/// the 50 that are assumed. Guarantees: that is learned although each occurrence fits many requests.
#[test]
fn one_path_again_and_again_is_told_apart_by_time() {
    // In no rhythm: lags of one to the next heap up nowhere.
    let steps = [
        410, 130, 250, 190, 300, 110, 390, 160, 290, 150, 340, 120, 210, 370, 140, 260, 180, 330,
    ];
    let times = steps.iter().scan(0, |at, step| {
        *at += step;
        Some(*at)
    });
    let times: Vec<i64> = times.collect();
    let rows: Vec<Value> = (1..)
        .zip(&times)
        .flat_map(|(n, at)| told_late(n, *at, "/api/activities/home", 82))
        .collect();
    let querier = querier(&rows);
    for (n, at) in (1..).zip(&times) {
        let from = find(&querier, "number", &format!("number {n}."));
        let request = ask(&querier, &from);
        let From::Row { ts_ns, .. } = from else {
            panic!("{from:?}")
        };
        let end = ts_ns - 2_000_000;
        assert_eq!(request.rows.len(), 5, "{n} at {at}: {:?}", request.joins);
        for row in &request.rows {
            let off = row.row.ts_ns - end;
            assert!(off.abs() <= 101_000_000, "{n} at {at}: {row:?}");
        }
    }
}

/// Scenario: a gateway and the service behind it, each with a span and a segment, and a line of the gateway's;
/// twelve such requests, so that clocks are learned. Guarantees: all five of a request, from each of them.
#[test]
fn a_request_that_passes_a_gateway_is_one_story() {
    use Source as S;
    let mut rows: Vec<Value> = Vec::new();
    for n in 1..=12_u64 {
        let at = 90 * i64::try_from(n * n % 31).unwrap();
        let path = format!("/p/{n}");
        let plain = told_of(n, at, &path);
        for (i, own) in [(0, 10 * n), (2, 20 * n)] {
            let mut inner = plain[i].clone();
            inner["trace.span_id"] = json!(format!("{:016x}", own + 1));
            inner["trace.parent_id"] = json!(format!("{own:016x}"));
            let ts = inner["@ts"].as_i64().unwrap();
            inner["@ts"] = json!(ts + 1_000_000);
            inner["@ms"] = json!(78);
            let mut outer = plain[i].clone();
            outer["service.name"] = json!("edge");
            rows.extend([outer, inner]);
        }
        rows.push(plain[3].clone());
    }
    let querier = querier(&rows);
    for from in [
        find(&querier, "body", "http /p/7?"),
        From::Trace {
            id: TraceId::parse("f0000000000000000000000000000007").unwrap(),
            span: None,
            hint: None,
        },
        From::Trace {
            id: TraceId::parse("f00000000000000000000000000001fb").unwrap(),
            span: None,
            hint: None,
        },
    ] {
        let request = ask(&querier, &from);
        let want = [S::Segments, S::Segments, S::Spans, S::Spans, S::Lines];
        assert_eq!(sources(&request), want, "{from:?}: {:#?}", request.joins);
        for row in &request.rows {
            let path =
                row.row.fields.values().any(
                    |c| matches!(c, Cell::Text(t) if t.ends_with("/p/7") || t.contains("/p/7?")),
                );
            assert!(path, "{:?}", row.row.fields);
        }
    }
}

/// Scenario: two requests alike in everything, a millisecond apart, and one line between them.
/// Guarantees: neither gets it; both are named as candidates.
#[test]
fn what_fits_two_requests_alike_is_joined_to_none() {
    let mut rows: Vec<Value> = Vec::new();
    for (n, at) in [(1, 0), (2, 1)] {
        rows.push(told_of(n, at, "/same").swap_remove(0));
    }
    rows.push(told_of(3, 0, "/same").swap_remove(3));
    let querier = querier(&rows);
    let from = find(&querier, "body", "/same");
    let request = ask(&querier, &from);
    assert_eq!(sources(&request), [Source::Lines]);
    assert_eq!(request.unattached.len(), 2);
    for near in &request.unattached {
        assert!((0.3..THRESHOLD).contains(&near.score), "{near:?}");
        assert_eq!(near.source, Source::of_row(&near.row));
        let of_the_two = |c: &Cell| matches!(c, Cell::Text(t) if t.ends_with("/same"));
        assert!(near.row.fields.values().any(of_the_two), "{near:?}");
    }
}

/// Scenario: two requests alike, 40 ms apart, of which the first fails without saying of what; an occurrence where the one
/// that went well is expected. Guarantees: it is of the one that failed; as a warning, which either may have, it is of none.
#[test]
fn an_error_is_of_the_request_that_failed() {
    let failed = told_late(1, 0, "/same", 170);
    let well = told_of(2, 40, "/same");
    for (status, want) in [("error", 2), ("unset", 1)] {
        let mut rows = vec![failed[0].clone(), well[0].clone(), failed[4].clone()];
        for span in &mut rows[..2] {
            let fields = span.as_object_mut().unwrap();
            fields.retain(|name, _| !name.starts_with("exception."));
        }
        rows[1]["http.status_code"] = json!(200);
        rows[2]["@status"] = json!(status);
        let querier = querier(&rows);
        let request = ask(&querier, &find(&querier, "number", "number 1."));
        assert_eq!(request.rows.len(), want, "{status}: {:#?}", request.joins);
        let joined = request.rows.iter().find(|r| r.source == Source::Spans);
        let trace = joined.and_then(|r| r.trace_id.as_deref());
        let of_the_first = (want == 2).then_some("f0000000000000000000000000000001");
        assert_eq!(trace, of_the_first, "{status}");
        let reasons = request
            .joins
            .iter()
            .filter(|j| j.reason.contains(", failed;"));
        assert_eq!(reasons.count(), want - 1, "{:?}", request.joins);
    }
}

/// Scenario: status or method differ, all else fits. Guarantees: a contradiction is never outweighed.
#[test]
fn a_contradiction_joins_nothing() {
    for (from, to) in [(" 500 ", " 200 "), (" GET ", " POST "), ("/1?", "/2?")] {
        let mut rows = vec![told(1, 0).swap_remove(0), told(1, 0).swap_remove(3)];
        let body = rows[1]["body"].as_str().unwrap().replace(from, to);
        rows[1]["body"] = json!(body);
        let querier = querier(&rows);
        let request = ask(&querier, &find(&querier, "body", "10.0.0.7"));
        assert_eq!(sources(&request), [Source::Lines], "{to}");
        assert!(request.unattached.is_empty(), "{to}");
    }
}

/// Scenario: lines and occurrences that hold ids in the forms clients write, far from what they would be
/// assigned to. Guarantees: each is joined by the id, with tier and reason; a session's id is none.
#[test]
fn ids_in_text_join_in_every_form() {
    use Source as S;
    let mut rows = told(1, 0)[..3].to_vec();
    rows[0]["request_id"] = json!("c0ffee00-0000-4000-8000-00000000beef");
    let line = |at: i64, body: &str| {
        let fields = json!({"@table": "logs", "@dataset": "logs-cruddur", "body": body});
        span(0, 0, 0, at, fields)
    };
    rows.push(line(
        40,
        "AWS-XRAY-TRACE-ID: 1-f0000000-0000000000000000000001f5 step one",
    ));
    rows.push(line(
        50,
        "both f0000000000000000000000000000001 and Root=1-f0000000-0000000000000000000001f5",
    ));
    rows.push(line(
        60,
        "request_id=c0ffee00-0000-4000-8000-00000000beef charged",
    ));
    rows.push(line(70, "nothing to see"));
    // A session: two requests' lines have it, and so has the line that would be joined.
    for (n, at) in [(7, 300), (8, 400)] {
        let body =
            format!("10.0.0.9 GET /s/{n} 200 request_id=5e551011-0000-4000-8000-000000000000");
        rows.push(line(at, &body));
    }
    rows.push(line(
        500,
        "request_id=5e551011-0000-4000-8000-000000000000 logged out",
    ));
    let querier = querier(&rows);
    for from in [
        find(&querier, "http.target", "/api/activities/1"),
        find(&querier, "body", "step one"),
        find(&querier, "body", "both"),
        find(&querier, "body", "charged"),
    ] {
        let request = ask(&querier, &from);
        let want = [
            S::Segments,
            S::Spans,
            S::Spans,
            S::Lines,
            S::Lines,
            S::Lines,
        ];
        assert_eq!(sources(&request), want, "{from:?}: {:#?}", request.joins);
        let by = |t: Tier| request.joins.iter().filter(move |j| j.tier == t).count();
        assert_eq!(by(Tier::Assignment), 0, "{from:?}: {:#?}", request.joins);
        assert!(by(Tier::Text) >= 3, "{from:?}: {:#?}", request.joins);
        assert!(request.joins.iter().all(|j| (j.score - 1.0).abs() < 1e-12));
    }
    let out = ask(&querier, &find(&querier, "body", "logged out"));
    assert_eq!(sources(&out), [S::Lines]);
}

/// Scenario: OpenTelemetry makes X-Ray's ids, and a line and an occurrence carry them. Guarantees: by id alone.
#[test]
fn a_shared_trace_id_needs_no_weighing() {
    let mut rows = told(1, 0);
    for row in &mut rows {
        row["trace.trace_id"] = json!("f0000000000000000000000000000001");
    }
    let querier = querier(&rows);
    let request = ask(
        &querier,
        &find(&querier, "http.target", "/api/activities/1"),
    );
    assert_eq!(request.rows.len(), 5);
    for join in &request.joins[1..] {
        assert_eq!((join.tier, join.score), (Tier::Id, 1.0), "{join:?}");
        assert!(
            join.reason.contains("f0000000000000000000000000000001"),
            "{join:?}"
        );
    }
}

#[test]
fn a_row_that_is_not_there_has_no_request() {
    let querier = querier(&told(1, 0));
    let gone = From::Row {
        event_id: EventId([9; 16]),
        ts_ns: 17,
    };
    assert_eq!(wait(querier.request(ENV, &gone)).unwrap(), None);
    let gone = From::Trace {
        id: TraceId::parse("f0000000000000000000000000000001").unwrap(),
        span: Some(SpanId([9; 8])),
        hint: None,
    };
    assert_eq!(wait(querier.request(ENV, &gone)).unwrap(), None);
}
