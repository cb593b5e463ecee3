use super::{parse, render};
use crate::Query;
use serde_json::json;

fn query(spec: serde_json::Value) -> Query {
    serde_json::from_value(spec).unwrap()
}

#[test]
fn the_documented_example_is_read() {
    let read = parse(
        "HEATMAP(duration_ms), P95(duration_ms) where status_code >= 2 and name exists group by \
         name order by COUNT desc having COUNT > 3 limit 10 from -2h",
    )
    .unwrap();
    let expected = query(json!({
        "calculations": [{"op": "HEATMAP", "column": "duration_ms"}, {"op": "P95", "column": "duration_ms"}],
        "filters": [{"column": "status_code", "op": ">=", "value": 2}, {"column": "name", "op": "exists"}],
        "breakdowns": ["name"],
        "orders": [{"op": "COUNT", "order": "descending"}],
        "havings": [{"calculate_op": "COUNT", "op": ">", "value": 3.0}],
        "limit": 10,
        "time_range": 7200,
    }));
    assert_eq!(read, expected);
    assert_eq!(
        render(&read),
        "HEATMAP(duration_ms), P95(duration_ms) where status_code>=2 and name exists group by name \
         order by COUNT desc having COUNT>3 limit 10 from -2h"
    );
}

#[test]
fn what_was_written_is_read_back() {
    let questions = [
        json!({}),
        json!({"calculations": [{"op": "COUNT"}, {"op": "COUNT", "column": "error"}, {"op": "CONCURRENCY"},
            {"op": "COUNT_DISTINCT", "column": "Sample Rate"}, {"op": "P001", "column": "a`b"},
            {"op": "SUM", "column": "x", "name": "the sum", "filters": [{"column": "y", "op": "=", "value": 1}]}]}),
        json!({"filters": [{"column": "x", "op": "in", "value": ["a", 1, 2.5, true, "", "and", "1", "\"\n"]},
            {"column": "from", "op": "does-not-start-with", "value": "GET /a b"},
            {"column": "exists", "op": "does-not-exist"},
            {"column": "x", "op": "not-in", "value": [9_007_199_254_740_993_i64]}]}),
        json!({"filters": [{"column": "a", "op": "!=", "value": "true"}, {"column": "b", "op": "<", "value": -1.5}],
            "filter_combination": "OR"}),
        json!({"breakdowns": ["root.name", "COUNT", "ß", ""], "orders": [{"column": "max", "order": "ascending"},
            {"op": "RATE_AVG", "column": "x", "order": "descending"}]}),
        json!({"havings": [{"calculate_op": "P999", "column": "x", "op": "<=", "value": -0.25},
            {"calculate_op": "COUNT", "op": "!=", "value": 1e21}]}),
        json!({"granularity": 0.5, "usage_mode": true, "limit": 10_000}),
        json!({"start_time": 1_772_532_000.0, "end_time": 1_772_535_600.123_456}),
        json!({"start_time": 1_772_532_000.5}),
        json!({"end_time": 1_772_532_000.0}),
        json!({"time_range": 5_400}),
    ];
    for question in questions {
        let question = query(question);
        let text = render(&question);
        assert_eq!(
            parse(&text).unwrap_or_else(|e| panic!("{text}: {e}")),
            question,
            "{text}"
        );
    }
}

#[test]
fn a_length_beside_an_end_becomes_two_ends() {
    let text = render(&query(
        json!({"start_time": 1_772_532_000.0, "time_range": 3600}),
    ));
    assert_eq!(text, "from 2026-03-03T10:00:00Z..2026-03-03T11:00:00Z");
    let text = render(&query(
        json!({"end_time": 1_772_535_600.0, "time_range": 3600}),
    ));
    assert_eq!(text, "from 2026-03-03T10:00:00Z..2026-03-03T11:00:00Z");
}

#[test]
fn times_are_utc_unless_they_say_otherwise() {
    let start = |text: &str| {
        parse(&format!("from {text}..2026-03-04"))
            .unwrap()
            .start_time
    };
    assert_eq!(start("2026-03-03T10:00:00Z"), Some(1_772_532_000.0));
    assert_eq!(start("2026-03-03T11:00:00+01:00"), Some(1_772_532_000.0));
    assert_eq!(start("2026-03-03T10:00"), Some(1_772_532_000.0));
    assert_eq!(start("1772532000.25"), Some(1_772_532_000.25));
}

#[test]
fn keywords_and_operations_are_read_in_any_case() {
    let read = parse("count WHERE a EXISTS OR b In (x) Group By c").unwrap();
    assert_eq!(render(&read), "COUNT where a exists or b in (x) group by c");
}

#[test]
fn mistakes_name_their_place() {
    for (text, at, words) in [
        ("COUNT where", 11, "a field"),
        ("COUNT where a = 1 or b = 2 and c = 3", 27, "not mixed"),
        ("P95()", 4, "a field"),
        ("COUNT where a !x", 14, "`!=`"),
        ("COUNT limit 0", 12, "10,000"),
        ("COUNT from tomorrow", 11, "a range"),
        ("COUNT from 5..3", 11, "a range"),
        ("COUNT where a = \"x", 16, "not closed"),
        ("COUNT where `a", 12, "not closed"),
        ("COUNT where a = 'x'", 16, "double quotes"),
        ("COUNT where a in x", 17, "`(`"),
        ("COUNT group name", 12, "`by`"),
        ("COUNT banana", 6, "the end"),
        ("COUNT having COUNT > many", 21, "a number"),
        ("ß, COUNT", 0, "a calculation"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(&format!("at byte {at}:")), "{text}: {error}");
        assert!(error.contains(words), "{text}: {error}");
    }
}

/// *Scenario*: digits at which a quick reader takes the number beside the nearest one (a fuzzer's
/// find). *Guarantees*: what was read is written and read back the same.
#[test]
fn a_number_is_the_nearest_one() {
    let text = "COUNT where x=444444444444444444444444444444444444440";
    let read = parse(text).unwrap();
    let value = read.filters[0]
        .value
        .as_ref()
        .and_then(serde_json::Value::as_f64);
    // The nearest double, by Python.
    assert_eq!(
        value.map(f64::to_bits),
        Some(0x47f4_e5ce_2ec3_d01a),
        "{value:?}"
    );
    assert_eq!(parse(&render(&read)).unwrap(), read);
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = [
        "COUNT", "where", "(", ")", ",", "`", "\"", "\\", "!", "=", "a", "ß", "..", "-", "from",
        "in", " ", "'", "1e999", "💥",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let pick = usize::try_from(state >> 33).unwrap() % pieces.len();
            text.push_str(pieces[pick]);
        }
        if let Ok(read) = parse(&text) {
            assert_eq!(parse(&render(&read)).unwrap(), read, "{text}");
        }
    }
}
