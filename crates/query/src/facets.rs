//! BubbleUp: which fields make a selection differ from the rest (honeycomb.md §7).

mod histogram;
mod pass;
mod rank;
mod tally;

use crate::answer::{Bin, Cell, ScanStats};
use crate::spec::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A selection within a question's rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BubbleUp {
    /// The question: its filters and range give the rows.
    pub query: Query,
    /// The selection; all other rows are the baseline. None: every field's plain distribution.
    pub selection: Option<Selection>,
    /// Most fields returned; absent: 20.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Fields to pass over, for the next page.
    #[serde(default)]
    pub offset: usize,
}

/// What was selected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Selection {
    /// A box on a heatmap: time and value, both half open.
    Box {
        /// The measured field.
        column: String,
        /// Nanoseconds as text: 64 bits do not fit a JSON number.
        start_ns: String,
        /// See `start_ns`.
        end_ns: String,
        /// Smallest value.
        min: f64,
        /// Values below this.
        max: f64,
    },
    /// A group: rows where each field equals the value (null: is absent).
    Group {
        /// Field and value.
        keys: Vec<(String, Cell)>,
    },
}

/// Fields ranked by difference.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facets {
    /// Weighted rows selected.
    pub selected: u64,
    /// Weighted rows of the baseline.
    pub baseline: u64,
    /// Fields, most different first, ids and the measured column after all others.
    pub fields: Vec<Facet>,
    /// Fields looked at in all.
    pub fields_total: usize,
    /// Over how many rows; fewer than all when sampled.
    pub rows_looked_at: u64,
    /// Whether rows were sampled.
    pub sampled: bool,
    /// What it took.
    pub stats: ScanStats,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facet {
    /// Its visible name.
    pub field: String,
    /// 0 to 1: greatest difference of shares (values), or Kolmogorov–Smirnov distance (measure).
    pub difference: f64,
    /// More than 90 % of its values differ over more than 20 rows, or it is a known id.
    pub is_id: bool,
    /// It tells nothing of its own: its telling value is on the same rows as that of this field,
    /// which stands before it, or it follows the measured field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Its distribution.
    pub shape: Shape,
}

/// The distribution of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Shape {
    /// Shares by value, greatest difference first, at most 10; null is a value.
    Values {
        /// The bars.
        bars: Vec<Bar>,
        /// Weighted rows with other values: (selected, baseline).
        others: (u64, u64),
        /// Distinct values seen.
        distinct: u64,
    },
    /// Two histograms over shared bins.
    Measure {
        /// Of the selection.
        selected: Vec<Bin>,
        /// Of the baseline.
        baseline: Vec<Bin>,
    },
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bar {
    /// The value; null: absent.
    pub value: Cell,
    /// Weighted rows selected that have it.
    pub selected: u64,
    /// Weighted rows of the baseline that have it.
    pub baseline: u64,
}
