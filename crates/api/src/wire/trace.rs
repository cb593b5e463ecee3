//! Lists of traces, and one trace in columns.

use super::Nanos;
use engine::query;
use query::answer::ScanStats;
use query::trace::TraceSort;
use query::{Cell, Query};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Asks for root spans that pass a question's filters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TracesAsk {
    /// Slug of the environment.
    pub env: String,
    /// Slug of the dataset; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The question; its calculations and groups are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// The same as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Newest (default) or slowest first.
    #[serde(default)]
    pub sort: TraceSort,
    /// Most traces, 1 to 1,000; absent: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// A list of traces.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Traces {
    /// In the order asked.
    pub traces: Vec<TraceSummary>,
}

/// One line of a list of traces.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TraceSummary {
    /// As printed.
    pub trace_id: String,
    /// Service of the root span, or of the first span found.
    pub root_service: Option<String>,
    /// Name of the same.
    pub root_name: Option<String>,
    /// Start of the root.
    pub start_ns: Nanos,
    /// Length of the root; null when it has none.
    pub duration_ns: Option<Nanos>,
    /// Whether the root's status is error.
    pub error: bool,
    /// Spans in all.
    pub spans: u64,
    /// Spans with status error.
    pub errors: u64,
    /// Spans by service, most first.
    pub services: Vec<ServiceSpans>,
}

/// How many spans a service has.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ServiceSpans {
    /// `service.name`.
    pub service: String,
    /// Its spans.
    pub spans: u64,
}

/// Where a trace is looked for first.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TraceHint {
    /// Start of the range, nanoseconds.
    pub start_ns: Option<Nanos>,
    /// End of the range, nanoseconds.
    pub end_ns: Option<Nanos>,
}

/// One trace: spans, span events, links and lines, in columns, by time. An unknown trace is a 404.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// As printed.
    pub trace_id: String,
    /// Earliest start; `columns.start` counts from here.
    pub start_ns: Nanos,
    /// Latest end.
    pub end_ns: Nanos,
    /// Number of rows; every column has this length.
    pub rows: usize,
    /// Texts that columns point at by index.
    pub strings: Vec<String>,
    /// The rows.
    pub columns: TraceColumns,
    /// What it took.
    pub stats: ScanStats,
}

/// The columns of a trace. "Text index": an index into `strings`, −1 for none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct TraceColumns {
    /// Nanoseconds after the trace's start.
    pub start: Vec<i64>,
    /// Length, nanoseconds; −1 for rows without one (events, links, lines).
    pub duration: Vec<i64>,
    /// Row of the parent span (of the owning span, for events and links): −1 none, −2 not in this trace.
    pub parent: Vec<i32>,
    /// 16 hex digits; null for rows that are no span.
    pub span_id: Vec<Option<String>>,
    /// 16 hex digits of the parent, also when it is missing.
    pub parent_id: Vec<Option<String>>,
    /// Text index of `service.name`.
    pub service: Vec<i32>,
    /// Text index of `name`.
    pub name: Vec<i32>,
    /// Text index of `span.kind`.
    pub kind: Vec<i32>,
    /// Text index of the status: `unset`, `ok`, `error`.
    pub status: Vec<i32>,
    /// HTTP status of the response; 0 for none.
    pub http_status: Vec<u16>,
    /// 1 for a span that had not ended when it was sent.
    pub in_progress: Vec<u8>,
    /// Text index of what a line says how bad it is (`severity`).
    pub severity: Vec<i32>,
    /// Text index of the message of a line or an occurrence, its beginning.
    pub body: Vec<i32>,
    /// Text index of the table: `spans`, `logs`, `errors`.
    pub table: Vec<i32>,
    /// Text index of the dataset's slug.
    pub dataset: Vec<i32>,
    /// Text index of `meta.source`.
    pub source: Vec<i32>,
    /// Text index of `meta.annotation_type` (`span_event`, `link`); −1 for spans and lines.
    pub annotation: Vec<i32>,
    /// Stable identity, 32 hex digits; asks for the row's fields.
    pub event_id: Vec<String>,
}

/// When a row was.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RowTime {
    /// The row's time, nanoseconds, as lists of rows give it.
    pub at_ns: Nanos,
}

/// One row with all its fields.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TraceRow {
    /// Stable identity.
    pub event_id: String,
    /// Event time.
    pub ts_ns: Nanos,
    /// The table: `spans`, `logs`, `errors`.
    pub table: String,
    /// Slug of the dataset.
    pub dataset: String,
    /// Every field under its visible name.
    pub fields: BTreeMap<String, Cell>,
}
