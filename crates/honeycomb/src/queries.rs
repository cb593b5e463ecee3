//! `/1/queries`: questions are checked, kept as posted, and never change.

use crate::call::{self, Call};
use crate::error::{Fail, Fault};
use crate::settings::{self, fault};
use axum::response::Response;
use engine::query::Query;
use engine::query::spec::{Calculation, FilterOp, Op};
use engine::{DatasetInfo, Grant, Permission, SavedQuery};
use http::StatusCode;
use serde_json::Value;
use std::collections::HashSet;

/// Most elements of each list.
const LIST_LIMIT: usize = 100;
/// Most groups listed (honeycomb.md §5).
pub(crate) const GROUPS_LIMIT: u32 = 10_000;
const RELATIONS: [&str; 7] = [
    "root.", "parent.", "child.", "any.", "any2.", "any3.", "none.",
];

pub(crate) async fn create(call: &mut Call, slug: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::RunQueries)?;
    let dataset = call.scope(&grant, slug)?;
    let mut posted = call.json().await?;
    if let Some(members) = posted.as_object_mut() {
        // A client may send back what it was given.
        members.remove("id");
    }
    let query = parse(&posted)?;
    let mut faults = check(&query);
    faults.extend(unknown_columns(call, &grant, dataset.as_ref(), &query)?);
    if !faults.is_empty() {
        return Err(Fail::fields(faults));
    }
    let slug = dataset.as_ref().map(|d| &*d.slug);
    let engine = call.engine();
    let id = engine
        .catalog()
        .save_query(grant.env(), slug, &posted.to_string(), engine.now())?;
    Ok(call::json(StatusCode::OK, &with_id(posted, &id)))
}

pub(crate) fn get(call: &Call, slug: &str, id: &str) -> Result<Response, Fail> {
    let grant = call.admit(Permission::RunQueries)?;
    let dataset = call.scope(&grant, slug)?;
    let saved = find(call, &grant, dataset.as_ref(), id)?;
    Ok(call::json(StatusCode::OK, &with_id(spec(&saved)?, id)))
}

fn with_id(mut spec: Value, id: &str) -> Value {
    if let Some(members) = spec.as_object_mut() {
        members.insert("id".into(), id.into());
    }
    spec
}

/// The saved question of that id and dataset.
pub(crate) fn find(
    call: &Call,
    grant: &Grant,
    dataset: Option<&DatasetInfo>,
    id: &str,
) -> Result<SavedQuery, Fail> {
    let saved = call.engine().catalog().query(grant.env(), id)?;
    saved
        .filter(|q| q.dataset.as_deref() == dataset.map(|d| &*d.slug))
        .ok_or_else(|| Fail::not_found("Query"))
}

/// Its JSON as posted.
pub(crate) fn spec(saved: &SavedQuery) -> Result<Value, Fail> {
    serde_json::from_str(&saved.spec).map_err(|e| {
        tracing::error!(query = saved.id, error = %e, "a saved question cannot be read");
        Fail::problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the saved query cannot be read",
        )
    })
}

/// Reads a specification; members that are there and empty count as absent.
pub(crate) fn parse(spec: &Value) -> Result<Query, Fail> {
    let mut spec = settings::object(spec)?.clone();
    spec.retain(|_, v| !v.is_null());
    serde_json::from_value(spec.into()).map_err(|e| Fail::field("query", "invalid", e.to_string()))
}

/// The vendor's limits and what is not built, each named.
fn check(q: &Query) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |field: &str, why: String| faults.push(fault(field, "invalid", why));
    for (name, len) in [
        ("calculations", q.calculations.len()),
        ("filters", q.filters.len()),
        ("breakdowns", q.breakdowns.len()),
        ("orders", q.orders.len()),
        ("havings", q.havings.len()),
    ] {
        if len > LIST_LIMIT {
            add(name, format!("at most {LIST_LIMIT} elements"));
        }
    }
    let is_there = |v: &Option<Value>| {
        v.as_ref()
            .is_some_and(|v| v.as_array().is_none_or(|a| !a.is_empty()))
    };
    if is_there(&q.calculated_fields) {
        add(
            "calculated_fields",
            "calculated fields are not supported".into(),
        );
    }
    if is_there(&q.formulas) {
        add("formulas", "formulas are not supported".into());
    }
    if q.compare_time_offset_seconds.is_some() {
        let why = "comparison with an earlier time is not supported";
        add("compare_time_offset_seconds", why.into());
    }
    if q.limit.is_some_and(|l| !(1..=GROUPS_LIMIT).contains(&l)) {
        add("limit", format!("must be 1 to {GROUPS_LIMIT}"));
    }
    if [
        q.time_range.is_some(),
        q.start_time.is_some(),
        q.end_time.is_some(),
    ] == [true; 3]
    {
        let why = "at most two of time_range, start_time and end_time";
        add("time_range", why.into());
    }
    if let (Some(start), Some(end)) = (q.start_time, q.end_time)
        && start >= end
    {
        add("end_time", "must be after start_time".into());
    }
    if q.time_range == Some(0) {
        add("time_range", "must be at least 1 second".into());
    }
    if let (Some(g), Some(range)) = (q.granularity.filter(|g| *g > 0.0), range_s(q))
        && !(range / 1000.0..=range).contains(&g)
    {
        let why = format!("must be between {} and {range} seconds", range / 1000.0);
        add("granularity", why);
    }
    check_terms(q, &mut add);
    faults
}

/// Length of the range asked, seconds.
#[expect(clippy::cast_precision_loss, reason = "years in seconds fit a double")]
fn range_s(q: &Query) -> Option<f64> {
    match (q.time_range, q.start_time, q.end_time) {
        (Some(range), ..) => Some(range as f64),
        (None, Some(start), Some(end)) => Some(end - start),
        (None, None, None) => Some(7_200.0),
        _ => None,
    }
}

fn check_terms(q: &Query, add: &mut impl FnMut(&str, String)) {
    for c in &q.calculations {
        let needs = !matches!(c.op, Op::Count | Op::Concurrency);
        if needs && c.column.is_none() {
            add("calculations", format!("{:?} needs a column", c.op));
        }
        if c.op == Op::Concurrency && c.column.is_some() {
            add("calculations", "CONCURRENCY takes no column".into());
        }
        c.filters
            .iter()
            .for_each(|f| check_value(f.op, &f.value, add));
    }
    q.filters
        .iter()
        .for_each(|f| check_value(f.op, &f.value, add));
    let count = [Calculation {
        op: Op::Count,
        column: None,
        name: None,
        filters: Vec::new(),
        filter_combination: Default::default(),
    }];
    let calculations = match q.calculations.as_slice() {
        [] => &count,
        some => some,
    };
    let is_asked = |op, column: &Option<String>| {
        calculations
            .iter()
            .any(|c| c.op == op && c.column == *column)
    };
    for o in &q.orders {
        match (&o.op, &o.column) {
            (Some(Op::Heatmap), _) => add("orders", "HEATMAP cannot be ordered by".into()),
            (Some(op), column) if !is_asked(*op, column) => {
                add("orders", format!("{op:?} is not among the calculations"));
            }
            (None, Some(column)) if !q.breakdowns.contains(column) => {
                add("orders", format!("{column} is not among the breakdowns"));
            }
            (None, None) => add("orders", "an order needs a column or an op".into()),
            _ => {}
        }
    }
    for h in &q.havings {
        if h.calculate_op == Op::Heatmap {
            add("havings", "HEATMAP cannot be compared".into());
        } else if !is_asked(h.calculate_op, &h.column) {
            let why = format!("{:?} is not among the calculations", h.calculate_op);
            add("havings", why);
        }
        use FilterOp::{Eq, Ge, Gt, Le, Lt, Ne};
        if !matches!(h.op, Eq | Ne | Gt | Ge | Lt | Le) {
            add("havings", "op must be one of = != > >= < <=".into());
        }
    }
}

fn check_value(op: FilterOp, value: &Option<Value>, add: &mut impl FnMut(&str, String)) {
    let why = match (op, value) {
        (FilterOp::Exists | FilterOp::DoesNotExist, _) => return,
        (FilterOp::In | FilterOp::NotIn, Some(Value::Array(_))) => return,
        (FilterOp::In | FilterOp::NotIn, _) => "in and not-in need a list of values",
        (_, None | Some(Value::Null)) => "this op needs a value",
        (_, Some(Value::Array(_) | Value::Object(_))) => "value must be a text, number or boolean",
        _ => return,
    };
    add("filters", why.into());
}

/// Names the question uses that nothing has brought, nor anybody made by hand.
fn unknown_columns(
    call: &Call,
    grant: &Grant,
    dataset: Option<&DatasetInfo>,
    q: &Query,
) -> Result<Vec<Fault>, Fail> {
    let mut known: HashSet<String> = HashSet::new();
    match dataset {
        Some(d) => known.extend(settings::column_names(call, grant, d)?),
        None => {
            for d in call.engine().catalog().datasets(grant.env()) {
                known.extend(settings::column_names(call, grant, &d)?);
            }
        }
    }
    let mut faults: Vec<Fault> = Vec::new();
    let mut look = |field: &str, name: &str| {
        let bare = RELATIONS.iter().find_map(|r| name.strip_prefix(r));
        let is_known = known.contains(name)
            || bare.is_some_and(|b| known.contains(b))
            || (q.usage_mode && name == "Sample Rate");
        if !is_known && !faults.iter().any(|f| f.description.ends_with(name)) {
            faults.push(fault(field, "invalid", format!("unknown column: {name}")));
        }
    };
    let filters =
        |c: &Calculation| -> Vec<String> { c.filters.iter().map(|f| f.column.clone()).collect() };
    for c in &q.calculations {
        if let Some(column) = &c.column {
            look("calculations", column);
        }
        filters(c).iter().for_each(|f| look("calculations", f));
    }
    q.filters.iter().for_each(|f| look("filters", &f.column));
    q.breakdowns.iter().for_each(|b| look("breakdowns", b));
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(spec: Value) -> Vec<String> {
        match parse(&spec) {
            Ok(q) => check(&q).into_iter().map(|f| f.field).collect(),
            Err(fail) => vec![format!("{:?}", fail.form)],
        }
    }

    #[test]
    fn good_questions_have_no_faults() {
        for spec in [
            json!({}),
            json!({"calculations": [{"op": "HEATMAP", "column": "duration_ms"}], "limit": 10000}),
            json!({"orders": [{"op": "COUNT", "order": "descending"}]}),
            json!({"breakdowns": ["name"], "orders": [{"column": "name"}], "formulas": []}),
            json!({"calculations": [{"op": "P99", "column": "x"}],
                   "havings": [{"calculate_op": "P99", "column": "x", "op": ">", "value": 3}]}),
            json!({"filters": [{"column": "a", "op": "in", "value": ["x"]}], "time_range": 600,
                   "granularity": 1, "filter_combination": "OR", "start_time": null}),
        ] {
            assert_eq!(faults(spec.clone()), [""; 0], "{spec}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (spec, field) in [
            (
                json!({"calculated_fields": [{"name": "x", "expression": "1"}]}),
                "calculated_fields",
            ),
            (
                json!({"formulas": [{"name": "x", "expression": "$a"}]}),
                "formulas",
            ),
            (
                json!({"compare_time_offset_seconds": 1800}),
                "compare_time_offset_seconds",
            ),
            (json!({"limit": 0}), "limit"),
            (json!({"limit": 10001}), "limit"),
            (
                json!({"time_range": 60, "start_time": 1, "end_time": 9}),
                "time_range",
            ),
            (json!({"start_time": 9, "end_time": 1}), "end_time"),
            (json!({"granularity": 7201}), "granularity"),
            (json!({"calculations": [{"op": "SUM"}]}), "calculations"),
            (json!({"orders": [{"op": "SUM", "column": "x"}]}), "orders"),
            (json!({"orders": [{"column": "x"}]}), "orders"),
            (
                json!({"calculations": [{"op": "HEATMAP", "column": "x"}],
                    "havings": [{"calculate_op": "HEATMAP", "column": "x", "op": ">", "value": 1}]}),
                "havings",
            ),
            (
                json!({"filters": [{"column": "a", "op": "in", "value": "x"}]}),
                "filters",
            ),
            (json!({"filters": [{"column": "a", "op": "="}]}), "filters"),
            (json!({"breakdowns": vec!["x"; 101]}), "breakdowns"),
        ] {
            assert_eq!(faults(spec.clone()), [field], "{spec}");
        }
        assert!(faults(json!({"calculations": [{"op": "MEDIAN"}]}))[0].contains("MEDIAN"));
        assert!(faults(json!({"unknown_member": 1}))[0].contains("unknown_member"));
    }
}
