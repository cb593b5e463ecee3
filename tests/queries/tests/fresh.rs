//! The kept expectations are what the rows give.

use std::process::Command;

/// *Scenario*: rows, cases or expectations were changed by hand.
/// *Guarantees*: `expected.json` is what numpy makes of the generator's rows, and DuckDB agrees.
#[test]
fn expected_answers_follow_from_the_rows() {
    let home = golden::home();
    let python = match support::python_env(&home.join("requirements.txt")) {
        Ok(python) => python,
        Err(why) => return support::not_run("golden expected_answers_follow_from_the_rows", &why),
    };
    let out = Command::new(python)
        .args(["-B", "expect.py", "--check", "expected.json"])
        .current_dir(home)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// *Guarantees*: at least 120 cases; each calculation, filter operator, relation twice or more.
#[test]
fn every_word_of_the_specification_is_asked_twice() {
    let cases = golden::case::all();
    assert!(cases.len() >= 120);
    let text: Vec<String> = cases.iter().map(|c| c.query.to_string()).collect();
    let times = |needle: &str| text.iter().filter(|t| t.contains(needle)).count();
    for op in [
        "COUNT",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
        "COUNT_DISTINCT",
        "P001",
        "P01",
        "P05",
        "P10",
        "P20",
        "P25",
        "P50",
        "P75",
        "P80",
        "P90",
        "P95",
        "P99",
        "P999",
        "HEATMAP",
        "CONCURRENCY",
        "RATE_AVG",
        "RATE_SUM",
        "RATE_MAX",
        "=",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
        "starts-with",
        "does-not-start-with",
        "ends-with",
        "does-not-end-with",
        "exists",
        "does-not-exist",
        "contains",
        "does-not-contain",
        "in",
        "not-in",
    ] {
        assert!(times(&format!("\"op\":\"{op}\"")) >= 2, "{op}");
    }
    // Filters have the same operators.
    let of_groups: Vec<&str> = cases
        .iter()
        .filter_map(|c| c.query["havings"].as_array())
        .flatten()
        .filter_map(|h| h["op"].as_str())
        .collect();
    for op in ["=", "!=", ">", ">=", "<", "<="] {
        let times = of_groups.iter().filter(|o| **o == op).count();
        assert!(times >= 2, "having {op}: {times}");
    }
    for relation in ["root.", "parent.", "child.", "any.", "any2.", "none."] {
        assert!(times(&format!("\"{relation}")) >= 2, "{relation}");
    }
    for word in [
        "\"OR\"",
        "havings",
        "orders",
        "limit",
        "granularity",
        "usage_mode",
        "descending",
        "ascending",
    ] {
        assert!(times(word) >= 2, "{word}");
    }
}
