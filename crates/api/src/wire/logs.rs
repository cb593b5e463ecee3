//! Log groups, their streams, and lines.

use super::Nanos;
use engine::query::Cell;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Narrows a list of groups.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogGroupsFilter {
    /// Names hold this, in any case.
    pub search: Option<String>,
}

/// Groups of an environment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogGroups {
    /// By name.
    pub groups: Vec<LogGroup>,
}

/// A log group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// The slug of its dataset, as questions name it.
    pub dataset: String,
    /// When it was made.
    pub created_ns: Nanos,
    /// How long its lines are kept, days; absent: as long as everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Bytes of all lines taken, those since expired too.
    pub stored_bytes: u64,
    /// Lines taken, those since expired too.
    pub lines: u64,
    /// When a line was taken last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<Nanos>,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

/// Which streams are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogStreamsFilter {
    /// The group's name.
    pub group: String,
    /// Names hold this, in any case.
    pub search: Option<String>,
    /// Most streams, 1 to 1,000; absent: 200.
    pub limit: Option<usize>,
}

/// Streams of a group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogStreams {
    /// Those with the latest line first.
    pub streams: Vec<LogStream>,
    /// How many streams pass in all.
    pub total: u64,
}

/// A stream of a group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogStream {
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_ns: Nanos,
    /// Time of its earliest line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_ns: Option<Nanos>,
    /// Time of its latest line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<Nanos>,
    /// When a line was taken last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingested_ns: Option<Nanos>,
    /// The service that its writer named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// Which lines.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLinesAsk {
    /// Slug of the environment.
    pub env: String,
    /// The group's name.
    pub group: String,
    /// Names of streams; none: all.
    #[serde(default)]
    pub streams: Vec<String>,
    /// Text, a filter pattern (`{ $.status >= 500 }`, `[a, b = 4*]`), or `/a regular expression/`.
    #[serde(default)]
    pub filter: Option<String>,
    /// First nanosecond; absent: an hour before the end.
    #[serde(default)]
    pub start_ns: Option<Nanos>,
    /// First nanosecond beyond; absent: now, and what is dated ahead.
    #[serde(default)]
    pub end_ns: Option<Nanos>,
    /// Order of the page: `newest` (default) or `oldest` first.
    #[serde(default)]
    pub order: LogOrder,
    /// Only lines that come after this one in the order asked: the `id` of a line.
    #[serde(default)]
    pub beyond: Option<String>,
    /// Most lines, 1 to 1,000; absent: 200.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// Order of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogOrder {
    /// Latest first.
    #[default]
    Newest,
    /// Earliest first.
    Oldest,
}

/// A page of lines.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogLines {
    /// In the order asked.
    pub lines: Vec<LogLine>,
    /// Whether there are more beyond the last.
    pub more: bool,
    /// Rows looked at.
    pub examined: u64,
    /// Microseconds it took.
    pub elapsed_us: u64,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Names it for as long as it exists: its time in nanoseconds, a dot, its identity (32 hex digits).
    pub id: String,
    /// Its time.
    pub ts_ns: Nanos,
    /// When it was taken.
    pub ingested_ns: Nanos,
    /// Its stream.
    pub stream: String,
    /// As sent.
    pub message: String,
    /// The trace found in it, 32 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The severity it says, as it says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
}

/// Which lines are counted, and in how many intervals.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogCountsAsk {
    /// Slug of the environment.
    pub env: String,
    /// The group's name.
    pub group: String,
    /// Names of streams; none: all.
    #[serde(default)]
    pub streams: Vec<String>,
    /// As for lines.
    #[serde(default)]
    pub filter: Option<String>,
    /// First nanosecond.
    pub start_ns: Nanos,
    /// First nanosecond beyond.
    pub end_ns: Nanos,
    /// How many intervals, 1 to 1,000; absent: 120.
    #[serde(default)]
    pub intervals: Option<usize>,
}

/// Lines counted over time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogCounts {
    /// Equal parts of the range, in order: lines by severity (as said; empty: none said).
    pub intervals: Vec<BTreeMap<String, u64>>,
    /// Lines that pass.
    pub matched: u64,
    /// Lines in the range.
    pub examined: u64,
}

/// A line with all its fields.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogLineFields {
    /// Visible names, `body` for the line itself.
    pub fields: BTreeMap<String, Cell>,
}

/// Which line.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogLineOf {
    /// The group's name.
    pub group: String,
}

/// Which lines are followed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LogTail {
    /// The group's name; absent: all groups.
    pub group: Option<String>,
    /// One stream; absent: all.
    pub stream: Option<String>,
    /// As for lines.
    pub filter: Option<String>,
}

/// A line of the tail's stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LogTailEvent {
    /// The line stands; nothing new.
    Idle,
    /// Lines stored together, in order.
    Lines {
        /// Their group.
        group: String,
        /// Their stream.
        stream: String,
        /// When they were taken.
        ingested_ns: Nanos,
        /// At most 1,000 a second are sent.
        lines: Vec<LogTailLine>,
        /// Lines that passed and are not sent, since the event before.
        left_out: u64,
    },
    /// The reader was too slow: so many batches are missing.
    Missed {
        /// How many.
        batches: u64,
    },
}

/// One followed line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogTailLine {
    /// Its time.
    pub ts_ns: Nanos,
    /// As sent.
    pub message: String,
}
