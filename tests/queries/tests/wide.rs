//! Wide, mixed and large events, in every layout: nothing is refused, all is found by value.

use event::{BatchBuilder, EventBatch, RowPolicy, TableKind, ValueRef};
use golden::layout::{ENV, Layout, Rig};
use golden::rows::NOW_NS;
use query::{Cell, Limits, Query, Scope};
use serde_json::json;

/// Fields of the widest event: the most one event may have.
const WIDE: usize = 2_000;
/// Rows with ten keys of their own each: 10,000 keys in all.
const OWN_KEY_ROWS: usize = 1_000;
/// Keys of such a row.
const OWN_KEYS: usize = 10;
/// Rows begin this far apart, nanoseconds: all 10,000 keys come within a minute.
const STEP_NS: i64 = 50_000_000;
/// The most filters of one question.
const FILTERS: usize = 100;
/// Longest text of a field.
const LONG: usize = 65_535;

fn wide_key(i: usize) -> String {
    format!("wide.key_{i:04}")
}

/// Values of the wide event come in all four types.
fn wide_value(i: usize, text: &str) -> ValueRef<'_> {
    match i % 4 {
        0 => ValueRef::Int(i as i64 * 1_000_003),
        1 => ValueRef::Str(text),
        2 => ValueRef::Float(i as f64 + 0.5),
        _ => ValueRef::Bool(i % 8 == 3),
    }
}

/// A value of the wide event as a question has it.
fn wide_json(i: usize) -> serde_json::Value {
    match wide_value(i, &format!("text {i}")) {
        ValueRef::Int(v) => json!(v),
        ValueRef::Float(v) => json!(v),
        ValueRef::Bool(v) => json!(v),
        ValueRef::Str(v) => json!(v),
    }
}

fn own_key(row: usize, k: usize) -> String {
    format!("own.{row}.{k}")
}

fn own_value(row: usize, k: usize) -> String {
    format!("value of {row} and {k}")
}

fn long_text(i: usize) -> String {
    let mut text = format!("{i}:").repeat(LONG / 2);
    text.truncate(LONG - 4);
    text + "tail"
}

fn batches() -> Vec<EventBatch> {
    let mut out = Vec::new();
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW_NS));
    let mut row = 0;
    let mut begin = |b: &mut BatchBuilder, name: &str| {
        row += 1;
        assert!(
            row * STEP_NS < 60_000_000_000,
            "row {row} is of another minute"
        );
        assert!(b.begin_row(NOW_NS - 9_000_000_000_000 + row * STEP_NS));
        b.set_dataset("wide");
        b.set_name(name);
    };
    begin(&mut b, "wide");
    for i in 0..WIDE {
        let text = format!("text {i}");
        b.put_named(&wide_key(i), wide_value(i, &text));
    }
    b.end_row();
    for (i, value) in [
        ValueRef::Int(200),
        ValueRef::Str("200"),
        ValueRef::Float(200.0),
        ValueRef::Bool(true),
    ]
    .into_iter()
    .enumerate()
    {
        begin(&mut b, "typed");
        b.put_named("typed", value);
        b.put_named("nr", ValueRef::Int(i as i64));
        b.end_row();
    }
    begin(&mut b, "large");
    for i in 0..15 {
        b.put_named(&format!("large.{i}"), ValueRef::Str(&long_text(i)));
    }
    b.end_row();
    out.push(b.finish());
    for chunk in (0..OWN_KEY_ROWS).collect::<Vec<_>>().chunks(97) {
        let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW_NS));
        for r in chunk {
            begin(&mut b, "own");
            for k in 0..OWN_KEYS {
                b.put_named(&own_key(*r, k), ValueRef::Str(&own_value(*r, k)));
            }
            b.end_row();
        }
        out.push(b.finish());
    }
    out
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

fn filter(column: &str, op: &str, value: serde_json::Value) -> serde_json::Value {
    let mut filter = json!({"column": column, "op": op});
    if !value.is_null() {
        filter["value"] = value;
    }
    filter
}

/// Rows that pass one filter.
fn count(rig: &Rig, column: &str, op: &str, value: serde_json::Value) -> i64 {
    passing(rig, "AND", vec![filter(column, op, value)])
}

/// Rows that pass all filters, or any.
fn passing(rig: &Rig, combination: &str, filters: Vec<serde_json::Value>) -> i64 {
    let asked = filters[0]["column"].clone();
    let query =
        json!({"filters": filters, "filter_combination": combination, "time_range": 10_000});
    let query: Query = serde_json::from_value(query).expect("a query");
    let answer = wait(rig.querier.run(&scope(), &query, Limits::default(), None));
    match answer.expect("an answer").total.get("COUNT") {
        Some(Cell::Int(n)) => *n,
        other => panic!("{asked}: {other:?}"),
    }
}

fn scope() -> Scope {
    Scope {
        env: ENV,
        dataset: Some("wide".to_owned()),
    }
}

fn check(layout: Layout) {
    let rig = Rig::of_batches(layout, batches());
    every_wide_key(&rig);
    every_own_key(&rig);
    for r in (0..OWN_KEY_ROWS).step_by(131) {
        let key = own_key(r, 7);
        assert_eq!(count(&rig, &key, "=", json!(own_value(r, 7))), 1, "{key}");
        assert_eq!(count(&rig, &key, "exists", json!(null)), 1, "{key}");
    }
    assert_eq!(count(&rig, "typed", "=", json!(200)), 3);
    assert_eq!(count(&rig, "typed", ">=", json!(1)), 4);
    assert_eq!(count(&rig, "typed", "=", json!("true")), 1);
    assert_eq!(count(&rig, "large.14", "=", json!(long_text(14))), 1);
    assert_eq!(count(&rig, "large.3", "ends-with", json!("tail")), 1);
    assert_eq!(count(&rig, "large.3", "=", json!(long_text(4))), 0);
    whole_rows(&rig);
}

/// Each of the 2,000 keys by its value: the row passes only if it is found by all of them, and not at
/// all if another value is asked of one.
fn every_wide_key(rig: &Rig) {
    for first in (0..WIDE).step_by(FILTERS) {
        let with = |value: &dyn Fn(usize) -> serde_json::Value| {
            let keys = first..first + FILTERS;
            keys.map(|i| filter(&wide_key(i), "=", value(i))).collect()
        };
        assert_eq!(passing(rig, "AND", with(&wide_json)), 1, "from {first} on");
        let other = with(&|_| json!("else"));
        assert_eq!(passing(rig, "OR", other), 0, "from {first} on");
    }
}

/// Each of the 10,000 keys by its value: a question asks one key of each of its rows, so each row
/// counted was found by that key.
fn every_own_key(rig: &Rig) {
    let rows: Vec<usize> = (0..OWN_KEY_ROWS).collect();
    for k in 0..OWN_KEYS {
        for rows in rows.chunks(FILTERS) {
            let with = |of: &dyn Fn(usize) -> String| {
                let rows = rows.iter();
                rows.map(|r| filter(&own_key(*r, k), "=", json!(of(*r))))
                    .collect()
            };
            let found = passing(rig, "OR", with(&|r| own_value(r, k)));
            assert_eq!(found, rows.len() as i64, "key {k} of {rows:?}");
        }
    }
}

/// The wide row comes back whole, each value in its type.
fn whole_rows(rig: &Rig) {
    let ask = |name: &str| {
        let query = json!({"filters": [{"column": "name", "op": "=", "value": name}], "time_range": 10_000});
        let query: Query = serde_json::from_value(query).expect("a query");
        wait(rig.querier.rows(&scope(), &query, 10)).expect("rows")
    };
    let wide = ask("wide");
    assert_eq!(wide.rows.len(), 1);
    for i in 0..WIDE {
        let text = format!("text {i}");
        let want = match wide_value(i, &text) {
            ValueRef::Int(v) => Cell::Int(v),
            ValueRef::Float(v) => Cell::Float(v),
            ValueRef::Bool(v) => Cell::Bool(v),
            ValueRef::Str(v) => Cell::Text(v.to_owned()),
        };
        assert_eq!(wide.rows[0].get(&wide_key(i)), Some(&want), "{i}");
    }
    let typed = ask("typed");
    let values: Vec<&Cell> = typed.rows.iter().map(|r| &r["typed"]).collect();
    assert_eq!(
        values,
        [
            &Cell::Bool(true),
            &Cell::Float(200.0),
            &Cell::Text("200".into()),
            &Cell::Int(200)
        ]
    );
    let large = ask("large");
    assert_eq!(large.rows[0]["large.9"], Cell::Text(long_text(9)));
}

#[test]
fn wide_events_in_the_buffer() {
    check(Layout::Buffer);
}

#[test]
fn wide_events_in_one_part() {
    check(Layout::OnePart);
}

#[test]
fn wide_events_in_many_parts() {
    check(Layout::ManyParts);
}

#[test]
fn wide_events_after_a_restart() {
    check(Layout::Restarted);
}

#[test]
fn wide_events_after_compaction() {
    check(Layout::Compacted);
}
