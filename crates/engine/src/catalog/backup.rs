//! The copy of the catalog, and the way back to it.

use super::{Error, schema};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What was done about a damaged catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// What was wrong with it.
    pub damage: String,
    /// Where the damaged file lies now.
    pub set_aside: PathBuf,
    /// Age of the copy that was taken instead; `None`: there was none, the catalog is empty.
    pub copy_age: Option<Duration>,
}

/// The file beside `path` with `suffix` added to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens the catalog, or its copy when it is damaged, or an empty one when that is too.
pub(super) fn open_or_fall_back(path: &Path) -> Result<(Connection, Option<Fallback>), Error> {
    let damage = match open(path) {
        Ok(conn) => return Ok((conn, None)),
        Err(Damage::Not(e)) => return Err(e),
        Err(Damage::Yes(what)) => what,
    };
    tracing::error!(path = %path.display(), damage, "the catalog is damaged");
    let set_aside = set_aside(path)?;
    let copy = beside(path, ".bak");
    let mut copy_age = None;
    if copy.exists() {
        fs::copy(&copy, path)?;
        File::open(path)?.sync_all()?;
        match open(path) {
            Ok(conn) => {
                let modified = fs::metadata(&copy)?.modified()?;
                copy_age = Some(
                    SystemTime::now()
                        .duration_since(modified)
                        .unwrap_or_default(),
                );
                let fallback = Fallback {
                    damage,
                    set_aside,
                    copy_age,
                };
                return Ok((conn, Some(fallback)));
            }
            Err(Damage::Not(e)) => return Err(e),
            Err(Damage::Yes(what)) => {
                tracing::error!(path = %copy.display(), damage = what, "its copy is damaged too");
                fs::remove_file(path)?;
            }
        }
    }
    match open(path) {
        Ok(conn) => Ok((
            conn,
            Some(Fallback {
                damage,
                set_aside,
                copy_age,
            }),
        )),
        Err(Damage::Yes(what)) => Err(Error::Storage(what)),
        Err(Damage::Not(e)) => Err(e),
    }
}

enum Damage {
    Yes(String),
    /// Another trouble: the file may be good.
    Not(Error),
}

fn open(path: &Path) -> Result<Connection, Damage> {
    let is_damage = |e: &rusqlite::Error| {
        matches!(
            e.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        )
    };
    let judge = |e: rusqlite::Error| match is_damage(&e) {
        true => Damage::Yes(e.to_string()),
        false => Damage::Not(e.into()),
    };
    let mut conn = Connection::open(path).map_err(judge)?;
    let verdict: String = conn
        .query_row("PRAGMA quick_check(1)", [], |r| r.get(0))
        .map_err(judge)?;
    if verdict != "ok" {
        return Err(Damage::Yes(verdict));
    }
    match schema::prepare(&mut conn) {
        Ok(()) => Ok(conn),
        Err(Error::Storage(e)) if e.contains("malformed") => Err(Damage::Yes(e)),
        Err(e) => Err(Damage::Not(e)),
    }
}

/// Moves the damaged file and its log to `quarantine/`.
fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let dir = path
        .parent()
        .unwrap_or_else(|| Path::new("."))
        .join("quarantine");
    fs::create_dir_all(&dir)?;
    let to = dir.join(format!("catalog.sqlite.{}", ulid::Ulid::generate()));
    fs::rename(path, &to)?;
    for suffix in ["-wal", "-shm"] {
        let log = beside(path, suffix);
        if log.exists() {
            fs::rename(&log, beside(&to, suffix))?;
        }
    }
    Ok(to)
}

/// Copies the catalog by SQLite's backup API from an own connection: writers go on meanwhile.
pub(super) fn copy(path: &Path) -> Result<(), Error> {
    let (tmp, to) = (beside(path, ".bak.tmp"), beside(path, ".bak"));
    if tmp.exists() {
        fs::remove_file(&tmp)?;
    }
    {
        let from = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut into = Connection::open(&tmp)?;
        Backup::new(&from, &mut into)?.run_to_completion(256, Duration::ZERO, None)?;
    }
    File::open(&tmp)?.sync_all()?;
    fs::rename(&tmp, &to)?;
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}
