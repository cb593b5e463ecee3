use super::*;
use crate::testing::{RANGE, T0, known, span, tables, wait};
use serde_json::{Value, json};

fn rows() -> Vec<Value> {
    vec![
        span(
            1,
            10,
            0,
            0,
            json!({"name": "GET /home", "service.name": "front", "@ms": 50, "@rate": 4, "span.kind": "server"}),
        ),
        span(
            1,
            11,
            10,
            1,
            json!({"name": "load", "service.name": "back", "@ms": 40, "@status": "error",
                "app.result_length": 3, "size": 3.0, "hit": false, "library.name": "home.activities"}),
        ),
        span(
            1,
            0,
            11,
            2,
            json!({"name": "exception", "meta.annotation_type": "span_event", "@status": "error"}),
        ),
        span(
            1,
            0,
            11,
            3,
            json!({"@table": "logs", "body": "it failed", "meta.annotation_type": "span_event",
                "@dataset": "back", "meta.source": "otlp"}),
        ),
        span(
            2,
            20,
            0,
            500,
            json!({"name": "POST /pay", "@ms": 900, "name2": 1}),
        ),
        span(2, 21, 20, 501, json!({"name": "bank", "@ms": 1})),
        span(
            3,
            30,
            0,
            1000,
            json!({"name": "tick", "@ms": 5, "service.name": "cron"}),
        ),
        json!({"@ts": T0 + 2_000_000_000, "trace.trace_id": "order-17", "trace.span_id": "a", "name": "event"}),
    ]
}

fn of(id: &str) -> Trace {
    wait(read(&tables(&rows()), parse_id(id), None)).unwrap()
}

fn id(n: u64) -> String {
    format!("{n:032x}").replacen('0', "f", 1)
}

#[test]
fn a_trace_has_its_rows_of_all_tables_by_time_with_all_fields() {
    let trace = of(&id(1));
    let names: Vec<_> = trace
        .rows
        .iter()
        .map(|r| (r.table.as_str(), r.name.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        names,
        [
            ("spans", "GET /home"),
            ("spans", "load"),
            ("spans", "exception"),
            ("logs", "-")
        ]
    );
    let load = &trace.rows[1];
    assert_eq!(load.parent_id.as_deref(), Some("000000000000000a"));
    assert_eq!(load.duration_ns, Some(40_000_000));
    let want = json!({
        "app.result_length": 3, "size": 3.0, "hit": false, "library.name": "home.activities",
        "name": "load", "service.name": "back", "duration_ms": 40.0, "status_code": 2, "error": true,
        "trace.trace_id": id(1), "trace.span_id": "000000000000000b", "trace.parent_id": "000000000000000a",
    });
    assert_eq!(serde_json::to_value(&load.fields).unwrap(), want);
    let line = &trace.rows[3];
    assert_eq!(line.annotation.as_deref(), Some("span_event"));
    assert_eq!(
        (line.dataset.as_str(), line.source.as_deref()),
        ("back", Some("otlp"))
    );
    assert_eq!(line.fields["body"], Cell::Text("it failed".into()));
    let ids: HashSet<_> = trace.rows.iter().map(|r| &r.event_id).collect();
    assert_eq!(ids.len(), 4, "each row has an identity of its own");
}

#[test]
fn all_written_forms_of_an_id_are_one() {
    let hex = id(1);
    let xray = format!("1-{}-{}", &hex[..8], &hex[8..]);
    let dashed = format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    );
    for form in [&hex, &hex.to_uppercase(), &xray, &dashed] {
        assert_eq!(of(form).rows.len(), 4, "{form}");
    }
    let text = of("order-17");
    assert_eq!(text.rows.len(), 1);
    assert_eq!(
        text.rows[0].fields["trace.trace_id"],
        Cell::Text("order-17".into())
    );
    assert!(of("order-18").rows.is_empty());
}

fn listed(query: Value, sort: TraceSort, limit: usize) -> Vec<TraceSummary> {
    let tables = tables(&rows());
    let query: Query = serde_json::from_value(query).unwrap();
    let control = Control::new(crate::Limits::default());
    wait(list(
        &tables,
        &known(&tables),
        &query,
        None,
        RANGE,
        sort,
        limit,
        &control,
    ))
    .unwrap()
}

#[test]
fn lists_hold_roots_newest_or_slowest_first() {
    let names = |list: Vec<TraceSummary>| -> Vec<String> {
        list.into_iter().filter_map(|t| t.root_name).collect()
    };
    assert_eq!(
        names(listed(json!({}), TraceSort::Newest, 10)),
        ["event", "tick", "POST /pay", "GET /home"]
    );
    assert_eq!(
        names(listed(json!({}), TraceSort::Newest, 2)),
        ["event", "tick"]
    );
    assert_eq!(
        names(listed(json!({}), TraceSort::Slowest, 3)),
        ["POST /pay", "GET /home", "tick"]
    );
    assert_eq!(
        names(listed(
            json!({"filters": [{"column": "any.error", "op": "=", "value": true}]}),
            TraceSort::Newest,
            3
        )),
        ["GET /home"]
    );
    let either = json!({"filters": [
        {"column": "name", "op": "=", "value": "tick"}, {"column": "name2", "op": "exists"}
    ], "filter_combination": "OR"});
    assert_eq!(
        names(listed(either, TraceSort::Newest, 3)),
        ["tick", "POST /pay"]
    );
}

#[test]
fn a_summary_counts_spans_without_events_and_lines() {
    let list = listed(
        json!({"filters": [{"column": "name", "op": "=", "value": "GET /home"}]}),
        TraceSort::Newest,
        1,
    );
    let home = &list[0];
    assert_eq!((home.spans, home.errors, home.error), (2, 1, false));
    assert_eq!(home.services, [("back".into(), 1), ("front".into(), 1)]);
    assert_eq!(home.duration_ns, Some(50_000_000));
    assert_eq!(home.trace_id, id(1));
}

/// mapping.md §2, §4: what has ended replaces what was in progress, in any order; a part sent on its own
/// is of its parent's service; what is nobody's stays so.
#[test]
fn fragments_show_as_what_they_came_to() {
    let part = |s: u64, parent: u64, at: i64, fields: Value| span(9, s, parent, at, fields);
    let rows = vec![
        part(
            1,
            0,
            0,
            json!({"name": "web", "service.name": "web", "meta.in_progress": true}),
        ),
        part(
            1,
            0,
            0,
            json!({"name": "web", "service.name": "web", "@ms": 9}),
        ),
        part(2, 1, 1, json!({"name": "step", "@ms": 2})),
        part(3, 2, 2, json!({"name": "inner", "@ms": 1})),
        part(4, 1, 3, json!({"name": "open", "meta.in_progress": true})),
        part(5, 8, 4, json!({"name": "lost", "@ms": 1})),
        part(6, 7, 5, json!({"name": "circle", "@ms": 1})),
        part(7, 6, 6, json!({"name": "circle", "@ms": 1})),
    ];
    let trace = wait(read(&tables(&rows), parse_id(&id(9)), None)).unwrap();
    let got: Vec<_> = trace
        .rows
        .iter()
        .map(|r| {
            (
                r.name.as_deref().unwrap(),
                r.service.as_deref(),
                r.duration_ns,
            )
        })
        .collect();
    let ms = |n: i64| Some(n * 1_000_000);
    assert_eq!(
        got,
        [
            ("web", Some("web"), ms(9)),
            ("step", Some("web"), ms(2)),
            ("inner", Some("web"), ms(1)),
            ("open", Some("web"), None),
            ("lost", None, ms(1)),
            ("circle", None, ms(1)),
            ("circle", None, ms(1)),
        ]
    );
}
