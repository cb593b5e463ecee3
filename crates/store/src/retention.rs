//! What must go: parts whose retention has passed, the oldest when there are too many bytes,
//! tombstones that have done their work, files of parts that nobody reads any more.

use crate::compact::hits;
use crate::inner::{Inner, expiry};
use crate::manifest::Edit;
use crate::part::Part;
use crate::{Error, Expiry, Tombstone};
use std::sync::Arc;

impl Inner {
    /// Drops the parts whose longest retention has passed, and the oldest days above the limit of
    /// bytes. Called under the compaction lock.
    pub(crate) fn expire(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let state = self.state.lock();
        let retention = Arc::clone(&state.retention);
        let mut parts: Vec<Arc<Part>> = state
            .tables
            .values()
            .flat_map(|t| t.parts.iter().cloned())
            .collect();
        drop(state);
        let mut gone: Vec<Arc<Part>> = Vec::new();
        parts.retain(|p| {
            let stays = p.ts_max >= longest(p, &expiry(&retention, p.table.env, now));
            if !stays {
                gone.push(Arc::clone(p));
            }
            stays
        });
        if let Some(limit) = retention.max_bytes {
            gone.extend(beyond(parts, limit));
        }
        self.drop_parts(&gone)
    }

    /// Takes parts out of the manifest.
    fn drop_parts(&self, gone: &[Arc<Part>]) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        self.step("retention.drop")?;
        let remove: Vec<String> = gone.iter().map(|p| p.id.clone()).collect();
        self.commit(&Edit {
            remove: remove.clone(),
            ..Edit::default()
        })?;
        let now = self.clock.now();
        let mut state = self.state.lock();
        for t in state.tables.values_mut() {
            t.swap_parts(&remove, Vec::new());
        }
        state
            .leaving
            .extend(gone.iter().map(|p| (Arc::clone(p), now)));
        drop(state);
        tracing::info!(parts = gone.len(), "retention: dropped");
        self.step("retention.dropped")
    }

    /// Forgets tombstones that no row on disk or in a buffer falls under any more.
    pub(crate) fn settle_tombstones(&self) -> Result<(), Error> {
        let state = self.state.lock();
        // A part that left comes back if the manifest is lost before its file is gone.
        if state.tombstones.is_empty() || !state.leaving.is_empty() {
            return Ok(());
        }
        let waits = |t: &Tombstone| {
            state.tables.iter().any(|(table, x)| {
                table.env == t.env
                    && (x.parts.iter().any(|p| hits(t, p))
                        || x.batches
                            .iter()
                            .any(|b| b.batch.datasets().contains(&t.dataset.as_str())))
            })
        };
        let done: Vec<Tombstone> = state
            .tombstones
            .iter()
            .filter(|t| !waits(t))
            .cloned()
            .collect();
        drop(state);
        if done.is_empty() {
            return Ok(());
        }
        self.commit(&Edit {
            remove_tombstones: done.clone(),
            ..Edit::default()
        })?;
        self.edit_tombstones(&[], &done);
        Ok(())
    }

    /// Removes the files of parts that left the manifest long enough ago and that no snapshot has.
    pub(crate) fn unlink_left(&self) -> Result<(), Error> {
        let wait = i64::try_from(self.options.unlink_after_ms)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000);
        let now = self.clock.now();
        let mut ready = Vec::new();
        // Nobody can take a reference but from a snapshot, and no new snapshot has the part.
        self.state.lock().leaving.retain(|(part, since)| {
            let stays = now.saturating_sub(*since) < wait || Arc::strong_count(part) > 1;
            if !stays {
                ready.push(Arc::clone(part));
            }
            stays
        });
        for part in ready {
            self.step("part.unlink")?;
            self.footers.forget(part.path());
            for path in [part.tix_path(), part.path().to_owned()] {
                match self.disk.remove(&path) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                        return Err(Error::io(path.display(), &e));
                    }
                    _ => {}
                }
            }
            // The hour's and the day's directory, once empty; not empty is the usual case.
            for dir in part.path().ancestors().skip(1).take(2) {
                if self.disk.remove_dir(dir).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Event time before which everything in the part is expired: by the longest retention in it.
fn longest(part: &Part, limits: &Expiry) -> i64 {
    let own = || {
        limits
            .by_dataset
            .iter()
            .filter(|(d, _)| part.may_have_dataset(d))
            .map(|(_, limit)| *limit)
    };
    match &part.datasets {
        Some(list) => list.iter().map(|d| limits.of(d)).min(),
        None => own().chain([limits.default]).min(),
    }
    .unwrap_or(limits.default)
}

/// The parts of the oldest days that are above `limit` bytes in all.
fn beyond(mut parts: Vec<Arc<Part>>, limit: u64) -> Vec<Arc<Part>> {
    let mut bytes: u64 = parts.iter().map(|p| p.bytes).sum();
    parts.sort_unstable_by_key(|p| (p.period, p.ts_max));
    let mut gone: Vec<Arc<Part>> = Vec::new();
    for part in parts {
        let same = gone.last().is_some_and(|g| g.period == part.period);
        if bytes <= limit && !same {
            break;
        }
        bytes -= part.bytes;
        tracing::warn!(part = part.id, period = ?part.period, "retention.max_bytes: dropped");
        gone.push(part);
    }
    gone
}
