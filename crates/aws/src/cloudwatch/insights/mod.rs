//! Logs Insights: its query language and the operations that ask in it.
//!
//! **What is built**: `fields display filter stats sort limit parse dedup` and the functions beside
//! them (cloudwatch.md §7). **What is refused**, by name and position, as `MalformedQueryException`:
//! every other command and function of the language, `offset`, subqueries, `parse` as logfmt or CSV,
//! comparing with `null`.
//!
//! A query is read into [`syntax`] ([`parse`]) and lowered to a pipeline ([`lower`]); what names mean
//! is decided there. A started query goes on in the background ([`engine::asked`]), and its answer is
//! kept for a week. Reading order: [`syntax`], `lexer`, `parser`, `expression`, [`functions`],
//! [`lower`], [`render`], `operations`, `record`.

mod expression;
pub mod functions;
mod groups;
mod lexer;
mod lower;
mod operations;
mod parser;
mod record;
pub mod render;
pub mod syntax;
#[cfg(test)]
mod tests;
pub mod wire;

pub use lower::{Lowered, POINTER, ROWS_DEFAULT, ROWS_LIMIT, lower};
pub use parser::{COMMANDS, LIMIT_ROWS, NOT_BUILT, QUERY_CHARS_LIMIT, parse};

pub use record::fields_seen;

use crate::wire::{Call, Fail, Operation, Reply};
use engine::Permission;
use syntax::{Fault, Kind, Node};

/// Fields that every line has.
pub const SPECIAL_FIELDS: [&str; 8] = [
    "@timestamp",
    "@message",
    "@logStream",
    "@log",
    "@ingestionTime",
    "@xrayTraceId",
    "@aws.account",
    "@aws.region",
];

/// The operations around queries.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::small("StartQuery", Permission::RunQueries),
    Operation::small("GetQueryResults", Permission::RunQueries),
    Operation::small("StopQuery", Permission::RunQueries),
    Operation::small("DescribeQueries", Permission::RunQueries),
    Operation::small("ListLogGroupsForQuery", Permission::RunQueries),
    Operation::small("GetLogRecord", Permission::RunQueries),
    Operation::small("GetLogGroupFields", Permission::RunQueries),
];

/// Answers one of [`OPERATIONS`]; `None`: it is another's.
pub(super) async fn answer(call: &Call) -> Option<Result<Reply, Fail>> {
    Some(match call.operation.name {
        "StartQuery" => operations::start(call).await,
        "GetQueryResults" => operations::results(call).await,
        "StopQuery" => operations::stop(call).await,
        "DescribeQueries" => operations::describe(call).await,
        "ListLogGroupsForQuery" => operations::groups_of(call).await,
        "GetLogRecord" => record::get(call).await,
        "GetLogGroupFields" => record::fields(call).await,
        _ => return None,
    })
}

/// Reads a query and makes a pipeline of it: see [`parse`] and [`lower`].
///
/// # Errors
/// The first thing that is wrong or not built, with its place.
pub fn compile(text: &str, account: &str, limit: Option<usize>) -> Result<Lowered, Fault> {
    lower(text, &parse(text)?, account, limit)
}

/// Whether an expression is a call of `bin`.
fn is_bin(node: &Node) -> bool {
    matches!(&node.kind, Kind::Call(name, _) if name.eq_ignore_ascii_case("bin"))
}
