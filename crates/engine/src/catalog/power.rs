//! Power cuts while the catalog's files are written: at every operation, and with each sync taken out.

use super::Catalog;
use crate::secret::{master_key, write_private};
use rusqlite::config::DbConfig;
use simdisk::{Plan, SimDisk};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use store::disk::{Disk, RealDisk, SyncPoint, create_root};

const NOW: i64 = 1_728_019_800_000_000_000;

/// What happens, on a disk with a plan, and what must be true after the power cut of that seed. Returns
/// the number of operations there were.
type Scene = fn(Plan, u64) -> Result<u64, String>;

/// The catalog, as it would be cut off: its log is not copied back when it is dropped.
fn open(disk: Arc<dyn Disk>, dir: &Path) -> Result<Catalog, super::Error> {
    let catalog = Catalog::open_on(disk, dir)?;
    let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    let conn = catalog.0.conn.lock();
    conn.set_db_config(option, true).unwrap();
    drop(conn);
    Ok(catalog)
}

fn reopened(dir: &Path) -> Result<Catalog, String> {
    Catalog::open(dir).map_err(|e| format!("the next start: {e}"))
}

/// Whether it has an environment of that name.
fn has(catalog: &Catalog, name: &str) -> bool {
    catalog.environments().iter().any(|e| &*e.name == name)
}

/// Overwrites the catalog so that nothing of it can be used, nor of its log. Returns what is in it now.
fn ruin(dir: &Path) -> Vec<u8> {
    for log in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = fs::remove_file(dir.join(log));
    }
    let path = dir.join("catalog.sqlite");
    let length = fs::read(&path).unwrap().len();
    let pattern = (0..251u8).map(|i| i.wrapping_mul(7)).cycle();
    let bytes: Vec<u8> = pattern.take(length).collect();
    fs::write(&path, &bytes).unwrap();
    bytes
}

/// A file that only its owner reads: whole or not there, and there once it is told to be.
fn private_file(plan: Plan, seed: u64) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    // As at a first start: the directory itself is new, and so is the one above.
    let folder = dir.path().join("foursight/data");
    let path = folder.join("master.key");
    let key_of = |disk: &dyn Disk| {
        create_root(disk, &folder)?;
        master_key(disk, &path)
    };
    let disk = SimDisk::new(plan);
    let used = key_of(disk.as_ref()).ok();
    disk.restart(seed);
    let found = key_of(&RealDisk).map_err(|e| format!("the next start: {e}"))?;
    match used {
        Some(used) if used != found => Err("another key than was used".into()),
        _ => Ok(disk.operations()),
    }
}

/// The catalog is copied anew, then lost: the copy is the new one once it is told to be made, before
/// that the old or the new one.
fn copied(plan: Plan, seed: u64) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let first = open(Arc::new(RealDisk), dir).unwrap();
    first.create_environment("first", None, NOW).unwrap();
    first.backup().unwrap();
    drop(first);
    let disk = SimDisk::new(plan);
    let second = || -> Result<(), super::Error> {
        let catalog = open(Arc::clone(&disk) as _, dir)?;
        catalog.create_environment("second", None, NOW)?;
        catalog.backup()
    };
    let told = second().is_ok();
    disk.restart(seed);
    ruin(dir);
    let catalog = reopened(dir)?;
    match (has(&catalog, "first"), has(&catalog, "second")) {
        (true, second) if second || !told => Ok(disk.operations()),
        found => Err(format!("told {told}, found {found:?}")),
    }
}

/// A damaged catalog gives way to its copy, and is changed: the change stays, and what was damaged.
fn fallen_back(plan: Plan, seed: u64) -> Result<u64, String> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let before = Catalog::open(dir).unwrap();
    before.create_environment("before", None, NOW).unwrap();
    before.backup().unwrap();
    drop(before);
    let damaged = ruin(dir);
    let disk = SimDisk::new(plan);
    let changed = || -> Result<(), super::Error> {
        let catalog = open(Arc::clone(&disk) as _, dir)?;
        catalog.create_environment("after", None, NOW).map(drop)
    };
    let told = changed().is_ok();
    disk.restart(seed);
    let catalog = reopened(dir)?;
    match (has(&catalog, "before"), has(&catalog, "after")) {
        (true, after) if after || !told => {}
        found => return Err(format!("told {told}, found {found:?}")),
    }
    let entries = fs::read_dir(dir.join("quarantine")).map_err(|e| e.to_string())?;
    let mut files = entries.map(|e| fs::read(e.unwrap().path()).unwrap());
    match files.any(|bytes| bytes == damaged) {
        true => Ok(disk.operations()),
        false => Err("what was damaged is lost".into()),
    }
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_that_was_told() {
    for scene in [private_file, copied, fallen_back] as [Scene; 3] {
        let length = scene(Plan::default(), 0).unwrap();
        assert!(length >= 3, "{length} operations");
        for cut in 1..=length {
            for seed in (0..10).map(|n| n * 10_007 + cut) {
                let plan = Plan {
                    cut_at: Some(cut),
                    ..Plan::default()
                };
                if let Err(e) = scene(plan, seed) {
                    panic!("power cut at operation {cut}, seed {seed}: {e}");
                }
            }
        }
    }
}

/// *Scenario*: one of our syncs does nothing. *Guarantees*: the test above sees it.
#[test]
fn without_any_one_sync_a_power_cut_turns_red() {
    for ignored in SyncPoint::ALL {
        let scene: Scene = match ignored {
            SyncPoint::RootDir | SyncPoint::PrivateBytes | SyncPoint::PrivateName => private_file,
            SyncPoint::CatalogCopyBytes | SyncPoint::CatalogCopyName => copied,
            SyncPoint::CatalogAsideName
            | SyncPoint::CatalogAsideDir
            | SyncPoint::CatalogRestoredBytes
            | SyncPoint::CatalogRestoredName => fallen_back,
            // The store's own: its tests take these out.
            SyncPoint::WalGroup
            | SyncPoint::WalName
            | SyncPoint::WalDir
            | SyncPoint::DataDir
            | SyncPoint::PartBytes
            | SyncPoint::PartName
            | SyncPoint::PartDir
            | SyncPoint::QuarantineBytes
            | SyncPoint::QuarantineName
            | SyncPoint::QuarantineDir
            | SyncPoint::PartAsideName
            | SyncPoint::PartAsideDir
            | SyncPoint::ManifestAsideName
            | SyncPoint::ManifestAsideDir => continue,
        };
        let length = scene(Plan::default(), 0).unwrap();
        let red = (0..400).any(|seed| {
            let plan = |ignore| Plan {
                // Spread over all that happens, and after it.
                cut_at: Some(length + 1 - seed % (length + 1)),
                ignore,
                ..Plan::default()
            };
            // It is this sync that is missed: with it the same cut is survived.
            scene(plan(Some(*ignored)), seed).is_err() && scene(plan(None), seed).is_ok()
        });
        assert!(red, "nobody misses the sync {ignored:?}");
    }
}

/// *Guarantees*: what SQLite is trusted with, it is told: a commit is on disk when it returns.
#[test]
fn every_connection_that_writes_is_fully_synchronous() {
    let dir = tempfile::tempdir().unwrap();
    let level = |catalog: &Catalog| -> i64 {
        let conn = catalog.0.conn.lock();
        conn.query_row("PRAGMA synchronous", [], |r| r.get(0))
            .unwrap()
    };
    let catalog = Catalog::open(dir.path()).unwrap();
    assert_eq!(level(&catalog), 2, "made");
    catalog.backup().unwrap();
    drop(catalog);
    let catalog = Catalog::open(dir.path()).unwrap();
    assert_eq!(level(&catalog), 2, "opened again");
    drop(catalog);
    ruin(dir.path());
    let catalog = Catalog::open(dir.path()).unwrap();
    assert!(catalog.fallback().is_some());
    assert_eq!(level(&catalog), 2, "taken from its copy");
}

#[test]
fn a_private_file_is_written_once_and_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("setup-token");
    let disk = SimDisk::new(Plan::default());
    for disk in [disk.as_ref() as &dyn Disk, &RealDisk] {
        write_private(disk, &path, b"token").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = write_private(disk, &path, b"another").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"token");
        fs::remove_file(&path).unwrap();
    }
}
