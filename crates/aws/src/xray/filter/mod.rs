//! Filter expressions: which traces are meant.
//!
//! The whole grammar is read ([`parse()`]); an expression is tested on a trace put together ([`matches`]), and
//! a part of it that single rows can answer spares reading traces that cannot match ([`sieve()`]). What is no
//! keyword, or stands where it means nothing, is refused with its name and column.
//!
//! Source: X-Ray developer guide, "Using filter expressions"; `xray.md` §7.

mod ast;
mod eval;
mod parse;
mod sieve;

pub use ast::{CauseOf, Expr, Key, Level, Operator, Ref, Test, Value};
pub use eval::matches;
pub use parse::parse;
pub use sieve::sieve;

use engine::query::calls::TraceCalls;
use engine::sampling::{Compiled, FilterLanguage, Group};
use std::sync::Arc;

/// Longest expression, bytes.
const EXPRESSION_BYTES: usize = 2_000;
/// How deep groups may name groups.
const GROUP_DEPTH: usize = 8;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter expression at column {column}: {what}")]
pub struct Wrong {
    /// Counted in characters, from 1.
    pub column: usize,
    /// What was expected, or what is not known.
    pub what: String,
}

/// Reads an expression, and the expressions of the groups it names.
///
/// # Errors
/// See [`Wrong`]; a group that is not there, or that names itself in the end.
pub fn compile(expression: &str, groups: &[Group]) -> Result<Expr, Wrong> {
    resolve(expression, groups, 0)
}

fn resolve(expression: &str, groups: &[Group], depth: usize) -> Result<Expr, Wrong> {
    if expression.len() > EXPRESSION_BYTES {
        return Err(Wrong {
            column: EXPRESSION_BYTES + 1,
            what: format!("the expression is longer than {EXPRESSION_BYTES} bytes"),
        });
    }
    let mut expr = parse(expression)?;
    expr.for_each_group(&mut |by_name, text, column, negated| {
        let wrong = |what: String| Wrong { column, what };
        let found = groups.iter().find(|g| match by_name {
            true => g.name == text,
            false => arn_means(text, g),
        });
        let group = found.ok_or_else(|| wrong(format!("there is no group {text:?}")))?;
        if depth == GROUP_DEPTH {
            return Err(wrong(format!(
                "groups name groups deeper than {GROUP_DEPTH} levels, or each other"
            )));
        }
        let inner = resolve(&group.expression, groups, depth + 1)
            .map_err(|e| wrong(format!("group {text:?}: {e}")))?;
        Ok(match negated {
            true => Expr::Not(Box::new(inner)),
            false => inner,
        })
    })?;
    Ok(expr)
}

fn arn_means(arn: &str, group: &Group) -> bool {
    let name = &group.name;
    match group.id.as_str() {
        "" => arn.ends_with(&format!(":group/{name}")),
        id => arn.ends_with(&format!(":group/{name}/{id}")),
    }
}

/// The language, for whoever has an expression and not this crate.
pub struct Language;

impl FilterLanguage for Language {
    fn compile(&self, expression: &str, groups: &[Group]) -> Result<Compiled, String> {
        let expr = compile(expression, groups).map_err(|e| e.to_string())?;
        Ok(Compiled {
            sieve: sieve(&expr),
            matches: Arc::new(move |trace: &TraceCalls| matches(&expr, trace)),
        })
    }

    fn service_names(&self, expression: &str) -> Vec<String> {
        let mut out = Vec::new();
        if let Ok(expr) = parse(expression) {
            expr.for_each_service(&mut |name| out.push(name.to_owned()));
        }
        out
    }
}

#[cfg(test)]
mod tests;
