//! Columns of log records, by hand from honeycomb.md §1.5 and mapping.md §2.

use super::*;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

fn one(attributes: Vec<KeyValue>, record: LogRecord, context: Context<'_>) -> EventBatch {
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(attributes),
            scope_logs: vec![ScopeLogs {
                scope: scope("app.log", "1"),
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    run(Signal::Logs, &request, context).batch
}

#[test]
fn a_record_has_every_column() {
    let batch = one(
        vec![str("service.name", "s")],
        LogRecord {
            time_unix_nano: T + 1,
            observed_time_unix_nano: T + 2,
            severity_number: 17,
            severity_text: "ERR".to_owned(),
            body: Some(value(text("it broke"))),
            attributes: vec![str("k", "v")],
            flags: 1,
            trace_id: TRACE.to_vec(),
            span_id: SPAN.to_vec(),
            event_name: "app.broke".to_owned(),
            ..LogRecord::default()
        },
        context(),
    );
    assert_row(
        &batch,
        0,
        r#"
        [ts] = 1
        [dataset] = s
        [trace_id] = 5c1fa2000102030405060708090a0b9b
        [parent_id] = a102030405060708
        [service] = s
        [name] = app.broke
        [body] = it broke
        severity = "error"
        severity_code = 17
        severity_text = "ERR"
        flags = 1
        event.name = "app.broke"
        meta.source = "otlp"
        meta.signal_type = "log"
        meta.annotation_type = "span_event"
        library.name = "app.log"
        library.version = "1"
        k = "v"
        "#,
    );
}

#[test]
fn a_bare_record_says_only_what_is_always_there() {
    let batch = one(
        vec![],
        LogRecord {
            observed_time_unix_nano: T + 2,
            trace_id: vec![0; 16],
            span_id: vec![0; 8],
            ..LogRecord::default()
        },
        context(),
    );
    assert_row(
        &batch,
        0,
        r#"
        [ts] = 2
        [dataset] = UNKNOWN_LOG_SOURCE
        severity = "unspecified"
        severity_code = 0
        flags = 0
        meta.source = "otlp"
        meta.signal_type = "log"
        library.name = "app.log"
        library.version = "1"
        "#,
    );
}

#[test]
fn the_header_names_the_dataset_of_logs_without_a_service() {
    let with_header = Context {
        dataset_header: Some("mine"),
        ..context()
    };
    let record = || LogRecord::default();
    let datasets = |attributes, context| one(attributes, record(), context).datasets().join(",");
    assert_eq!(datasets(vec![], with_header), "MINE");
    assert_eq!(datasets(vec![str("service.name", "s")], with_header), "s");
}

#[test]
fn bodies_are_flattened_and_kept_whole() {
    let cases = [
        (
            map(vec![str("a", "x"), kv("b", map(vec![int("c", 2)]))]),
            vec![
                r#"[body] = {"a":"x","b":{"c":2}}"#,
                "body.a = \"x\"",
                "body.b.c = 2",
            ],
        ),
        (
            list(vec![text("x"), Value::IntValue(1)]),
            vec![r#"[body] = ["x",1]"#],
        ),
        (Value::IntValue(5), vec!["body = 5"]),
        (Value::BytesValue(vec![0, 255]), vec![r#"[body] = "AP8=""#]),
    ];
    for (body, want) in cases {
        let record = LogRecord {
            time_unix_nano: T,
            body: Some(value(body)),
            ..LogRecord::default()
        };
        let got = row(&one(vec![], record, context()), 0);
        for line in want {
            assert!(got.lines().any(|l| l == line), "{line} in\n{got}");
        }
    }
}

#[test]
fn attributes_overwrite_what_the_body_gave() {
    let record = LogRecord {
        time_unix_nano: T,
        body: Some(value(map(vec![str("a", "body")]))),
        attributes: vec![
            str("body.a", "attribute"),
            str("event.name", "by attribute"),
        ],
        ..LogRecord::default()
    };
    let got = row(&one(vec![], record, context()), 0);
    assert!(got.contains("body.a = \"attribute\""), "{got}");
    assert!(got.contains("[name] = by attribute"), "{got}");
}

/// *Scenario*: a resource attribute has the name of a body's column. *Guarantees*: the resource's
/// comes later and wins, as it would without the body being flattened.
#[test]
fn a_resource_overwrites_what_the_body_gave() {
    let record = LogRecord {
        time_unix_nano: T,
        body: Some(value(map(vec![str("a", "body"), str("b", "body")]))),
        ..LogRecord::default()
    };
    let got = row(&one(vec![str("body.a", "resource")], record, context()), 0);
    assert!(got.contains("body.a = \"resource\""), "{got}");
    assert!(got.contains("body.b = \"body\""), "{got}");
}
