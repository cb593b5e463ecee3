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
        assert!(b.begin_row(NOW_NS - 9_000_000_000_000 + row * 5_000_000_000));
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
            for k in 0..10 {
                let value = format!("value of {r} and {k}");
                b.put_named(&format!("own.{r}.{k}"), ValueRef::Str(&value));
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

/// Rows that pass one filter.
fn count(rig: &Rig, column: &str, op: &str, value: serde_json::Value) -> i64 {
    let mut filter = json!({"column": column, "op": op});
    if !value.is_null() {
        filter["value"] = value;
    }
    let query = json!({"filters": [filter], "time_range": 10_000});
    let query: Query = serde_json::from_value(query).expect("a query");
    let answer = wait(rig.querier.run(&scope(), &query, Limits::default(), None));
    match answer.expect("an answer").total.get("COUNT") {
        Some(Cell::Int(n)) => *n,
        other => panic!("{column}: {other:?}"),
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
    for i in (0..WIDE).step_by(37).chain([WIDE - 1]) {
        let text = format!("text {i}");
        let value = match wide_value(i, &text) {
            ValueRef::Int(v) => json!(v),
            ValueRef::Float(v) => json!(v),
            ValueRef::Bool(v) => json!(v),
            ValueRef::Str(v) => json!(v),
        };
        let key = wide_key(i);
        assert_eq!(count(&rig, &key, "=", value), 1, "{key}");
        assert_eq!(count(&rig, &key, "=", json!("else")), 0, "{key}");
    }
    for r in (0..OWN_KEY_ROWS).step_by(31) {
        let (key, value) = (format!("own.{r}.7"), format!("value of {r} and 7"));
        assert_eq!(count(&rig, &key, "=", json!(value)), 1, "{key}");
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
