//! Columns of spans, events and links, by hand from honeycomb.md §1.4.

use super::*;
use crate::translate::RefusedRows;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span, Status,
    span::{Event, Link},
};

fn request(resource_attributes: Vec<KeyValue>, spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(resource_attributes),
            scope_spans: vec![ScopeSpans {
                scope: scope("home.activities", ""),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

fn span(attributes: Vec<KeyValue>) -> Span {
    Span {
        trace_id: TRACE.to_vec(),
        span_id: SPAN.to_vec(),
        name: "GET /api/activities/home".to_owned(),
        start_time_unix_nano: T,
        end_time_unix_nano: T + 12_500_000,
        attributes,
        ..Span::default()
    }
}

fn one(resource: Vec<KeyValue>, span: Span) -> EventBatch {
    run(Signal::Traces, &request(resource, vec![span]), context()).batch
}

fn service() -> Vec<KeyValue> {
    vec![str("service.name", "backend-flask")]
}

#[test]
fn a_span_has_every_built_in_column() {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(vec![str("service.name", "backend-flask"), int("pid", 7)]),
            schema_url: "https://r".to_owned(),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    attributes: vec![str("scope.attr", "x")],
                    ..scope("opentelemetry.instrumentation.flask", "0.5").unwrap()
                }),
                schema_url: "https://s".to_owned(),
                spans: vec![Span {
                    parent_span_id: PARENT.to_vec(),
                    trace_state: "a=b".to_owned(),
                    kind: 2,
                    status: Some(Status {
                        message: "broken".to_owned(),
                        code: 2,
                    }),
                    ..span(vec![
                        str("app.now", "2026-01-02"),
                        int("app.result_length", 3),
                        kv("ok", Value::BoolValue(true)),
                        kv("ratio", Value::DoubleValue(0.25)),
                    ])
                }],
            }],
        }],
    };
    assert_row(
        &run(Signal::Traces, &request, context()).batch,
        0,
        r#"
        [ts] = 0
        [dataset] = backend-flask
        [trace_id] = 5c1fa2000102030405060708090a0b9b
        [span_id] = a102030405060708
        [parent_id] = b102030405060708
        [service] = backend-flask
        [name] = GET /api/activities/home
        [kind] = server
        [status] = error
        [duration_ns] = 12500000
        status_message = "broken"
        trace.trace_state = "a=b"
        span.num_events = 0
        span.num_links = 0
        meta.source = "otlp"
        meta.signal_type = "trace"
        library.name = "opentelemetry.instrumentation.flask"
        library.version = "0.5"
        telemetry.instrumentation_library = true
        resource.schema_url = "https://r"
        scope.schema_url = "https://s"
        pid = 7
        scope.attr = "x"
        app.now = "2026-01-02"
        app.result_length = 3
        ok = true
        ratio = 0.25
        "#,
    );
}

#[test]
fn later_attributes_overwrite_earlier_and_built_in_ones() {
    let mut r = request(
        vec![str("service.name", "backend-flask"), str("who", "resource")],
        vec![span(vec![
            str("name", "renamed"),
            kv("duration_ms", Value::DoubleValue(1.5)),
            str("who", "span"),
            kv("error", Value::BoolValue(false)),
            str("meta.signal_type", "mine"),
        ])],
    );
    let block = &mut r.resource_spans[0].scope_spans[0];
    block.scope.as_mut().unwrap().attributes = vec![str("who", "scope"), str("library.name", "l")];
    let batch = run(Signal::Traces, &r, context()).batch;
    let got = row(&batch, 0);
    for line in [
        "[name] = renamed",
        "[duration_ns] = 1500000",
        "who = \"span\"",
        "error = false",
        "meta.signal_type = \"mine\"",
        "library.name = \"l\"",
    ] {
        assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
    }
    assert!(!got.contains("\nname ="), "kept once:\n{got}");
}

#[test]
fn events_and_links_are_rows_before_their_span() {
    let s = Span {
        kind: 3,
        status: Some(Status {
            code: 2,
            ..Status::default()
        }),
        events: vec![
            Event {
                time_unix_nano: T + 2_000_000,
                name: "exception".to_owned(),
                attributes: vec![
                    str("exception.type", "KeyError"),
                    str("exception.message", "first"),
                    str("exception.stacktrace", "at x"),
                    kv("exception.escaped", Value::BoolValue(false)),
                    str("other", "o"),
                ],
                ..Event::default()
            },
            Event {
                time_unix_nano: T - 1,
                name: "exception".to_owned(),
                attributes: vec![str("exception.message", "second")],
                ..Event::default()
            },
        ],
        links: vec![Link {
            trace_id: [vec![0; 8], SPAN.to_vec()].concat(),
            span_id: PARENT.to_vec(),
            attributes: vec![str("why", "queue")],
            ..Link::default()
        }],
        ..span(vec![str("exception.message", "own"), int("sampleRate", 10)])
    };
    let batch = one(vec![str("service.name", "s")], s);
    assert_eq!(batch.rows(), 4);
    let shared = r#"
        [dataset] = s
        [trace_id] = 5c1fa2000102030405060708090a0b9b
        [parent_id] = a102030405060708
        [service] = s
        [sample_rate] = 10
        meta.source = "otlp"
        meta.signal_type = "trace"
        library.name = "home.activities"
        parent_name = "GET /api/activities/home"
        error = true
        "#;
    assert_row(
        &batch,
        0,
        &format!(
            r#"{shared}
        [ts] = 2000000
        [name] = exception
        meta.annotation_type = "span_event"
        meta.time_since_span_start_ms = 2.0
        exception.type = "KeyError"
        exception.message = "first"
        exception.stacktrace = "at x"
        exception.escaped = false
        other = "o""#
        ),
    );
    assert_row(
        &batch,
        1,
        &format!(
            r#"{shared}
        [ts] = -1
        [name] = exception
        meta.annotation_type = "span_event"
        meta.time_since_span_start_ms = 0.0
        meta.invalid_time_since_span_start = true
        exception.message = "second""#
        ),
    );
    assert_row(
        &batch,
        2,
        &format!(
            r#"{shared}
        [ts] = 0
        meta.annotation_type = "link"
        trace.link.trace_id = "a102030405060708"
        trace.link.span_id = "b102030405060708"
        why = "queue""#
        ),
    );
    assert_row(
        &batch,
        3,
        r#"
        [ts] = 0
        [dataset] = s
        [trace_id] = 5c1fa2000102030405060708090a0b9b
        [span_id] = a102030405060708
        [service] = s
        [name] = GET /api/activities/home
        [kind] = client
        [status] = error
        [duration_ns] = 12500000
        [sample_rate] = 10
        span.num_events = 2
        span.num_links = 1
        meta.source = "otlp"
        meta.signal_type = "trace"
        library.name = "home.activities"
        exception.type = "KeyError"
        exception.message = "own"
        exception.stacktrace = "at x"
        exception.escaped = false
        "#,
    );
    let mut ids: Vec<_> = (0..4).map(|r| batch.event_id(r)).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each row has its own identity");
}

#[test]
fn a_span_that_ends_before_it_starts_lasts_nothing() {
    let batch = one(
        service(),
        Span {
            end_time_unix_nano: T - 5,
            ..span(vec![])
        },
    );
    let got = row(&batch, 0);
    assert!(got.contains("[duration_ns] = 0\n"), "{got}");
    assert!(got.contains("meta.invalid_duration = true"), "{got}");
}

#[test]
fn datasets_follow_the_service_name() {
    for (attributes, want) in [
        (vec![str("service.name", "  Shop ")], "Shop"),
        (
            vec![str("service.name", "unknown_service:python")],
            "unknown_service",
        ),
        (vec![str("service.name", "  ")], "unknown_service"),
        (vec![int("service.name", 5)], "unknown_service"),
        (vec![], "unknown_service"),
    ] {
        let batch = one(attributes.clone(), span(vec![]));
        assert_eq!(batch.datasets(), [want], "{attributes:?}");
    }
    let classic = Context {
        dataset_header: Some("mine"),
        classic: true,
        ..context()
    };
    let batch = run(
        Signal::Traces,
        &request(service(), vec![span(vec![])]),
        classic,
    )
    .batch;
    assert_eq!(batch.datasets(), ["mine"]);
    let ignored = Context {
        classic: false,
        ..classic
    };
    let batch = run(
        Signal::Traces,
        &request(service(), vec![span(vec![])]),
        ignored,
    )
    .batch;
    assert_eq!(batch.datasets(), ["backend-flask"]);
}

#[test]
fn nested_values_become_dotted_names_then_json() {
    let deep = (0..7).rev().fold(int("leaf", 1), |inner, level| {
        kv(&format!("l{level}"), map(vec![inner]))
    });
    let batch = one(
        vec![],
        span(vec![
            kv(
                "m",
                map(vec![str("a", "x"), kv("b", map(vec![int("c", 2)]))]),
            ),
            kv(
                "l",
                list(vec![
                    text("<a&b>"),
                    Value::IntValue(2),
                    Value::DoubleValue(1.0),
                ]),
            ),
            kv("b", Value::BytesValue(b"hello".to_vec())),
            kv("empty", text("")),
            kv("", text("no key")),
            KeyValue {
                key: "nil".to_owned(),
                ..KeyValue::default()
            },
            kv("nothing", map(vec![])),
            deep,
        ]),
    );
    let got = row(&batch, 0);
    for line in [
        "m.a = \"x\"",
        "m.b.c = 2",
        r#"l = "[\"<a&b>\",2,1]""#,
        r#"b = "\"aGVsbG8=\"""#,
        r#"empty = """#,
        r#"l0.l1.l2.l3.l4.l5 = "{\"l6\":{\"leaf\":1}}""#,
    ] {
        assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
    }
    assert!(!got.contains("nil") && !got.contains("no key") && !got.contains("nothing"));
}

#[test]
fn the_weight_comes_from_the_first_place_that_names_it() {
    for (resource, attributes, tracestate, want) in [
        (vec![], vec![int("SampleRate", 4)], "", 4),
        (
            vec![],
            vec![int("SampleRate", 4), str("sampleRate", "2.5")],
            "",
            3,
        ),
        (vec![int("sampleRate", 9)], vec![], "", 9),
        (
            vec![int("sampleRate", 9)],
            vec![int("sampleRate", 2)],
            "",
            2,
        ),
        (vec![int("sampleRate", 9)], vec![], "ot=th:c", 9),
        (vec![], vec![], "ot=th:c", 4),
        (vec![], vec![], "", 1),
    ] {
        let s = Span {
            trace_state: tracestate.to_owned(),
            ..span(attributes.clone())
        };
        let batch = one(resource, s);
        assert_eq!(batch.sample_rate(0), want, "{attributes:?} {tracestate}");
        assert!(
            !row(&batch, 0).contains("\nsampleRate ="),
            "not kept as a field"
        );
    }
}

#[test]
fn rows_before_the_retention_are_refused_and_counted() {
    let old = Span {
        start_time_unix_nano: T - 61 * DAY as u64,
        events: vec![Event::default(), Event::default()],
        ..span(vec![])
    };
    let done = run(
        Signal::Traces,
        &request(service(), vec![old, span(vec![])]),
        context(),
    );
    assert_eq!((done.batch.rows(), done.rejected_items), (1, 1));
    assert_eq!(done.refused, [RefusedRows::TooOld { rows: 3 }]);
}

#[test]
fn a_refused_dataset_costs_its_own_spans_only() {
    let mut r = request(service(), vec![span(vec![]), span(vec![])]);
    r.resource_spans
        .extend(request(vec![str("service.name", "ok")], vec![span(vec![])]).resource_spans);
    let done = translate(
        Signal::Traces,
        &r.encode_to_vec(),
        context(),
        &mut |name, _| {
            if name == "ok" {
                Ok(name.into())
            } else {
                Err("too many datasets".to_owned())
            }
        },
    )
    .unwrap();
    assert_eq!(
        (done.batch.datasets(), done.rejected_items),
        (vec!["ok"], 2)
    );
    assert_eq!(
        done.refused,
        [RefusedRows::Because {
            rows: 2,
            reason: "too many datasets".to_owned()
        }]
    );
}

#[test]
fn ids_of_other_lengths_are_kept_as_text() {
    let batch = one(
        service(),
        Span {
            trace_id: vec![1, 2, 3],
            span_id: vec![9],
            parent_span_id: vec![0; 8],
            ..span(vec![])
        },
    );
    let got = row(&batch, 0);
    assert!(got.contains("trace.trace_id = \"010203\""), "{got}");
    assert!(got.contains("trace.span_id = \"09\""), "{got}");
    assert!(!got.contains("parent_id"), "zeros are no parent:\n{got}");
}

#[test]
fn spans_without_a_time_are_taken_but_have_no_identity() {
    let s = Span {
        start_time_unix_nano: 0,
        end_time_unix_nano: 0,
        ..span(vec![])
    };
    let done = run(Signal::Traces, &request(service(), vec![s]), context());
    assert!(!done.timed);
    assert_eq!(done.batch.ts(), [context().policy.now]);
}

/// *Scenario*: resources and scopes use names of a row's own columns. *Guarantees*: the order of
/// overwriting holds, row by row.
#[test]
fn shared_attributes_keep_their_place_in_the_order() {
    let mut r = request(
        vec![
            int("span.num_events", 9),
            str("exception.type", "resource"),
            str("host", "r"),
            kv("name", Value::IntValue(4)),
        ],
        vec![span(vec![]), span(vec![str("host", "own")])],
    );
    r.resource_spans[0].scope_spans[0].spans[1].events = vec![Event {
        name: "exception".to_owned(),
        attributes: vec![str("exception.type", "event")],
        ..Event::default()
    }];
    r.resource_spans
        .extend(request(vec![str("host", "second")], vec![span(vec![])]).resource_spans);
    let batch = run(Signal::Traces, &r, context()).batch;
    let has = |r: usize, lines: &[&str]| {
        let got = row(&batch, r);
        for line in lines {
            assert!(got.lines().any(|l| l == *line), "{line} in row {r}:\n{got}");
        }
    };
    has(0, &["span.num_events = 9", "host = \"r\"", "name = 4"]);
    has(1, &["exception.type = \"event\"", "host = \"r\""]);
    has(2, &["exception.type = \"resource\"", "host = \"own\""]);
    has(3, &["span.num_events = 0", "host = \"second\""]);
    assert!(!row(&batch, 3).contains("exception"));
}
