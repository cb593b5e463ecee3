//! A question as text.

use super::{time, word};
use crate::Query;
use crate::spec::{Calculation, Combination, Direction, Filter, FilterOp, Having, Op, Order};
use std::fmt::Write as _;

pub(super) fn query(query: &Query) -> String {
    let mut out = list(&query.calculations, calculation, ", ");
    clause(
        &mut out,
        "where",
        &conditions(&query.filters, query.filter_combination),
    );
    clause(
        &mut out,
        "group by",
        &list(&query.breakdowns, |name| word::field(name), ", "),
    );
    clause(&mut out, "order by", &list(&query.orders, order, ", "));
    clause(&mut out, "having", &list(&query.havings, having, " and "));
    clause(
        &mut out,
        "limit",
        &query.limit.map_or_else(String::new, |n| n.to_string()),
    );
    let granularity = query.granularity.filter(|g| *g > 0.0);
    clause(
        &mut out,
        "granularity",
        &granularity.map_or_else(String::new, |g| g.to_string()),
    );
    if query.usage_mode {
        word(&mut out, "unweighted");
    }
    clause(&mut out, "from", &time::render(query));
    out
}

fn list<T>(items: &[T], spell: impl Fn(&T) -> String, between: &str) -> String {
    items.iter().map(spell).collect::<Vec<_>>().join(between)
}

fn clause(out: &mut String, keyword: &str, text: &str) {
    if !text.is_empty() {
        word(out, keyword);
        word(out, text);
    }
}

fn word(out: &mut String, text: &str) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(text);
}

fn target(op: Op, column: Option<&str>) -> String {
    column.map_or_else(
        || op.as_str().to_owned(),
        |c| format!("{}({})", op.as_str(), word::field(c)),
    )
}

fn calculation(one: &Calculation) -> String {
    let mut out = target(one.op, one.column.as_deref());
    if let Some(label) = &one.name {
        let _ = write!(out, " as {}", word::field(label));
    }
    if !one.filters.is_empty() {
        let _ = write!(
            out,
            " if ({})",
            conditions(&one.filters, one.filter_combination)
        );
    }
    out
}

fn conditions(filters: &[Filter], combination: Combination) -> String {
    let between = match combination {
        Combination::And => " and ",
        Combination::Or => " or ",
    };
    list(filters, filter, between)
}

fn filter(one: &Filter) -> String {
    let op = one.op.as_str();
    let field = word::field(&one.column);
    match (&one.op, &one.value) {
        (FilterOp::Exists | FilterOp::DoesNotExist, _) | (_, None) => format!("{field} {op}"),
        (FilterOp::In | FilterOp::NotIn, Some(value)) if !value.is_array() => {
            format!("{field} {op} ({})", word::spelt(value))
        }
        (_, Some(value)) if op.starts_with(char::is_alphabetic) => {
            format!("{field} {op} {}", word::spelt(value))
        }
        (_, Some(value)) => format!("{field}{op}{}", word::spelt(value)),
    }
}

fn order(one: &Order) -> String {
    let by = match (one.op, &one.column) {
        (Some(op), column) => target(op, column.as_deref()),
        (None, Some(column)) => word::field(column),
        (None, None) => word::field(""),
    };
    match one.order {
        Direction::Ascending => by,
        Direction::Descending => format!("{by} desc"),
    }
}

fn having(one: &Having) -> String {
    format!(
        "{}{}{}",
        target(one.calculate_op, one.column.as_deref()),
        one.op.as_str(),
        one.value
    )
}
