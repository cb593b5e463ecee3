//! From documents to acknowledged rows: for the daemon's port and for `PutTraceSegments` alike.
//!
//! A document that came before, byte for byte, is merged: daemons retry. It is known again only once it
//! was stored, so a delivery that failed can be sent again. What is known lies in memory; the identity of
//! a delivery lies in the WAL with its rows, so that one sent again after a restart is merged too.

use super::document::{self, Document, Refused};
use super::translate;
use engine::{DatasetKind, Grant, Outcome, Reason, Refusal};
use event::{BatchBuilder, EventBatch, RowPolicy, TableKind};
use parking_lot::Mutex;
use regex::Regex;
use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, OnceLock};

/// Name of the dataset (mapping.md §1).
const DATASET: &str = "xray";
/// How long a document is known, nanoseconds (reliability.md §4).
const KNOWN_NS: i64 = 900 * 1_000_000_000;
/// Most documents known.
const KNOWN: usize = 1_000_000;

/// Takes documents that were stored, to be sent on. Must not block.
pub type Outlet = Box<dyn Fn(Vec<String>) + Send + Sync>;

/// Documents stored lately, by keyed hash, and where new ones are sent on to.
pub struct Known {
    hashers: [RandomState; 2],
    state: Mutex<State>,
    outlet: Option<Outlet>,
}

#[derive(Default)]
struct State {
    set: HashSet<u128>,
    order: VecDeque<(i64, u128)>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            hashers: [RandomState::new(), RandomState::new()],
            state: Mutex::default(),
            outlet: None,
        }
    }
}

impl Known {
    pub(super) fn sending_on(outlet: Outlet) -> Self {
        Self {
            outlet: Some(outlet),
            ..Self::default()
        }
    }

    fn hash(&self, env: u32, text: &str) -> u128 {
        let half = |h: &RandomState| u128::from(h.hash_one((env, text)));
        half(&self.hashers[0]) << 64 | half(&self.hashers[1])
    }

    fn has(&self, hash: u128, now: i64) -> bool {
        let mut state = self.state.lock();
        while let Some((at, old)) = state.order.front().copied() {
            if now - at < KNOWN_NS && state.order.len() <= KNOWN {
                break;
            }
            state.order.pop_front();
            state.set.remove(&old);
        }
        state.set.contains(&hash)
    }

    fn add(&self, hashes: &[u128], now: i64) {
        let mut state = self.state.lock();
        for hash in hashes {
            if state.set.insert(*hash) {
                state.order.push_back((now, *hash));
            }
        }
    }
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is among the rows.
    Taken,
    /// It was stored before.
    Repeated,
    /// It cannot be one, or lacks what every segment has.
    Refused(Refused),
    /// Its time lies before what is kept.
    TooOld {
        /// Id of its top.
        id: String,
    },
}

/// Documents read, as rows.
pub struct Built {
    /// The rows of those taken.
    batch: EventBatch,
    /// Where they go; none when none could be read.
    dataset: Option<Arc<str>>,
    /// One per document, in order.
    pub fates: Vec<Fate>,
    /// Fields with values of the wrong type, passed over.
    passed_over: u64,
    hashes: Vec<u128>,
    /// The documents taken, where they are to be sent on.
    documents: Vec<String>,
    /// Of the documents taken, together.
    identity: [u8; 16],
}

/// Reads documents and makes their rows. Burns CPU: not for the runtime that takes data. The dataset is
/// made with the first document that can be read.
///
/// # Errors
/// The key may not make the dataset.
pub fn build<'a>(
    known: &Known,
    grant: &Grant,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<Built, Refusal> {
    let (policy, env) = (grant.policy(), grant.env().0);
    let mut batch = BatchBuilder::new(TableKind::Spans, policy);
    let (mut fates, mut hashes, mut passed_over) = (Vec::new(), Vec::new(), 0);
    let mut sent_on = Vec::new();
    let mut identities = b"segments".to_vec();
    let mut here = HashSet::new();
    let mut dataset: Option<Arc<str>> = None;
    for text in texts {
        let fate = match document::split(text) {
            Err(refused) => vec![Fate::Refused(refused)],
            Ok(documents) => {
                let mut list = Vec::with_capacity(documents.len());
                for text in documents {
                    let hash = known.hash(env, text);
                    if known.has(hash, policy.now) || here.contains(&hash) {
                        list.push(Fate::Repeated);
                        continue;
                    }
                    let text = without_passwords(text);
                    let document: Document = match document::read(&text) {
                        Ok(document) => document,
                        Err(refused) => {
                            list.push(Fate::Refused(refused));
                            continue;
                        }
                    };
                    passed_over += u64::from(document.passed_over);
                    let slug = match dataset.take() {
                        Some(slug) => slug,
                        None => grant.dataset(DATASET, DatasetKind::Segments)?,
                    };
                    if translate::rows(&mut batch, &slug, &document, &text) {
                        here.insert(hash);
                        hashes.push(hash);
                        identities.extend(grant.identity(text.as_bytes()));
                        list.push(Fate::Taken);
                        if known.outlet.is_some() {
                            sent_on.push(text.into_owned());
                        }
                    } else {
                        let id = document.top().span_id.to_string();
                        list.push(Fate::TooOld { id });
                    }
                    dataset = Some(slug);
                }
                list
            }
        };
        fates.extend(fate);
    }
    Ok(Built {
        batch: batch.finish(),
        dataset,
        fates,
        passed_over,
        hashes,
        documents: sent_on,
        identity: grant.identity(&identities),
    })
}

/// Passwords in addresses are kept nowhere: `scheme://user:password@host` loses its password, in the
/// document too.
fn without_passwords(text: &str) -> Cow<'_, str> {
    static PASSWORD: OnceLock<Option<Regex>> = OnceLock::new();
    if !text.contains("://") || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let regex = PASSWORD.get_or_init(|| Regex::new(r#"(://[^/\s:@"\\]*:)[^/\s@"\\]+@"#).ok());
    match regex {
        Some(regex) => regex.replace_all(text, "${1}***@"),
        None => Cow::Borrowed(text),
    }
}

/// Keeps what was built. `Ok`: on disk and queryable.
///
/// # Errors
/// See [`engine::Error`]; nothing is known again then.
pub async fn keep(
    known: &Known,
    grant: &Grant,
    built: &mut Built,
    now: i64,
) -> Result<(), engine::Error> {
    let empty = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(now)).finish();
    let batch = std::mem::replace(&mut built.batch, empty);
    // Counted in documents, not in rows: a document is what a sender sends.
    let receipt = grant.ingest(batch, Some(built.identity)).await?;
    if receipt.merged > 0 {
        // The whole delivery was stored before: by a process that is gone, or a moment ago.
        let taken = built.fates.iter_mut().filter(|f| **f == Fate::Taken);
        taken.for_each(|f| *f = Fate::Repeated);
    } else if let Some(outlet) = &known.outlet {
        outlet(std::mem::take(&mut built.documents));
    }
    known.add(&built.hashes, now);
    Ok(())
}

impl Built {
    /// What became of the documents, one outcome per cause, for Arrivals. The first says what was taken.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        let count = |of: &dyn Fn(&Fate) -> bool| self.fates.iter().filter(|f| of(f)).count() as u64;
        let taken = count(&|f| *f == Fate::Taken);
        let merged = count(&|f| *f == Fate::Repeated);
        let mut out = Vec::new();
        if taken + merged > 0 {
            out.push(Outcome {
                received: taken + merged,
                stored: taken,
                merged,
                datasets: self.dataset.iter().cloned().collect(),
                detail: (self.passed_over > 0)
                    .then(|| format!("{} fields of the wrong type passed over", self.passed_over)),
                ..Outcome::default()
            });
        }
        out.extend(self.refusals());
        out
    }

    /// The same when nothing could be kept.
    #[must_use]
    pub fn failed(&self, reason: Reason) -> Vec<Outcome> {
        let good = self
            .fates
            .iter()
            .filter(|f| matches!(f, Fate::Taken | Fate::Repeated))
            .count() as u64;
        let mut out = Vec::new();
        if good > 0 {
            out.push(Outcome::refused(good, reason));
        }
        out.extend(self.refusals());
        out
    }

    fn refusals(&self) -> Vec<Outcome> {
        let mut by_code: Vec<(Reason, &str, u64, String)> = Vec::new();
        for fate in &self.fates {
            let (reason, code, detail) = match fate {
                Fate::Taken | Fate::Repeated => continue,
                Fate::TooOld { .. } => (Reason::TooOld, "", String::new()),
                Fate::Refused(r) if r.code == "ParseError" => {
                    (Reason::Undecodable, r.code, r.message(None))
                }
                Fate::Refused(r) if r.code == "InvalidSegmentSize" => {
                    (Reason::TooLarge, r.code, r.message(None))
                }
                Fate::Refused(r) => (Reason::BadSegment, r.code, r.message(None)),
            };
            match by_code.iter_mut().find(|c| c.0 == reason && c.1 == code) {
                Some(c) => c.2 += 1,
                None => by_code.push((reason, code, 1, detail)),
            }
        }
        by_code
            .into_iter()
            .map(|(reason, _, n, detail)| {
                let outcome = Outcome::refused(n, reason);
                match detail.is_empty() {
                    true => outcome,
                    false => outcome.detail(detail),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xray::testing::Bench;

    /// What a process that started again knows is what the WAL knows: deliveries.
    #[tokio::test]
    async fn a_delivery_sent_again_after_a_restart_is_merged() {
        let bench = Bench::new();
        let at = bench.base();
        let document = |n: u64| {
            format!(
                r#"{{"name":"w","id":"{n:016x}","trace_id":"1-5759e988-{n:024x}","start_time":{at},"end_time":{at}.5}}"#
            )
        };
        let (a, b) = (document(1), document(2));
        let again = async |texts: &[&str]| {
            let known = Known::default();
            let mut built = build(&known, &bench.grant, texts.iter().copied()).unwrap();
            let now = bench.engine.now();
            keep(&known, &bench.grant, &mut built, now).await.unwrap();
            let first = built.outcomes().remove(0);
            assert_eq!(first.received, first.stored + first.merged);
            built.fates
        };
        assert_eq!(again(&[&a, &b]).await, [Fate::Taken, Fate::Taken]);
        assert_eq!(again(&[&a, &b]).await, [Fate::Repeated, Fate::Repeated]);
        // Another delivery is another one, whatever it has in common.
        assert_eq!(again(&[&a]).await, [Fate::Taken]);
        assert_eq!(again(&[&b, &a]).await, [Fate::Taken, Fate::Taken]);
        bench.engine.close().await.unwrap();
    }

    #[test]
    fn passwords_in_addresses_are_kept_nowhere() {
        for (text, want) in [
            (
                r#"{"url":"postgres://u:secret@db/x"}"#,
                r#"{"url":"postgres://u:***@db/x"}"#,
            ),
            (r#"{"url":"http://h/a@b"}"#, r#"{"url":"http://h/a@b"}"#),
            (
                r#"{"url":"http://h:80/a@b"}"#,
                r#"{"url":"http://h:80/a@b"}"#,
            ),
            ("nothing@all", "nothing@all"),
        ] {
            assert_eq!(without_passwords(text), want);
        }
    }
}
