//! The sums behind the views: rows of like deliveries, and counters per key and protocol.

use super::{Arrival, ArrivalRow, Reason};
use crate::admit::Protocol;
use crate::limits;
use event::EnvId;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::ops::AddAssign;
use std::sync::Arc;

/// Sums of deliveries and items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries.
    pub deliveries: u64,
    /// Items in them.
    pub received: u64,
    /// Items on disk.
    pub stored: u64,
    /// Items refused.
    pub refused: u64,
    /// Items dropped.
    pub dropped: u64,
    /// Items known from before.
    pub merged: u64,
    /// Bytes as sent.
    pub wire_bytes: u64,
}

impl Counts {
    fn of(a: &Arrival) -> Self {
        let o = &a.outcome;
        Self {
            deliveries: 1,
            received: o.received,
            stored: o.stored,
            refused: o.refused,
            dropped: o.dropped,
            merged: o.merged,
            wire_bytes: a.wire_bytes,
        }
    }

    /// Whether received = stored + refused + dropped + merged.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        self.received == self.stored + self.refused + self.dropped + self.merged
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, o: Self) {
        self.deliveries += o.deliveries;
        self.received += o.received;
        self.stored += o.stored;
        self.refused += o.refused;
        self.dropped += o.dropped;
        self.merged += o.merged;
        self.wire_bytes += o.wire_bytes;
    }
}

/// What a counter is of. No prefix: no key was given, or too many unknown ones were.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey {
    /// The key's environment.
    pub env: Option<EnvId>,
    /// First characters of the key.
    pub key_prefix: Option<Arc<str>>,
    /// Language.
    pub protocol: Protocol,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct RowKey {
    sender: IpAddr,
    protocol: Protocol,
    key_prefix: Option<Arc<str>>,
    env: Option<EnvId>,
    outcome: &'static str,
    reason: Option<Reason>,
}

struct Row {
    latest: Arc<Arrival>,
    first_seen_ns: i64,
    counts: Counts,
    window: Window,
    datasets: Vec<Arc<str>>,
    signals: Vec<&'static str>,
}

/// Items received in each of the last minutes.
#[derive(Clone, Copy, Default)]
struct Window([(i64, u64, u64); 5]);

impl Window {
    fn minute(ns: i64) -> i64 {
        ns.div_euclid(60_000_000_000)
    }

    fn slot(minute: i64) -> usize {
        usize::try_from(minute.rem_euclid(5)).unwrap_or(0)
    }

    fn add(&mut self, now_ns: i64, received: u64, not_taken: u64) {
        let minute = Self::minute(now_ns);
        let slot = &mut self.0[Self::slot(minute)];
        if slot.0 != minute {
            *slot = (minute, 0, 0);
        }
        slot.1 += received;
        slot.2 += not_taken;
    }

    /// (received, not taken)
    fn sum(&self, now_ns: i64) -> (u64, u64) {
        let minute = Self::minute(now_ns);
        let recent = self.0.iter().filter(|s| s.0 > minute - 5 && s.0 <= minute);
        recent.fold((0, 0), |(r, n), s| (r + s.1, n + s.2))
    }
}

/// Days a key's use is told for, today the last.
const USE_DAYS: usize = 7;
const DAY_NS: i64 = 86_400_000_000_000;

/// Items taken on each of the last days, by the UTC day's number.
#[derive(Clone, Copy, Default)]
struct Days([(i64, u64); USE_DAYS]);

impl Days {
    fn slot(day: i64) -> usize {
        usize::try_from(day.rem_euclid(7)).unwrap_or(0)
    }

    fn add(&mut self, now_ns: i64, taken: u64) {
        let day = now_ns.div_euclid(DAY_NS);
        let slot = &mut self.0[Self::slot(day)];
        // A clock set back must not empty a later day.
        if slot.0 < day {
            *slot = (day, 0);
        }
        slot.1 += taken;
    }

    /// The oldest first, today last.
    fn until(&self, now_ns: i64) -> [u64; USE_DAYS] {
        let today = now_ns.div_euclid(DAY_NS);
        let mut out = [0; USE_DAYS];
        for (ago, n) in (0..).zip(out.iter_mut().rev()) {
            let slot = self.0[Self::slot(today - ago)];
            *n = if slot.0 == today - ago { slot.1 } else { 0 };
        }
        out
    }
}

/// How much came with a key. Keys whose first characters are the same are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Sums since the catalog was made; they survive restarts.
    pub counts: Counts,
    /// Items taken on each of the last days (UTC), today last; kept in memory.
    pub days: [u64; 7],
    /// Since when the days are counted: when this server started, nanoseconds.
    pub days_since_ns: i64,
}

/// Rows and counters.
pub(super) struct Ledger {
    rows: HashMap<RowKey, Row>,
    counters: HashMap<CounterKey, Counts>,
    /// Of keys that belong to an environment, so there are no more of them than keys.
    days: HashMap<(EnvId, Arc<str>), Days>,
    since_ns: i64,
    unknown_prefixes: usize,
    changed: HashSet<CounterKey>,
    refused: Window,
}

impl Ledger {
    pub(super) fn new(counters: HashMap<CounterKey, Counts>, since_ns: i64) -> Self {
        Self {
            rows: HashMap::new(),
            days: HashMap::new(),
            since_ns,
            unknown_prefixes: counters.keys().filter(|k| k.env.is_none()).count(),
            counters,
            changed: HashSet::new(),
            refused: Window::default(),
        }
    }

    pub(super) fn note(&mut self, arrival: &Arc<Arrival>) {
        let counts = Counts::of(arrival);
        self.count(arrival, counts);
        if let (Some(env), Some(prefix)) = (arrival.env, &arrival.key_prefix) {
            let days = self.days.entry((env, Arc::clone(prefix))).or_default();
            days.add(arrival.at_ns, counts.stored + counts.merged);
        }
        self.refused
            .add(arrival.at_ns, 0, counts.refused + counts.dropped);
        let key = RowKey {
            sender: arrival.sender,
            protocol: arrival.protocol,
            key_prefix: arrival.key_prefix.clone(),
            env: arrival.env,
            outcome: arrival.outcome.word(),
            reason: arrival.outcome.reason,
        };
        if self.rows.len() >= limits::ARRIVAL_ROWS && !self.rows.contains_key(&key) {
            self.evict();
        }
        let row = self.rows.entry(key).or_insert_with(|| Row {
            latest: Arc::clone(arrival),
            first_seen_ns: arrival.at_ns,
            counts: Counts::default(),
            window: Window::default(),
            datasets: Vec::new(),
            signals: Vec::new(),
        });
        row.latest = Arc::clone(arrival);
        row.counts += counts;
        row.window
            .add(arrival.at_ns, counts.received, counts.refused);
        for d in &arrival.outcome.datasets {
            if row.datasets.len() < 20 && !row.datasets.contains(d) {
                row.datasets.push(Arc::clone(d));
            }
        }
        if let Some(s) = arrival.signal
            && !row.signals.contains(&s)
        {
            row.signals.push(s);
        }
    }

    fn count(&mut self, arrival: &Arrival, counts: Counts) {
        let mut key = CounterKey {
            env: arrival.env,
            key_prefix: arrival.key_prefix.clone(),
            protocol: arrival.protocol,
        };
        if key.env.is_none() && !self.counters.contains_key(&key) {
            if self.unknown_prefixes >= limits::COUNTED_PREFIXES {
                key.key_prefix = None;
            } else {
                self.unknown_prefixes += 1;
            }
        }
        *self.counters.entry(key.clone()).or_default() += counts;
        self.changed.insert(key);
    }

    /// Forgets the hundredth of rows that was silent longest. Counters keep their sums.
    fn evict(&mut self) {
        let mut seen: Vec<i64> = self.rows.values().map(|r| r.latest.at_ns).collect();
        let n = (seen.len() / 100).min(seen.len().saturating_sub(1));
        let (_, limit, _) = seen.select_nth_unstable(n);
        let limit = *limit;
        let mut left = n + 1;
        self.rows.retain(|_, r| {
            let goes = left > 0 && r.latest.at_ns <= limit;
            left -= usize::from(goes);
            !goes
        });
    }

    pub(super) fn rows(
        &self,
        now_ns: i64,
        limit: usize,
        passes: impl Fn(&Arrival) -> bool,
    ) -> Vec<ArrivalRow> {
        let mut found: Vec<&Row> = self.rows.values().filter(|r| passes(&r.latest)).collect();
        found.sort_unstable_by_key(|r| std::cmp::Reverse(r.latest.id));
        found.truncate(limit);
        found
            .into_iter()
            .map(|r| ArrivalRow {
                latest: Arc::clone(&r.latest),
                first_seen_ns: r.first_seen_ns,
                counts: r.counts,
                received_last_5m: r.window.sum(now_ns).0,
                datasets: r.datasets.clone(),
                signals: r.signals.clone(),
            })
            .collect()
    }

    pub(super) fn key_use(&self, now_ns: i64, env: EnvId, prefix: &Arc<str>) -> KeyUse {
        let mut counts = Counts::default();
        for (key, of) in &self.counters {
            if key.env == Some(env) && key.key_prefix.as_ref() == Some(prefix) {
                counts += *of;
            }
        }
        let days = self.days.get(&(env, Arc::clone(prefix)));
        KeyUse {
            counts,
            days: days.map(|d| d.until(now_ns)).unwrap_or_default(),
            days_since_ns: self.since_ns,
        }
    }

    pub(super) fn counters(&self) -> impl Iterator<Item = (&CounterKey, &Counts)> {
        self.counters.iter()
    }

    pub(super) fn refused_last_5m(&self, now_ns: i64) -> u64 {
        self.refused.sum(now_ns).1
    }

    pub(super) fn take_changed(&mut self) -> Vec<(CounterKey, Counts)> {
        let counters = &self.counters;
        self.changed
            .drain()
            .filter_map(|k| counters.get(&k).map(|c| (k.clone(), *c)))
            .collect()
    }

    pub(super) fn mark_changed(&mut self, keys: impl IntoIterator<Item = CounterKey>) {
        self.changed.extend(keys);
    }
}
