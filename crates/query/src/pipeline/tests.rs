//! Pipelines over hand-made rows: what is true of stages in any language.

use super::*;
use crate::testing::{self, ENV, RANGE, T0, wait};
use crate::{Limits, Querier};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Eight lines of two groups, one second apart, oldest first.
fn lines() -> Querier {
    let rows: Vec<Json> = [
        (
            "web",
            json!({"body": "GET /a 200", "status": 200, "ms": 12.5}),
        ),
        ("web", json!({"body": "GET /b 404", "status": 404, "ms": 3})),
        (
            "web",
            json!({"body": "POST /a 200", "status": "200", "ms": 40}),
        ),
        ("job", json!({"body": "start", "level": "info"})),
        (
            "web",
            json!({"body": "GET /a 500", "status": 500, "ms": 900}),
        ),
        ("job", json!({"body": "failed", "level": "error"})),
        ("web", json!({"body": "no numbers", "status": "none"})),
        (
            "job",
            json!({"body": "{\"a\":{\"b\":[1,2]}}", "doc": "{\"a\":{\"b\":[1,2]}}"}),
        ),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (dataset, mut fields))| {
        let o = fields.as_object_mut().unwrap();
        o.insert("@table".into(), "logs".into());
        o.insert("@dataset".into(), dataset.into());
        o.insert("@ts".into(), json!(T0 + i as i64 * 1_000_000_000));
        fields
    })
    .collect();
    testing::querier(&rows)
}

fn name(n: &str) -> Expr {
    Expr::name(n)
}

fn lit(v: impl Into<Json>) -> Expr {
    Expr::Literal(Value::of_json(&v.into()))
}

fn compare(op: Comparison, a: Expr, b: Expr) -> Expr {
    Expr::Compare(op, Box::new(a), Box::new(b))
}

fn ask(stages: Vec<Stage>, columns: &[&str]) -> Ask {
    let base = BTreeMap::from([
        ("@timestamp".to_owned(), Base::Time),
        ("@message".to_owned(), Base::Body),
        ("@log".to_owned(), Base::Source),
        ("@ptr".to_owned(), Base::Pointer),
    ]);
    Ask {
        env: ENV,
        sources: ["web", "job"]
            .map(|d| Source {
                dataset: d.to_owned(),
                label: format!("000:{d}"),
            })
            .to_vec(),
        range: RANGE,
        pipeline: Pipeline {
            base,
            stages,
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            limit: 100,
        },
        step_ns: 0,
    }
}

fn run(ask: Ask) -> Result<Outcome, crate::Error> {
    wait(lines().pipeline(ask, Limits::default(), None))
}

fn check(stages: Vec<Stage>, columns: &[&str], want: &[&str]) {
    let outcome = run(ask(stages, columns)).unwrap();
    let row = |r: &Vec<Value<'_>>| {
        let cells = r
            .iter()
            .map(|v| v.text().map_or("-".into(), |t| t.into_owned()));
        cells.collect::<Vec<String>>().join(" | ")
    };
    let got: Vec<String> = outcome.rows.iter().map(row).collect();
    assert_eq!(got, want);
}

#[test]
fn without_a_sort_the_newest_come_first() {
    check(
        vec![Stage::Limit(2)],
        &["@log", "@message"],
        &["000:job | {\"a\":{\"b\":[1,2]}}", "000:web | no numbers"],
    );
}

#[test]
fn a_filter_sees_numbers_in_text_and_nothing_in_other_text() {
    let at_least = compare(Comparison::Ge, name("status"), lit(404));
    check(vec![Stage::Filter(at_least)], &["status"], &["500", "404"]);
    let is = compare(Comparison::Eq, name("status"), lit(200));
    check(
        vec![Stage::Filter(is)],
        &["@message"],
        &["POST /a 200", "GET /a 200"],
    );
    let is_not = compare(Comparison::Ne, name("status"), lit(200));
    check(
        vec![Stage::Filter(is_not)],
        &["status"],
        &["none", "500", "404"],
    );
}

#[test]
fn a_name_defined_again_is_new_only_for_what_follows() {
    let plus = |e, n: i64| Expr::Arithmetic(Arithmetic::Add, Box::new(e), Box::new(lit(n)));
    check(
        vec![
            Stage::Filter(compare(Comparison::Eq, name("status"), lit(404))),
            Stage::Compute(vec![("x".into(), plus(name("ms"), 1))]),
            Stage::Compute(vec![
                ("y".into(), name("x")),
                ("x".into(), plus(name("x"), 10)),
            ]),
        ],
        &["ms", "y", "x"],
        &["3 | 4 | 14"],
    );
}

#[test]
fn groups_of_groups() {
    let by = |n: &str| (n.to_owned(), name(n));
    let method = Parse {
        from: name("@message"),
        pattern: ParsePattern::Literals(vec![String::new(), " ".into(), " ".into(), String::new()]),
        names: ["method", "path", "code"].map(str::to_owned).to_vec(),
    };
    let first = Stats {
        aggregates: vec![
            ("n".into(), Aggregate::Count),
            ("ms".into(), Aggregate::Sum(name("ms"))),
        ],
        by: vec![by("method"), by("path")],
    };
    let parsed = Stage::Filter(Expr::Call(Function::IsPresent, vec![name("code")]));
    let stages = vec![Stage::Parse(method), parsed, Stage::Stats(first)];
    check(
        stages.clone(),
        &["method", "path", "n", "ms"],
        &[
            "GET | /a | 2 | 912.5",
            "GET | /b | 1 | 3",
            "POST | /a | 1 | 40",
        ],
    );
    let second = Stats {
        aggregates: vec![
            ("peak".into(), Aggregate::Max(name("n"))),
            ("sum".into(), Aggregate::Sum(name("ms"))),
        ],
        by: vec![by("path")],
    };
    let mut stages = stages;
    stages.push(Stage::Stats(second));
    stages.push(Stage::Sort(vec![SortKey {
        by: name("sum"),
        descending: true,
    }]));
    check(
        stages,
        &["path", "peak", "sum"],
        &["/a | 2 | 952.5", "/b | 1 | 3"],
    );
}

#[test]
fn dedup_keeps_the_first_of_the_order_and_rows_without_a_key() {
    let oldest_first = Stage::Sort(vec![SortKey {
        by: name("@timestamp"),
        descending: false,
    }]);
    let key = Stage::Dedup(vec![name("status")]);
    check(
        vec![key.clone()],
        &["status", "@message"],
        &[
            "- | {\"a\":{\"b\":[1,2]}}",
            "none | no numbers",
            "- | failed",
            "500 | GET /a 500",
            "- | start",
            "200 | POST /a 200",
            "404 | GET /b 404",
        ],
    );
    check(
        vec![oldest_first, key, Stage::Limit(2)],
        &["status", "@message"],
        &["200 | GET /a 200", "404 | GET /b 404"],
    );
}

#[test]
fn names_with_dots_walk_into_stored_json() {
    let there = Stage::Filter(Expr::Call(Function::IsPresent, vec![name("doc.a.b.1")]));
    check(vec![there], &["doc.a.b.1", "doc.a"], &["2 | {\"b\":[1,2]}"]);
}

#[test]
fn a_pointer_finds_its_row_again() {
    let only = Stage::Filter(compare(Comparison::Eq, name("@message"), lit("failed")));
    let outcome = run(ask(vec![only], &["@ptr"])).unwrap();
    let text = outcome.rows[0][0].text().unwrap().into_owned();
    let pointer: Pointer = text.parse().unwrap();
    assert_eq!(pointer.to_string(), text);
    assert_eq!((pointer.ts, &*pointer.dataset), (T0 + 5_000_000_000, "job"));
    let row = wait(lines().row_at(ENV, &pointer)).unwrap().unwrap();
    assert_eq!(row["level"], crate::Cell::Text("error".into()));
    let other = Pointer { ts: T0, ..pointer };
    assert!(wait(lines().row_at(ENV, &other)).unwrap().is_none());
    for bad in ["", "zz", &text[..49], "é".repeat(30).as_str()] {
        assert!(bad.parse::<Pointer>().is_err(), "{bad}");
    }
}

#[test]
fn counts_are_of_what_passes_and_of_all_in_range() {
    let mut asked = ask(
        vec![
            Stage::Filter(compare(Comparison::Ge, name("status"), lit(200))),
            Stage::Limit(1),
        ],
        &["@message"],
    );
    asked.range = (T0, T0 + 6_000_000_000);
    asked.step_ns = 2_000_000_000;
    let outcome = run(asked).unwrap();
    assert_eq!((outcome.matched, outcome.scanned), (4, 6));
    assert_eq!(outcome.histogram, Some((T0, vec![2, 1, 1])));
    assert_eq!(outcome.rows.len(), 1);
}

#[test]
fn too_much_memory_is_an_error_and_bad_trees_are_refused() {
    let limits = Limits {
        memory_bytes: 100,
        ..Limits::default()
    };
    let all = ask(vec![], &["@message"]);
    let got = wait(lines().pipeline(all, limits, None));
    assert!(
        matches!(got, Err(crate::Error::LimitExceeded(_))),
        "{got:?}"
    );
    let bad = Expr::Matches {
        text: Box::new(name("@message")),
        pattern: Pattern::Regex("(".into()),
        negated: false,
    };
    for stage in [
        Stage::Filter(bad),
        Stage::Filter(Expr::Call(Function::Abs, vec![])),
    ] {
        let got = run(ask(vec![stage], &["@message"]));
        assert!(matches!(got, Err(crate::Error::Invalid(_))), "{got:?}");
    }
}
