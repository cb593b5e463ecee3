//! One request, whichever row it is asked from: the rows of all four sources on one timeline.
//!
//! Joins are made when asked, never stored, in three tiers. *By id*: rows that share a trace id, in any
//! written form. *By an id found in text*: a line or an occurrence whose text holds the id of a trace, or
//! the id of a request that another row has in a field. *By assignment*: rows that share no id are
//! weighed by method, path, status, address, service and time against all others near them
//! ([`pairs`]), and joined where the probability that they are one request reaches
//! [`THRESHOLD`] although each has at most one partner ([`assign`]). Below it nothing is joined: the best
//! candidate is named instead.
//!
//! Reading order: [`text`], [`unit`], [`assign`], [`lags`], [`pairs`], [`story`].

mod assign;
mod lags;
mod pairs;
mod rows;
mod story;
#[cfg(test)]
mod tests;
mod text;
mod unit;

use crate::answer::ScanStats;
use crate::trace::TraceRow;
use event::{EventId, SpanId, TraceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) use rows::at as row_at;
pub(crate) use story::tell;
pub use text::read as read_text;

/// Least score of a join: ui.md §6 asks for 0.7 or more. Scores are probabilities, so what is joined at 0.75 is wrong
/// once in four times.
pub const THRESHOLD: f64 = 0.8;

/// Where a request is asked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// Any row of a trace; `span` names one.
    Trace {
        /// Its id.
        id: TraceId,
        /// One of its spans.
        span: Option<SpanId>,
        /// Nanoseconds around which it is looked for first.
        hint: Option<(i64, i64)>,
    },
    /// One row of any table.
    Row {
        /// Its identity.
        event_id: EventId,
        /// Its event time, nanoseconds.
        ts_ns: i64,
    },
}

/// Who told of the request.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = RequestSource)]
pub enum Source {
    /// Spans of OpenTelemetry and the Events API, their events and links.
    Spans,
    /// X-Ray's segments and subsegments.
    Segments,
    /// Log lines.
    Lines,
    /// Occurrences of errors.
    Occurrences,
}

impl Source {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Spans, Self::Segments, Self::Lines, Self::Occurrences];

    /// One of them, in words.
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Self::Spans => "span",
            Self::Segments => "segment",
            Self::Lines => "line",
            Self::Occurrences => "occurrence",
        }
    }

    /// The source of a row read whole.
    #[must_use]
    pub fn of_row(row: &TraceRow) -> Self {
        match (row.table.as_str(), row.source.as_deref()) {
            ("logs", _) => Self::Lines,
            ("errors", _) => Self::Occurrences,
            (_, Some("xray")) => Self::Segments,
            _ => Self::Spans,
        }
    }
}

/// How sure a join is by its kind, surest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[schema(as = RequestTier)]
pub enum Tier {
    /// What was asked for.
    Asked,
    /// A trace id that both have.
    Id,
    /// An id of the one, found in the text or in a field of the other.
    Text,
    /// No shared id: told by what they say and by time.
    Assignment,
}

/// Why some rows are of this request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestJoin)]
pub struct Join {
    /// Its kind.
    pub tier: Tier,
    /// The source of the row that was joined; rows of the same trace came with it.
    pub source: Source,
    /// Probability that it is right, 0 to 1; 1 by id.
    pub score: f64,
    /// In words.
    pub reason: String,
    /// The join whose rows it was joined to; none for what was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<usize>,
}

/// One row of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRow {
    /// The row, with all its fields.
    pub row: TraceRow,
    /// Its trace id as printed, when it has one.
    pub trace_id: Option<String>,
    /// Who told it.
    pub source: Source,
    /// Which of [`Request::joins`] brought it.
    pub join: usize,
}

/// A row near the request that fell below the threshold, the best of its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Unattached {
    /// The row, with all its fields.
    pub row: TraceRow,
    /// Its trace id as printed, when it has one.
    pub trace_id: Option<String>,
    /// Who told it.
    pub source: Source,
    /// Probability that it is of this request.
    pub score: f64,
    /// What speaks for it, in words.
    pub reason: String,
}

/// A request as all sources tell it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// By time.
    pub rows: Vec<RequestRow>,
    /// The first is what was asked for.
    pub joins: Vec<Join>,
    /// Best first.
    pub unattached: Vec<Unattached>,
    /// What has to be said about it, in words.
    pub notices: Vec<String>,
    /// What it took.
    pub stats: ScanStats,
}
