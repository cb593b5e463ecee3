//! Tables of the catalog. `docs/formats/catalog.md` describes them for those who read the file.

use super::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Raised with every change of a table; older formats are brought up step by step.
pub(super) const FORMAT: i64 = STEPS.len() as i64;

/// What each format adds to the one before: format `n` is the first `n` steps. A released step never
/// changes.
const STEPS: [&[&str]; 3] = [
    &[TABLES],
    &[
        crate::sampling::TABLES,
        crate::logs::TABLES,
        crate::issues::TABLES,
        crate::asked::TABLES,
    ],
    &[super::named::TABLES],
];

const TABLES: &str = "
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  color TEXT NOT NULL,
  created_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  env INTEGER NOT NULL REFERENCES environments (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  signing_id TEXT UNIQUE,
  sealed_secret BLOB,
  permissions TEXT NOT NULL,
  datasets TEXT,
  created_ns INTEGER NOT NULL,
  last_used_ns INTEGER,
  revoked_ns INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE datasets (
  env INTEGER NOT NULL REFERENCES environments (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  expand_json_depth INTEGER NOT NULL DEFAULT 0,
  delete_protected INTEGER NOT NULL DEFAULT 1,
  created_ns INTEGER NOT NULL,
  last_written_ns INTEGER,
  rows_stored INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (env, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE deleted_datasets (
  env INTEGER NOT NULL,
  slug TEXT NOT NULL,
  deleted_ns INTEGER NOT NULL,
  PRIMARY KEY (env, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE columns (
  env INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  key TEXT NOT NULL,
  type TEXT NOT NULL,
  description TEXT NOT NULL,
  hidden INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0,
  created_ns INTEGER NOT NULL,
  updated_ns INTEGER NOT NULL,
  PRIMARY KEY (env, dataset, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE queries (
  id TEXT PRIMARY KEY,
  env INTEGER NOT NULL,
  dataset TEXT,
  spec TEXT NOT NULL,
  created_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE query_results (
  id TEXT PRIMARY KEY,
  env INTEGER NOT NULL,
  dataset TEXT,
  query_id TEXT NOT NULL,
  options TEXT NOT NULL,
  answer BLOB,
  created_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX query_results_by_age ON query_results (created_ns);

CREATE TABLE links (
  id TEXT PRIMARY KEY,
  env INTEGER NOT NULL,
  path TEXT NOT NULL,
  created_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX links_by_path ON links (env, path);

CREATE TABLE arrival_counters (
  env INTEGER NOT NULL,
  key_prefix TEXT NOT NULL,
  protocol TEXT NOT NULL,
  deliveries INTEGER NOT NULL,
  received INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  merged INTEGER NOT NULL,
  wire_bytes INTEGER NOT NULL,
  PRIMARY KEY (env, key_prefix, protocol)
) STRICT, WITHOUT ROWID;
";

/// Fails when a newer version wrote the file, which is left byte for byte as it is. Anything else
/// that may be wrong with it is for [`prepare`] to find.
pub(super) fn refuse_newer(path: &Path) -> Result<(), Error> {
    // In a log not yet copied back the format may stand, so SQLite reads it and not we.
    let Ok(conn) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE) else {
        return Ok(());
    };
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    match conn.query_row("PRAGMA user_version", [], |r| r.get(0)) {
        Ok(found) if found > FORMAT => Err(Error::NewerFormat {
            found,
            known: FORMAT,
        }),
        _ => Ok(()),
    }
}

/// Sets the connection up and brings the file to [`FORMAT`].
pub(super) fn prepare(conn: &mut Connection) -> Result<(), Error> {
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    // First of all: a newer file is left as it is.
    let found: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    if found > FORMAT {
        return Err(Error::NewerFormat {
            found,
            known: FORMAT,
        });
    }
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    if found < FORMAT {
        // 0: a new file.
        let tx = conn.transaction()?;
        let known = usize::try_from(found).unwrap_or(0);
        for tables in STEPS.iter().skip(known).copied().flatten() {
            tx.execute_batch(tables)?;
        }
        tx.pragma_update(None, "user_version", FORMAT)?;
        tx.commit()?;
    }
    Ok(())
}
