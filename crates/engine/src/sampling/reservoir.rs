//! How the reservoir of a rule is shared among the clients that report, and what they reported.
//!
//! Each client is granted a share for a time. The shares of grants that have not run out never come to
//! more than the reservoir: a newcomer gets what is free, and its fair share once the others, at their
//! next report, have given theirs back. A client that falls silent loses its grant when it runs out.

use super::{DEFAULT_RULE, Sampling};
use event::EnvId;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};

const SECOND_NS: i64 = 1_000_000_000;
/// How often clients report, seconds.
const INTERVAL_S: u32 = 10;
/// Silence after which a client no longer counts: three intervals.
const LIVE_NS: i64 = 3 * INTERVAL_S as i64 * SECOND_NS;
/// How long a share above one holds, and any other.
const TTL_NS: i64 = 30 * SECOND_NS;
const TTL_SMALL_NS: i64 = 60 * SECOND_NS;
/// Width of a window of statistics, seconds.
const WINDOW_S: i64 = 10;
/// Windows kept of a rule: an hour.
const WINDOWS: usize = 360;
/// Clients remembered of a rule.
const CLIENTS: usize = 10_000;
/// A report of another time than about now counts for nothing, nanoseconds.
const STALE_NS: i64 = 300 * SECOND_NS;

/// What a client says about a rule since its last report.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the rule.
    pub rule: String,
    /// The client, one per process.
    pub client: String,
    /// Its clock, nanoseconds.
    pub at_ns: i64,
    /// Requests that the rule decided.
    pub requests: u64,
    /// Requests sampled.
    pub sampled: u64,
    /// Requests sampled without a share.
    pub borrowed: u64,
}

/// What a client may do until it reports again.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Name of the rule.
    pub rule: String,
    /// Share of the requests beyond the quota.
    pub fixed_rate: f64,
    /// Requests a second.
    pub quota: u32,
    /// Until when the quota holds, nanoseconds.
    pub quota_until_ns: i64,
    /// When to report again, seconds.
    pub interval_s: u32,
}

/// Why a report counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportRefused {
    /// There is no such rule.
    UnknownRule,
    /// Its time is not about now.
    Stale,
}

/// What was reported of a rule in ten seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Start, seconds since 1970; a multiple of ten.
    pub start_s: i64,
    /// Requests that the rule decided.
    pub requests: u64,
    /// Requests sampled.
    pub sampled: u64,
    /// Requests sampled without a share.
    pub borrowed: u64,
}

/// A client that reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Requests a second, smoothed.
    pub rate: f64,
    /// What it may sample a second.
    pub quota: u32,
    /// When it reported last, nanoseconds.
    pub seen_ns: i64,
}

/// What is known of a rule's use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleStatistics {
    /// Windows, oldest first.
    pub windows: Vec<Window>,
    /// Clients that reported within three intervals.
    pub clients: Vec<Client>,
}

/// The reservoirs of one environment, by rule.
pub(super) type Reservoirs = HashMap<String, Reservoir>;

#[derive(Default)]
pub(super) struct Reservoir {
    clients: BTreeMap<String, State>,
    windows: VecDeque<Window>,
    /// Turns the odd unit round, unlike from start to start.
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct State {
    rate: f64,
    seen_ns: i64,
    quota: u32,
    until_ns: i64,
}

impl Reservoir {
    fn note(&mut self, report: &Report, now: i64) {
        let start_s = now.div_euclid(SECOND_NS).div_euclid(WINDOW_S) * WINDOW_S;
        if self.windows.back().is_none_or(|w| w.start_s < start_s) {
            if self.windows.len() == WINDOWS {
                self.windows.pop_front();
            }
            self.windows.push_back(Window {
                start_s,
                ..Window::default()
            });
        }
        if let Some(w) = self.windows.back_mut() {
            w.requests += report.requests;
            w.sampled += report.sampled;
            w.borrowed += report.borrowed;
        }
    }

    /// Grants `client` its share of `size` as of `now`.
    fn grant(&mut self, client: &str, requests: u64, size: u32, now: i64) -> (u32, i64) {
        self.clients
            .retain(|_, s| now - s.seen_ns < LIVE_NS || s.until_ns > now);
        let before = self.clients.get(client).copied();
        let seconds = before.map_or(f64::from(INTERVAL_S), |s| {
            ((now - s.seen_ns) as f64 / SECOND_NS as f64).max(1.0)
        });
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let measured = requests as f64 / seconds;
        let rate = before.map_or(measured, |s| (s.rate + measured) / 2.0);
        if before.is_none() && self.clients.len() >= CLIENTS {
            return (0, now + TTL_SMALL_NS);
        }
        let state = State {
            rate,
            seen_ns: now,
            quota: before.map_or(0, |s| s.quota),
            until_ns: before.map_or(now, |s| s.until_ns),
        };
        self.clients.insert(client.to_owned(), state);
        let fair = self.fair_share(client, size, now);
        let others: u32 = self
            .clients
            .iter()
            .filter(|(id, s)| *id != client && s.until_ns > now)
            .map(|(_, s)| s.quota)
            .sum();
        let quota = fair.min(size.saturating_sub(others));
        let until_ns = now + if quota > 1 { TTL_NS } else { TTL_SMALL_NS };
        if let Some(s) = self.clients.get_mut(client) {
            s.quota = quota;
            s.until_ns = until_ns;
        }
        (quota, until_ns)
    }

    /// Max-min (xray.md §6.4): who needs no more than an equal part gets what it needs, all others an
    /// equal part of what is left; odd units go round among these, minute by minute.
    fn fair_share(&self, client: &str, size: u32, now: i64) -> u32 {
        let minute = now.div_euclid(60 * SECOND_NS);
        let mut live: Vec<(u32, &str)> = self
            .clients
            .iter()
            .filter(|(_, s)| now - s.seen_ns < LIVE_NS)
            .map(|(id, s)| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates, never negative"
                )]
                let need = (s.rate.ceil() as u32).max(1);
                (need, id.as_str())
            })
            .collect();
        live.sort_unstable();
        let mut left = size;
        for served in 0..live.len() {
            let (need, id) = live[served];
            let among = u32::try_from(live.len() - served).unwrap_or(u32::MAX);
            let part = left / among;
            if need > part {
                // From here on nobody gets what it needs: by how much it falls short counts for
                // nothing, so that the odd units do not follow the noise of measured rates.
                let turn = |id: &str| self.hasher.hash_one((id, minute));
                let own = turn(client);
                let rest = live[served..].iter().map(|(_, id)| *id);
                let before = rest.filter(|id| (turn(id), *id) < (own, client)).count();
                return part + u32::from(before < (left % among) as usize);
            }
            if id == client {
                return need;
            }
            left -= need;
        }
        0
    }
}

impl Sampling {
    /// Takes what a client reports and grants it its share.
    ///
    /// # Errors
    /// [`ReportRefused`]: the report counts for nothing.
    pub fn report(&self, env: EnvId, report: &Report, now: i64) -> Result<Target, ReportRefused> {
        let record = self
            .rule(env, &report.rule)
            .ok_or(ReportRefused::UnknownRule)?;
        if (now - report.at_ns).abs() > STALE_NS {
            return Err(ReportRefused::Stale);
        }
        let mut reservoirs = self.reservoirs.lock();
        let of_rule = reservoirs.entry(env).or_default();
        let reservoir = of_rule.entry(report.rule.clone()).or_default();
        reservoir.note(report, now);
        let (quota, quota_until_ns) = reservoir.grant(
            &report.client,
            report.requests,
            record.rule.reservoir_size,
            now,
        );
        Ok(Target {
            rule: report.rule.clone(),
            fixed_rate: record.rule.fixed_rate,
            quota,
            quota_until_ns,
            interval_s: INTERVAL_S,
        })
    }

    /// What was reported of each rule that is there, by name.
    #[must_use]
    pub fn statistics(&self, env: EnvId, now: i64) -> BTreeMap<String, RuleStatistics> {
        let mut out: BTreeMap<String, RuleStatistics> = self
            .rules(env)
            .into_iter()
            .map(|r| (r.rule.name, RuleStatistics::default()))
            .collect();
        let reservoirs = self.reservoirs.lock();
        for (name, reservoir) in reservoirs.get(&env).into_iter().flatten() {
            let Some(statistics) = out.get_mut(name) else {
                continue;
            };
            statistics.windows = reservoir.windows.iter().copied().collect();
            statistics.clients = reservoir
                .clients
                .iter()
                .filter(|(_, s)| now - s.seen_ns < LIVE_NS)
                .map(|(id, s)| Client {
                    id: id.clone(),
                    rate: s.rate,
                    quota: if s.until_ns > now { s.quota } else { 0 },
                    seen_ns: s.seen_ns,
                })
                .collect();
        }
        debug_assert!(out.contains_key(DEFAULT_RULE), "a rule is always there");
        out
    }
}
