//! The part of an expression that rows can answer one by one: a trace none of whose rows passes cannot
//! match, and need not be read.

use super::ast::{Expr, Key, Operator, Test, Value};
use super::eval::annotation_fields;
use engine::query::calls::NAMING_FIELDS;
use engine::query::notions::Notion;
use engine::query::spec::{Combination, Filter, FilterOp};

/// Conditions of which some row of a matching trace meets one; none when nothing is known of rows.
#[must_use]
pub fn sieve(expr: &Expr) -> Option<(Vec<Filter>, Combination)> {
    let conjuncts = match expr {
        Expr::And(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    // Of what all must hold, one is enough: annotations tell most.
    let best = |is: fn(&Expr) -> Option<Vec<Filter>>| conjuncts.iter().find_map(is);
    let filters = best(of_annotation)
        .or_else(|| best(of_user))
        .or_else(|| best(of_service))?;
    Some((filters, Combination::Or))
}

fn filter(column: &str, op: FilterOp, value: Option<serde_json::Value>) -> Filter {
    Filter {
        column: column.to_owned(),
        op,
        value,
    }
}

fn of_annotation(expr: &Expr) -> Option<Vec<Filter>> {
    let Expr::Test(Test {
        key: Key::Annotation(key),
        compare,
    }) = expr
    else {
        return None;
    };
    let filters = annotation_fields(key).into_iter().map(|c| match compare {
        Some((Operator::Eq, Value::Text(t))) => filter(&c, FilterOp::Eq, Some(t.as_str().into())),
        // Numbers are written in many ways: that it is there must do.
        _ => filter(&c, FilterOp::Exists, None),
    });
    Some(filters.collect())
}

fn of_user(expr: &Expr) -> Option<Vec<Filter>> {
    match expr {
        Expr::Test(Test {
            key: Key::User,
            compare: Some((Operator::Eq, Value::Text(user))),
        }) => Some(
            Notion::User
                .reads()
                .map(|c| filter(c, FilterOp::Eq, Some(user.as_str().into())))
                .collect(),
        ),
        _ => None,
    }
}

fn of_service(expr: &Expr) -> Option<Vec<Filter>> {
    let name = match expr {
        Expr::Service(node, _) => node.name.as_deref()?,
        Expr::Edge(from, to, _) => to.name.as_deref().or(from.name.as_deref())?,
        _ => return None,
    };
    // An inferred service of AWS is called without its prefix.
    let spelled = [
        name.to_owned(),
        format!("AWS::{name}"),
        format!("AWS.SDK.{name}"),
    ];
    let of = |column: &&str| {
        spelled
            .clone()
            .map(|n| filter(column, FilterOp::Eq, Some(n.into())))
    };
    Some(NAMING_FIELDS.iter().flat_map(of).collect())
}
