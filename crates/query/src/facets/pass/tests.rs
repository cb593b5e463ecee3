use super::*;
use crate::facets::{Facet, Shape};
use crate::testing::{ENV, T0, querier, span, wait};
use serde_json::{Value, json};

/// Eight requests; those of worf at /slow take long. Each has a child.
fn rows() -> Vec<Value> {
    let mut out = Vec::new();
    for (i, (route, user, ms, rate)) in [
        ("/home", "worf", 5, 1),
        ("/home", "bayko", 6, 2),
        ("/slow", "worf", 700, 10),
        ("/slow", "bayko", 7, 1),
        ("/slow", "worf", 710, 1),
        ("/home", "alma", 8, 1),
        ("/slow", "alma", 9, 1),
        ("/home", "bayko", 4, 1),
    ]
    .into_iter()
    .enumerate()
    {
        let (n, at) = (i as u64 + 1, i as i64 * 1_000);
        out.push(span(
            n,
            n * 10,
            0,
            at,
            json!({"http.route": route, "user": user, "@ms": ms, "@rate": rate, "name": format!("GET {route}")}),
        ));
        out.push(span(
            n,
            n * 10 + 1,
            n * 10,
            at + 1,
            json!({"name": "child", "@dataset": "db", "@ms": 1, "hit": i % 2 == 0}),
        ));
    }
    out
}

fn ask(dataset: Option<&str>, query: Value, selection: Value) -> Facets {
    let mut query = query;
    query["start_time"] = json!(T0 / 1_000_000_000);
    query["time_range"] = json!(60);
    let ask = json!({"query": query, "selection": selection, "limit": 50});
    let ask: BubbleUp = serde_json::from_value(ask).unwrap();
    let scope = Scope {
        env: ENV,
        dataset: dataset.map(str::to_owned),
    };
    wait(querier(&rows()).bubble_up(&scope, &ask)).unwrap()
}

fn bar(facets: &Facets, field: &str, value: Value) -> (u64, u64) {
    let facet: &Facet = facets.fields.iter().find(|f| f.field == field).unwrap();
    let Shape::Values { bars, .. } = &facet.shape else {
        panic!("{facet:?}")
    };
    let bar = bars
        .iter()
        .find(|b| serde_json::to_value(&b.value).unwrap() == value);
    bar.map(|b| (b.selected, b.baseline)).unwrap_or_default()
}

fn slow_box() -> Value {
    json!({"kind": "box", "column": "duration_ms", "min": 100.0, "max": 1000.0,
        "start_ns": T0.to_string(), "end_ns": (T0 + 60_000_000_000).to_string()})
}

#[test]
fn a_box_is_weighed_against_all_other_rows() {
    let facets = ask(Some("app"), json!({}), slow_box());
    assert_eq!((facets.selected, facets.baseline), (11, 7));
    assert_eq!(facets.rows_looked_at, 8);
    assert!(!facets.sampled);
    assert_eq!(bar(&facets, "http.route", json!("/slow")), (11, 2));
    assert_eq!(bar(&facets, "user", json!("worf")), (11, 1));
    let names: Vec<&str> = facets.fields.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(names.last(), Some(&"duration_ms"));
    assert!(
        names[..4].contains(&"http.route") && names[..4].contains(&"user"),
        "{names:?}"
    );
    assert!(!names.iter().any(|n| n.starts_with("trace.")), "{names:?}");
}

#[test]
fn a_box_is_half_open_in_time_and_value() {
    let with = |min: f64, max: f64, end: i64| {
        let mut b = slow_box();
        b["min"] = json!(min);
        b["max"] = json!(max);
        b["end_ns"] = json!((T0 + end * 1_000_000).to_string());
        ask(Some("app"), json!({}), b).selected
    };
    assert_eq!(with(700.0, 710.0, 60_000), 10);
    assert_eq!(with(700.0, 711.0, 60_000), 11);
    assert_eq!(with(700.0, 711.0, 4_000), 10);
    assert_eq!(with(700.0, 711.0, 2_000), 0);
}

#[test]
fn a_group_may_lack_a_field_and_be_of_other_spans() {
    let group = |keys: Value| json!({"kind": "group", "keys": keys});
    let facets = ask(None, json!({}), group(json!([["user", null]])));
    assert_eq!((facets.selected, facets.baseline), (8, 18));
    let facets = ask(
        Some("db"),
        json!({}),
        group(json!([["root.user", "worf"], ["hit", true]])),
    );
    assert_eq!((facets.selected, facets.baseline), (3, 5));
    let facets = ask(
        Some("app"),
        json!({}),
        group(json!([["user", "worf"], ["http.route", "/slow"]])),
    );
    assert_eq!(facets.selected, 11);
    let last: Vec<&str> = facets
        .fields
        .iter()
        .rev()
        .take(2)
        .map(|f| f.field.as_str())
        .collect();
    assert!(
        last.contains(&"user") && last.contains(&"http.route"),
        "{last:?}"
    );
}

#[test]
fn filters_of_the_question_bound_both_sides_relational_ones_too() {
    let facets = ask(
        Some("db"),
        json!({"filters": [{"column": "parent.user", "op": "=", "value": "worf"}]}),
        json!({"kind": "group", "keys": [["hit", true]]}),
    );
    assert_eq!((facets.selected, facets.baseline), (3, 0));
    let facets = ask(
        Some("app"),
        json!({"filters": [{"column": "user", "op": "!=", "value": "alma"}]}),
        slow_box(),
    );
    assert_eq!((facets.selected, facets.baseline), (11, 5));
}

#[test]
fn without_a_selection_each_field_shows_its_distribution() {
    let facets = ask(None, json!({}), Value::Null);
    assert_eq!((facets.selected, facets.baseline), (26, 0));
    assert_eq!(bar(&facets, "dataset", json!("db")), (8, 0));
    assert_eq!(bar(&facets, "hit", json!(true)), (4, 0));
}

#[test]
fn a_box_with_a_wrong_time_is_refused() {
    let mut wrong = slow_box();
    wrong["start_ns"] = json!("yesterday");
    let ask = json!({"query": {}, "selection": wrong});
    let ask: BubbleUp = serde_json::from_value(ask).unwrap();
    let scope = Scope {
        env: ENV,
        dataset: None,
    };
    let got = wait(querier(&rows()).bubble_up(&scope, &ask));
    assert!(matches!(got, Err(Error::Invalid(_))), "{got:?}");
}

#[test]
fn a_sample_is_stable_and_of_the_size_asked() {
    use arrow_array::FixedSizeBinaryArray;
    use std::sync::Arc;
    let ids = |n: u64| -> ArrayRef {
        let values = (0..n).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        Arc::new(FixedSizeBinaryArray::try_from_iter(values).unwrap())
    };
    let batch = Batch {
        rows: 4_000,
        columns: vec![ids(4_000), ids(4_000), ids(4_000)],
        origin: crate::scan::Origin { unit: 0, row: 0 },
        kept: None,
    };
    let picked = || {
        (0..4_000)
            .filter(|r| sampled(&batch, *r, 0, 4))
            .collect::<Vec<_>>()
    };
    assert!((900..1_100).contains(&picked().len()), "{}", picked().len());
    assert_eq!(picked(), picked());
}
