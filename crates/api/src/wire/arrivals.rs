//! The ledger of deliveries.

use super::Nanos;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which deliveries are listed.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsFilter {
    /// Slug of an environment; absent: all, and those that reached none.
    pub env: Option<String>,
    /// `all` (default), `refused`, `taken`.
    #[serde(default)]
    pub outcome: OutcomeFilter,
    /// `otlp/http`, `otlp/grpc`, `events`, `api`.
    pub protocol: Option<String>,
    /// Whether like deliveries share a row (`grouped`, default) or stand one by one (`single`).
    #[serde(default)]
    pub view: ArrivalsView,
    /// Most rows, 1 to 1,000; absent: 200.
    pub limit: Option<usize>,
}

/// Which outcomes are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    /// Every delivery.
    #[default]
    All,
    /// Those of which something was refused or dropped.
    Refused,
    /// Those of which nothing was refused or dropped.
    Taken,
}

/// How deliveries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalsView {
    /// Like deliveries share a row.
    #[default]
    Grouped,
    /// One by one; at most the latest 1,000 are kept.
    Single,
}

/// Deliveries and counters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Arrivals {
    /// Latest first.
    pub rows: Vec<Arrival>,
    /// Over everything that ever came (to the environment asked for):
    /// received = stored + refused + dropped + merged.
    pub counters: Counters,
    /// The same by protocol; those that never came are left out.
    pub by_protocol: Vec<ProtocolCounters>,
    /// Items refused or dropped in the last five minutes, everywhere.
    pub refused_last_5m: u64,
}

/// Like deliveries of one sender (same protocol, key, environment, outcome and reason), or a
/// single one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Arrival {
    /// The same for like deliveries. On the live stream: the row that this delivery belongs to.
    pub id: String,
    /// When the first of them came.
    pub first_ns: Nanos,
    /// When the last of them came.
    pub last_ns: Nanos,
    /// How many deliveries.
    pub deliveries: u64,
    /// Items received in the last five minutes.
    pub received_last_5m: u64,
    /// What became of them.
    pub outcome: ArrivalOutcome,
    /// `otlp/http`, `otlp/grpc`, `events`, `api`.
    pub protocol: String,
    /// What was sent: `traces`, `logs`, `metrics`, `events`.
    pub signals: Vec<String>,
    /// Address of the sender.
    pub sender: String,
    /// What the sender calls itself, in the latest of them.
    pub user_agent: Option<String>,
    /// First characters of the key, whether known or not.
    pub key_prefix: Option<String>,
    /// Slug of the environment the key belongs to.
    pub env: Option<String>,
    /// The line that gives its sender another key, `<key>` in its place; null where its protocol knows none.
    pub key_line: Option<String>,
    /// Datasets written to, at most 20.
    pub datasets: Vec<String>,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Items, by what became of them.
    pub counters: Counters,
    /// Why items, or the whole, were refused; null when all was taken.
    pub reason: Option<ArrivalReason>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalOutcome {
    /// Everything was stored or merged.
    Taken,
    /// Some items were, some were not.
    Partial,
    /// Nothing was.
    Refused,
}

/// Why, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArrivalReason {
    /// Stable name.
    pub code: String,
    /// What was wrong.
    pub text: String,
    /// What exactly, in the latest delivery, where the text alone does not say.
    pub detail: Option<String>,
    /// What to do.
    pub fix: String,
    /// The line to copy into the client's environment, where there is one.
    pub copy: Option<String>,
}

/// Items, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counters {
    /// All of them.
    pub received: u64,
    /// Durable and queryable.
    pub stored: u64,
    /// Refused, with a reason.
    pub refused: u64,
    /// Lost on our side, with a reason.
    pub dropped: u64,
    /// Repeats of what was stored before.
    pub merged: u64,
}

/// Items of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProtocolCounters {
    /// `otlp/http`, `otlp/grpc`, `events`, `api`.
    pub protocol: String,
    /// Its items.
    pub counters: Counters,
}

/// One line of the live stream.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ArrivalEvent {
    /// A delivery, the moment it was noted; its `id` is that of the row it belongs to.
    Arrival {
        /// The delivery, with `deliveries` = 1.
        arrival: Box<Arrival>,
    },
    /// The reader was too slow; so many updates were passed over. List again.
    Missed {
        /// How many.
        updates: u64,
    },
    /// Nothing came for 15 s: says that the line still stands.
    Idle,
}
