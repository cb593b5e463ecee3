//! The background thread: flushes what is due.

use crate::inner::Inner;
use crossbeam_channel::Receiver;
use event::TableId;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often triggers are looked at when nothing wakes the thread.
const TICK: Duration = Duration::from_secs(1);

/// The thread's body.
pub(crate) fn run(inner: &Inner, kicked: &Receiver<()>, stopped: &Receiver<()>) {
    loop {
        // A time-out is a tick.
        let _ = kicked.recv_timeout(TICK);
        if stopped.try_recv().is_ok() {
            return;
        }
        let due = inner.due();
        if !due.is_empty() {
            inner.told("flush", inner.flush(&due));
        }
    }
}

impl Inner {
    /// Notes the outcome of a background task in the health.
    pub(crate) fn told(&self, task: &str, outcome: Result<(), crate::Error>) {
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
        let buffered = self.buffered_bytes.load(Ordering::Relaxed);
        let full = buffered >= self.options.buffer_bytes_limit / 10 * 7;
        if full && due.is_empty() {
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
}
