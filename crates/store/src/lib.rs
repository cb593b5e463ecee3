//! Keeps events: WAL, recent buffer, Parquet parts, compaction, retention. Owns the data directory.
//!
//! **Promises.** What [`Store::append`] acknowledged is in a synced WAL record and in the snapshot
//! of every reader that starts afterwards, once, through crashes, flushes and compactions.
//! Start-up never needs a human.
//!
//! **Does not know** DataFusion, HTTP, any vendor. Clock and disk are passed in.
//!
//! **Life of a batch.** `ingest` writes it into the `wal`, syncs, and pushes it, shared, onto its
//! table's list in `inner`: from then on it is acknowledged and in every [`Snapshot`]. `flush` turns
//! a table's whole list into parts (`order`, `columns`, [`part`]), `publish` puts them into the
//! `manifest` with one transaction, and the WAL files behind are deleted. `compact` merges parts,
//! `retention` drops them. `recovery` and `rebuild` make a store of what any crash left; `verify`
//! reads everything back. File formats: `docs/formats/`.
//!
//! ```
//! use std::sync::Arc;
//! use event::{BatchBuilder, EnvId, RowPolicy, TableId, TableKind};
//! use store::{Append, Options, Store, SystemClock, disk::RealDisk};
//! # let dir = tempfile::tempdir()?;
//! let options = Options { reserve_bytes: 0, ..Options::new(dir.path()) };
//! let (store, _) = Store::open(options, Arc::new(SystemClock), Arc::new(RealDisk))?;
//! let table = TableId { env: EnvId(1), kind: TableKind::Spans };
//! let mut batch = BatchBuilder::new(table.kind, RowPolicy::unlimited(1_700_000_000_000_000_000));
//! assert!(batch.begin_row(0));
//! batch.set_dataset("backend-flask");
//! batch.end_row();
//! let (tell, told) = std::sync::mpsc::channel();
//! let append = Append { table, batch: batch.finish(), identity: None };
//! store.append(append, Box::new(move |outcome| drop(tell.send(outcome))));
//! told.recv()??;
//! assert_eq!(store.snapshot(table).batches.len(), 1);
//! store.close()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod background;
mod columns;
mod compact;
#[doc(hidden)]
pub mod decoders;
pub mod disk;
mod error;
mod fields;
mod flush;
mod follow;
mod health;
mod ingest;
mod inner;
mod join;
mod manifest;
mod options;
mod order;
pub mod part;
mod poison;
mod publish;
mod rebuild;
mod recovery;
mod retention;
mod scrub;
mod seen;
pub mod snapshot;
mod store;
mod time;
mod verify;
mod wal;

use event::{EnvId, EventBatch, TableId, Type};
use std::sync::Arc;

pub use error::Error;
pub use follow::Follower;
pub use health::{Health, Recovery, Stats, TableStats};
pub use options::{Clock, Options, Retention, SystemClock};
pub use part::{Part, PartReader, Placement, TraceHit};
pub use snapshot::{BufferedBatch, Expiry, Snapshot};
pub use store::{DirLock, Store};
pub use verify::{Problem, Verification};

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

/// Called once when the outcome is known: on a thread of the store, or at once on the caller's
/// when the batch is refused before it is queued. Must not block.
pub type Done = Box<dyn FnOnce(Result<Appended, Error>) + Send>;

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
