//! What a reader sees.

use crate::Tombstone;
use crate::part::Part;
use event::EventBatch;
use std::sync::Arc;

/// A batch in the recent buffer: immutable, shared.
#[derive(Debug)]
pub struct BufferedBatch {
    /// The rows; receipt times and identities are filled in.
    pub batch: EventBatch,
    /// First and last sequence of the records it holds.
    pub sequences: (u64, u64),
    /// Smallest and greatest event time, nanoseconds.
    pub ts_range: (i64, i64),
    /// Roughly the memory it takes, bytes.
    pub bytes: usize,
}

/// All rows of one table at one moment, each exactly once.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Parts, newest first by `ts_max`.
    pub parts: Vec<Arc<Part>>,
    /// Buffered batches, oldest first.
    pub batches: Vec<Arc<BufferedBatch>>,
    /// Rows to be left out although present: deleted datasets.
    pub tombstones: Arc<[Tombstone]>,
    /// Rows with `ts` below are expired: default, and by dataset where one has its own setting.
    pub expired_before: Arc<Expiry>,
}

/// Retention, resolved to event times at the moment of the snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Nanoseconds; `i64::MIN` for ever.
    pub default: i64,
    /// (dataset slug, nanoseconds), sorted.
    pub by_dataset: Vec<(String, i64)>,
}

impl Default for Expiry {
    fn default() -> Self {
        Self {
            default: i64::MIN,
            by_dataset: Vec::new(),
        }
    }
}

impl Expiry {
    /// The limit for a dataset, nanoseconds.
    #[must_use]
    pub fn of(&self, dataset: &str) -> i64 {
        self.by_dataset
            .binary_search_by(|(d, _)| d.as_str().cmp(dataset))
            .map_or(self.default, |i| self.by_dataset[i].1)
    }
}
