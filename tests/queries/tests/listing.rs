//! Traces, lists of traces, whole rows and BubbleUp in every layout, against the generated rows
//! counted here by hand.

use golden::layout::{ENV, Layout, Rig};
use golden::rows::{NOW_NS, Row};
use query::facets::{BubbleUp, Facets, Shape};
use query::trace::{TraceSort, parse_id};
use query::{Cell, Query, Scope};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// A generated row as users see it, numbers in their types.
fn shown(row: &Value) -> Map<String, Value> {
    let mut out = row["fields"].as_object().expect("fields").clone();
    // A duration is a double, however it was sent.
    if let Some(ms) = out.get("duration_ms").and_then(Value::as_i64) {
        out["duration_ms"] = json!(ms as f64);
    }
    let mut put = |name: &str, value: Value| {
        out.entry(name).or_insert(value);
    };
    if let Some(ns) = row["set"]["duration_ns"].as_i64() {
        put("duration_ms", json!(ns as f64 / 1e6));
    }
    match row["set"]["status"].as_str() {
        Some("unset") => put("status_code", json!(0)),
        Some("ok") => put("status_code", json!(1)),
        Some("error") => {
            put("status_code", json!(2));
            put("error", json!(true));
        }
        _ => {}
    }
    if let Some(kind) = row["fields"].get("span.kind") {
        put("type", kind.clone());
    }
    out
}

fn ts(row: &Value) -> i64 {
    row["ts"].as_i64().expect("a time")
}

fn field<'a>(row: &'a Value, name: &str) -> Option<&'a str> {
    row["fields"].get(name)?.as_str()
}

/// Each trace has just the rows that were sent with its id, with all their fields.
fn traces_are_whole(rig: &Rig, rows: &[Row]) {
    let mut by_trace: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        if let Some(trace) = field(row.json(), "trace.trace_id") {
            by_trace.entry(trace).or_default().push(row.json());
        }
    }
    for (i, (id, rows)) in by_trace.into_iter().enumerate() {
        if i % 23 != 0 {
            continue;
        }
        // A hint in one of three, to no harm.
        let hint = (i % 3 == 0).then(|| (ts(rows[0]), ts(rows[0])));
        let trace = wait(rig.querier.trace(ENV, parse_id(id), hint)).expect("a trace");
        let line =
            |at: i64, table: &str, fields: &Value| (at, table.to_owned(), fields.to_string());
        let mut got: Vec<_> = trace
            .rows
            .iter()
            .map(|r| {
                let fields = serde_json::to_value(&r.fields).expect("JSON");
                line(r.ts_ns, &r.table, &fields)
            })
            .collect();
        let mut want: Vec<_> = rows
            .iter()
            .map(|r| {
                let table = r["table"].as_str().expect("a table");
                let sorted: BTreeMap<String, Value> = shown(r).into_iter().collect();
                line(ts(r), table, &json!(sorted))
            })
            .collect();
        got.sort();
        want.sort();
        assert_eq!(got, want, "trace {id}");
        let times: Vec<i64> = trace.rows.iter().map(|r| r.ts_ns).collect();
        assert!(times.is_sorted(), "trace {id}");
        let ids: BTreeSet<&str> = trace.rows.iter().map(|r| r.event_id.as_str()).collect();
        assert_eq!(ids.len(), trace.rows.len(), "trace {id}");
    }
}

/// Lists hold the right roots in the right order, with the right sums.
fn lists_are_right(rig: &Rig, rows: &[Row]) {
    let rows: Vec<&Value> = rows.iter().map(Row::json).collect();
    let is_span = |r: &Value| {
        r["table"] == "spans"
            && field(r, "trace.span_id").is_some()
            && r["fields"].get("meta.annotation_type").is_none()
    };
    let end = NOW_NS;
    let mut roots: Vec<&Value> = rows
        .iter()
        .copied()
        .filter(|r| is_span(r) && field(r, "trace.parent_id").is_none())
        .filter(|r| r["dataset"] == "frontend" && (end - 3_600_000_000_000..end).contains(&ts(r)))
        .collect();
    let scope = Scope {
        env: ENV,
        dataset: Some("frontend".to_owned()),
    };
    let query: Query = serde_json::from_value(json!({"time_range": 3600})).expect("a query");
    let duration = |r: &Value| r["set"]["duration_ns"].as_i64();
    for sort in [TraceSort::Newest, TraceSort::Slowest] {
        match sort {
            TraceSort::Newest => roots.sort_by_key(|r| -ts(r)),
            TraceSort::Slowest => roots.sort_by_key(|r| (-duration(r).unwrap_or(-1), -ts(r))),
        }
        let list = wait(rig.querier.traces(&scope, &query, sort, 25)).expect("a list");
        assert_eq!(list.len(), 25);
        for (got, want) in list.iter().zip(&roots) {
            let id = field(want, "trace.trace_id").expect("an id");
            assert_eq!(got.trace_id, id, "{sort:?}");
            let spans = rows
                .iter()
                .filter(|r| is_span(r) && field(r, "trace.trace_id") == Some(id));
            let errors = spans
                .clone()
                .filter(|r| r["set"]["status"] == "error")
                .count();
            let mut services: BTreeMap<&str, u64> = BTreeMap::new();
            for s in spans.clone() {
                *services
                    .entry(field(s, "service.name").expect("a service"))
                    .or_default() += 1;
            }
            assert_eq!(got.spans, spans.count() as u64, "{id}");
            assert_eq!(got.errors, errors as u64, "{id}");
            let got: BTreeMap<&str, u64> =
                got.services.iter().map(|(s, n)| (s.as_str(), *n)).collect();
            assert_eq!(got, services, "{id}");
        }
    }
}

/// The newest rows, whole, the same as sent.
fn newest_rows_are_whole(rig: &Rig, rows: &[Row]) {
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let query = json!({
        "time_range": 10_800,
        "filters": [{"column": "http.status", "op": "=", "value": 500}]
    });
    let query: Query = serde_json::from_value(query).expect("a query");
    let got = wait(rig.querier.rows(&scope, &query, 40)).expect("rows");
    assert!(got.more);
    let is_500 = |r: &&Value| match &r["fields"]["http.status"] {
        Value::String(s) => s == "500",
        other => other.as_f64() == Some(500.0),
    };
    let mut want: Vec<&Value> = rows.iter().map(Row::json).filter(is_500).collect();
    want.sort_by_key(|r| -ts(r));
    assert_eq!(got.rows.len(), 40);
    for (got, want) in got.rows.iter().zip(want) {
        let mut fields = serde_json::to_value(got).expect("JSON");
        let fields = fields.as_object_mut().expect("an object");
        assert_eq!(
            fields.remove("timestamp_ns"),
            Some(json!(ts(want).to_string()))
        );
        assert_eq!(fields.remove("dataset").as_ref(), Some(&want["dataset"]));
        assert!(fields.remove("event_id").is_some());
        assert_eq!(*fields, shown(want));
    }
}

/// BubbleUp over the slow band counts what lies in the box and what does not, and puts the slow
/// route and handle first.
fn bubble_up_names_the_slow_route_and_handle(rig: &Rig, rows: &[Row]) {
    let (start, end) = (NOW_NS - 10_800_000_000_000, NOW_NS);
    let ask = json!({
        "query": {"time_range": 10_800},
        "selection": {"kind": "box", "column": "duration_ms", "min": 650.0, "max": 900.0,
            "start_ns": start.to_string(), "end_ns": end.to_string()},
        "limit": 100
    });
    let ask: BubbleUp = serde_json::from_value(ask).expect("a question");
    let scope = Scope {
        env: ENV,
        dataset: Some("frontend".to_owned()),
    };
    let facets = wait(rig.querier.bubble_up(&scope, &ask)).expect("facets");
    let names: Vec<&str> = facets.fields.iter().map(|f| f.field.as_str()).collect();
    for name in ["http.route", "user.handle"] {
        assert!(names[..4].contains(&name), "{names:?}");
    }
    assert_eq!(names.last(), Some(&"duration_ms"));
    let mut sums: BTreeMap<(&str, String), (u64, u64)> = BTreeMap::new();
    let (mut selected, mut baseline) = (0, 0);
    let of_scope = rows
        .iter()
        .map(Row::json)
        .filter(|r| r["dataset"] == "frontend");
    for row in of_scope.filter(|r| (start..end).contains(&ts(r))) {
        let weight = row["set"]["sample_rate"].as_u64().unwrap_or(1);
        let ms = row["set"]["duration_ns"].as_i64().unwrap_or(0) as f64 / 1e6;
        let side = if (650.0..900.0).contains(&ms) {
            (weight, 0)
        } else {
            (0, weight)
        };
        selected += side.0;
        baseline += side.1;
        for name in ["http.route", "user.handle", "tier", "cloud.region"] {
            let value = field(row, name).unwrap_or("(null)").to_owned();
            let sum = sums.entry((name, value)).or_default();
            *sum = (sum.0 + side.0, sum.1 + side.1);
        }
    }
    assert_eq!((facets.selected, facets.baseline), (selected, baseline));
    assert!(selected > 0 && baseline > 0);
    for ((name, value), want) in sums {
        let got = bar(&facets, name, &value);
        // At most ten bars are given; the others stand together.
        assert!(
            got.is_none() || got == Some(want),
            "{name} {value}: {got:?}, not {want:?}"
        );
        assert!(
            got.is_some() || name == "user.handle",
            "{name} {value} is missing"
        );
    }
}

fn bar(facets: &Facets, field: &str, value: &str) -> Option<(u64, u64)> {
    let facet = facets.fields.iter().find(|f| f.field == field)?;
    let Shape::Values { bars, .. } = &facet.shape else {
        panic!("{field} is no dimension");
    };
    let bar = bars.iter().find(|b| match &b.value {
        Cell::Text(s) => s == value,
        Cell::Null => value == "(null)",
        _ => false,
    })?;
    Some((bar.selected, bar.baseline))
}

fn check(layout: Layout) {
    let rows = match golden::rows::generate() {
        Ok(rows) => rows,
        Err(why) => return support::not_run(&format!("listing {layout:?}"), &why),
    };
    let rig = Rig::new(layout, &rows);
    traces_are_whole(&rig, &rows);
    lists_are_right(&rig, &rows);
    newest_rows_are_whole(&rig, &rows);
    bubble_up_names_the_slow_route_and_handle(&rig, &rows);
}

#[test]
fn rows_of_the_buffer_are_found_whole() {
    check(Layout::Buffer);
}

#[test]
fn rows_of_one_part_are_found_whole() {
    check(Layout::OnePart);
}

#[test]
fn rows_of_many_parts_are_found_whole() {
    check(Layout::ManyParts);
}

#[test]
fn rows_after_a_restart_are_found_whole() {
    check(Layout::Restarted);
}

#[test]
fn rows_after_compaction_are_found_whole() {
    check(Layout::Compacted);
}
