//! What a filter says about stored rows that the scan can test itself.
//!
//! A test made here never drops a row that the filter would keep; it may keep others, since the filter
//! is asked again of every row that is read. So only what is certain is taken: a comparison of one
//! stored field with a constant.

use super::tree::{Comparison, Expr, Pattern};
use super::value::{Number, Value};
use crate::predicate::{self, Among, Condition, Order, Predicate, Test};

/// The test for a filter; none when it says nothing certain. `field`: the visible field a name reads.
pub(super) fn of(expr: &Expr, field: &dyn Fn(&str) -> Option<String>) -> Option<Predicate> {
    let named = |e: &Expr| match e {
        Expr::Name(n) => field(n),
        _ => None,
    };
    match expr {
        Expr::And(a, b) => {
            let both: Vec<_> = [a, b].into_iter().filter_map(|e| of(e, field)).collect();
            (!both.is_empty()).then_some(Predicate::All(both))
        }
        Expr::Or(a, b) => Some(Predicate::Any(vec![of(a, field)?, of(b, field)?])),
        Expr::Compare(op, a, b) => {
            let (name, op, literal) = match (&**a, &**b) {
                (e, Expr::Literal(v)) => (named(e)?, *op, v),
                (Expr::Literal(v), e) => (named(e)?, turned(*op), v),
                _ => return None,
            };
            comparison(name, op, literal)
        }
        Expr::Matches {
            text,
            pattern,
            negated: false,
        } => {
            let condition = match pattern {
                Pattern::Contains(t) => Condition::Contains(t.clone()),
                Pattern::StartsWith(t) => Condition::StartsWith(t.clone()),
                Pattern::EndsWith(t) => Condition::EndsWith(t.clone()),
                Pattern::Regex(_) => Condition::Exists,
            };
            Some(test(named(text)?, condition))
        }
        Expr::Among {
            value,
            list,
            negated: false,
        } => {
            let name = named(value)?;
            let each = list.iter().map(|e| match e {
                Expr::Literal(v) => comparison(name.clone(), Comparison::Eq, v),
                _ => None,
            });
            each.collect::<Option<_>>().map(Predicate::Any)
        }
        Expr::Call(super::tree::Function::IsPresent, args) => {
            Some(test(named(args.first()?)?, Condition::Exists))
        }
        _ => None,
    }
}

fn test(field: String, condition: Condition) -> Predicate {
    Predicate::Test(Test {
        field,
        negated: false,
        condition,
    })
}

fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        same => same,
    }
}

fn comparison(field: String, op: Comparison, literal: &Value<'_>) -> Option<Predicate> {
    match literal {
        Value::Missing => Some(Predicate::Any(Vec::new())),
        // Text that is no number is compared as text with anything but truth values.
        Value::Text(t) if op == Comparison::Eq && Number::of_text(t).is_none() => {
            let mut among = Among::default();
            among.texts.insert(t.clone().into_owned());
            match &**t {
                "false" => among.bools[0] = true,
                "true" => among.bools[1] = true,
                _ => {}
            }
            // An id is written in many ways; rows are asked again how they show it.
            let is_id = event::TraceId::parse(t).is_some() || event::SpanId::parse(t).is_some();
            Some(test(
                field,
                if is_id {
                    Condition::Exists
                } else {
                    Condition::Among(among)
                },
            ))
        }
        Value::Int(_) | Value::Float(_) if op == Comparison::Eq => {
            let n = number(literal)?;
            // A range, not a set: "200.0" is 200 too. Other text is not equal to a number.
            Some(Predicate::All(vec![
                test(field.clone(), Condition::Number(Order::Ge, n)),
                test(field, Condition::Number(Order::Le, n)),
            ]))
        }
        Value::Int(_) | Value::Float(_) => {
            let order = match op {
                Comparison::Lt => Order::Lt,
                Comparison::Le => Order::Le,
                Comparison::Gt => Order::Gt,
                Comparison::Ge => Order::Ge,
                Comparison::Eq | Comparison::Ne => return Some(test(field, Condition::Exists)),
            };
            Some(test(field, Condition::Number(order, number(literal)?)))
        }
        _ => Some(test(field, Condition::Exists)),
    }
}

fn number(value: &Value<'_>) -> Option<predicate::Number> {
    Some(match value.number()? {
        Number::Int(i) => predicate::Number::Int(i),
        Number::Float(x) => predicate::Number::Float(x),
    })
}
