//! The service map.

use super::Nanos;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which traces the map is of.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MapAsk {
    /// Start of the range, nanoseconds; absent: an hour before its end.
    pub start_ns: Option<Nanos>,
    /// End of the range, nanoseconds; absent: now.
    pub end_ns: Option<Nanos>,
    /// Only traces this filter expression means.
    pub filter: Option<String>,
    /// Only traces of this group.
    pub group: Option<String>,
}

/// A map: what calls what, and how it went.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Map {
    /// Start of the range.
    pub start_ns: Nanos,
    /// End of the range.
    pub end_ns: Nanos,
    /// Services, databases, queues, and those who call from outside.
    pub nodes: Vec<MapNode>,
    /// Calls between them.
    pub edges: Vec<MapEdge>,
    /// Traces that are in the map.
    pub traces: u64,
    /// Traces looked at.
    pub traces_seen: u64,
    /// The range holds more traces than were looked at, the newest first.
    pub partial: bool,
}

/// How calls went: each is in exactly one class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct MapCalls {
    /// Neither error nor fault.
    pub ok: u64,
    /// The caller's fault (4xx), but for throttling.
    pub error: u64,
    /// Throttled (429).
    pub throttle: u64,
    /// The callee's fault (5xx, exceptions).
    pub fault: u64,
    /// All of them.
    pub total: u64,
    /// Mean length; null without calls.
    pub mean_ns: Option<Nanos>,
    /// Length below which half of them lie.
    pub p50_ns: Option<Nanos>,
    /// Length below which 95 % of them lie.
    pub p95_ns: Option<Nanos>,
}

/// A node of the map.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapNode {
    /// Its number in this answer.
    pub id: usize,
    /// Its name.
    pub name: String,
    /// What it is: `AWS::EC2::Instance`, `Database::SQL`, `remote`, `client` …; null when nothing tells.
    pub kind: Option<String>,
    /// The account it lies in.
    pub account: Option<String>,
    /// Traces begin here.
    pub is_root: bool,
    /// Stands for whoever calls from outside.
    pub is_client: bool,
    /// It reports itself; others are known from their callers.
    pub reports: bool,
    /// The calls it answered, as it saw them itself.
    pub calls: MapCalls,
}

/// An edge of the map.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapEdge {
    /// The caller's number.
    pub from: usize,
    /// The callee's number.
    pub to: usize,
    /// The calls, as the caller saw them.
    pub calls: MapCalls,
}
