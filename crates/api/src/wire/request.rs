//! One request as all four sources tell it.

use super::Nanos;
use engine::query;
use query::Cell;
use query::answer::ScanStats;
use query::request::{Join, Source};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// From which row a request is asked: by `trace_id`, maybe with `span_id`; or by `event_id` and `at_ns`.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RequestAsk {
    /// Slug of the environment.
    pub env: String,
    /// The trace id: 32 or 16 hex digits, a UUID, or X-Ray's `1-8-24`.
    pub trace_id: Option<String>,
    /// One span of the trace, 16 hex digits.
    pub span_id: Option<String>,
    /// Where the trace is looked for first, nanoseconds.
    pub start_ns: Option<Nanos>,
    /// See `start_ns`.
    pub end_ns: Option<Nanos>,
    /// Identity of a row of any table, 32 hex digits, as lists of rows give it.
    pub event_id: Option<String>,
    /// That row's time, nanoseconds: `timestamp_ns` of lists of rows.
    pub at_ns: Option<Nanos>,
    /// Whether each row comes with all its fields.
    pub fields: Option<bool>,
    /// `others`: without the rows of what was asked for, for who has them already. Their times still count.
    pub rows: Option<RowsAsked>,
}

/// Which rows of a request are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowsAsked {
    /// All of them.
    #[default]
    All,
    /// Those that joins brought: none of the trace, or the row without one, that was asked for.
    Others,
}

/// One request: the rows of all sources by time, and why each is among them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// Earliest start.
    pub start_ns: Nanos,
    /// Latest end.
    pub end_ns: Nanos,
    /// By time, parents before children of the same start.
    pub rows: Vec<RequestRow>,
    /// Why rows are here; rows name them by index. The first is what was asked for.
    pub joins: Vec<Join>,
    /// Rows near that fell below `threshold` and yet may be of it, best first: shown as candidates, never as part of the request.
    pub unattached: Vec<Unattached>,
    /// Least score of a join.
    pub threshold: f64,
    /// What has to be said about it, in words.
    pub notices: Vec<String>,
    /// What it took.
    pub stats: ScanStats,
}

/// One row of a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RequestRow {
    /// Identity, 32 hex digits.
    pub event_id: String,
    /// Event time.
    pub ts_ns: Nanos,
    /// Length; null for rows without one.
    pub duration_ns: Option<Nanos>,
    /// Who told it.
    pub source: Source,
    /// Which of `joins` brought it.
    pub join: usize,
    /// The table: `spans`, `logs`, `errors`.
    pub table: String,
    /// Slug of the dataset.
    pub dataset: String,
    /// `service.name`.
    pub service: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `span.kind`.
    pub kind: Option<String>,
    /// `unset`, `ok`, `error`.
    pub status: Option<String>,
    /// `meta.annotation_type` (`span_event`, `link`); null for spans and lines.
    pub annotation: Option<String>,
    /// As printed.
    pub trace_id: Option<String>,
    /// 16 hex digits.
    pub span_id: Option<String>,
    /// 16 hex digits; of span events and links the owning span.
    pub parent_id: Option<String>,
    /// HTTP status of the response.
    pub http_status: Option<u16>,
    /// Whether it had not ended when it was sent.
    pub in_progress: bool,
    /// What a line or an occurrence says how bad it is.
    pub severity: Option<String>,
    /// Message of a line or an occurrence, its beginning.
    pub body: Option<String>,
    /// Every field under its visible name, when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, Cell>>,
}

/// A row near a request that is not joined to it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unattached {
    /// Identity, 32 hex digits.
    pub event_id: String,
    /// Event time.
    pub ts_ns: Nanos,
    /// Length; null for rows without one.
    pub duration_ns: Option<Nanos>,
    /// Slug of the dataset.
    pub dataset: String,
    /// `service.name`.
    pub service: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `unset`, `ok`, `error`.
    pub status: Option<String>,
    /// What a line or an occurrence says how bad it is.
    pub severity: Option<String>,
    /// Message of a line or an occurrence, its beginning.
    pub body: Option<String>,
    /// As printed.
    pub trace_id: Option<String>,
    /// Who told it.
    pub source: Source,
    /// Probability that it is of this request.
    pub score: f64,
    /// What speaks for it, in words.
    pub reason: String,
}
