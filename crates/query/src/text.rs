//! The text spelling of a question (ui.md §6): what the address of Explore and its "as text" hold.
//!
//! ```text
//! text  := [calc {, calc}] [where cond {and cond | or cond}] [group by field {, field}]
//!          [order by term [asc|desc] {, …}] [having calc cmp number {and …}] [limit n]
//!          [granularity seconds] [unweighted] [from range]
//! calc  := OP [(field)] [as field] [if (cond {and cond | or cond})]
//! cond  := field cmp value | field word value | field exists | field in (value {, value})
//! field := bare word | `anything`, a backtick inside doubled
//! value := JSON number | true | false | null | JSON string | bare word
//! range := -2h (s m h d w) | time..time, each side may be open; a time is epoch seconds or ISO 8601
//! ```
//!
//! Keywords are case-insensitive; a field of such a name stands in backticks. The UI reads and
//! writes the same grammar (`ui/src/query/text.ts`), save what only other surfaces ask for: names and
//! conditions of calculations, granularity, weights.

mod parse;
mod render;
mod time;
mod word;

use crate::{Error, Query};

/// Reads `HEATMAP(duration_ms), P95(duration_ms) where status_code >= 2 and name exists group by
/// name order by COUNT desc having COUNT > 3 limit 10 from -2h`.
///
/// # Errors
/// [`Error::Invalid`] names the place (byte offset) and what was expected.
pub fn parse(text: &str) -> Result<Query, Error> {
    parse::query(text)
}

/// Writes a question as text that [`parse`] reads back to one with the same meaning.
///
/// What is refused anyway ([`Query::formulas`], [`Query::calculated_fields`], comparisons) has no spelling.
#[must_use]
pub fn render(query: &Query) -> String {
    render::query(query)
}

#[cfg(test)]
mod tests;
