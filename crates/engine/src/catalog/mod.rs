//! `catalog.sqlite`: environments, keys, datasets, columns as described by people, saved
//! questions, links, counters.
//!
//! What every delivery needs (keys, datasets) is also held in memory, so admitting one costs no
//! SQL. Every change is one transaction, synced before the call returns; it takes milliseconds and
//! is rare. One process per file: the store's lock on the directory guards it.

mod backup;
mod columns;
mod datasets;
mod environments;
mod keys;
mod named;
mod questions;
mod schema;

pub use backup::Fallback;
pub use columns::{ColumnInfo, ColumnUpdate};
pub use datasets::{DatasetInfo, DatasetKind, DatasetUpdate};
pub use environments::{Color, EnvironmentInfo};
pub use keys::{KeyInfo, KeyKind, MadeKey, NewKey};
pub use named::{NamedQuery, NamedQueryChange, Question};
pub use questions::{SavedQuery, StoredResult};

pub(crate) use keys::KeyRecord;

use crate::secret::{self, Sealer};
use datasets::EnvDatasets;
use event::EnvId;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::disk::{Disk, RealDisk};

/// What went wrong, by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is none of that name or id.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The name or the secret is in use.
    #[error("{0}")]
    Taken(String),
    /// The value cannot be taken; says why.
    #[error("{0}")]
    Invalid(String),
    /// There are as many as there may be.
    #[error("at most {limit} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
    /// Protected from deletion.
    #[error("{0} is protected from deletion")]
    Protected(&'static str),
    /// Written by a newer version; nothing was touched.
    #[error("catalog.sqlite has format {found}, this version knows up to {known}")]
    NewerFormat {
        /// Of the file.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// SQLite or the disk refused.
    #[error("{0}")]
    Storage(String),
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        Self::Storage(e.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Self::Storage(e.to_string())
    }
}

/// The catalog. Cheap to clone.
#[derive(Clone)]
pub struct Catalog(Arc<Inner>);

struct Inner {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    conn: Mutex<Connection>,
    state: RwLock<State>,
    sealer: Sealer,
    fallback: Option<Fallback>,
}

/// What every delivery needs, in memory.
#[derive(Default)]
struct State {
    environments: BTreeMap<EnvId, Arc<EnvironmentInfo>>,
    keys: HashMap<String, Arc<KeyRecord>>,
    /// By the first bytes of the hash; the rest is compared in constant time.
    by_hash: HashMap<[u8; 8], Vec<Arc<KeyRecord>>>,
    by_signing_id: HashMap<String, Arc<KeyRecord>>,
    datasets: HashMap<EnvId, EnvDatasets>,
}

impl Catalog {
    /// Opens or makes `catalog.sqlite` in `data_dir`, with `master.key` beside it. A damaged file is
    /// set aside in `quarantine/` and its last copy taken instead; [`Self::fallback`] tells.
    ///
    /// # Errors
    /// A newer format, or the directory cannot be written.
    pub fn open(data_dir: &Path) -> Result<Self, Error> {
        Self::open_on(Arc::new(RealDisk), data_dir)
    }

    /// As [`Self::open`], with the disk on which what is not SQLite's is written.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) fn open_on(disk: Arc<dyn Disk>, data_dir: &Path) -> Result<Self, Error> {
        store::disk::create_root(disk.as_ref(), data_dir)?;
        let master = data_dir.join("master.key");
        let sealer = Sealer::new(
            &secret::master_key(disk.as_ref(), &master)
                .map_err(|e| Error::Storage(format!("{}: {e}", master.display())))?,
        );
        let path = data_dir.join("catalog.sqlite");
        let (conn, fallback) = backup::open_or_fall_back(disk.as_ref(), &path)?;
        let state = load(&conn)?;
        Ok(Self(Arc::new(Inner {
            disk,
            path,
            conn: Mutex::new(conn),
            state: RwLock::new(state),
            sealer,
            fallback,
        })))
    }

    /// Fails when a newer version wrote the catalog of `data_dir`. Touches nothing, so that it can be
    /// asked before anything else is opened.
    ///
    /// # Errors
    /// [`Error::NewerFormat`].
    pub(crate) fn refuse_newer(data_dir: &Path) -> Result<(), Error> {
        schema::refuse_newer(&data_dir.join("catalog.sqlite"))
    }

    /// Whether the catalog was damaged when opened, and what was done.
    #[must_use]
    pub fn fallback(&self) -> Option<&Fallback> {
        self.0.fallback.as_ref()
    }

    /// Copies the catalog to `catalog.sqlite.bak`, whole and synced, while it is in use.
    ///
    /// # Errors
    /// The copy cannot be written; the one before it stays.
    pub fn backup(&self) -> Result<(), Error> {
        backup::copy(self.disk(), &self.0.path)
    }

    /// The disk its directory lies on.
    pub(crate) fn disk(&self) -> &dyn Disk {
        self.0.disk.as_ref()
    }

    /// Where its file lies: for a connection that reads without waiting for those who write.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Reads the catalog's file: for the rooms beside this one that keep tables of their own.
    pub(crate) fn read<R>(
        &self,
        read: impl FnOnce(&Connection) -> Result<R, Error>,
    ) -> Result<R, Error> {
        read(&self.0.conn.lock())
    }

    /// Changes the catalog's file in one transaction, synced before this returns; nothing is changed
    /// when `change` fails.
    pub(crate) fn change<R>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut conn = self.0.conn.lock();
        let tx = conn.transaction()?;
        let done = change(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// A setting of ours.
    pub(crate) fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let conn = self.0.conn.lock();
        Ok(conn
            .query_row("SELECT value FROM settings WHERE name = ?1", [name], |r| {
                r.get(0)
            })
            .optional()?)
    }

    pub(crate) fn set_setting(&self, name: &str, value: &[u8]) -> Result<(), Error> {
        let conn = self.0.conn.lock();
        conn.execute(
            "INSERT INTO settings (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            rusqlite::params![name, value],
        )?;
        Ok(())
    }
}

fn load(conn: &Connection) -> Result<State, Error> {
    let mut state = State::default();
    environments::load(conn, &mut state)?;
    keys::load(conn, &mut state)?;
    datasets::load(conn, &mut state)?;
    Ok(state)
}

#[cfg(test)]
mod power;
#[cfg(test)]
mod tests;
