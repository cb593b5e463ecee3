//! The question: a plain tree, and its JSON spelling (honeycomb.md §5).
//!
//! Every surface ends in this tree; its JSON is Honeycomb's query specification, its text is
//! [`crate::text`]. What stands here is what was asked, unresolved: fields are visible names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question over one dataset or a whole environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// What to compute. Empty: COUNT.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calculations: Vec<Calculation>,
    /// Conditions on rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// How the filters combine.
    #[serde(default, skip_serializing_if = "Combination::is_and")]
    pub filter_combination: Combination,
    /// Fields to group by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakdowns: Vec<String>,
    /// Order of the groups. Empty: first calculation, descending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// Conditions on groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub havings: Vec<Having>,
    /// Most groups listed, 1 to 10,000; absent: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Length of the range, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_range: Option<u64>,
    /// Start, seconds since 1970. A float is taken: our UI zooms below the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<f64>,
    /// End, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<f64>,
    /// Width of a time bucket, seconds; absent or 0: chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<f64>,
    /// Ignores weights and exposes "Sample Rate".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usage_mode: bool,
    /// Not built: refused by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculated_fields: Option<serde_json::Value>,
    /// Not built: refused by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formulas: Option<serde_json::Value>,
    /// Not built: refused by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_time_offset_seconds: Option<u64>,
}

/// How filters combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Combination {
    /// All must hold.
    #[default]
    And,
    /// One must hold.
    Or,
}

impl Combination {
    /// For serde: AND is not echoed.
    #[must_use]
    pub fn is_and(&self) -> bool {
        *self == Self::And
    }
}

/// One thing to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calculation {
    /// The operation.
    pub op: Op,
    /// Its field; none for COUNT (or: rows where it exists) and CONCURRENCY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The label of its results; absent: `OP(column)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Conditions for this calculation alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
    /// How they combine.
    #[serde(default, skip_serializing_if = "Combination::is_and")]
    pub filter_combination: Combination,
}

/// Operations, in the vendor's spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    missing_docs,
    reason = "honeycomb.md §5 is the table; each name says what it is"
)]
pub enum Op {
    Count,
    Sum,
    Avg,
    Min,
    Max,
    CountDistinct,
    P001,
    P01,
    P05,
    P10,
    P20,
    P25,
    P50,
    P75,
    P80,
    P90,
    P95,
    P99,
    P999,
    Heatmap,
    Concurrency,
    RateAvg,
    RateSum,
    RateMax,
}

/// One condition on a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The field, maybe with `root.` `parent.` `child.` `any.` `any2.` `any3.` `none.` before it.
    pub column: String,
    /// The comparison.
    pub op: FilterOp,
    /// What it is compared with; none for exists and does-not-exist, an array for in and not-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
}

/// Comparisons of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the wire names say what they are")]
pub enum FilterOp {
    #[serde(rename = "=")]
    Eq,
    #[serde(rename = "!=")]
    Ne,
    #[serde(rename = ">")]
    Gt,
    #[serde(rename = ">=")]
    Ge,
    #[serde(rename = "<")]
    Lt,
    #[serde(rename = "<=")]
    Le,
    StartsWith,
    DoesNotStartWith,
    EndsWith,
    DoesNotEndWith,
    Exists,
    DoesNotExist,
    Contains,
    DoesNotContain,
    In,
    NotIn,
}

/// One term of the order of groups: a breakdown (`column`) or a calculation (`op`, `column`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The breakdown, or the calculation's field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The calculation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// Direction.
    #[serde(default)]
    pub order: Direction,
}

/// Direction of an order; ascending unless told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Greatest first.
    Descending,
}

/// One condition on a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Having {
    /// The calculation.
    pub calculate_op: Op,
    /// Its field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// One of = != > >= < <=.
    pub op: FilterOp,
    /// The number compared with.
    pub value: f64,
}
