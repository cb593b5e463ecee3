use super::*;
use crate::testing::{RANGE, T0, known, span, tables, wait};
use serde_json::{Value, json};

/// Two traces: 1 is GET /home (root) → backend → two db spans, the second an error, with a span event;
/// 2 is POST /pay (root) → backend. Then a span without its parent, and a row without a trace.
fn rows() -> Vec<Value> {
    vec![
        span(1, 10, 0, 0, json!({"name": "GET /home", "tier": "pro"})),
        span(1, 11, 10, 1, json!({"name": "backend", "code": 200})),
        span(1, 12, 11, 2, json!({"name": "db", "op": "read", "rows": 5})),
        span(
            1,
            13,
            11,
            3,
            json!({"name": "db", "op": "write", "@status": "error"}),
        ),
        span(
            1,
            0,
            13,
            4,
            json!({"name": "exception", "meta.annotation_type": "span_event"}),
        ),
        span(2, 20, 0, 10, json!({"name": "POST /pay", "tier": "free"})),
        span(2, 21, 20, 11, json!({"name": "backend", "code": 500})),
        span(3, 31, 30, 20, json!({"name": "orphan"})),
        span(0, 0, 0, 30, json!({"name": "plain"})),
    ]
}

/// The names of the rows that pass the relational filters, each with the relational breakdowns.
fn check(filters: Value, breakdowns: &[&str], want: &[&str]) {
    let query: Query =
        serde_json::from_value(json!({"filters": filters, "breakdowns": breakdowns})).unwrap();
    let (plain, relations) = Relations::split(&query).unwrap();
    let mut relations = relations.unwrap();
    let tables = tables(&rows());
    let known = known(&tables);
    relations.resolve(&tables, RANGE, &known).unwrap();
    let got = wait(async {
        let related = relations
            .read(&tables, RANGE, &known, &control())
            .await
            .unwrap();
        let mut outputs = Relations::outputs().to_vec();
        outputs.push(Output::Value("name".into()));
        let ask = Ask {
            range: RANGE,
            dataset: None,
            filter: Predicate::of_filters(&plain.filters, plain.filter_combination).unwrap(),
            outputs,
            usage_mode: false,
            push_down: false,
        };
        let scan = Scan::new(&tables, ask, &known).unwrap();
        let mut got = Vec::new();
        let mut each = |batch: Batch| {
            let applied = related.apply(&batch.columns[..3], batch.rows).unwrap();
            for row in 0..batch.rows {
                if applied.keep.as_ref().is_some_and(|k| !k.value(row)) {
                    continue;
                }
                let text =
                    |a: &ArrayRef| values::scalar_at(a, row).map_or("-".into(), |v| v.to_string());
                let mut line = text(&batch.columns[3]);
                for column in applied.columns.iter().flatten() {
                    line += " ";
                    line += &text(column);
                }
                got.push(line);
            }
            Ok(true)
        };
        for unit in 0..scan.units() {
            scan.read(unit, &mut each).await.unwrap();
        }
        got
    });
    assert_eq!(got, want, "{filters} {breakdowns:?}");
}

fn control() -> Control {
    Control::new(crate::Limits::default())
}

fn eq(column: &str, value: &str) -> Value {
    json!({"column": column, "op": "=", "value": value})
}

#[test]
fn root_is_the_span_without_a_parent_and_its_own_root_too() {
    check(
        json!([eq("root.tier", "pro")]),
        &[],
        &["GET /home", "backend", "db", "db", "exception"],
    );
    check(
        json!([eq("root.tier", "pro"), eq("name", "db")]),
        &["root.name"],
        &["db GET /home", "db GET /home"],
    );
    check(
        json!([{"column": "root.tier", "op": "!=", "value": "pro"}]),
        &[],
        &["POST /pay", "backend"],
    );
}

#[test]
fn a_breakdown_alone_leaves_no_row_out() {
    check(
        json!([{"column": "name", "op": "in", "value": ["orphan", "plain", "db"]}]),
        &["root.name", "parent.code"],
        &[
            "db GET /home 200",
            "db GET /home 200",
            "orphan - -",
            "plain - -",
        ],
    );
}

#[test]
fn parent_is_the_direct_one_also_of_span_events() {
    check(json!([eq("parent.op", "write")]), &[], &["exception"]);
    check(
        json!([{"column": "parent.code", "op": "exists"}]),
        &["parent.code"],
        &["db 200", "db 200"],
    );
}

#[test]
fn child_conditions_hold_for_one_and_the_same_span() {
    check(
        json!([eq("child.op", "write"), {"column": "child.error", "op": "=", "value": true}]),
        &[],
        &["backend"],
    );
    check(
        json!([eq("child.op", "read"), {"column": "child.error", "op": "=", "value": true}]),
        &[],
        &[],
    );
}

#[test]
fn the_first_child_that_passes_is_the_one_grouped_by() {
    check(
        json!([eq("child.name", "db")]),
        &["child.op"],
        &["backend read"],
    );
    check(
        json!([{"column": "child.rows", "op": "does-not-exist"}, eq("child.name", "db")]),
        &["child.op"],
        &["backend write"],
    );
}

#[test]
fn each_any_binds_its_own_span() {
    check(
        json!([
            eq("any.op", "read"),
            eq("any2.op", "write"),
            eq("name", "backend")
        ]),
        &[],
        &["backend"],
    );
    check(
        json!([eq("any.op", "read"), {"column": "any.error", "op": "=", "value": true}]),
        &[],
        &[],
    );
}

#[test]
fn any_in_a_breakdown_prefers_a_span_that_has_the_field() {
    check(
        json!([eq("name", "GET /home")]),
        &["any.op", "any3.code"],
        &["GET /home read 200"],
    );
}

#[test]
fn none_excludes_traces_and_keeps_rows_without_one() {
    check(
        json!([{"column": "none.error", "op": "=", "value": true}]),
        &[],
        &["POST /pay", "backend", "orphan", "plain"],
    );
    check(
        json!([
            eq("none.name", "db"),
            eq("none.op", "delete"),
            eq("name", "GET /home")
        ]),
        &[],
        &["GET /home"],
    );
}

#[test]
fn a_relational_filter_makes_or_an_and() {
    let query: Query = serde_json::from_value(json!({
        "filters": [eq("root.tier", "pro"), eq("name", "db"), eq("op", "read")],
        "filter_combination": "OR"
    }))
    .unwrap();
    let (plain, relations) = Relations::split(&query).unwrap();
    assert_eq!(plain.filter_combination, Combination::And);
    assert_eq!(plain.filters.len(), 2);
    assert!(relations.is_some());
}

#[test]
fn what_has_no_span_to_name_is_refused() {
    let split = |q: Value| Relations::split(&serde_json::from_value(q).unwrap()).map(|_| ());
    assert!(matches!(
        split(json!({"breakdowns": ["none.name"]})),
        Err(Error::Invalid(_))
    ));
    assert!(matches!(
        split(json!({"calculations": [{"op": "MAX", "column": "root.duration_ms"}]})),
        Err(Error::Unsupported(_))
    ));
    assert!(split(json!({"breakdowns": ["root.", "rootless.x"]})).is_ok());
}

#[test]
fn spans_up_to_the_margin_outside_the_slice_are_related() {
    let minute = 60_000;
    let made = [
        span(1, 10, 0, 0, json!({"name": "early", "@ms": 40 * minute})),
        span(1, 11, 10, 14 * minute, json!({"name": "near"})),
        span(1, 12, 10, 40 * minute, json!({"name": "far"})),
    ];
    let tables = tables(&made);
    let query = json!({"filters": [eq("root.name", "early")]});
    let (_, relations) = Relations::split(&serde_json::from_value(query).unwrap()).unwrap();
    let relations = relations.unwrap();
    let slice = |from: i64| {
        let at = T0 + from * 60_000_000_000;
        wait(relations.read(&tables, (at, at + 60_000_000_000), &[], &control())).unwrap()
    };
    let near = slice(14);
    assert_eq!(near.bound[0].keys.len(), 1);
    assert!(near.notice().unwrap().contains("15 minutes"));
    let far = slice(40);
    assert!(far.bound[0].keys.is_empty());
}

#[test]
fn out_of_time_there_is_no_answer_rather_than_half_of_one() {
    let limits = crate::Limits {
        time_ms: 0,
        ..crate::Limits::default()
    };
    let query = json!({"filters": [eq("root.tier", "pro")]});
    let (_, relations) = Relations::split(&serde_json::from_value(query).unwrap()).unwrap();
    let tables = tables(&rows());
    let got = wait(
        relations
            .unwrap()
            .read(&tables, RANGE, &[], &Control::new(limits)),
    );
    assert!(matches!(got, Err(Error::LimitExceeded(_))));
}
