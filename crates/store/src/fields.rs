//! The keys each dataset has, and which of them questions use. Kept in memory; the manifest gets a
//! copy with a flush, at most once a minute.

use crate::FieldStat;
use crate::columns::Preferred;
use crate::manifest::{KeyQueryRow, KeyStatRow};
use event::{Data, EnvId, EventBatch, Fixed, Type, ValueRef};
use hashbrown::{HashMap, HashSet};
use parking_lot::Mutex;
use std::sync::Arc;

/// Keys listed per dataset (reliability.md §3); more are stored and queryable, not listed.
const KEYS_LISTED_LIMIT: usize = 10_000;
/// A key counts as queried for this long.
const QUERIED_HOURS: i64 = 7 * 24;
const HOUR: i64 = crate::time::HOUR;

type Map<K, V> = HashMap<K, V, ahash::RandomState>;

#[derive(Debug)]
struct Stat {
    types: Vec<Type>,
    first_seen: i64,
    last_seen: i64,
    rows: u64,
    changed: bool,
}

/// Keys by dataset.
type Datasets = Map<Arc<str>, Map<Arc<str>, Stat>>;

#[derive(Debug, Default)]
struct Inner {
    envs: Map<EnvId, Datasets>,
    queried: Map<(EnvId, Arc<str>), (i64, u64, bool)>,
    pinned: Map<EnvId, HashSet<Arc<str>>>,
}

/// What is known of keys.
#[derive(Debug, Default)]
pub(crate) struct Fields(Mutex<Inner>);

impl Fields {
    /// Notes the keys of a batch that came at `at` (nanoseconds).
    pub(crate) fn note(&self, env: EnvId, batch: &EventBatch, at: i64) {
        let Some((datasets, of_row)) = datasets(batch) else {
            return;
        };
        let mut inner = self.0.lock();
        let env = inner.envs.entry(env).or_default();
        let mut counts = vec![0u64; datasets.len()];
        for attr in batch.attrs() {
            counts.fill(0);
            if let Some(of_row) = &of_row {
                attr.column
                    .presence
                    .for_each(batch.rows(), |r| counts[of_row[r]] += 1);
            } else {
                counts[0] = attr.column.presence.count(batch.rows()) as u64;
            }
            for (dataset, rows) in datasets.iter().zip(&counts).filter(|(_, n)| **n > 0) {
                note_one(env, dataset, &attr.key, attr.ty(), *rows, at);
            }
        }
    }

    pub(crate) fn list(&self, env: EnvId) -> Vec<FieldStat> {
        let inner = self.0.lock();
        let mut out = Vec::new();
        for (dataset, keys) in inner.envs.get(&env).into_iter().flatten() {
            out.extend(keys.iter().map(|(key, s)| FieldStat {
                dataset: Arc::clone(dataset),
                key: Arc::clone(key),
                types: s.types.clone(),
                first_seen: s.first_seen,
                last_seen: s.last_seen,
                rows: s.rows,
            }));
        }
        drop(inner);
        out.sort_unstable_by(|a, b| (&a.dataset, &a.key).cmp(&(&b.dataset, &b.key)));
        out
    }

    pub(crate) fn note_queried(&self, env: EnvId, keys: &[&str], now: i64) {
        let mut inner = self.0.lock();
        for key in keys {
            let entry = inner.queried.entry((env, (*key).into())).or_default();
            *entry = (now / HOUR, entry.1 + 1, true);
        }
    }

    pub(crate) fn pin(&self, env: EnvId, keys: &[&str]) {
        let keys = keys.iter().map(|k| Arc::from(*k)).collect();
        self.0.lock().pinned.insert(env, keys);
    }

    /// The keys of an environment that come first when columns are chosen.
    pub(crate) fn preferred(&self, env: EnvId, now: i64) -> Preferred {
        let inner = self.0.lock();
        let recent = |(hour, _, _): &(i64, u64, bool)| now / HOUR - hour <= QUERIED_HOURS;
        Preferred {
            pinned: inner.pinned.get(&env).cloned().unwrap_or_default(),
            queried: inner
                .queried
                .iter()
                .filter(|((e, _), q)| *e == env && recent(q))
                .map(|((_, key), _)| Arc::clone(key))
                .collect(),
        }
    }

    /// What changed since the last call, for the manifest.
    pub(crate) fn take_changes(&self) -> (Vec<KeyStatRow>, Vec<KeyQueryRow>) {
        let mut inner = self.0.lock();
        let mut stats = Vec::new();
        for (env, datasets) in &mut inner.envs {
            for (dataset, keys) in datasets {
                for (key, s) in keys.iter_mut().filter(|(_, s)| s.changed) {
                    s.changed = false;
                    stats.push(KeyStatRow {
                        env: *env,
                        dataset: dataset.to_string(),
                        key: key.to_string(),
                        types: s.types.iter().map(|t| t.tag()).collect(),
                        first_seen: s.first_seen,
                        last_seen: s.last_seen,
                        rows: s.rows,
                    });
                }
            }
        }
        let mut queries = Vec::new();
        for ((env, key), q) in inner.queried.iter_mut().filter(|(_, q)| q.2) {
            q.2 = false;
            queries.push(KeyQueryRow {
                env: *env,
                key: key.to_string(),
                last_hour: q.0,
                hits: q.1,
            });
        }
        (stats, queries)
    }

    /// Takes back what the manifest kept.
    pub(crate) fn restore(&self, stats: Vec<KeyStatRow>, queries: Vec<KeyQueryRow>) {
        let mut inner = self.0.lock();
        for s in stats {
            let keys = inner
                .envs
                .entry(s.env)
                .or_default()
                .entry(s.dataset.into())
                .or_default();
            let stat = Stat {
                types: s.types.chars().filter_map(Type::from_tag).collect(),
                first_seen: s.first_seen,
                last_seen: s.last_seen,
                rows: s.rows,
                changed: false,
            };
            keys.insert(s.key.into(), stat);
        }
        for q in queries {
            inner
                .queried
                .insert((q.env, q.key.into()), (q.last_hour, q.hits, false));
        }
    }

    /// Forgets a dataset that was deleted.
    pub(crate) fn forget(&self, env: EnvId, dataset: &str) {
        if let Some(datasets) = self.0.lock().envs.get_mut(&env) {
            datasets.remove(dataset);
        }
    }
}

fn note_one(env: &mut Datasets, dataset: &str, key: &Arc<str>, ty: Type, rows: u64, at: i64) {
    let keys = match env.get_mut(dataset) {
        Some(keys) => keys,
        None => env.entry(dataset.into()).or_default(),
    };
    let listed = keys.len();
    match keys.get_mut(&**key) {
        Some(s) => {
            if !s.types.contains(&ty) {
                s.types.push(ty);
            }
            s.last_seen = s.last_seen.max(at);
            s.rows += rows;
            s.changed = true;
        }
        None if listed < KEYS_LISTED_LIMIT => {
            let stat = Stat {
                types: vec![ty],
                first_seen: at,
                last_seen: at,
                rows,
                changed: true,
            };
            keys.insert(Arc::clone(key), stat);
        }
        None => {}
    }
}

/// The datasets of a batch, and which one each row is of (`None`: all of the first).
fn datasets(batch: &EventBatch) -> Option<(Vec<&str>, Option<Vec<usize>>)> {
    let column = batch.fixed(Fixed::Dataset)?;
    let Data::Str(s) = &column.data else {
        return None;
    };
    let names: Vec<&str> = s.dict.iter().flatten().collect();
    if names.len() == 1 {
        return Some((names, None));
    }
    let of_row = (0..batch.rows())
        .map(|r| match column.value(r) {
            Some(ValueRef::Str(_)) => s.codes.get(r),
            _ => 0,
        })
        .collect();
    Some((names, Some(of_row)))
}
