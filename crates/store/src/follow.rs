//! Another owner that goes along with the WAL, e.g. counts kept in another file.
//!
//! A follower hears of every record of its tables once it is on disk and before it is acknowledged, in
//! order of sequence. What it has made durable it tells by [`crate::Store::set_applied`]; the WAL is
//! kept above that, and the next start tells it again of the records above [`Follower::applied`]. So
//! whatever it counts, it counts each acknowledged record exactly once, if it keeps its state and the
//! sequence it goes up to in one transaction (storage.md §3.3).

use event::{EventBatch, TableId};

/// Hears of acknowledged records.
pub trait Follower: Send + Sync + 'static {
    /// The sequence up to which it has made durable what it heard. Asked once, at the start.
    fn applied(&self) -> u64;

    /// Whether it wants to hear of the table's records.
    fn follows(&self, table: TableId) -> bool;

    /// One record of a table it follows. Called on the writer thread: must be quick, must not block on
    /// the disk, must not call the store.
    fn record(&self, table: TableId, sequence: u64, batch: &EventBatch);

    /// Every record it follows up to `sequence` has been told.
    fn reached(&self, sequence: u64);
}
