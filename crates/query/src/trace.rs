//! One trace, whole; and lists of traces.

use crate::answer::{Row, ScanStats};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All rows of one trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// As printed; all forms are accepted when asked.
    pub trace_id: String,
    /// Spans, span events, links and lines, by time.
    pub rows: Vec<TraceRow>,
    /// What it took.
    pub stats: ScanStats,
}

/// One row of a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// Start, nanoseconds.
    pub ts_ns: i64,
    /// Length, nanoseconds; none for events, links, lines.
    pub duration_ns: Option<i64>,
    /// 16 hex digits.
    pub span_id: Option<String>,
    /// 16 hex digits; on event and link rows the owning span.
    pub parent_id: Option<String>,
    /// `service.name`.
    pub service: Option<String>,
    /// `name`.
    pub name: Option<String>,
    /// `span.kind`.
    pub kind: Option<String>,
    /// `unset`, `ok`, `error`.
    pub status: Option<String>,
    /// `spans`, `logs`, `errors`.
    pub table: String,
    /// The dataset.
    pub dataset: String,
    /// `meta.source`.
    pub source: Option<String>,
    /// `meta.annotation_type`: `span_event`, `link`; none for spans.
    pub annotation: Option<String>,
    /// Stable identity, 32 hex digits.
    pub event_id: String,
    /// Every field under its visible name.
    pub fields: Row,
}

/// Order of a list of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TraceSort {
    /// Newest root first.
    #[default]
    Newest,
    /// Longest root first.
    Slowest,
}

/// One line of a list of traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceSummary {
    /// As printed.
    pub trace_id: String,
    /// Of the root span, or the first span found.
    pub root_service: Option<String>,
    /// See `root_service`.
    pub root_name: Option<String>,
    /// Start of the root, nanoseconds.
    pub ts_ns: i64,
    /// Length of the root.
    pub duration_ns: Option<i64>,
    /// Whether the root's status is error.
    pub error: bool,
    /// Spans in all.
    pub spans: u64,
    /// Spans with status error.
    pub errors: u64,
    /// (service, spans), most first.
    pub services: Vec<(String, u64)>,
}
