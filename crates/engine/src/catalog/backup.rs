//! The copy of the catalog, and the way back to it.

use super::{Error, schema};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};
use store::disk::{self, Disk, SyncPoint};

/// What was done about a damaged catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// What was wrong with it.
    pub damage: String,
    /// Where the damaged file lies now; `None`: it was missing.
    pub set_aside: Option<PathBuf>,
    /// Age of the copy that was taken instead; `None`: there was none, the catalog is empty.
    pub copy_age: Option<Duration>,
}

/// The file beside `path` with `suffix` added to its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

/// Opens the catalog, or its copy when it is damaged, or an empty one when that is too.
pub(super) fn open_or_fall_back(
    disk: &dyn Disk,
    path: &Path,
) -> Result<(Connection, Option<Fallback>), Error> {
    let copy = beside(path, ".bak");
    // A start that was cut off between setting it aside and taking the copy leaves none.
    let damage = if path.exists() || !copy.exists() {
        match open(path) {
            Ok(conn) => return Ok((conn, None)),
            Err(Damage::Not(e)) => return Err(e),
            Err(Damage::Yes(what)) => what,
        }
    } else {
        "it is missing".to_owned()
    };
    tracing::error!(path = %path.display(), damage, "the catalog is damaged");
    let mut fallback = Fallback {
        damage,
        set_aside: set_aside(disk, path)?,
        copy_age: None,
    };
    if copy.exists() {
        take_copy(disk, &copy, path)?;
        match open(path) {
            Ok(conn) => {
                let modified = fs::metadata(&copy)?.modified()?;
                let age = SystemTime::now().duration_since(modified);
                fallback.copy_age = Some(age.unwrap_or_default());
                return Ok((conn, Some(fallback)));
            }
            Err(Damage::Not(e)) => return Err(e),
            Err(Damage::Yes(what)) => {
                tracing::error!(path = %copy.display(), damage = what, "its copy is damaged too");
                disk.remove(path)?;
            }
        }
    }
    match open(path) {
        Ok(conn) => Ok((conn, Some(fallback))),
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

/// Moves the damaged file and its log to `quarantine/`. Says where; `None`: there is only the log.
fn set_aside(disk: &dyn Disk, path: &Path) -> Result<Option<PathBuf>, Error> {
    let dir = folder(path).join("quarantine");
    disk::create_dirs(disk, folder(path), &dir, SyncPoint::CatalogAsideDir)?;
    let to = dir.join(format!("catalog.sqlite.{}", ulid::Ulid::generate()));
    // The log goes last: alone it is not read, the file without it would be.
    let mut moved = false;
    for suffix in ["", "-wal", "-shm"] {
        match disk.rename(&beside(path, suffix), &beside(&to, suffix)) {
            Ok(()) => moved |= suffix.is_empty(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e.into()),
        }
    }
    disk.sync_dir(&dir, SyncPoint::CatalogAsideName)?;
    Ok(moved.then_some(to))
}

/// Puts the copy where the catalog was, whole or not at all.
fn take_copy(disk: &dyn Disk, copy: &Path, path: &Path) -> Result<(), Error> {
    let half = beside(path, ".half");
    disk::copy(disk, copy, &half, SyncPoint::CatalogRestoredBytes)?;
    disk.rename(&half, path)?;
    disk.sync_dir(folder(path), SyncPoint::CatalogRestoredName)?;
    Ok(())
}

/// Copies the catalog by SQLite's backup API from an own connection: writers go on meanwhile.
pub(super) fn copy(disk: &dyn Disk, path: &Path) -> Result<(), Error> {
    let (tmp, to) = (beside(path, ".bak.tmp"), beside(path, ".bak"));
    if tmp.exists() {
        disk.remove(&tmp)?;
    }
    {
        let from = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut into = Connection::open(&tmp)?;
        Backup::new(&from, &mut into)?.run_to_completion(256, Duration::ZERO, None)?;
    }
    disk.sync_file(&tmp, SyncPoint::CatalogCopyBytes)?;
    disk.rename(&tmp, &to)?;
    disk.sync_dir(folder(path), SyncPoint::CatalogCopyName)?;
    Ok(())
}
