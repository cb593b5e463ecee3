//! Cases and expected answers, as `expected.json` has them.

use serde::Deserialize;
use std::collections::BTreeMap;

/// One question with its answer.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The dataset asked; none: the whole environment.
    pub dataset: Option<String>,
    /// Where the rule stands.
    pub spec: String,
    /// The question as Honeycomb spells it.
    pub query: serde_json::Value,
    /// What must come out.
    pub expected: Expected,
}

/// What must come out.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    /// A refusal: `invalid` or `unsupported`.
    Error {
        /// Which.
        error: String,
    },
    /// An answer.
    Answer(Box<Answer>),
}

/// An expected answer.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// Groups before limit and havings.
    pub groups: u64,
    /// The groups listed, in order.
    pub results: Vec<Group>,
    /// Over all rows.
    pub total: Values,
    /// Over the rows of groups not listed.
    pub other: Option<Values>,
    /// The range, nanoseconds.
    pub start_ns: String,
    /// See `start_ns`.
    pub end_ns: String,
    /// By time, when the question gave a granularity.
    pub series: Option<Vec<Point>>,
    /// Over all rows, by time.
    pub total_series: Option<Vec<Point>>,
}

/// Expected values by label.
pub type Values = BTreeMap<String, Value>;

/// A group.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// Canonical texts of the breakdowns.
    pub key: Vec<Option<String>>,
    /// Place in the order; equal for groups that tie, none where an order value is null.
    pub rank: Option<u64>,
    /// Its values.
    pub values: Values,
}

/// A group at one time.
#[derive(Debug, Deserialize)]
pub struct Point {
    /// Start of the bucket.
    pub time_ns: String,
    /// Canonical texts of the breakdowns.
    pub key: Vec<Option<String>>,
    /// Its values.
    pub values: Values,
}

/// An expected value.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Exact, or to 1e-9 for doubles; null for no value.
    Number(Option<serde_json::Number>),
    /// A percentile: between these, give or take 1.6 %.
    Quantile {
        /// Lowest and highest.
        quantile: [f64; 2],
    },
    /// A histogram: all values with their weights, rising.
    Heatmap {
        /// (value, weight).
        heatmap: Vec<(f64, i64)>,
    },
}

/// Reads `expected.json`.
///
/// # Panics
/// When it is not what `expect.py` writes.
#[must_use]
pub fn all() -> Vec<Case> {
    let path = crate::home().join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
