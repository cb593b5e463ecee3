//! Filter patterns: which lines pass (cloudwatch.md §6).
//!
//! The first character that is no space selects the dialect: `{` tests fields of a JSON line, `[` the
//! words of a line, anything else is terms. Matching is case sensitive. [`Pattern::parse`] reads one,
//! [`Pattern::matches`] judges a line.
//!
//! ```
//! use aws::cloudwatch::pattern::Pattern;
//! let slow = Pattern::parse("{ $.status >= 500 || $.latency > 1.5 }")?;
//! assert!(slow.matches(r#"{"status": 200, "latency": 2}"#));
//! assert!(!slow.matches(r#"{"status": 200}"#));
//! # Ok::<(), aws::cloudwatch::pattern::Invalid>(())
//! ```

mod json;
mod spaced;
mod terms;
mod text;

use engine::query::log_rows::Matcher;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Longest pattern, characters.
pub const LENGTH_LIMIT: usize = 1_024;

/// Why a pattern cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter pattern: {what} at character {at}")]
pub struct Invalid {
    /// What is wrong.
    pub what: String,
    /// Where, characters from 1.
    pub at: usize,
}

/// A pattern, read.
#[derive(Clone, Debug)]
pub struct Pattern(Dialect);

#[derive(Clone, Debug)]
enum Dialect {
    Everything,
    Terms(terms::Terms),
    Json(json::Expr),
    Spaced(spaced::Spaced),
}

/// Reads what may stand in a box for filters: text or a pattern, or `/a regular expression/`.
///
/// # Errors
/// Says what is wrong.
pub fn search(filter: &str) -> Result<Matcher, String> {
    let filter = filter.trim();
    let inner = filter.strip_prefix('/').and_then(|f| f.strip_suffix('/'));
    if let Some(source) = inner.filter(|s| !s.is_empty()) {
        let regex = regex::RegexBuilder::new(source)
            .size_limit(text::REGEX_BYTES)
            .dfa_size_limit(8 * text::REGEX_BYTES)
            .build()
            .map_err(|e| format!("the regular expression cannot be read: {e}"))?;
        return Ok(Arc::new(move |line| regex.is_match(line)));
    }
    let pattern = Pattern::parse(filter).map_err(|e| e.to_string())?;
    Ok(Arc::new(move |line| pattern.matches(line)))
}

impl Pattern {
    /// Reads a pattern; an empty one passes everything.
    ///
    /// # Errors
    /// Says what is wrong and where.
    pub fn parse(pattern: &str) -> Result<Self, Invalid> {
        let mut reader = text::Reader::new(pattern);
        if pattern.chars().count() > LENGTH_LIMIT {
            return Err(reader.wrong(format!("more than {LENGTH_LIMIT} characters")));
        }
        reader.skip_space();
        let dialect = match reader.peek() {
            None => Dialect::Everything,
            Some('{') => Dialect::Json(json::parse(&mut reader)?),
            Some('[') => Dialect::Spaced(spaced::parse(&mut reader)?),
            Some(_) => Dialect::Terms(terms::parse(&mut reader)?),
        };
        Ok(Self(dialect))
    }

    /// Whether every line passes.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self.0, Dialect::Everything)
    }

    /// Whether a line passes.
    #[must_use]
    pub fn matches(&self, line: &str) -> bool {
        match &self.0 {
            Dialect::Everything => true,
            Dialect::Terms(terms) => terms.matches(line),
            Dialect::Json(expr) => serde_json::from_str::<serde_json::Value>(line.trim())
                .is_ok_and(|value| (value.is_object() || value.is_array()) && expr.holds(&value)),
            Dialect::Spaced(spaced) => spaced.matches(line),
        }
    }
}
