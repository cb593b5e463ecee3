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

impl FilterOp {
    /// The vendor's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::StartsWith => "starts-with",
            Self::DoesNotStartWith => "does-not-start-with",
            Self::EndsWith => "ends-with",
            Self::DoesNotEndWith => "does-not-end-with",
            Self::Exists => "exists",
            Self::DoesNotExist => "does-not-exist",
            Self::Contains => "contains",
            Self::DoesNotContain => "does-not-contain",
            Self::In => "in",
            Self::NotIn => "not-in",
        }
    }

    /// Every comparison.
    pub const ALL: [Self; 16] = [
        Self::Eq,
        Self::Ne,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
        Self::StartsWith,
        Self::DoesNotStartWith,
        Self::EndsWith,
        Self::DoesNotEndWith,
        Self::Exists,
        Self::DoesNotExist,
        Self::Contains,
        Self::DoesNotContain,
        Self::In,
        Self::NotIn,
    ];

    /// Whether it holds where the field is missing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        matches!(
            self,
            Self::Ne
                | Self::DoesNotStartWith
                | Self::DoesNotEndWith
                | Self::DoesNotExist
                | Self::DoesNotContain
                | Self::NotIn
        )
    }
}

impl Op {
    /// The vendor's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Avg => "AVG",
            Self::Min => "MIN",
            Self::Max => "MAX",
            Self::CountDistinct => "COUNT_DISTINCT",
            Self::P001 => "P001",
            Self::P01 => "P01",
            Self::P05 => "P05",
            Self::P10 => "P10",
            Self::P20 => "P20",
            Self::P25 => "P25",
            Self::P50 => "P50",
            Self::P75 => "P75",
            Self::P80 => "P80",
            Self::P90 => "P90",
            Self::P95 => "P95",
            Self::P99 => "P99",
            Self::P999 => "P999",
            Self::Heatmap => "HEATMAP",
            Self::Concurrency => "CONCURRENCY",
            Self::RateAvg => "RATE_AVG",
            Self::RateSum => "RATE_SUM",
            Self::RateMax => "RATE_MAX",
        }
    }

    /// Every operation.
    pub const ALL: [Self; 24] = [
        Self::Count,
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::CountDistinct,
        Self::P001,
        Self::P01,
        Self::P05,
        Self::P10,
        Self::P20,
        Self::P25,
        Self::P50,
        Self::P75,
        Self::P80,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::P999,
        Self::Heatmap,
        Self::Concurrency,
        Self::RateAvg,
        Self::RateSum,
        Self::RateMax,
    ];

    /// The share below a percentile's value, in thousandths; `None` for other operations.
    #[must_use]
    pub fn per_mille(self) -> Option<u32> {
        Some(match self {
            Self::P001 => 1,
            Self::P01 => 10,
            Self::P05 => 50,
            Self::P10 => 100,
            Self::P20 => 200,
            Self::P25 => 250,
            Self::P50 => 500,
            Self::P75 => 750,
            Self::P80 => 800,
            Self::P90 => 900,
            Self::P95 => 950,
            Self::P99 => 990,
            Self::P999 => 999,
            _ => return None,
        })
    }

    /// Whether it needs a field.
    #[must_use]
    pub fn needs_column(self) -> bool {
        !matches!(self, Self::Count | Self::Concurrency)
    }
}

impl Calculation {
    /// The label of its results.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.name, &self.column) {
            (Some(name), _) => name.clone(),
            (None, Some(column)) => format!("{}({column})", self.op.as_str()),
            (None, None) => self.op.as_str().to_owned(),
        }
    }
}
