//! Logs Insights: its query language and the operations that ask in it.
//!
//! **What is built**: `fields display filter stats sort limit parse dedup` and the functions beside
//! them (cloudwatch.md §7). **What is refused**, by name and position, as `MalformedQueryException`:
//! every other command and function of the language, `offset`, subqueries, `parse` as logfmt or CSV,
//! comparing with `null`.
//!
//! A query is read into [`syntax`] ([`parse`]) and lowered to a pipeline ([`lower`]); what names mean
//! is decided there. Reading order: [`syntax`], `lexer`, `parser`, `expression`, [`functions`],
//! [`lower`], [`render`].

mod expression;
pub mod functions;
mod lexer;
mod lower;
mod parser;
pub mod render;
pub mod syntax;
#[cfg(test)]
mod tests;

pub use lower::{Lowered, POINTER, ROWS_DEFAULT, ROWS_LIMIT, lower};
pub use parser::{COMMANDS, LIMIT_ROWS, NOT_BUILT, QUERY_CHARS_LIMIT, parse};

use syntax::{Fault, Kind, Node};

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
