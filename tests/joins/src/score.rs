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

    /// A line per pair, and one for all.
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
        out.push_str(&line("all".into(), &self.total()));
        out
    }
}

/// Asks from about `anchors` rows of each source.
///
/// # Panics
/// When a question fails, or a row is not found.
pub async fn score(kept: &Kept, anchors: usize) -> Score {
    let truth = kept.truth();
    let of_row: HashMap<&str, usize> = truth
        .iter()
        .map(|e| (e.event_id.as_str(), e.request))
        .collect();
    let mut score = Score::default();
    for source in Source::ALL {
        let all: Vec<&Entry> = truth.iter().filter(|e| e.source == source).collect();
        let step = (all.len() / anchors).max(1);
        for anchor in all.iter().step_by(step) {
            let from = From::Row {
                event_id: EventId::parse(&anchor.event_id).expect("an id"),
                ts_ns: anchor.ts_ns,
            };
            let told = kept.querier.request(ENV, &from).await.expect("an answer");
            let told = told.expect("the row is there");
            let found: HashSet<(Source, &str)> = told
                .rows
                .iter()
                .filter(|r| of_row.contains_key(r.row.event_id.as_str()))
                .map(|r| (r.source, r.row.event_id.as_str()))
                .collect();
            for other in Source::ALL.into_iter().filter(|o| *o != source) {
                let wanted: HashSet<&str> = truth
                    .iter()
                    .filter(|e| e.request == anchor.request && e.source == other)
                    .map(|e| e.event_id.as_str())
                    .collect();
                let mut count = Count::default();
                for (_, id) in found.iter().filter(|(s, _)| *s == other) {
                    if wanted.contains(id) {
                        count.right += 1;
                    } else {
                        count.wrong += 1;
                        if std::env::var_os("JOINS_SHOW").is_some() {
                            show(&told, anchor, id);
                        }
                    }
                }
                count.missed = u32::try_from(wanted.len()).unwrap_or(u32::MAX) - count.right;
                score.0.entry((source, other)).or_default().add(count);
            }
        }
    }
    score
}

/// For people who tune: why a wrong row was joined.
fn show(told: &query::request::Request, anchor: &Entry, id: &str) {
    for row in told.rows.iter().filter(|r| r.row.event_id == id) {
        let join = &told.joins[row.join];
        eprintln!("{:?} {}: {:?}", anchor.source, anchor.event_id, join);
    }
}
