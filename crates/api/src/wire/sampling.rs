//! Groups and sampling rules.

use super::Nanos;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Over which traces groups are counted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GroupsAsk {
    /// Start of the range, nanoseconds; absent: an hour before its end.
    pub start_ns: Option<Nanos>,
    /// End of the range, nanoseconds; absent: now.
    pub end_ns: Option<Nanos>,
}

/// The groups, and how many traces of the range are in each.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Groups {
    /// The default one first, then by name.
    pub groups: Vec<Group>,
    /// Traces of the range that were looked at.
    pub traces: u64,
    /// There are more; the newest were looked at.
    pub partial: bool,
    /// Names of services seen in them, most traces first.
    pub names: Vec<SeenName>,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its filter expression; empty: every trace.
    pub expression: String,
    /// Whether it is always there and cannot be changed.
    pub is_default: bool,
    /// Whether insights are wanted.
    pub insights: bool,
    /// Whether notifications are wanted.
    pub notifications: bool,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// When it was made; null for the default one.
    pub created_ns: Option<Nanos>,
    /// Traces in it; null when its expression cannot be read.
    pub traces: Option<u64>,
    /// Why there may be none, in words; null when there are some.
    pub hint: Option<String>,
}

/// A name of a service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeenName {
    /// The name.
    pub name: String,
    /// Traces it was seen in.
    pub traces: u64,
}

/// A group to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// 1 to 32 characters.
    pub name: String,
    /// Which traces; empty: all.
    #[serde(default)]
    pub expression: String,
}

/// A change of a group.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    /// Which traces; empty: all.
    pub expression: String,
}

/// The sampling rules in the order they decide.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SamplingRules {
    /// The one that is always there last.
    pub rules: Vec<SamplingRule>,
    /// When one was made, changed or deleted last; null: never.
    pub changed_ns: Option<Nanos>,
}

/// A sampling rule and its use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SamplingRule {
    /// The rule.
    pub rule: RuleFields,
    /// Whether it is always there; then only rate and reservoir can be changed.
    pub is_default: bool,
    /// When it was made; null for the one that is always there.
    pub created_ns: Option<Nanos>,
    /// When it was changed last.
    pub modified_ns: Option<Nanos>,
    /// What clients reported, in windows of ten seconds, oldest first; at most an hour.
    pub windows: Vec<SamplingWindow>,
    /// Clients that reported within the last 30 seconds.
    pub clients: Vec<SamplingClient>,
}

/// What a rule holds. Text fields are patterns with `*` and `?`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFields {
    /// 1 to 32 characters.
    pub name: String,
    /// 1 to 9999, the smallest decides first.
    pub priority: u32,
    /// Requests a second sampled before the share counts, over all clients.
    pub reservoir_size: u32,
    /// Share of the requests beyond the reservoir, 0 to 1.
    pub fixed_rate: f64,
    /// Name of the service.
    #[serde(default = "any")]
    pub service_name: String,
    /// Kind of the service.
    #[serde(default = "any")]
    pub service_type: String,
    /// Host header.
    #[serde(default = "any")]
    pub host: String,
    /// HTTP method.
    #[serde(default = "any")]
    pub http_method: String,
    /// Path of the URL.
    #[serde(default = "any")]
    pub url_path: String,
    /// What the service runs on.
    #[serde(default = "any")]
    pub resource_arn: String,
    /// Attributes the request must have.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

fn any() -> String {
    "*".to_owned()
}

/// Ten seconds of a rule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SamplingWindow {
    /// Start.
    pub start_ns: Nanos,
    /// Requests the rule decided.
    pub requests: u64,
    /// Sampled, those without a share too: some clients leave these out of what they report.
    pub sampled: u64,
    /// Sampled without a share of the reservoir.
    pub borrowed: u64,
}

/// A client that reports.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SamplingClient {
    /// Its id.
    pub id: String,
    /// Requests a second, smoothed.
    pub rate: f64,
    /// Its share of the reservoir, requests a second.
    pub quota: u32,
    /// When it reported last.
    pub seen_ns: Nanos,
}
