//! Questions and their answers.

use super::{Nanos, Problem};
use engine::query;
use query::answer::ScanStats;
use query::facets::Selection;
use query::{Cell, Query};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What is asked: exactly one of `query` and `text`, over one dataset or a whole environment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Slug of the environment.
    pub env: String,
    /// Slug of the dataset; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The question as a tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// The question as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the bins of heatmaps have equal ratios, for a logarithmic axis, rather than equal widths.
    #[serde(default)]
    pub log_heatmap: bool,
    /// Whether the answer is groups and totals alone, without series, which costs less.
    #[serde(default)]
    pub totals_only: bool,
}

/// A question with its two spellings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// The tree.
    pub query: Query,
    /// The same as text.
    pub text: String,
}

/// Text to be read as a question.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParseAsk {
    /// As typed.
    pub text: String,
}

/// A question to be written as text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenderAsk {
    /// The tree.
    pub query: Query,
}

/// One line of a streamed answer, in this order: one `plan`, any number of `progress` and
/// `partial`, then one `done` or `error`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QueryEvent {
    /// What will be answered.
    Plan(Asked),
    /// How far reading has come.
    Progress {
        /// Totals so far.
        stats: ScanStats,
    },
    /// The answer over what was read so far, newest slices first.
    Partial {
        /// Not final; the same shape as the final one.
        answer: Answer,
    },
    /// The answer.
    Done {
        /// Final.
        answer: Answer,
    },
    /// No answer.
    Error {
        /// Why.
        problem: Problem,
    },
}

/// The answer to a question.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The question, with its two spellings.
    pub asked: Asked,
    /// Start of the range, inclusive.
    pub start_ns: Nanos,
    /// End of the range, exclusive.
    pub end_ns: Nanos,
    /// Width of a time bucket. Bucket `i` starts at `first_bucket_ns + i × step_ns`.
    pub step_ns: Nanos,
    /// Start of the first bucket: a multiple of the step, at or before `start_ns`.
    pub first_bucket_ns: Nanos,
    /// Number of time buckets; every `values` array has this length.
    pub buckets: usize,
    /// Labels of the calculations, in the order asked.
    pub calculations: Vec<CalculationLabel>,
    /// Fields grouped by, in the order asked.
    pub breakdowns: Vec<String>,
    /// One row per group, ordered and limited: breakdowns and calculations under their labels.
    pub results: Vec<BTreeMap<String, Cell>>,
    /// `series[i]` belongs to `results[i]`. Without breakdowns: one, over all rows.
    pub series: Vec<Series>,
    /// Over all rows.
    pub total: BTreeMap<String, Cell>,
    /// Over all rows, by time; null without breakdowns, where `series[0]` is just that.
    pub total_series: Option<Series>,
    /// Over the groups not listed; null when all are listed.
    pub other: Option<BTreeMap<String, Cell>>,
    /// Number of groups before the limit.
    pub groups_seen: u64,
    /// Groups were cut on the way: those listed may not be the very first.
    pub approximate: bool,
    /// What the reader should know: unknown fields, a limit that cut the answer short, …
    pub notices: Vec<String>,
    /// What it took.
    pub stats: ScanStats,
}

/// A calculation of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalculationLabel {
    /// Key of its values in `results`, `total` and `other`.
    pub label: String,
    /// The operation.
    pub op: query::spec::Op,
    /// Its field.
    pub column: Option<String>,
}

/// One group over time: one line per calculation, in the order of `calculations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// The calculations.
    pub lines: Vec<Line>,
}

/// One calculation over time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Line {
    /// One number per bucket.
    Numbers {
        /// Null where no row had a value; counts are 0 there.
        values: Vec<Option<f64>>,
    },
    /// A heatmap.
    Heatmap(Heatmap),
}

/// Histograms by time over shared bins, sparse.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Heatmap {
    /// Lower edges of the bins, rising.
    pub min: Vec<f64>,
    /// Upper edges of the bins.
    pub max: Vec<f64>,
    /// Triples, flattened: time bucket, bin, weighted count; by time, then bin. Counts are above 0.
    pub cells: Vec<i64>,
    /// Greatest count of a cell.
    pub peak: i64,
}

/// Asks which fields make a selection differ from the rest.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BubbleUpAsk {
    /// Slug of the environment.
    pub env: String,
    /// Slug of the dataset; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The question whose rows are looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// The same as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The selection; absent: every field's plain distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// Most fields returned, 1 to 200; absent: 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Fields to pass over, for the next page.
    #[serde(default)]
    pub offset: usize,
}

/// Asks for the newest rows that pass a question's filters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowsAsk {
    /// Slug of the environment.
    pub env: String,
    /// Slug of the dataset; absent: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Query>,
    /// The same as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Most rows, 1 to 1,000; absent: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Rows with all their fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Rows {
    /// Newest first; visible names; `timestamp_ns` (decimal text), `dataset` and `event_id` always there.
    pub rows: Vec<BTreeMap<String, Cell>>,
    /// Whether there were more.
    pub more: bool,
    /// What it took.
    pub stats: ScanStats,
}

/// A value of a field and how often it was seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldValue {
    /// The value.
    pub value: Cell,
    /// Rows that have it.
    pub count: u64,
}

/// Distinct values of a field in the last two hours, most frequent first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldValues {
    /// The values.
    pub values: Vec<FieldValue>,
}

/// A field that questions can name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// The visible name.
    pub name: String,
    /// Types seen, the first one first: `string` `integer` `float` `boolean`.
    pub types: Vec<String>,
    /// Last time a batch brought it; null for the columns every table has.
    pub last_seen_ns: Option<Nanos>,
    /// Rows that had it since counting began.
    pub rows: u64,
}

/// The fields of a dataset or an environment, sorted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Fields {
    /// The fields.
    pub fields: Vec<Field>,
}
