//! Every delivery that reached us, taken or refused, and why.
//!
//! Three views of the same notes: *rows* (deliveries that are alike, counted together), the *latest*
//! deliveries one by one, and *counters* per key and protocol that survive restarts. Nothing
//! vanishes: received = stored + refused + dropped + merged, in every note and so in every sum.

mod ledger;
mod reason;

pub use ledger::{CounterKey, Counts, KeyUse};
pub use reason::Reason;

use crate::admit::{Delivery, Protocol};
use crate::ingest::Receipt;
use crate::limits;
use event::EnvId;
use ledger::Ledger;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::broadcast;

/// What became of a delivery, counted in items (events, spans, lines, points).
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Items in the delivery; one, when it could not be read.
    pub received: u64,
    /// Items on disk.
    pub stored: u64,
    /// Items refused, the sender was told.
    pub refused: u64,
    /// Items dropped, the sender could not be told.
    pub dropped: u64,
    /// Items known from an earlier, identical delivery.
    pub merged: u64,
    /// Where the stored ones went.
    pub datasets: Vec<Arc<str>>,
    /// Why items were refused or dropped.
    pub reason: Option<Reason>,
    /// What exactly was wrong, when the reason alone does not say. Never a secret or a value.
    pub detail: Option<String>,
}

impl Outcome {
    /// All `items` refused; a delivery that could not be read counts as one.
    pub fn refused(items: u64, reason: Reason) -> Self {
        let items = items.max(1);
        Self {
            received: items,
            refused: items,
            reason: Some(reason),
            ..Self::default()
        }
    }

    /// What a receipt says, and `refused` more items left out before.
    pub fn taken(receipt: &Receipt, refused: u64, reason: Option<Reason>) -> Self {
        Self {
            received: receipt.stored + receipt.merged + refused,
            stored: receipt.stored,
            merged: receipt.merged,
            refused,
            reason: reason.filter(|_| refused > 0),
            ..Self::default()
        }
    }

    /// Adds where the items went.
    pub fn into_datasets(mut self, datasets: Vec<Arc<str>>) -> Self {
        self.datasets = datasets;
        self
    }

    /// Adds what exactly was wrong.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Whether nothing was refused or dropped.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.refused == 0 && self.dropped == 0
    }

    /// `taken`, `partial` or `refused`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.is_taken(), self.stored + self.merged) {
            (true, _) => "taken",
            (false, 0) => "refused",
            (false, _) => "partial",
        }
    }
}

/// One delivery, as noted.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Rising number since the start.
    pub id: u64,
    /// When it was noted, nanoseconds.
    pub at_ns: i64,
    /// Its language.
    pub protocol: Protocol,
    /// Who sent it.
    pub sender: IpAddr,
    /// What the sender calls itself, at most 200 bytes.
    pub user_agent: Option<Arc<str>>,
    /// `traces`, `logs`, …
    pub signal: Option<&'static str>,
    /// First characters of the key.
    pub key_prefix: Option<Arc<str>>,
    /// The key's environment.
    pub env: Option<EnvId>,
    /// Size as sent, bytes.
    pub wire_bytes: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// Deliveries that are alike: same sender, protocol, key, environment, outcome and reason.
#[derive(Clone, Debug)]
pub struct ArrivalRow {
    /// The latest of them.
    pub latest: Arc<Arrival>,
    /// When the first came, nanoseconds.
    pub first_seen_ns: i64,
    /// Sums over all of them.
    pub counts: Counts,
    /// Items received in the last five minutes.
    pub received_last_5m: u64,
    /// Datasets they went to, at most 20.
    pub datasets: Vec<Arc<str>>,
    /// Signals they carried.
    pub signals: Vec<&'static str>,
}

/// Which outcomes a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// With something refused or dropped.
    Refused,
    /// With nothing refused or dropped.
    Taken,
}

/// Which rows a list shows, latest first.
#[derive(Clone, Copy, Debug)]
pub struct ArrivalFilter {
    /// Only this environment's. Deliveries with an unknown key belong to none.
    pub env: Option<EnvId>,
    /// Only these outcomes.
    pub show: Show,
    /// Only this protocol.
    pub protocol: Option<Protocol>,
    /// Most rows.
    pub limit: usize,
}

impl Default for ArrivalFilter {
    fn default() -> Self {
        Self {
            env: None,
            show: Show::All,
            protocol: None,
            limit: 200,
        }
    }
}

impl ArrivalFilter {
    fn passes(&self, a: &Arrival) -> bool {
        self.env.is_none_or(|e| a.env == Some(e))
            && self.protocol.is_none_or(|p| a.protocol == p)
            && match self.show {
                Show::All => true,
                Show::Refused => !a.outcome.is_taken(),
                Show::Taken => a.outcome.is_taken(),
            }
    }
}

/// The notes. Cheap to clone.
#[derive(Clone)]
pub struct Arrivals(Arc<Inner>);

struct Inner {
    clock: Arc<dyn store::Clock>,
    state: Mutex<State>,
    live: broadcast::Sender<Arc<Arrival>>,
}

struct State {
    next_id: u64,
    ledger: Ledger,
    latest: VecDeque<Arc<Arrival>>,
}

impl Arrivals {
    pub(crate) fn new(clock: Arc<dyn store::Clock>, counters: HashMap<CounterKey, Counts>) -> Self {
        let now = clock.now();
        Self(Arc::new(Inner {
            clock,
            state: Mutex::new(State {
                next_id: 1,
                ledger: Ledger::new(counters, now),
                latest: VecDeque::with_capacity(limits::ARRIVAL_RECENT),
            }),
            live: broadcast::Sender::new(limits::ARRIVAL_LIVE),
        }))
    }

    /// Notes a delivery: always, taken or refused.
    pub fn note(
        &self,
        delivery: &Delivery,
        key_prefix: Option<&str>,
        env: Option<EnvId>,
        outcome: Outcome,
    ) {
        debug_assert_eq!(
            outcome.received,
            outcome.stored + outcome.refused + outcome.dropped + outcome.merged,
            "every item ends stored, refused, dropped or merged"
        );
        let mut state = self.0.state.lock();
        let arrival = Arc::new(Arrival {
            id: state.next_id,
            at_ns: self.0.clock.now(),
            protocol: delivery.protocol,
            sender: delivery.sender,
            user_agent: delivery
                .user_agent
                .as_deref()
                .map(|ua| event::builder::cut_text(ua, 200).0.into()),
            signal: delivery.signal,
            key_prefix: key_prefix.map(Into::into),
            env,
            wire_bytes: delivery.wire_bytes,
            outcome,
        });
        state.next_id += 1;
        state.ledger.note(&arrival);
        if state.latest.len() == limits::ARRIVAL_RECENT {
            state.latest.pop_front();
        }
        state.latest.push_back(Arc::clone(&arrival));
        drop(state);
        // Nobody listening is the usual case.
        let _ = self.0.live.send(arrival);
    }

    /// Rows of like deliveries, latest first.
    #[must_use]
    pub fn list(&self, filter: &ArrivalFilter) -> Vec<ArrivalRow> {
        let now = self.0.clock.now();
        let state = self.0.state.lock();
        state.ledger.rows(now, filter.limit, |a| filter.passes(a))
    }

    /// The latest deliveries one by one, latest first; at most 1,000 are kept.
    #[must_use]
    pub fn latest(&self, filter: &ArrivalFilter) -> Vec<Arc<Arrival>> {
        let state = self.0.state.lock();
        let passing = state.latest.iter().rev().filter(|a| filter.passes(a));
        passing.take(filter.limit).cloned().collect()
    }

    /// Hears every delivery noted from now on. A listener that lags is told how many it missed.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Arrival>> {
        self.0.live.subscribe()
    }

    /// Sums per environment, key and protocol since the catalog was made.
    #[must_use]
    pub fn counters(&self) -> Vec<(CounterKey, Counts)> {
        let state = self.0.state.lock();
        let mut out: Vec<_> = state
            .ledger
            .counters()
            .map(|(k, c)| (k.clone(), *c))
            .collect();
        drop(state);
        out.sort_by(|a, b| a.0.cmp(&b.0));
        out
    }

    /// How much came with the environment's key of these first characters.
    #[must_use]
    pub fn key_use(&self, env: EnvId, prefix: &Arc<str>) -> KeyUse {
        let now = self.0.clock.now();
        self.0.state.lock().ledger.key_use(now, env, prefix)
    }

    /// Items refused or dropped in the last five minutes, everywhere.
    #[must_use]
    pub fn refused_last_5m(&self) -> u64 {
        let now = self.0.clock.now();
        self.0.state.lock().ledger.refused_last_5m(now)
    }

    /// Counters that changed since the last call.
    pub(crate) fn take_changed(&self) -> Vec<(CounterKey, Counts)> {
        self.0.state.lock().ledger.take_changed()
    }

    /// Puts back what [`Self::take_changed`] gave and could not be written.
    pub(crate) fn mark_changed(&self, keys: impl IntoIterator<Item = CounterKey>) {
        self.0.state.lock().ledger.mark_changed(keys);
    }
}

#[cfg(test)]
mod tests;
