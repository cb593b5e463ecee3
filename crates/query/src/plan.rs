//! From a question to what is read and kept: checks it, and binds its calculations to states.

use crate::Error;
use crate::aggregate::states::Kind;
use crate::aggregate::{Buckets, Layout, Need, Rank};
use crate::predicate::Predicate;
use crate::relational::{Relations, is_relational};
use crate::scan::{Ask, Output, Scan};
use crate::spec::{Calculation, Direction, FilterOp, Op, Order, Query};
use crate::{Scope, range};
use event::Type;

/// Most entries of each list of a question.
const LIST_LIMIT: usize = 100;
/// Groups listed when the question does not say.
const DEFAULT_LIMIT: usize = 100;
/// Most groups listed.
const GROUPS_LISTED_LIMIT: usize = 10_000;

/// A calculation bound to a state.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// What is read from the state.
    pub(crate) op: Op,
    /// Its name in the answer.
    pub(crate) label: String,
    /// Which of [`Plan::needs`].
    pub(crate) need: usize,
}

/// A term of the order of groups.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Term {
    /// A breakdown.
    Key(usize),
    /// A calculation.
    Value(usize),
}

/// A state needed, by names; the scan tells its column's type.
#[derive(Clone, Debug, PartialEq)]
struct Want {
    kind: Kind,
    column: Option<usize>,
    /// The field whose type tells whether the numbers are whole.
    number: Option<String>,
    filter: Option<usize>,
}

/// A question, checked.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) ask: Ask,
    pub(crate) buckets: Buckets,
    pub(crate) breakdowns: Vec<String>,
    pub(crate) calculations: Vec<Bound>,
    pub(crate) orders: Vec<(Term, Direction)>,
    /// (calculation, comparison, value)
    pub(crate) havings: Vec<(usize, FilterOp, f64)>,
    pub(crate) limit: usize,
    /// Conditions and groups on other spans of the same trace.
    pub(crate) relations: Option<Relations>,
    /// Places of the id columns, when there are relations.
    pub(crate) ids: [usize; 3],
    /// Places of the group columns. A relational one holds nothing until it is filled in.
    pub(crate) keys: Vec<usize>,
    /// Types of relational breakdowns, filled in when the relations are resolved.
    pub(crate) key_types: Vec<Option<Type>>,
    wants: Vec<Want>,
    ts: Option<usize>,
    weight: usize,
}

/// The columns of the scan under construction, each once.
#[derive(Default)]
struct Outputs(Vec<(String, Output)>);

impl Outputs {
    fn add(&mut self, output: Output) -> usize {
        // Two outputs that print the same are the same.
        let name = format!("{output:?}");
        if let Some(i) = self.0.iter().position(|(n, _)| *n == name) {
            return i;
        }
        self.0.push((name, output));
        self.0.len() - 1
    }
}

fn invalid<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::Invalid(why.into()))
}

impl Query {
    /// Fails when it can be asked nowhere: for those who keep a question to be asked later. `now`: nanoseconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] or [`Error::Unsupported`], saying what.
    pub fn check(&self, now: i64) -> Result<(), Error> {
        let anywhere = Scope {
            env: event::EnvId(0),
            dataset: None,
        };
        plan(&anywhere, self, now, true).map(|_| ())
    }
}

/// Checks a question. `now`: nanoseconds. `series`: whether the answer has them; without, times are
/// not read.
///
/// # Errors
/// [`Error::Invalid`] or [`Error::Unsupported`], saying what.
pub(crate) fn plan(scope: &Scope, query: &Query, now: i64, series: bool) -> Result<Plan, Error> {
    unsupported(query)?;
    let (plain, relations) = Relations::split(query)?;
    let query = &plain;
    for (name, len) in [
        ("calculations", query.calculations.len()),
        ("filters", query.filters.len()),
        ("breakdowns", query.breakdowns.len()),
        ("orders", query.orders.len()),
        ("havings", query.havings.len()),
    ] {
        if len > LIST_LIMIT {
            return invalid(format!("{len} {name}: at most {LIST_LIMIT}"));
        }
    }
    let limit = match query.limit {
        None => DEFAULT_LIMIT,
        Some(n) if n >= 1 && n as usize <= GROUPS_LISTED_LIMIT => n as usize,
        Some(n) => {
            return invalid(format!(
                "limit is {n}: it must be 1 to {GROUPS_LISTED_LIMIT}"
            ));
        }
    };
    let range = range::range(query, now)?;
    let buckets = range::buckets(query, range)?;
    let count = [Calculation {
        op: Op::Count,
        column: None,
        name: None,
        filters: Vec::new(),
        filter_combination: Default::default(),
    }];
    let asked: &[Calculation] = if query.calculations.is_empty() {
        &count
    } else {
        &query.calculations
    };
    let mut outputs = Outputs::default();
    let weight = outputs.add(Output::Weight);
    let ts = (series && buckets.count > 1 || asked.iter().any(|c| c.op == Op::Concurrency))
        .then(|| outputs.add(Output::Ts));
    let keys: Vec<usize> = query
        .breakdowns
        .iter()
        .map(|b| {
            if is_relational(b) {
                // A key that no event has: a column of nulls.
                outputs.add(Output::Attr(format!("\0{b}").into(), Type::Str))
            } else {
                outputs.add(Output::Value(b.clone()))
            }
        })
        .collect();
    let ids = match &relations {
        Some(_) => Relations::outputs().map(|o| outputs.add(o)),
        None => [0; 3],
    };
    let mut wants: Vec<Want> = Vec::new();
    let mut calculations: Vec<Bound> = Vec::new();
    for c in asked {
        let want = bind(c, &mut outputs)?;
        let need = wants.iter().position(|w| *w == want).unwrap_or_else(|| {
            wants.push(want);
            wants.len() - 1
        });
        let bound = Bound {
            op: c.op,
            label: c.label(),
            need,
        };
        if calculations
            .iter()
            .any(|b| b.label == bound.label && (b.op, b.need) != (bound.op, bound.need))
            || query.breakdowns.contains(&bound.label)
        {
            return invalid(format!(
                "two columns of the answer are named {:?}",
                bound.label
            ));
        }
        calculations.push(bound);
    }
    let find = |op: Op, column: Option<&str>| {
        asked
            .iter()
            .position(|c| c.op == op && c.column.as_deref() == column)
    };
    let orders = query
        .orders
        .iter()
        .map(|o| order(o, query, &find))
        .collect::<Result<Vec<_>, _>>()?;
    let mut havings = Vec::new();
    for h in &query.havings {
        use FilterOp as F;
        let label = label_of(h.calculate_op, h.column.as_deref());
        if !matches!(h.op, F::Eq | F::Ne | F::Gt | F::Ge | F::Lt | F::Le) {
            return invalid(format!(
                "having {label}: {} does not compare numbers",
                h.op.as_str()
            ));
        }
        match find(h.calculate_op, h.column.as_deref()) {
            Some(_) if h.calculate_op == Op::Heatmap => {
                return invalid("having HEATMAP: a heat map is no number");
            }
            Some(i) => havings.push((i, h.op, h.value)),
            None => return invalid(format!("having {label}: it is not among the calculations")),
        }
    }
    Ok(Plan {
        ask: Ask {
            range,
            dataset: scope.dataset.clone(),
            filter: Predicate::of_filters(&query.filters, query.filter_combination)?,
            outputs: outputs.0.into_iter().map(|(_, o)| o).collect(),
            usage_mode: query.usage_mode,
            push_down: false,
        },
        buckets,
        breakdowns: query.breakdowns.clone(),
        calculations,
        orders,
        havings,
        limit,
        relations,
        ids,
        key_types: vec![None; keys.len()],
        wants,
        keys,
        ts,
        weight,
    })
}

fn unsupported(query: &Query) -> Result<(), Error> {
    let is_set = |v: &Option<serde_json::Value>| match v {
        None | Some(serde_json::Value::Null) => false,
        Some(serde_json::Value::Array(a)) => !a.is_empty(),
        Some(_) => true,
    };
    if is_set(&query.calculated_fields) {
        return Err(Error::Unsupported("calculated_fields".into()));
    }
    if is_set(&query.formulas) {
        return Err(Error::Unsupported("formulas".into()));
    }
    if query.compare_time_offset_seconds.is_some_and(|s| s > 0) {
        return Err(Error::Unsupported("compare_time_offset_seconds".into()));
    }
    Ok(())
}

fn label_of(op: Op, column: Option<&str>) -> String {
    column.map_or_else(
        || op.as_str().to_owned(),
        |c| format!("{}({c})", op.as_str()),
    )
}

fn bind(c: &Calculation, outputs: &mut Outputs) -> Result<Want, Error> {
    let name = c.op.as_str();
    let column = match (&c.column, c.op) {
        (Some(_), Op::Concurrency) => return invalid("CONCURRENCY takes no column"),
        (None, op) if op.needs_column() => return invalid(format!("{name} needs a column")),
        (column, _) => column.as_deref(),
    };
    let filter = if c.filters.is_empty() {
        None
    } else {
        let p = Predicate::of_filters(&c.filters, c.filter_combination)?;
        Some(outputs.add(Output::Test(p)))
    };
    let kind = match c.op {
        Op::Count => Kind::Count,
        Op::Sum | Op::Avg | Op::RateAvg | Op::RateSum => Kind::Sum,
        Op::Min | Op::Max | Op::RateMax => Kind::Extremes,
        Op::CountDistinct => Kind::Distinct,
        Op::Heatmap => Kind::Heatmap,
        Op::Concurrency => Kind::Concurrency,
        _ => Kind::Percentiles,
    };
    let mut number = None;
    let column = match (kind, column) {
        (Kind::Count, None) => None,
        (Kind::Count, Some(f)) => Some(outputs.add(Output::Present(f.to_owned()))),
        (Kind::Distinct, Some(f)) => Some(outputs.add(Output::Value(f.to_owned()))),
        (Kind::Concurrency, _) => Some(outputs.add(Output::Number("duration_ms".into()))),
        (_, Some(f)) => {
            number = Some(f.to_owned());
            Some(outputs.add(Output::Number(f.to_owned())))
        }
        (_, None) => return invalid(format!("{name} needs a column")),
    };
    Ok(Want {
        kind,
        column,
        number,
        filter,
    })
}

fn order(
    order: &Order,
    query: &Query,
    find: &impl Fn(Op, Option<&str>) -> Option<usize>,
) -> Result<(Term, Direction), Error> {
    let term = match (order.op, order.column.as_deref()) {
        (None, None) => return invalid("an order names neither a breakdown nor a calculation"),
        (None, Some(column)) => match query.breakdowns.iter().position(|b| b == column) {
            Some(i) => Term::Key(i),
            None => {
                return invalid(format!(
                    "order by {column:?}: it is not among the breakdowns"
                ));
            }
        },
        (Some(Op::Heatmap), _) => return invalid("order by HEATMAP: a heat map has no order"),
        (Some(op), column) => match find(op, column) {
            Some(i) => Term::Value(i),
            None => {
                return invalid(format!(
                    "order by {}: it is not among the calculations",
                    label_of(op, column)
                ));
            }
        },
    };
    Ok((term, order.order))
}

impl Plan {
    /// What the aggregator keeps, now that the scan knows the columns' types. `series`: by time.
    pub(crate) fn layout(&self, scan: &Scan, series: bool) -> Layout {
        let rank = match self.orders.first() {
            Some((Term::Value(i), d)) => Rank {
                need: Some(self.calculations[*i].need),
                ascending: *d == Direction::Ascending,
            },
            Some((Term::Key(_), _)) => Rank::default(),
            None => Rank {
                need: self.calculations.first().map(|c| c.need),
                ascending: false,
            },
        };
        Layout {
            ts: self.ts,
            weight: self.weight,
            keys: self.keys.clone(),
            key_types: self
                .breakdowns
                .iter()
                .zip(&self.key_types)
                .map(|(b, related)| related.unwrap_or_else(|| scan.value_type(b)))
                .collect(),
            needs: self
                .wants
                .iter()
                .map(|w| Need {
                    kind: w.kind,
                    column: w.column,
                    filter: w.filter,
                    integers: w.number.as_ref().is_some_and(|n| scan.is_integer(n)),
                })
                .collect(),
            buckets: if series {
                self.buckets
            } else {
                self.buckets.whole()
            },
            rank,
        }
    }

    /// Keeps only the time buckets that rows with these times can fall in.
    pub(crate) fn narrow(&mut self, times: (i64, i64)) {
        // A span covers buckets after the one it begins in.
        let to_end = self.calculations.iter().any(|c| c.op == Op::Concurrency);
        self.buckets = self.buckets.within(times, to_end);
    }

    /// Nanoseconds of the range.
    pub(crate) fn nanos(&self) -> i64 {
        self.ask.range.1 - self.ask.range.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: serde_json::Value) -> Result<Plan, String> {
        let query: Query = serde_json::from_value(json).map_err(|e| e.to_string())?;
        let scope = Scope {
            env: event::EnvId(1),
            dataset: None,
        };
        plan(&scope, &query, 1_700_000_000_000_000_000, true).map_err(|e| e.to_string())
    }

    #[test]
    fn percentiles_of_one_field_share_a_state() {
        let p = check(serde_json::json!({"calculations": [
            {"op": "P50", "column": "d"}, {"op": "P99", "column": "d"}, {"op": "SUM", "column": "d"},
            {"op": "AVG", "column": "d"}, {"op": "COUNT"},
            {"op": "P50", "column": "d", "name": "slow", "filters": [{"column": "e", "op": "exists"}]}
        ]}))
        .unwrap();
        let needs: Vec<usize> = p.calculations.iter().map(|c| c.need).collect();
        assert_eq!(needs, [0, 0, 1, 1, 2, 3]);
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        use serde_json::json;
        for (query, want) in [
            (
                json!({"calculations": [{"op": "SUM"}]}),
                "SUM needs a column",
            ),
            (
                json!({"calculations": [{"op": "CONCURRENCY", "column": "x"}]}),
                "CONCURRENCY takes no column",
            ),
            (json!({"limit": 0}), "limit is 0: it must be 1 to 10000"),
            (
                json!({"orders": [{"column": "a"}]}),
                "order by \"a\": it is not among the breakdowns",
            ),
            (
                json!({"havings": [{"calculate_op": "MAX", "column": "a", "op": ">", "value": 1}]}),
                "having MAX(a): it is not among the calculations",
            ),
            (
                json!({"formulas": [{"name": "x", "expression": "$a"}]}),
                "formulas is not supported",
            ),
            (
                json!({"calculations": [{"op": "COUNT", "name": "x"}, {"op": "MAX", "column": "d", "name": "x"}]}),
                "two columns of the answer are named \"x\"",
            ),
        ] {
            assert_eq!(check(query.clone()).err().as_deref(), Some(want), "{query}");
            let query: Query = serde_json::from_value(query).unwrap();
            let kept = query.check(1_700_000_000_000_000_000);
            assert_eq!(kept.map_err(|e| e.to_string()), Err(want.to_owned()));
        }
        assert!(Query::default().check(1_700_000_000_000_000_000).is_ok());
    }
}
