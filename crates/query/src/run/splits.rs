//! Any split of the same rows into batches gives the same answer.

use super::tests::{ask, in_memory};
use crate::answer::Cell;
use crate::spec::Query;
use crate::testing::{self, T0};
use proptest::prelude::*;
use serde_json::{Value, json};

fn a_row() -> impl Strategy<Value = Value> {
    let n = prop_oneof![
        Just(Value::Null),
        (0..5i64).prop_map(Value::from),
        (0..5i64).prop_map(|i| json!(i as f64 / 2.0)),
        (0..5i64).prop_map(|i| json!(i.to_string())),
        any::<bool>().prop_map(Value::from),
        Just(json!("text")),
    ];
    (0..600_000i64, 0..3u8, -20..400i64, n, 1..4i64, 0..40u64).prop_map(
        |(at, service, ms, n, rate, span)| {
            let mut fields = json!({"service.name": format!("s{service}"), "@rate": rate});
            if ms >= 0 {
                fields["@ms"] = ms.into();
            }
            if !n.is_null() {
                fields["n"] = n;
            }
            testing::span(span / 4 + 1, span + 1, 0, at, fields)
        },
    )
}

fn a_query() -> impl Strategy<Value = Query> {
    let ops = [
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "P50",
        "P99",
        "COUNT_DISTINCT",
        "COUNT",
        "HEATMAP",
        "RATE_SUM",
    ];
    let calculation = (0..ops.len(), prop_oneof![Just("n"), Just("duration_ms")])
        .prop_map(move |(i, f)| json!({"op": ops[i], "column": f}));
    let calculations = prop::collection::vec(calculation, 0..4);
    let breakdowns =
        prop::sample::subsequence(vec!["service.name", "n", "error", "trace.trace_id"], 0..3);
    let filters = prop::sample::subsequence(
        vec![
            json!({"column": "n", "op": ">=", "value": 1}),
            json!({"column": "n", "op": "!=", "value": "2"}),
            json!({"column": "service.name", "op": "in", "value": ["s0", "s1"]}),
            json!({"column": "duration_ms", "op": "exists"}),
        ],
        0..3,
    );
    (calculations, breakdowns, filters, any::<bool>(), 1..6u32).prop_map(
        |(mut calculations, breakdowns, filters, or, limit)| {
            calculations.sort_by_key(Value::to_string);
            calculations.dedup();
            calculations.push(json!({"op": "COUNT"}));
            calculations.push(json!({"op": "CONCURRENCY"}));
            serde_json::from_value(json!({
                "calculations": calculations, "breakdowns": breakdowns, "filters": filters,
                "filter_combination": if or { "OR" } else { "AND" }, "limit": limit,
                "start_time": T0 / 1_000_000_000 + 30, "time_range": 500, "granularity": 60,
                "orders": [{"op": "COUNT", "order": "descending"}],
            }))
            .unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_split_gives_the_same_answer(
        rows in prop::collection::vec(a_row(), 1..80),
        query in a_query(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let whole = ask(&in_memory(&[&rows]), None, &query).unwrap();
        let mut ends: Vec<usize> = cuts.iter().map(|c| c.index(rows.len())).collect();
        ends.push(rows.len());
        ends.sort_unstable();
        ends.dedup();
        let mut pieces: Vec<&[Value]> = Vec::new();
        let mut start = 0;
        for end in ends {
            pieces.push(&rows[start..end]);
            start = end;
        }
        let split = ask(&in_memory(&pieces), None, &query).unwrap();
        prop_assert_eq!(whole, split);
    }
}

/// *Scenario*: the field is text in a row that cannot pass, in the batch of the others or in its own.
/// *Guarantees*: the keys are typed by all rows of the snapshot, so both show them alike.
#[test]
fn rows_out_of_range_type_the_keys_however_they_lie() {
    let rows = [
        testing::span(1, 1, 0, 60_000, json!({"n": 1})),
        testing::span(1, 2, 0, 61_000, json!({"n": 1})),
        testing::span(1, 3, 0, 599_000, json!({"n": "one"})),
    ];
    let query: Query = serde_json::from_value(json!({
        "calculations": [{"op": "COUNT"}, {"op": "MAX", "column": "n"}], "breakdowns": ["n"],
        "start_time": T0 / 1_000_000_000, "time_range": 300, "granularity": 60,
    }))
    .unwrap();
    let whole = ask(&in_memory(&[&rows]), None, &query).unwrap();
    let split = ask(&in_memory(&[&rows[..2], &rows[2..]]), None, &query).unwrap();
    assert_eq!(whole, split);
    let keys: Vec<&Cell> = whole.results.iter().map(|r| &r["n"]).collect();
    assert_eq!(keys, [&Cell::Text("1".into())]);
}
