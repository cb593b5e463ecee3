//! The store.

use crate::disk::Disk;
use crate::{
    Append, Clock, Done, Error, FieldStat, Health, Options, Recovery, Retention, Snapshot, Stats,
    Tombstone,
};
use event::{EnvId, TableId};
use std::sync::Arc;

/// The store. Cheap to clone; the last clone dropped flushes nothing: call [`Store::close`].
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the data directory, or makes it; reads back what the last run left.
    ///
    /// # Errors
    /// `Locked`: another process has it. `NewerFormat`: a newer version wrote it; nothing is touched.
    pub fn open(
        options: Options,
        clock: Arc<dyn Clock>,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Recovery), Error> {
        let _ = (options, clock, disk);
        Err(Error::Closed)
    }

    /// Hands a batch to the writer thread. `done` is called after `fdatasync` returned and the rows
    /// are in the buffer, in order of sequence. Never blocks on the disk.
    pub fn append(&self, append: Append, done: Done) {
        let _ = append;
        done(Err(Error::Closed));
    }

    /// All rows of a table, each exactly once, as of now. Takes one short lock.
    #[must_use]
    pub fn snapshot(&self, table: TableId) -> Snapshot {
        let _ = table;
        unimplemented_yet()
    }

    /// Every key seen in the environment's datasets, with types in order of appearance.
    #[must_use]
    pub fn fields(&self, env: EnvId) -> Vec<FieldStat> {
        let _ = env;
        unimplemented_yet()
    }

    /// Notes that a question used these keys, so that they get columns of their own.
    pub fn note_queried(&self, env: EnvId, keys: &[&str]) {
        let _ = (env, keys);
    }

    /// Writes every buffered row of every table into parts. Blocks until they are published.
    ///
    /// # Errors
    /// `ReadOnly` when the disk is full, `Poisoned` after a failed sync.
    pub fn flush(&self) -> Result<(), Error> {
        Err(Error::Closed)
    }

    /// Merges what is due, and with `all` also what is not. Blocks.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn compact(&self, all: bool) -> Result<(), Error> {
        let _ = all;
        Err(Error::Closed)
    }

    /// Changes how long rows are kept; queries go by it at once.
    pub fn set_retention(&self, retention: Retention) {
        let _ = retention;
    }

    /// Deletes the rows a dataset has now: gone for readers at once, from disk within 7 days.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn delete(&self, env: EnvId, dataset: &str) -> Result<Tombstone, Error> {
        let _ = (env, dataset);
        Err(Error::Closed)
    }

    /// What it holds.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        Health::default()
    }

    /// Stops taking batches, flushes, ends all threads and lets go of the directory.
    ///
    /// # Errors
    /// As [`Self::flush`]; the WAL then holds what was not flushed.
    pub fn close(&self) -> Result<(), Error> {
        Err(Error::Closed)
    }
}

pub(crate) fn unimplemented_yet() -> ! {
    std::process::abort()
}
