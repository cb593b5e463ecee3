//! Rot is found: every block of every part is read again within a week (reliability.md, promise 9).
//!
//! A block is checked when a process reads it first, and a part that nobody asks for is not read at
//! all. So the merging thread reads one due part at each of its ticks, the one longest unread first.
//! When a part was last read is kept in memory alone: a start takes its making for it.

use crate::Error;
use crate::inner::Inner;
use crate::part::Part;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A part is due this long after it was last read whole, nanoseconds: a day is left for being late.
const DUE_AFTER: i64 = 6 * crate::time::DAY;

/// When parts were last read whole, nanoseconds, by id.
#[derive(Default)]
pub(crate) struct Scrubbed(Mutex<HashMap<String, i64>>);

impl Inner {
    /// Reads the part that is due most, if one is. Says whether there was one.
    pub(crate) fn scrub_next(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let Some(part) = self.due_scrub(now) else {
            return Ok(false);
        };
        self.status.alive()?;
        match part.file.scrub() {
            Ok(()) => {}
            // A merge or retention was quicker.
            Err(Error::Io(_)) if !part.path().exists() => {}
            Err(Error::Damaged(why)) => {
                tracing::error!(why, part = part.id, "a part has rotted");
            }
            Err(e) => return Err(e),
        }
        self.scrubbed.0.lock().insert(part.id.clone(), now);
        Ok(true)
    }

    fn due_scrub(&self, now: i64) -> Option<Arc<Part>> {
        let parts: Vec<Arc<Part>> = {
            let state = self.state.lock();
            let all = state.tables.values().flat_map(|t| t.parts.iter());
            all.filter(|p| !p.file.is_damaged()).cloned().collect()
        };
        let mut scrubbed = self.scrubbed.0.lock();
        if scrubbed.len() > 2 * parts.len() + 16 {
            scrubbed.retain(|id, _| parts.iter().any(|p| p.id == *id));
        }
        let last = |p: &Part| scrubbed.get(&p.id).copied().unwrap_or_else(|| p.made());
        parts
            .into_iter()
            .map(|p| (last(&p), p))
            .filter(|(at, _)| now.saturating_sub(*at) >= DUE_AFTER)
            .min_by_key(|(at, _)| *at)
            .map(|(_, p)| p)
    }
}
