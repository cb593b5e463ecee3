//! Questions over lines of log groups, in the language of logs, and what completes them.

use super::Nanos;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question over lines.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogQueryAsk {
    /// Slug of the environment.
    pub env: String,
    /// Names of groups, 1 to 50.
    pub groups: Vec<String>,
    /// The question, at most 10,000 characters.
    pub query: String,
    /// First nanosecond.
    pub start_ns: Nanos,
    /// First nanosecond beyond.
    pub end_ns: Nanos,
    /// Most rows, 1 to 10,000, unless the question says itself; absent: 1,000.
    #[serde(default)]
    pub limit: Option<usize>,
    /// About how many intervals the histogram has, 1 to 500; absent: 120.
    #[serde(default)]
    pub intervals: Option<usize>,
}

/// The answer to a question over lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogQueryAnswer {
    /// In the order of the question. Of rows that are no groups the last is `@ptr`.
    pub columns: Vec<LogQueryColumn>,
    /// One value per column, as text; null: the row has none.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether rows are groups, not lines.
    pub grouped: bool,
    /// Lines that passed the filters.
    pub matched: u64,
    /// Lines of the groups in the range.
    pub scanned: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Microseconds it took.
    pub elapsed_us: u64,
    /// Lines that passed, over time.
    pub histogram: LogHistogram,
    /// Time ran out, or it goes on: only the newest part of the range was read.
    pub partial: bool,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogQueryColumn {
    /// Its name.
    pub name: String,
    /// What all its values are: `time`, `number` or `text`.
    pub kind: LogQueryKind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogQueryKind {
    /// Moments, UTC.
    Time,
    /// Numbers.
    Number,
    /// Anything.
    Text,
}

/// Lines over time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogHistogram {
    /// Start of the first interval; it may lie before the range.
    pub start_ns: Nanos,
    /// Length of an interval.
    pub step_ns: Nanos,
    /// A number for each.
    pub counts: Vec<u64>,
}

/// One line of a streamed answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LogQueryEvent {
    /// What was found so far.
    Partial {
        /// See [`LogQueryAnswer::partial`].
        answer: LogQueryAnswer,
    },
    /// The whole; the last line.
    Done {
        /// The answer.
        answer: LogQueryAnswer,
    },
    /// There is none; the last line.
    Error {
        /// Why.
        problem: super::Problem,
    },
}

/// Names groups whose fields complete a question.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogWordsAsk {
    /// Slug of the environment.
    pub env: String,
    /// Names of groups; none: words of the language only.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// What can stand in a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogWords {
    /// Words that begin a stage.
    pub commands: Vec<String>,
    /// Words between expressions.
    pub keywords: Vec<String>,
    /// Functions.
    pub functions: Vec<LogFunction>,
    /// Fields every line has.
    pub special_fields: Vec<String>,
    /// Fields found in lines of the groups, as they are written in a question.
    pub fields: Vec<String>,
}

/// A function of the language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogFunction {
    /// Its name.
    pub name: String,
    /// How it is called.
    pub signature: String,
    /// What it gives.
    pub about: String,
    /// Whether it stands in `stats` only.
    pub aggregate: bool,
}
