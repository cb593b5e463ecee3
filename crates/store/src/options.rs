//! How a store is set up, and the time it goes by.

use event::EnvId;
use std::path::PathBuf;

/// Tells the time. Passed in, so that tests turn it.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since 1970.
    fn now(&self) -> i64;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }
}

/// How the store is set up. [`Options::new`] has the defaults of the specification.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made when missing.
    pub data_dir: PathBuf,
    /// Attribute columns per part, 50–500.
    pub columns_per_part: usize,
    /// Buffered bytes over all tables: the largest is flushed at 70 %, appends are refused at 100 %.
    pub buffer_bytes_limit: usize,
    /// Rows of one table that trigger a flush.
    pub flush_rows: usize,
    /// Estimated bytes of one table that trigger a flush.
    pub flush_bytes: usize,
    /// Age of a table's oldest buffered row that triggers a flush, milliseconds.
    pub flush_age_ms: u64,
    /// Size at which a WAL file is closed and the next begun, bytes.
    pub wal_file_bytes: u64,
    /// WAL in all, bytes, at which the tables with the oldest rows are flushed.
    pub wal_flush_bytes: u64,
    /// WAL in all, bytes, at which appends are refused.
    pub wal_bytes_limit: u64,
    /// Rows of a row group, a slice of time.
    pub slice_rows: usize,
    /// Rows of a compacted part.
    pub part_rows: usize,
    /// Level-0 parts of one hour that trigger a merge.
    pub merge_parts: usize,
    /// How long a part stays on disk after it left the manifest, milliseconds.
    pub unlink_after_ms: u64,
    /// How long a request's identity is remembered, milliseconds.
    pub seen_window_ms: u64,
    /// Identities remembered at most.
    pub seen_limit: usize,
    /// Memory for parsed footers, bytes.
    pub footer_cache_bytes: usize,
    /// Size of the file that is released when the disk is full, so that the manifest can be
    /// written; 0: none.
    pub reserve_bytes: u64,
    /// Retention until [`crate::Store::set_retention`] says otherwise.
    pub retention: Retention,
    /// Up to which sequence another owner (the catalog) has applied the records, if there is one:
    /// the WAL is kept above it. See [`crate::Store::set_applied`].
    pub applied_seq: Option<u64>,
    /// Whether flush, compaction, retention and disk marks run by themselves, in the background.
    /// Tests that count steps turn it off and call them.
    pub background: bool,
}

impl Options {
    /// The defaults, for a data directory.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            columns_per_part: 200,
            buffer_bytes_limit: 128 << 20,
            flush_rows: 256 << 10,
            flush_bytes: 64 << 20,
            flush_age_ms: 600_000,
            wal_file_bytes: 64 << 20,
            wal_flush_bytes: 512 << 20,
            wal_bytes_limit: 4 << 30,
            slice_rows: 128 << 10,
            part_rows: 1 << 20,
            merge_parts: 8,
            unlink_after_ms: 600_000,
            seen_window_ms: 900_000,
            seen_limit: 1_000_000,
            footer_cache_bytes: 32 << 20,
            reserve_bytes: 64 << 20,
            retention: Retention::default(),
            applied_seq: None,
            background: true,
        }
    }
}

/// How long rows are kept (design.md §4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days by event time; 0: for ever.
    pub default_days: u32,
    /// Datasets with a setting of their own, days; 0: for ever.
    pub by_dataset: Vec<(EnvId, String, u32)>,
    /// Bytes of all parts; above, the oldest days go first.
    pub max_bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            default_days: 60,
            by_dataset: Vec::new(),
            max_bytes: None,
        }
    }
}

impl Retention {
    /// The setting of a dataset, days; 0: for ever.
    #[must_use]
    pub fn days(&self, env: EnvId, dataset: &str) -> u32 {
        self.by_dataset
            .iter()
            .find(|(e, d, _)| *e == env && d == dataset)
            .map_or(self.default_days, |(_, _, days)| *days)
    }

    /// Event time before which rows of a setting are expired, nanoseconds; `i64::MIN` for ever.
    #[must_use]
    pub fn expired_before(days: u32, now: i64) -> i64 {
        match days {
            0 => i64::MIN,
            days => now.saturating_sub(i64::from(days) * crate::time::DAY),
        }
    }
}
