//! What of a predicate a part's statistics and its reader can use.
//!
//! The expression made here holds for *at least* the rows that pass; rows it lets through are
//! tested again with the exact meaning. So it may be loose, never too tight.

use super::{Condition, Number, Order, Predicate, Test};
use crate::fields::View;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, IsNotNullExpr, lit};
use event::Type;
use std::sync::Arc;

/// A source of a field as a part has it.
pub(crate) enum Place {
    /// A column of its own.
    Column {
        /// It, in the schema of the part's scan.
        column: Arc<dyn PhysicalExpr>,
        /// Whether it is read as a dictionary.
        dictionary: bool,
        /// Its physical type: of an attribute its own.
        ty: Type,
        /// The view, when it is a fixed column.
        view: Option<View>,
    },
    /// Somewhere in an overflow map: nothing can be said before reading.
    Overflow,
}

/// What can be said of a predicate before reading rows.
pub(crate) enum Verdict {
    /// No row passes.
    Never,
    /// Every row passes.
    Always,
    /// Only rows where the expression holds can pass; without one, any.
    Maybe(Option<Arc<dyn PhysicalExpr>>),
}

/// Judges `predicate` over a part whose sources of a field are told by `places`.
pub(crate) fn judge(predicate: &Predicate, places: &impl Fn(&str) -> Vec<Place>) -> Verdict {
    match predicate {
        Predicate::All(list) => {
            let (mut exprs, mut always) = (Vec::new(), true);
            for p in list {
                match judge(p, places) {
                    Verdict::Never => return Verdict::Never,
                    Verdict::Always => {}
                    Verdict::Maybe(e) => {
                        always = false;
                        exprs.extend(e);
                    }
                }
            }
            if always {
                Verdict::Always
            } else {
                Verdict::Maybe(join(exprs, Operator::And))
            }
        }
        Predicate::Any(list) => {
            let (mut exprs, mut blind, mut never) = (Vec::new(), false, true);
            for p in list {
                match judge(p, places) {
                    Verdict::Never => {}
                    Verdict::Always => return Verdict::Always,
                    Verdict::Maybe(Some(e)) => {
                        never = false;
                        exprs.push(e);
                    }
                    Verdict::Maybe(None) => {
                        never = false;
                        blind = true;
                    }
                }
            }
            if never {
                Verdict::Never
            } else if blind {
                Verdict::Maybe(None)
            } else {
                Verdict::Maybe(join(exprs, Operator::Or))
            }
        }
        Predicate::Test(test) => judge_test(test, &places(&test.field)),
    }
}

fn judge_test(test: &Test, places: &[Place]) -> Verdict {
    if test.negated {
        // With no source at all the field is missing everywhere, which a negative test accepts.
        return if places.is_empty() {
            Verdict::Always
        } else {
            Verdict::Maybe(None)
        };
    }
    let mut exprs = Vec::new();
    for place in places {
        match place {
            Place::Overflow => return Verdict::Maybe(None),
            Place::Column {
                column,
                dictionary,
                ty,
                view,
            } => {
                let text = if *dictionary { text } else { text_view };
                exprs.extend(bound(&test.condition, column, *ty, *view, text));
            }
        }
    }
    if exprs.is_empty() {
        Verdict::Never
    } else {
        Verdict::Maybe(join(exprs, Operator::Or))
    }
}

/// Joins with `and`/`or`; `None` of none.
pub(crate) fn join(
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    op: Operator,
) -> Option<Arc<dyn PhysicalExpr>> {
    exprs.into_iter().reduce(|a, b| binary(a, op, b))
}

/// `a op b`.
pub(crate) fn binary(
    a: Arc<dyn PhysicalExpr>,
    op: Operator,
    b: Arc<dyn PhysicalExpr>,
) -> Arc<dyn PhysicalExpr> {
    Arc::new(BinaryExpr::new(a, op, b))
}

/// Where the column can pass; `None`: nowhere.
fn bound(
    condition: &Condition,
    column: &Arc<dyn PhysicalExpr>,
    ty: Type,
    view: Option<View>,
    text: fn(&str) -> Arc<dyn PhysicalExpr>,
) -> Option<Arc<dyn PhysicalExpr>> {
    let is = |value: Arc<dyn PhysicalExpr>| binary(Arc::clone(column), Operator::Eq, value);
    let there = || -> Arc<dyn PhysicalExpr> { Arc::new(IsNotNullExpr::new(Arc::clone(column))) };
    match (condition, view) {
        (Condition::Exists, Some(View::Error)) => Some(is(text("error"))),
        (_, Some(View::Rate | View::Time | View::Int)) => Some(lit(true)),
        (Condition::Exists, _) => Some(there()),
        (Condition::Among(among), None | Some(View::Text)) if among.texts.len() <= 32 => {
            let list: Vec<Arc<dyn PhysicalExpr>> = match ty {
                Type::Str => among.texts.iter().map(|t| text(t)).collect(),
                Type::Int => among.ints.iter().map(|i| lit(*i)).collect(),
                Type::Float => among.floats.iter().map(|x| lit(*x)).collect(),
                Type::Bool => [false, true]
                    .into_iter()
                    .filter(|b| among.bools[usize::from(*b)])
                    .map(lit)
                    .collect(),
            };
            join(list.into_iter().map(is).collect(), Operator::Or)
        }
        (Condition::Among(among), Some(View::TraceId)) if among.trace_ids.len() <= 32 => join(
            among.trace_ids.iter().map(|id| is(id_lit(id))).collect(),
            Operator::Or,
        ),
        (Condition::Among(among), Some(View::SpanId)) if among.span_ids.len() <= 32 => join(
            among.span_ids.iter().map(|id| is(id_lit(id))).collect(),
            Operator::Or,
        ),
        (Condition::Among(among), Some(View::Error)) => {
            if among.bools[1] {
                Some(is(text("error")))
            } else {
                None
            }
        }
        (Condition::Number(order, n), None) => match ty {
            Type::Int => int_bound(*order, *n, column),
            Type::Float => Some(binary(Arc::clone(column), op(*order), lit(n.as_f64()))),
            Type::Str | Type::Bool => Some(there()),
        },
        (Condition::Number(order, n), Some(View::Millis)) => {
            // A nanosecond of slack each way: the exact comparison is made in milliseconds.
            let ns = n.as_f64() * 1e6;
            let ns = match order {
                Order::Gt | Order::Ge => ns - 2.0,
                Order::Lt | Order::Le => ns + 2.0,
            };
            let loose = match order {
                Order::Gt | Order::Ge => Order::Ge,
                Order::Lt | Order::Le => Order::Le,
            };
            int_bound(loose, Number::Float(ns), column)
        }
        _ => Some(there()),
    }
}

fn op(order: Order) -> Operator {
    match order {
        Order::Gt => Operator::Gt,
        Order::Ge => Operator::GtEq,
        Order::Lt => Operator::Lt,
        Order::Le => Operator::LtEq,
    }
}

/// An integer column against any number, as an integer comparison; `None`: never.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn int_bound(
    order: Order,
    n: Number,
    column: &Arc<dyn PhysicalExpr>,
) -> Option<Arc<dyn PhysicalExpr>> {
    let bound = match (n, order) {
        (Number::Int(i), _) => i,
        (Number::Float(x), Order::Gt | Order::Le) => x.floor() as i64,
        (Number::Float(x), Order::Ge | Order::Lt) => x.ceil() as i64,
    };
    // Beyond the ends of 64 bits the saturated bound could be wrong by one: be loose there.
    let order = match (bound, order) {
        (i64::MAX | i64::MIN, Order::Gt) => Order::Ge,
        (i64::MAX | i64::MIN, Order::Lt) => Order::Le,
        (_, o) => o,
    };
    Some(binary(Arc::clone(column), op(order), lit(bound)))
}

fn text(t: &str) -> Arc<dyn PhysicalExpr> {
    lit(ScalarValue::Utf8(Some(t.to_owned())))
}

fn text_view(t: &str) -> Arc<dyn PhysicalExpr> {
    lit(ScalarValue::Utf8View(Some(t.to_owned())))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "N is 8 or 16"
)]
fn id_lit<const N: usize>(id: &[u8; N]) -> Arc<dyn PhysicalExpr> {
    lit(ScalarValue::FixedSizeBinary(N as i32, Some(id.to_vec())))
}
