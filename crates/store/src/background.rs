//! The background threads: one flushes and watches the disk, one merges, cleans up and reads
//! again what may have rotted.

use crate::Error;
use crate::disk::Space;
use crate::inner::Inner;
use crate::snapshot::BufferedBatch;
use crossbeam_channel::{Receiver, TryRecvError};
use event::{EventBatch, TableId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often triggers and disk marks are looked at when nothing wakes the thread.
const FLUSH_TICK: Duration = Duration::from_secs(1);
/// How often merges, retention and files to unlink are looked at without a flush in between.
const MERGE_TICK: Duration = Duration::from_secs(10);
/// Rest after a failure.
const FAILURE_REST: Duration = Duration::from_secs(5);
/// A buffered batch with fewer rows is merged with its neighbours.
const SMALL_ROWS: usize = 1_024;
/// So many at a time.
const MERGED_BATCHES: usize = 8;
/// A merge of parts yields to queries and ingest: nice value of its thread.
const MERGE_NICE: i32 = 10;

const GIB: u64 = 1 << 30;
/// Free room above the mark at which writing is taken up again.
const MARK_HYSTERESIS: u64 = 512 << 20;

/// Free room below which merges stop (reliability.md §3), bytes.
fn warn_mark(total: u64) -> u64 {
    (total / 10).clamp(5 * GIB, 50 * GIB)
}

/// Free room below which appends are refused, bytes.
fn read_only_mark(total: u64) -> u64 {
    (total / 100 * 3).clamp(GIB, 10 * GIB)
}

/// Body of the flushing thread.
pub(crate) fn run_flush(inner: &Inner, kicked: &Receiver<()>, stopped: &Receiver<()>) {
    supervise(inner, "flush", FLUSH_TICK, kicked, stopped, || {
        inner.check_disk()?;
        let due = inner.due();
        if !due.is_empty() {
            inner.flush(&due)?;
            // Full: a wake-up is under way already.
            let _ = inner.kick_merge.try_send(());
        }
        inner.merge_small_batches();
        Ok(())
    });
}

/// Body of the merging thread.
pub(crate) fn run_merge(inner: &Inner, kicked: &Receiver<()>, stopped: &Receiver<()>) {
    // Without the right to it the thread runs like others.
    let _ = rustix::process::setpriority_process(None, MERGE_NICE);
    supervise(inner, "merge", MERGE_TICK, kicked, stopped, || {
        inner.tidy()?;
        while let Some(merge) = inner.next_allowed_merge() {
            if ended(stopped) {
                return Ok(());
            }
            inner.merge_one(&merge)?;
        }
        inner.rebuild_indexes()?;
        inner.scrub_next()?;
        Ok(())
    });
}

/// Runs `work` at each tick and wake-up until stopped. A panic is a failure like another: told,
/// and tried again after a rest.
fn supervise(
    inner: &Inner,
    task: &str,
    tick: Duration,
    kicked: &Receiver<()>,
    stopped: &Receiver<()>,
    work: impl Fn() -> Result<(), Error>,
) {
    loop {
        crossbeam_channel::select! {
            recv(stopped) -> _ => return,
            recv(kicked) -> _ => {}
            default(tick) => {}
        }
        let outcome = catch_unwind(AssertUnwindSafe(&work))
            .unwrap_or_else(|_| Err(Error::Io("a background task panicked".into())));
        let failed = outcome.is_err();
        inner.told(task, outcome);
        if failed {
            // Ends the rest early when the store is closed; the loop then sees it.
            let _ = stopped.recv_timeout(FAILURE_REST);
        }
    }
}

/// Whether the store is being closed: its end of the channel is gone.
fn ended(stopped: &Receiver<()>) -> bool {
    matches!(stopped.try_recv(), Err(TryRecvError::Disconnected))
}

impl Inner {
    /// Notes the outcome of a background task in the health.
    fn told(&self, task: &str, outcome: Result<(), Error>) {
        let mut health = self.status.health.lock();
        match outcome {
            Ok(()) => {
                if health
                    .background
                    .as_ref()
                    .is_some_and(|b| b.starts_with(task))
                {
                    health.background = None;
                }
            }
            Err(e) => {
                let what = format!("{task}: {e}");
                if health.background.as_ref() != Some(&what) {
                    tracing::error!(error = %e, "{task} failed");
                }
                health.background = Some(what);
            }
        }
    }

    /// The tables to be flushed now.
    pub(crate) fn due(&self) -> Vec<TableId> {
        let now = self.clock.now();
        let age = i64::try_from(self.options.flush_age_ms)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000);
        let state = self.state.lock();
        let mut due: Vec<TableId> = state
            .tables
            .iter()
            .filter(|(_, t)| {
                t.rows >= self.options.flush_rows
                    || t.bytes >= self.options.flush_bytes
                    || t.oldest.is_some_and(|o| now.saturating_sub(o) >= age)
            })
            .map(|(id, _)| *id)
            .collect();
        let mut rest: Vec<_> = state
            .tables
            .iter()
            .filter(|(id, t)| !due.contains(id) && !t.batches.is_empty())
            .collect();
        if self.buffer_is_filling() && due.is_empty() {
            // The largest first.
            rest.sort_by_key(|(_, t)| std::cmp::Reverse(t.bytes));
            due.extend(rest.first().map(|(id, _)| **id));
        } else if self.wal_files.bytes() >= self.options.wal_flush_bytes {
            // Those with the oldest rows hold the WAL.
            rest.sort_by_key(|(_, t)| t.batches.first().map(|b| b.sequences.0));
            due.extend(rest.iter().take(rest.len().div_ceil(2)).map(|(id, _)| **id));
        }
        due
    }

    /// Whether the buffers hold 70 % of what they may.
    pub(crate) fn buffer_is_filling(&self) -> bool {
        self.buffered_bytes.load(Ordering::Relaxed) >= self.options.buffer_bytes_limit / 10 * 7
    }

    /// Looks at the free room; enters or leaves the read-only state.
    pub(crate) fn check_disk(&self) -> Result<(), Error> {
        let dir = &self.options.data_dir;
        let space = self
            .disk
            .space(dir)
            .map_err(|e| Error::io(dir.display(), &e))?;
        let Space { free, total } = space;
        self.status.health.lock().disk_low = free < warn_mark(total);
        let mark = read_only_mark(total);
        if free < mark && !self.status.is_read_only() {
            let mib = |n: u64| n >> 20;
            self.status.set_read_only(Some(format!(
                "{} MiB free of {} MiB, less than {} MiB",
                mib(free),
                mib(total),
                mib(mark)
            )));
            self.release_reserve();
        } else if self.status.is_read_only() && free >= mark + MARK_HYSTERESIS {
            self.status.set_read_only(None);
            self.keep_reserve();
        }
        Ok(())
    }

    /// Room for the manifest when everything else is full.
    pub(crate) fn keep_reserve(&self) {
        let path = self.options.data_dir.join("reserve");
        if self.options.reserve_bytes == 0 || self.disk.open(&path).is_ok() {
            return;
        }
        let kept = self
            .disk
            .create(&path)
            .and_then(|mut file| file.reserve(self.options.reserve_bytes));
        if let Err(e) = kept {
            tracing::warn!(error = %e, "no reserve file");
            self.release_reserve();
        }
    }

    fn release_reserve(&self) {
        match self.disk.remove(&self.options.data_dir.join("reserve")) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(error = %e, "the reserve file stays");
            }
            _ => {}
        }
    }

    /// A due merge, unless the disk is low or ingest waits.
    fn next_allowed_merge(&self) -> Option<crate::compact::Merge> {
        let low = self.status.health.lock().disk_low;
        let queued = self.queued_bytes.load(Ordering::Relaxed);
        if low || queued > self.options.buffer_bytes_limit / 4 {
            return None;
        }
        self.next_merge()
    }

    /// Merges small neighbouring batches, so that a query meets few. Sequences stay covered.
    pub(crate) fn merge_small_batches(&self) {
        let tables: Vec<TableId> = self.state.lock().tables.keys().copied().collect();
        for table in tables {
            let mut from = 0;
            while let Some((at, run)) = self.small_run(table, from) {
                let batches: Vec<&EventBatch> = run.iter().map(|b| &b.batch).collect();
                let batch = EventBatch::concat(&batches);
                let merged = BufferedBatch {
                    sequences: (run[0].sequences.0, run[run.len() - 1].sequences.1),
                    ts_range: batch.ts_range().unwrap_or((0, 0)),
                    bytes: batch.memory_bytes(),
                    batch,
                };
                self.replace_run(table, &run, merged);
                from = at + 1;
            }
        }
    }

    /// Eight small neighbours from `from` on that no flush holds, and where they are.
    fn small_run(&self, table: TableId, from: usize) -> Option<(usize, Vec<Arc<BufferedBatch>>)> {
        let state = self.state.lock();
        let t = state.tables.get(&table)?;
        let from = from.max(t.held);
        let batches = t.batches.get(from..)?;
        let at = batches
            .windows(MERGED_BATCHES)
            .position(|w| w.iter().all(|b| b.batch.rows() < SMALL_ROWS))?;
        Some((from + at, batches[at..at + MERGED_BATCHES].to_vec()))
    }

    fn replace_run(&self, table: TableId, run: &[Arc<BufferedBatch>], merged: BufferedBatch) {
        let mut state = self.state.lock();
        let Some(t) = state.tables.get_mut(&table) else {
            return;
        };
        let at = t.batches.iter().position(|b| Arc::ptr_eq(b, &run[0]));
        let Some(at) = at.filter(|at| *at >= t.held) else {
            // A flush has them now.
            return;
        };
        let before: usize = run.iter().map(|b| b.bytes).sum();
        let after = merged.bytes;
        t.batches.splice(at..at + run.len(), [Arc::new(merged)]);
        t.bytes = t.bytes + after - before;
        self.buffered_bytes.fetch_add(after, Ordering::Relaxed);
        self.buffered_bytes.fetch_sub(before, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_follow_the_size_of_the_disk() {
        let gib = |n: u64| n * GIB;
        assert_eq!(
            (warn_mark(gib(20)), read_only_mark(gib(20))),
            (gib(5), gib(1))
        );
        assert_eq!(warn_mark(gib(200)), gib(20));
        assert_eq!(
            (warn_mark(gib(4_000)), read_only_mark(gib(4_000))),
            (gib(50), gib(10))
        );
    }
}
