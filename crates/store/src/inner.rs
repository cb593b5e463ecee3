//! What all threads of a store share.
//!
//! Locks, in the order they may be taken: `compacting`, `flushing`, `manifest`, `seen`, `state`.
//! `state` is short and never held across a file operation.

use crate::disk::Disk;
use crate::fields::Fields;
use crate::manifest::Manifest;
use crate::part::{FooterCache, KeyTable, Part};
use crate::scrub::Scrubbed;
use crate::seen::Seen;
use crate::snapshot::BufferedBatch;
use crate::wal::WalFiles;
use crate::{Clock, Error, Expiry, Follower, Health, Options, Retention, Snapshot, Tombstone};
use event::{EnvId, TableId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

pub(crate) struct Inner {
    pub options: Options,
    pub clock: Arc<dyn Clock>,
    pub disk: Arc<dyn Disk>,
    pub keys: Arc<KeyTable>,
    pub footers: Arc<FooterCache>,
    pub fields: Fields,
    /// `None` once closed.
    pub manifest: Mutex<Option<Manifest>>,
    pub wal_files: Arc<WalFiles>,
    pub seen: Mutex<Seen>,
    pub state: Mutex<State>,
    pub scrubbed: Scrubbed,
    pub flushing: Mutex<()>,
    pub compacting: Mutex<()>,
    pub status: Status,
    /// Last receipt time given, milliseconds.
    pub ingest_ms: AtomicI64,
    pub next_seq: AtomicU64,
    /// Sequences above it are kept in the WAL for another owner.
    pub applied_seq: AtomicU64,
    pub follower: Option<Arc<dyn Follower>>,
    /// While replaying: the first sequence of the next WAL file.
    pub replay_floor: AtomicU64,
    pub queued_bytes: AtomicUsize,
    pub buffered_bytes: AtomicUsize,
    pub key_stats_written_ms: AtomicI64,
    pub flushes: AtomicU64,
    pub merges: AtomicU64,
    pub rows_flushed: AtomicU64,
    pub rows_merged: AtomicU64,
    /// Wakes the flushing thread.
    pub kick: crossbeam_channel::Sender<()>,
    /// Wakes the merging thread.
    pub kick_merge: crossbeam_channel::Sender<()>,
}

#[derive(Default)]
pub(crate) struct State {
    pub tables: BTreeMap<TableId, Table>,
    pub tombstones: Arc<[Tombstone]>,
    pub retention: Arc<Retention>,
    /// Parts that left the manifest, and when (nanoseconds).
    pub leaving: Vec<(Arc<Part>, i64)>,
}

/// One table's parts and buffer.
#[derive(Default)]
pub(crate) struct Table {
    /// Newest first by `ts_max`.
    pub parts: Arc<Vec<Arc<Part>>>,
    /// By sequence.
    pub batches: Vec<Arc<BufferedBatch>>,
    /// The first so many batches are being flushed: they stay as they are.
    pub held: usize,
    pub rows: usize,
    pub bytes: usize,
    /// When the oldest buffered batch came, nanoseconds.
    pub oldest: Option<i64>,
}

impl Table {
    pub(crate) fn push(&mut self, batch: Arc<BufferedBatch>, now: i64) {
        self.rows += batch.batch.rows();
        self.bytes += batch.bytes;
        self.oldest.get_or_insert(now);
        self.batches.push(batch);
    }

    /// Replaces parts; keeps the order.
    pub(crate) fn swap_parts(&mut self, remove: &[String], add: Vec<Arc<Part>>) {
        let mut parts: Vec<Arc<Part>> = self
            .parts
            .iter()
            .filter(|p| !remove.contains(&p.id))
            .cloned()
            .chain(add)
            .collect();
        parts.sort_unstable_by(|a, b| (b.ts_max, &b.id).cmp(&(a.ts_max, &a.id)));
        self.parts = Arc::new(parts);
    }
}

/// How the store is; flags beside the words, for paths that ask often.
#[derive(Default)]
pub(crate) struct Status {
    pub health: Mutex<Health>,
    poisoned: AtomicBool,
    read_only: AtomicBool,
    #[expect(clippy::type_complexity, reason = "a list of callbacks")]
    on_poisoned: Mutex<Vec<Box<dyn FnOnce(&str) + Send>>>,
}

impl Status {
    /// Nothing is written from now on: whether the last write is on disk is unknown.
    pub(crate) fn poison(&self, why: &str) {
        let mut health = self.health.lock();
        if self.poisoned.swap(true, Ordering::SeqCst) {
            return;
        }
        health.poisoned = Some(why.to_owned());
        drop(health);
        tracing::error!(why, "store poisoned: restart to go on");
        for callback in std::mem::take(&mut *self.on_poisoned.lock()) {
            callback(why);
        }
    }

    pub(crate) fn on_poisoned(&self, callback: Box<dyn FnOnce(&str) + Send>) {
        // Under the lock, so that a poisoning at this moment runs it exactly once.
        let health = self.health.lock();
        match &health.poisoned {
            Some(why) => callback(why),
            None => self.on_poisoned.lock().push(callback),
        }
    }

    pub(crate) fn set_read_only(&self, why: Option<String>) {
        let mut health = self.health.lock();
        let was = self.read_only.swap(why.is_some(), Ordering::SeqCst);
        match &why {
            Some(why) if !was => tracing::warn!(why, "read-only: batches are refused"),
            None if was => tracing::info!("no longer read-only"),
            _ => {}
        }
        health.read_only = why;
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only.load(Ordering::Relaxed)
    }

    /// Whether appends are taken.
    pub(crate) fn writable(&self) -> Result<(), Error> {
        self.alive()?;
        if self.read_only.load(Ordering::Relaxed) {
            let why = self.health.lock().read_only.clone();
            return Err(Error::ReadOnly(why.unwrap_or_default()));
        }
        Ok(())
    }

    /// Whether anything may be written at all.
    pub(crate) fn alive(&self) -> Result<(), Error> {
        if self.poisoned.load(Ordering::Relaxed) {
            let why = self.health.lock().poisoned.clone();
            return Err(Error::Poisoned(why.unwrap_or_default()));
        }
        Ok(())
    }
}

impl Inner {
    pub(crate) fn data_root(&self) -> PathBuf {
        self.options.data_dir.join("data")
    }

    pub(crate) fn quarantine_dir(&self) -> PathBuf {
        self.options.data_dir.join("quarantine")
    }

    pub(crate) fn step(&self, name: &'static str) -> Result<(), Error> {
        self.disk.step(name).map_err(|e| Error::io(name, &e))
    }

    /// The receipt time of a batch that comes now: the clock's, never going back.
    pub(crate) fn next_ingest_ms(&self) -> i64 {
        let now = self.clock.now() / 1_000_000;
        self.ingest_ms.fetch_max(now, Ordering::SeqCst).max(now)
    }

    /// Runs `f` on the manifest, durable when it returns. A commit whose outcome is unknown poisons.
    pub(crate) fn commit(&self, edit: &crate::manifest::Edit) -> Result<(), Error> {
        let mut manifest = self.manifest.lock();
        let manifest = manifest.as_mut().ok_or(Error::Closed)?;
        manifest.commit(edit).inspect_err(|e| {
            if !matches!(e, Error::ReadOnly(_)) {
                self.status.poison(&format!("manifest: {e}"));
            }
        })
    }

    pub(crate) fn snapshot(&self, table: TableId) -> Snapshot {
        let state = self.state.lock();
        let (parts, batches) = state.tables.get(&table).map_or_else(
            || (Arc::default(), Vec::new()),
            |t| (Arc::clone(&t.parts), t.batches.clone()),
        );
        let tombstones = Arc::clone(&state.tombstones);
        let retention = Arc::clone(&state.retention);
        drop(state);
        Snapshot {
            parts: parts.to_vec(),
            batches,
            tombstones: if tombstones.iter().all(|t| t.env == table.env) {
                tombstones
            } else {
                tombstones
                    .iter()
                    .filter(|t| t.env == table.env)
                    .cloned()
                    .collect()
            },
            expired_before: Arc::new(expiry(&retention, table.env, self.clock.now())),
        }
    }

    /// A receipt time, milliseconds: every batch so far has at most it, those from now on have more.
    pub(crate) fn receipt_mark(&self) -> i64 {
        let now = self.next_ingest_ms();
        let before = self.ingest_ms.fetch_add(1, Ordering::SeqCst);
        before.max(now)
    }

    /// Deletes what a dataset has now.
    pub(crate) fn delete(&self, env: EnvId, dataset: &str) -> Result<Tombstone, Error> {
        self.status.alive()?;
        let tombstone = Tombstone {
            env,
            dataset: dataset.to_owned(),
            created_ms: self.receipt_mark(),
        };
        self.commit(&crate::manifest::Edit {
            add_tombstones: vec![tombstone.clone()],
            ..Default::default()
        })?;
        self.edit_tombstones(std::slice::from_ref(&tombstone), &[]);
        self.fields.forget(env, dataset);
        Ok(tombstone)
    }

    /// Changes the set of tombstones.
    pub(crate) fn edit_tombstones(&self, add: &[Tombstone], remove: &[Tombstone]) {
        let mut state = self.state.lock();
        state.tombstones = state
            .tombstones
            .iter()
            .filter(|t| !remove.contains(t))
            .chain(add)
            .cloned()
            .collect();
    }
}

pub(crate) fn expiry(retention: &Retention, env: EnvId, now: i64) -> Expiry {
    let mut by_dataset: Vec<(String, i64)> = retention
        .by_dataset
        .iter()
        .filter(|(e, _, _)| *e == env)
        .map(|(_, d, days)| (d.clone(), Retention::expired_before(*days, now)))
        .collect();
    by_dataset.sort_unstable();
    Expiry {
        default: Retention::expired_before(retention.default_days, now),
        by_dataset,
    }
}
