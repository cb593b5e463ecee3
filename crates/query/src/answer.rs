//! The answer: series, groups and totals, as plain values any surface can render.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The value of a group key or a calculation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Cell {
    /// No value.
    Null,
    /// Truth value.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Double.
    Float(f64),
    /// Text.
    Text(String),
    /// A histogram: HEATMAP's value.
    Buckets {
        /// Non-empty bins, rising.
        buckets: Vec<Bin>,
    },
}

/// One bin of a histogram: values in `min..max`, and their weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bin {
    /// Lower edge.
    pub min: f64,
    /// Upper edge.
    pub max: f64,
    /// Weighted number of values.
    pub count: i64,
}

/// Values by label: breakdown fields under their names, calculations under theirs.
pub type Row = BTreeMap<String, Cell>;

/// One group at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesPoint {
    /// Start of the bucket, nanoseconds since 1970.
    pub time_ns: i64,
    /// The group's keys and values.
    pub data: Row,
}

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The range asked, nanoseconds, half open.
    pub start_ns: i64,
    /// See `start_ns`.
    pub end_ns: i64,
    /// Width of a time bucket, nanoseconds.
    pub step_ns: i64,
    /// Labels of the calculations, in the order asked.
    pub calculations: Vec<String>,
    /// Breakdowns, in the order asked.
    pub breakdowns: Vec<String>,
    /// One point per group and bucket, by time, then in the order of `results`.
    pub series: Vec<SeriesPoint>,
    /// One row per group, ordered and limited.
    pub results: Vec<Row>,
    /// Over all rows.
    pub total: Row,
    /// Over all rows, by time.
    pub total_series: Vec<SeriesPoint>,
    /// Over the groups not listed; `None` when all are.
    pub other: Option<Row>,
    /// Number of groups before the limit.
    pub groups_seen: u64,
    /// Groups were cut on the way: the listed ones may not be the very first.
    pub approximate: bool,
    /// Time ran out: only the newest part of the range was read.
    #[serde(default)]
    pub partial: bool,
    /// What the reader should know: unknown fields, traces longer than the margin, …
    pub notices: Vec<String>,
    /// What it took.
    pub stats: ScanStats,
}

/// What a question read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanStats {
    /// Rows that passed time and dataset.
    pub rows_examined: u64,
    /// Bytes of parts considered.
    pub bytes_total: u64,
    /// Bytes of parts actually scanned so far.
    pub bytes_scanned: u64,
    /// Parts in range, and how many were skipped by key, dataset or index.
    pub parts_total: u32,
    /// See `parts_total`.
    pub parts_skipped: u32,
    /// Wall time, microseconds.
    pub elapsed_us: u64,
}
