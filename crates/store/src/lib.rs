//! Keeps events: WAL, recent buffer, Parquet parts, compaction, retention. Owns the data directory.
//!
//! **Promises.** What [`Store::append`] acknowledged is in a synced WAL record and in the snapshot
//! of every reader that starts afterwards, once, through crashes, flushes and compactions.
//! Start-up never needs a human.
//!
//! **Does not know** DataFusion, HTTP, any vendor. Clock and disk are passed in.

pub mod part;
pub mod snapshot;

use event::{EnvId, EventBatch, TableId, Type};
use std::path::PathBuf;
use std::sync::Arc;

pub use part::{Part, Placement, TraceHit};
pub use snapshot::{BufferedBatch, Snapshot};

/// Tells the time. Passed in, so that tests turn it.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since 1970.
    fn now(&self) -> i64;
}

/// How the store is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory; made when missing.
    pub data_dir: PathBuf,
    /// Attribute columns per part, 50–500.
    pub columns_per_part: usize,
    /// Buffered bytes over all tables before the largest is flushed at 70 %.
    pub buffer_bytes_limit: usize,
    /// Rows of one table that trigger a flush.
    pub flush_rows: usize,
}

/// One batch to be kept.
pub struct Append {
    /// Where its rows go.
    pub table: TableId,
    /// The rows. Receipt time and missing identities are filled in by the store.
    pub batch: EventBatch,
    /// Keyed hash of the request, when repeats of it are to be merged (reliability.md §4).
    pub identity: Option<[u8; 16]>,
}

/// An acknowledged append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Sequence of the record; of the first one, for a repeat.
    pub sequence: u64,
    /// Whether the same request was stored before: nothing new was written.
    pub merged: bool,
}

/// Called once, on a thread of the store, when the outcome is known.
pub type Done = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

/// What went wrong, by what the caller can do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Retry later: buffers or WAL are at their limit.
    #[error("store at capacity: {used_bytes} of {limit_bytes} bytes")]
    AtCapacity {
        /// In use.
        used_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// The disk is full or below the read-only mark; queries go on.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// A sync failed; nothing is written any more and the process must restart.
    #[error("poisoned: {0}")]
    Poisoned(String),
    /// Another process has the directory.
    #[error("{0}")]
    Locked(String),
    /// Written by a newer version.
    #[error("{0}")]
    NewerFormat(String),
    /// The operating system refused.
    #[error("{0}")]
    Io(String),
}

/// A key as the store has seen it in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldStat {
    /// Dataset slug.
    pub dataset: Arc<str>,
    /// Attribute name.
    pub key: Arc<str>,
    /// Types seen, the first one first.
    pub types: Vec<Type>,
    /// First and last time a batch brought it, nanoseconds.
    pub first_seen: i64,
    /// See `first_seen`.
    pub last_seen: i64,
    /// Rows that had it.
    pub rows: u64,
}

/// Rows that are gone for readers although still in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Whose.
    pub env: EnvId,
    /// Which dataset.
    pub dataset: String,
    /// Rows with a receipt time (ms) up to this are gone.
    pub created_ms: i64,
}

/// The store. Cheap to clone; the last clone dropped flushes nothing: call [`Store::close`].
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Hands a batch to the writer thread. `done` is called after `fdatasync` returned and the rows
    /// are in the buffer, in order of sequence. Never blocks on the disk.
    pub fn append(&self, append: Append, done: Done) {
        let _ = (append, done);
        crate::unimplemented_yet()
    }

    /// All rows of a table, each exactly once, as of now. Takes one short lock.
    #[must_use]
    pub fn snapshot(&self, table: TableId) -> Snapshot {
        let _ = table;
        crate::unimplemented_yet()
    }

    /// Every key seen in the environment's datasets, with types in order of appearance.
    #[must_use]
    pub fn fields(&self, env: EnvId) -> Vec<FieldStat> {
        let _ = env;
        crate::unimplemented_yet()
    }

    /// Notes that a question used these keys, so that they get columns of their own.
    pub fn note_queried(&self, env: EnvId, keys: &[&str]) {
        let _ = (env, keys);
    }
}

pub(crate) fn unimplemented_yet() -> ! {
    std::process::abort()
}
