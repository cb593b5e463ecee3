//! Asks from rows of known requests, and counts what came right.

use crate::keep::{ENV, Kept};
use crate::truth::Entry;
use event::EventId;
use query::request::{From, Source};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What was found of what there was, from one source to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Rows joined that are of the request.
    pub right: u32,
    /// Rows joined that are not.
    pub wrong: u32,
    /// Rows of the request that were not joined.
    pub missed: u32,
}

impl Count {
    /// Part of the joined rows that are right.
    #[must_use]
    pub fn precision(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    /// Part of the request's rows that were joined.
    #[must_use]
    pub fn recall(&self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

/// Counts by pair: asked from, found in.
#[derive(Clone, Debug, Default)]
pub struct Score(pub BTreeMap<(Source, Source), Count>);

impl Score {
    /// Adds another world's.
    pub fn add(&mut self, other: &Self) {
        for (pair, count) in &other.0 {
            self.0.entry(*pair).or_default().add(*count);
        }
    }

    /// All pairs together.
    #[must_use]
    pub fn total(&self) -> Count {
        let mut out = Count::default();
        self.0.values().for_each(|c| out.add(*c));
        out
    }

    /// By the source that was found, whichever was asked from.
    #[must_use]
    pub fn by_kind(&self) -> BTreeMap<Source, Count> {
        let mut out: BTreeMap<Source, Count> = BTreeMap::new();
        for ((_, found), count) in &self.0 {
            out.entry(*found).or_default().add(*count);
        }
        out
    }

    /// A line per pair, one per kind and one for all.
    #[must_use]
    pub fn report(&self) -> String {
        let line = |name: String, c: &Count| {
            format!(
                "{name:28} right {:5}  wrong {:4}  missed {:4}  precision {:.4}  recall {:.4}\n",
                c.right,
                c.wrong,
                c.missed,
                c.precision(),
                c.recall()
            )
        };
        let pairs = self.0.iter();
        let mut out: String = pairs
            .map(|((a, b), c)| line(format!("{} -> {}", a.one(), b.one()), c))
            .collect();
        for (kind, count) in self.by_kind() {
            out.push_str(&line(format!("any -> {}", kind.one()), &count));
        }
        out.push_str(&line("all".into(), &self.total()));
        out
    }
}

/// Asks from about `anchors` rows of each source, and from some rows that are of no request.
///
/// Whatever is joined counts: a row of another request and one of none are both wrong, in the source
/// that was asked from as well. Missed are rows of the other sources alone: one source's own rows of a
/// request are not what a join is for.
///
/// # Panics
/// When a question fails, or a row is not found or not in the truth.
pub async fn score(kept: &Kept, anchors: usize) -> Score {
    let truth = kept.truth();
    let of_row: HashMap<&str, &Entry> = truth.iter().map(|e| (e.event_id.as_str(), e)).collect();
    let mut score = Score::default();
    for anchor in asked_from(&truth, anchors) {
        let from = From::Row {
            event_id: EventId::parse(&anchor.event_id).expect("an id"),
            ts_ns: anchor.ts_ns,
        };
        let told = kept.querier.request(ENV, &from).await.expect("an answer");
        let told = told.expect("the row is there");
        let mut counts: BTreeMap<Source, Count> = BTreeMap::new();
        let found: HashSet<&str> = told.rows.iter().map(|r| r.row.event_id.as_str()).collect();
        for id in found {
            let row = of_row.get(id).expect("every row is in the truth");
            let count = counts.entry(row.source).or_default();
            if !row.whole || row.event_id == anchor.event_id {
                continue;
            }
            if anchor.request.is_none() || row.request != anchor.request {
                count.wrong += 1;
                if std::env::var_os("JOINS_SHOW").is_some() {
                    show(&told, anchor, row);
                }
            } else if row.source != anchor.source {
                count.right += 1;
            }
        }
        let wanted = truth.iter().filter(|e| {
            let same = e.request.is_some() && e.request == anchor.request;
            e.whole && same && e.source != anchor.source
        });
        for row in wanted {
            counts.entry(row.source).or_default().missed += 1;
        }
        for (source, mut count) in counts {
            count.missed -= count.right;
            if source == anchor.source && count.wrong == 0 {
                continue;
            }
            score
                .0
                .entry((anchor.source, source))
                .or_default()
                .add(count);
        }
    }
    score
}

/// Evenly spread over time: rows of requests by source, then a few of none.
fn asked_from(truth: &[Entry], anchors: usize) -> Vec<&Entry> {
    let is_asked = |of: Option<Source>, e: &Entry| match of {
        Some(source) => e.whole && e.request.is_some() && e.source == source,
        None => e.request.is_none(),
    };
    let mut out = Vec::new();
    for of in Source::ALL.into_iter().map(Some).chain([None]) {
        let all: Vec<&Entry> = truth.iter().filter(|e| is_asked(of, e)).collect();
        let some = of.map_or(anchors.div_ceil(4), |_| anchors);
        let step = (all.len() / some).max(1);
        out.extend(all.into_iter().step_by(step));
    }
    out
}

/// For people who tune: why a wrong row was joined.
fn show(told: &query::request::Request, anchor: &Entry, wrong: &Entry) {
    for row in told
        .rows
        .iter()
        .filter(|r| r.row.event_id == wrong.event_id)
    {
        let join = &told.joins[row.join];
        eprintln!("{anchor:?} with {wrong:?}: {join:?}");
    }
}
