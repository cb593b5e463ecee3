//! The manifest: which parts there are, up to which sequence each table is in them, and what else
//! must survive. SQLite, `synchronous=FULL`; grammar: `docs/formats/manifest.md`.
//!
//! One transaction publishes everything a flush or merge did. Nobody reads it to answer a question:
//! an in-memory copy serves planning.

use crate::Error;
use crate::disk::Disk;
use crate::part::{Facts, Group, KeyTable, Overflow, TextSet, VERSION};
use event::{EnvId, TableId};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use std::path::Path;
use std::sync::Arc;

/// Version of the manifest's schema and of the data directory.
pub(crate) const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE part (
  id TEXT PRIMARY KEY, env INTEGER NOT NULL, kind TEXT NOT NULL, day INTEGER NOT NULL, hour INTEGER,
  level INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
  ts_min INTEGER NOT NULL, ts_max INTEGER NOT NULL, ingest_min INTEGER NOT NULL, ingest_max INTEGER NOT NULL,
  seq_min INTEGER NOT NULL, seq_max INTEGER NOT NULL, purged_ms INTEGER NOT NULL, unit_rate INTEGER NOT NULL,
  keys BLOB NOT NULL, overflow BLOB NOT NULL, datasets TEXT NOT NULL, services TEXT NOT NULL,
  block_crcs BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE key (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE wal_mark (tbl INTEGER PRIMARY KEY, flushed_seq INTEGER NOT NULL);
CREATE TABLE wal_skip (tbl INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
  PRIMARY KEY (tbl, first_seq)) WITHOUT ROWID;
CREATE TABLE seen (last_seq INTEGER PRIMARY KEY, newest_ms INTEGER NOT NULL, entries BLOB NOT NULL);
CREATE TABLE tombstone (env INTEGER NOT NULL, dataset TEXT NOT NULL, created_ms INTEGER NOT NULL,
  PRIMARY KEY (env, dataset, created_ms)) WITHOUT ROWID;
CREATE TABLE key_stat (env INTEGER NOT NULL, dataset TEXT NOT NULL, key TEXT NOT NULL, types TEXT NOT NULL,
  first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (env, dataset, key)) WITHOUT ROWID;
CREATE TABLE key_query (env INTEGER NOT NULL, key TEXT NOT NULL, last_hour INTEGER NOT NULL, hits INTEGER NOT NULL,
  PRIMARY KEY (env, key)) WITHOUT ROWID;
";

/// A part as the manifest keeps it.
#[derive(Clone, Debug)]
pub(crate) struct PartRow {
    pub facts: Facts,
    pub columns: Box<[u32]>,
    pub overflow: Overflow,
    pub bytes: u64,
    pub crcs: Box<[u32]>,
}

/// Identities of requests, to outlive the WAL files that held them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenRow {
    pub last_seq: u64,
    pub newest_ms: i64,
    pub entries: Vec<u8>,
}

/// A key of a dataset, to be remembered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyStatRow {
    pub env: EnvId,
    pub dataset: String,
    pub key: String,
    /// Type letters, the first seen first.
    pub types: String,
    pub first_seen: i64,
    pub last_seen: i64,
    pub rows: u64,
}

/// A key that questions use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyQueryRow {
    pub env: EnvId,
    pub key: String,
    /// Hours since 1970.
    pub last_hour: i64,
    pub hits: u64,
}

/// What one transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Edit {
    pub add: Vec<PartRow>,
    pub remove: Vec<String>,
    /// Tables' marks: everything up to the sequence is in parts.
    pub marks: Vec<(TableId, u64)>,
    pub skips: Vec<(TableId, u64, u64)>,
    pub seen: Option<SeenRow>,
    /// Identities older than this are forgotten, milliseconds.
    pub seen_oldest_ms: Option<i64>,
    pub key_stats: Vec<KeyStatRow>,
    pub key_queries: Vec<KeyQueryRow>,
    pub add_tombstones: Vec<crate::Tombstone>,
    pub remove_tombstones: Vec<crate::Tombstone>,
    /// The parts are those of a rebuild: the manifest holds everything from now on.
    pub rebuilt: bool,
}

/// Everything the manifest holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub parts: Vec<PartRow>,
    pub marks: Vec<(TableId, u64)>,
    pub skips: Vec<(TableId, u64, u64)>,
    pub seen: Vec<SeenRow>,
    pub tombstones: Vec<crate::Tombstone>,
    pub key_stats: Vec<KeyStatRow>,
    pub key_queries: Vec<KeyQueryRow>,
}

/// The one connection that writes.
pub(crate) struct Manifest {
    db: Connection,
    disk: Arc<dyn Disk>,
    keys: Arc<KeyTable>,
    /// Names of the key table that are written.
    keys_written: usize,
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Fails when a newer version wrote the file, which is left byte for byte as it is. What else may be
/// wrong with it, opening finds.
pub(crate) fn refuse_newer(path: &Path) -> Result<(), Error> {
    let Ok(db) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE) else {
        return Ok(());
    };
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let query = "SELECT value FROM meta WHERE name = 'format'";
    match db.query_row(query, [], |r| r.get::<_, i64>(0)) {
        Ok(found) if found > FORMAT => Err(newer(found)),
        _ => Ok(()),
    }
}

fn newer(found: i64) -> Error {
    Error::NewerFormat(format!(
        "the data directory has format {found}; this version reads up to {FORMAT}: start the newer \
         version"
    ))
}

impl Manifest {
    /// Opens the file, or makes it; then parts that are there (`has_data`) are to be listed anew.
    ///
    /// `Damaged`: it is no manifest, or does not hold together. Newer ones: see [`refuse_newer`].
    pub(crate) fn open(
        path: &Path,
        disk: Arc<dyn Disk>,
        keys: Arc<KeyTable>,
        has_data: bool,
    ) -> Result<Self, Error> {
        let db = Connection::open(path)?;
        db.busy_timeout(std::time::Duration::from_secs(5))?;
        // The tables are made in one transaction: a crash before it leaves an empty file.
        let tables: i64 = db
            .query_row("SELECT count(*) FROM sqlite_master", [], |r| r.get(0))
            .map_err(damaged)?;
        let fresh = tables == 0;
        if !fresh {
            let format: Option<i64> = db
                .query_row("SELECT value FROM meta WHERE name = 'format'", [], |r| {
                    r.get(0)
                })
                .optional()
                .map_err(damaged)?;
            match format {
                Some(FORMAT) => {}
                Some(found) if found > FORMAT => return Err(newer(found)),
                other => {
                    return Err(Error::Damaged(format!("manifest: format {other:?}")));
                }
            }
            let verdict: String = db
                .query_row("PRAGMA quick_check(1)", [], |r| r.get(0))
                .map_err(damaged)?;
            if verdict != "ok" {
                return Err(Error::Damaged(format!("manifest: {verdict}")));
            }
        }
        db.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        )?;
        if fresh {
            disk.step("manifest.create")
                .map_err(|e| Error::io("manifest", &e))?;
            let mut salt = [0u8; 4];
            salt.copy_from_slice(&ulid::Ulid::generate().to_bytes()[12..]);
            let tx = db.unchecked_transaction()?;
            tx.execute_batch(SCHEMA)?;
            tx.execute("INSERT INTO meta VALUES ('format', ?1)", [FORMAT])?;
            tx.execute(
                "INSERT INTO meta VALUES ('wal_salt', ?1)",
                [i64::from(u32::from_le_bytes(salt))],
            )?;
            if has_data {
                // Until the rebuild is in: a crash before that must not take it for whole.
                tx.execute("INSERT INTO meta VALUES ('rebuild', 1)", [])?;
            }
            tx.commit()?;
        }
        Ok(Self {
            db,
            disk,
            keys,
            keys_written: 0,
        })
    }

    /// Whether it was begun anew and does not list the parts yet.
    pub(crate) fn needs_rebuild(&self) -> Result<bool, Error> {
        let rows: i64 = self.db.query_row(
            "SELECT count(*) FROM meta WHERE name = 'rebuild'",
            [],
            |r| r.get(0),
        )?;
        Ok(rows > 0)
    }

    /// Seeds the WAL's checksums.
    pub(crate) fn wal_salt(&self) -> Result<u32, Error> {
        let salt: i64 =
            self.db
                .query_row("SELECT value FROM meta WHERE name = 'wal_salt'", [], |r| {
                    r.get(0)
                })?;
        u32::try_from(salt).map_err(|_| Error::Damaged("manifest: wal_salt".into()))
    }

    /// Reads everything, and fills the key table.
    pub(crate) fn load(&mut self) -> Result<Contents, Error> {
        let mut out = Contents::default();
        let db = &self.db;
        let mut rows = db.prepare("SELECT id, text FROM key ORDER BY id")?;
        let names = rows.query_map([], |r| Ok((r.get::<_, u32>(0)?, r.get::<_, String>(1)?)))?;
        for row in names {
            let (id, text) = row?;
            if self.keys.intern(&text) != id {
                return Err(Error::Damaged("manifest: key numbers".into()));
            }
            self.keys_written += 1;
        }
        let mut rows = db.prepare(
            "SELECT id, env, kind, day, hour, level, rows, bytes, ts_min, ts_max, ingest_min, ingest_max,
             seq_min, seq_max, purged_ms, unit_rate, keys, overflow, datasets, services, block_crcs FROM part",
        )?;
        let mut rows = rows.query([])?;
        while let Some(r) = rows.next()? {
            out.parts.push(part_row(r)?);
        }
        let mut q = db.prepare("SELECT tbl, flushed_seq FROM wal_mark")?;
        for row in q.query_map([], |r| Ok((r.get::<_, u32>(0)?, r.get::<_, i64>(1)?)))? {
            let (table, seq) = row?;
            out.marks.push((TableId::from_u32(table), unsigned(seq)));
        }
        let mut q = db.prepare("SELECT tbl, first_seq, last_seq FROM wal_skip")?;
        for row in q.query_map([], |r| Ok((r.get::<_, u32>(0)?, r.get(1)?, r.get(2)?)))? {
            let (table, first, last) = row?;
            out.skips
                .push((TableId::from_u32(table), unsigned(first), unsigned(last)));
        }
        let mut q =
            db.prepare("SELECT last_seq, newest_ms, entries FROM seen ORDER BY last_seq")?;
        for row in q.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))? {
            let (last_seq, newest_ms, entries) = row?;
            out.seen.push(SeenRow {
                last_seq: unsigned(last_seq),
                newest_ms,
                entries,
            });
        }
        let mut q = db.prepare("SELECT env, dataset, created_ms FROM tombstone")?;
        for row in q.query_map([], |r| {
            Ok(crate::Tombstone {
                env: EnvId(r.get(0)?),
                dataset: r.get(1)?,
                created_ms: r.get(2)?,
            })
        })? {
            out.tombstones.push(row?);
        }
        let mut q = db.prepare(
            "SELECT env, dataset, key, types, first_seen, last_seen, rows FROM key_stat",
        )?;
        for row in q.query_map([], |r| {
            Ok(KeyStatRow {
                env: EnvId(r.get(0)?),
                dataset: r.get(1)?,
                key: r.get(2)?,
                types: r.get(3)?,
                first_seen: r.get(4)?,
                last_seen: r.get(5)?,
                rows: unsigned(r.get(6)?),
            })
        })? {
            out.key_stats.push(row?);
        }
        let mut q = db.prepare("SELECT env, key, last_hour, hits FROM key_query")?;
        for row in q.query_map([], |r| {
            Ok(KeyQueryRow {
                env: EnvId(r.get(0)?),
                key: r.get(1)?,
                last_hour: r.get(2)?,
                hits: unsigned(r.get(3)?),
            })
        })? {
            out.key_queries.push(row?);
        }
        Ok(out)
    }

    /// Makes an edit, all of it or nothing. Durable when it returns.
    pub(crate) fn commit(&mut self, edit: &Edit) -> Result<(), Error> {
        self.disk
            .step("manifest.commit")
            .map_err(|e| Error::io("manifest", &e))?;
        let tx = self.db.unchecked_transaction()?;
        let names = self.keys.since(self.keys_written);
        for (i, name) in names.iter().enumerate() {
            tx.prepare_cached("INSERT INTO key VALUES (?1, ?2)")?
                .execute(params![signed((self.keys_written + i) as u64), &**name])?;
        }
        for id in &edit.remove {
            tx.prepare_cached("DELETE FROM part WHERE id = ?1")?
                .execute([id])?;
        }
        for part in &edit.add {
            insert_part(&tx, part)?;
        }
        for (table, seq) in &edit.marks {
            tx.prepare_cached("INSERT OR REPLACE INTO wal_mark VALUES (?1, ?2)")?
                .execute(params![table.to_u32(), signed(*seq)])?;
            tx.prepare_cached("DELETE FROM wal_skip WHERE tbl = ?1 AND last_seq <= ?2")?
                .execute(params![table.to_u32(), signed(*seq)])?;
        }
        for (table, first, last) in &edit.skips {
            tx.prepare_cached("INSERT OR REPLACE INTO wal_skip VALUES (?1, ?2, ?3)")?
                .execute(params![table.to_u32(), signed(*first), signed(*last)])?;
        }
        if let Some(seen) = &edit.seen {
            tx.prepare_cached("INSERT OR REPLACE INTO seen VALUES (?1, ?2, ?3)")?
                .execute(params![signed(seen.last_seq), seen.newest_ms, seen.entries])?;
        }
        if let Some(oldest) = edit.seen_oldest_ms {
            tx.execute("DELETE FROM seen WHERE newest_ms < ?1", [oldest])?;
        }
        for t in &edit.add_tombstones {
            tx.execute(
                "INSERT OR REPLACE INTO tombstone VALUES (?1, ?2, ?3)",
                params![t.env.0, t.dataset, t.created_ms],
            )?;
        }
        for t in &edit.remove_tombstones {
            tx.execute(
                "DELETE FROM tombstone WHERE env = ?1 AND dataset = ?2 AND created_ms = ?3",
                params![t.env.0, t.dataset, t.created_ms],
            )?;
        }
        for k in &edit.key_stats {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO key_stat VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                k.env.0,
                k.dataset,
                k.key,
                k.types,
                k.first_seen,
                k.last_seen,
                signed(k.rows)
            ])?;
        }
        for k in &edit.key_queries {
            tx.prepare_cached("INSERT OR REPLACE INTO key_query VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![k.env.0, k.key, k.last_hour, signed(k.hits)])?;
        }
        if edit.rebuilt {
            tx.execute("DELETE FROM meta WHERE name = 'rebuild'", [])?;
        }
        tx.commit()?;
        self.keys_written += names.len();
        self.disk
            .step("manifest.committed")
            .map_err(|e| Error::io("manifest", &e))?;
        Ok(())
    }
}

/// A file that is no database, or lacks its tables, is damaged; what the system refuses is not.
fn damaged(e: rusqlite::Error) -> Error {
    match Error::from(e) {
        Error::Io(text) if text.contains("no such table") => Error::Damaged(text),
        other => other,
    }
}

fn insert_part(tx: &Transaction<'_>, part: &PartRow) -> Result<(), Error> {
    let f = &part.facts;
    let json =
        |set: &TextSet| serde_json::to_string(set).map_err(|e| Error::Io(format!("manifest: {e}")));
    tx.prepare_cached(
        "INSERT INTO part VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21)",
    )?
    .execute(params![
        f.id,
        f.env,
        f.kind,
        f.day,
        f.hour,
        f.level,
        signed(f.rows),
        signed(part.bytes),
        f.ts.0,
        f.ts.1,
        f.ingest.0,
        f.ingest.1,
        signed(f.seq.0),
        signed(f.seq.1),
        f.purged_ms,
        f.unit_rate,
        numbers(&part.columns),
        overflow_bytes(&part.overflow)?,
        json(&f.datasets)?,
        json(&f.services)?,
        numbers(&part.crcs),
    ])?;
    Ok(())
}

fn numbers(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|n| n.to_le_bytes()).collect()
}

fn read_numbers(bytes: &[u8]) -> Box<[u32]> {
    let (chunks, _) = bytes.as_chunks::<4>();
    chunks.iter().map(|c| u32::from_le_bytes(*c)).collect()
}

/// A list as `0` and its numbers, a filter as `1` and its JSON.
fn overflow_bytes(overflow: &Overflow) -> Result<Vec<u8>, Error> {
    Ok(match overflow {
        Overflow::List(list) => [&[0], numbers(list).as_slice()].concat(),
        Overflow::Bloom(bloom) => {
            let json =
                serde_json::to_vec(bloom).map_err(|e| Error::Io(format!("manifest: {e}")))?;
            [&[1], json.as_slice()].concat()
        }
    })
}

fn part_row(r: &rusqlite::Row<'_>) -> Result<PartRow, Error> {
    let id: String = r.get(0)?;
    let bad = |what: &str| Error::Damaged(format!("manifest: {what} of part {id}"));
    let overflow: Vec<u8> = r.get(17)?;
    let overflow = match overflow.split_first() {
        Some((0, rest)) => Overflow::List(read_numbers(rest)),
        Some((1, rest)) => {
            Overflow::Bloom(serde_json::from_slice(rest).map_err(|_| bad("overflow"))?)
        }
        _ => return Err(bad("overflow")),
    };
    let set = |column: usize| -> Result<TextSet, Error> {
        let json: String = r.get(column)?;
        serde_json::from_str(&json).map_err(|_| bad("sets"))
    };
    Ok(PartRow {
        columns: read_numbers(&r.get::<_, Vec<u8>>(16)?),
        overflow,
        bytes: unsigned(r.get(7)?),
        crcs: read_numbers(&r.get::<_, Vec<u8>>(20)?),
        facts: Facts {
            version: VERSION,
            env: r.get(1)?,
            kind: r.get(2)?,
            day: r.get(3)?,
            hour: r.get(4)?,
            level: r.get(5)?,
            rows: unsigned(r.get(6)?),
            ts: (r.get(8)?, r.get(9)?),
            ingest: (r.get(10)?, r.get(11)?),
            seq: (unsigned(r.get(12)?), unsigned(r.get(13)?)),
            purged_ms: r.get(14)?,
            unit_rate: r.get(15)?,
            datasets: set(18)?,
            services: set(19)?,
            // In the footer only: a merge reads them there.
            group: Group {
                id: String::new(),
                parts: 0,
            },
            flushes: Vec::new(),
            replaces: Vec::new(),
            replaced_before: Vec::new(),
            fills: Vec::new(),
            overflow: TextSet::List(Vec::new()),
            sort: String::new(),
            id,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    /// What SQLite is trusted with, it is told: a commit is on disk when it returns.
    #[test]
    fn the_connection_is_fully_synchronous_made_and_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("manifest.sqlite");
        for when in ["made", "opened again"] {
            let keys = Arc::new(KeyTable::default());
            let manifest = Manifest::open(&path, Arc::new(RealDisk), keys, false).unwrap();
            let level: i64 = manifest
                .db
                .query_row("PRAGMA synchronous", [], |r| r.get(0))
                .unwrap();
            assert_eq!(level, 2, "{when}");
        }
    }
}
