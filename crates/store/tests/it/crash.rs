//! Kills and power cuts at every operation: a ledger written after each acknowledgement must hold.

use crate::common::*;
use crate::ledger::{Ledger, Run, reopen, settle, verify};
use simdisk::{Plan, SimDisk};
use std::fs;
use std::sync::Arc;
use store::disk::{Disk, RealDisk, SyncPoint};

/// Operations of an undisturbed run.
fn length() -> u64 {
    let run = Run::new();
    let disk = SimDisk::new(Plan::default());
    let mut ledger = Ledger::default();
    let simulated = Arc::clone(&disk) as Arc<dyn Disk>;
    run.script(&simulated, &mut ledger).unwrap();
    verify(&run, &ledger).unwrap();
    disk.operations()
}

/// One crash. `seed` chooses what survives; `None`: everything, as after a kill.
fn crash(plan: Plan, seed: Option<u64>) -> (Result<(), String>, Vec<String>) {
    let run = Run::new();
    let disk = SimDisk::new(plan);
    let mut ledger = Ledger::default();
    // How far it came is in the ledger.
    let _ = run.script(&(Arc::clone(&disk) as Arc<dyn Disk>), &mut ledger);
    match seed {
        Some(seed) => disk.restart(seed),
        None => disk.kill(),
    }
    (verify(&run, &ledger), disk.log())
}

#[test]
fn a_kill_at_any_operation_loses_nothing_and_doubles_nothing() {
    for cut in 1..=length() {
        let plan = Plan {
            cut_at: Some(cut),
            ..Plan::default()
        };
        let (outcome, log) = crash(plan, None);
        if let Err(e) = outcome {
            panic!("killed at operation {cut} ({:?}): {e}", log.last());
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_and_doubles_nothing() {
    let seeds: u64 = std::env::var("STORE_SEEDS").map_or(1, |s| s.parse().unwrap());
    for cut in 1..=length() {
        for seed in 0..seeds {
            let seed = seed * 10_007 + cut;
            let plan = Plan {
                cut_at: Some(cut),
                ..Plan::default()
            };
            let (outcome, log) = crash(plan, Some(seed));
            if let Err(e) = outcome {
                panic!(
                    "power cut at operation {cut} ({:?}), seed {seed}: {e}",
                    log.last()
                );
            }
        }
    }
}

/// A directory whose WAL has a damaged group in the middle, and the bytes of that damage.
fn damaged() -> (Run, Ledger, Vec<u8>) {
    let run = Run::new();
    let mut ledger = Ledger::default();
    let store = run.open(Arc::new(RealDisk)).unwrap();
    for i in 0..3 {
        ledger.put(&store, i * 50, 50, NOW).unwrap();
    }
    drop(store);
    let wal = fs::read_dir(run.path().join("wal/0"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .min()
        .unwrap();
    let mut bytes = fs::read(&wal).unwrap();
    let used = bytes.iter().rposition(|b| *b != 0).unwrap() + 1;
    // In the first group of the file; what a copy of it must hold.
    let at = used / 4;
    bytes[at] ^= 4;
    fs::write(&wal, &bytes).unwrap();
    ledger.acked.retain(|n| *n >= 50);
    (run, ledger, bytes[at - 40..at + 40].to_vec())
}

/// Sets the damage aside, and goes on until its WAL file goes.
fn start_on_damage(
    run: &Run,
    disk: &Arc<SimDisk>,
    ledger: &mut Ledger,
) -> Result<(), store::Error> {
    let store = run.open(Arc::clone(disk) as _)?;
    for i in 3..6 {
        ledger.put(&store, i * 50, 50, NOW)?;
    }
    store.flush()?;
    store.close()
}

/// The power goes while damage is set aside, or later. `Err` unless the damaged bytes are still
/// there, and everything else is.
fn cut_on_damage(plan: Plan, seed: u64) -> Result<(), String> {
    let (run, mut ledger, needle) = damaged();
    let disk = SimDisk::new(plan);
    // How far it came is in the ledger.
    let _ = start_on_damage(&run, &disk, &mut ledger);
    disk.restart(seed);
    let store = reopen(&run, &ledger)?;
    settle(&run, store, &ledger)?;
    let there = ["quarantine", "wal/0"].iter().any(|dir| {
        let entries = fs::read_dir(run.path().join(dir)).into_iter().flatten();
        let mut files = entries.map(|e| fs::read(e.unwrap().path()).unwrap());
        files.any(|f| f.windows(needle.len()).any(|w| w == needle))
    });
    if there {
        Ok(())
    } else {
        Err("the damaged bytes are lost".into())
    }
}

fn length_on_damage() -> u64 {
    let (run, mut ledger, _) = damaged();
    let disk = SimDisk::new(Plan::default());
    start_on_damage(&run, &disk, &mut ledger).unwrap();
    disk.operations()
}

#[test]
fn a_power_cut_while_damage_is_set_aside_loses_neither_rows_nor_the_damage() {
    for cut in 1..=length_on_damage() {
        for seed in [cut, cut + 10_007, cut + 20_014] {
            let plan = Plan {
                cut_at: Some(cut),
                ..Plan::default()
            };
            if let Err(e) = cut_on_damage(plan, seed) {
                panic!("power cut at operation {cut}, seed {seed}: {e}");
            }
        }
    }
}

/// A directory with two parts, one of which cannot be read, and no manifest; bytes of that part.
fn part_unreadable() -> (Run, Ledger, Vec<u8>) {
    let (run, mut ledger) = two_parts();
    let store = run.open(Arc::new(RealDisk)).unwrap();
    let part = Arc::clone(&store.snapshot(SPANS).parts[0]);
    for row in part_rows(&part) {
        ledger.acked.remove(&row["n#i"].parse().unwrap());
    }
    store.close().unwrap();
    let needle = ruin(part.path());
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(run.path().join(format!("manifest.sqlite{suffix}")));
    }
    (run, ledger, needle)
}

/// A directory with two parts and a manifest that is none, and bytes of that.
fn manifest_unreadable() -> (Run, Ledger, Vec<u8>) {
    let (run, ledger) = two_parts();
    let needle = ruin(&run.path().join("manifest.sqlite"));
    (run, ledger, needle)
}

fn two_parts() -> (Run, Ledger) {
    let run = Run::new();
    let mut ledger = Ledger::default();
    let store = run.open(Arc::new(RealDisk)).unwrap();
    ledger.put(&store, 0, 50, NOW).unwrap();
    ledger.put(&store, 50, 50, NOW - 3 * HOUR).unwrap();
    store.flush().unwrap();
    assert_eq!(store.snapshot(SPANS).parts.len(), 2);
    store.close().unwrap();
    (run, ledger)
}

/// Overwrites a file so that nothing of it can be used. Returns what is in it now.
fn ruin(path: &std::path::Path) -> Vec<u8> {
    let length = fs::metadata(path).unwrap().len() as usize;
    let bytes: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
    fs::write(path, &bytes).unwrap();
    bytes
}

/// A start that finds one of those two, and goes on.
fn start_on_ruin(run: &Run, disk: &Arc<SimDisk>, ledger: &mut Ledger) -> Result<(), store::Error> {
    let store = run.open(Arc::clone(disk) as _)?;
    ledger.put(&store, 100, 50, NOW)?;
    ledger.put(&store, 150, 50, NOW - 3 * HOUR)?;
    store.flush()?;
    store.close()
}

/// The power goes during that start. `Err` unless what was found is still there, after the time has
/// passed after which what no manifest lists is swept, and every other row is.
fn cut_on_ruin(made: fn() -> (Run, Ledger, Vec<u8>), plan: Plan, seed: u64) -> Result<(), String> {
    let (run, mut ledger, needle) = made();
    let disk = SimDisk::new(plan);
    // How far it came is in the ledger.
    let _ = start_on_ruin(&run, &disk, &mut ledger);
    disk.restart(seed);
    run.clock.advance(700 * SECOND);
    let store = reopen(&run, &ledger)?;
    settle(&run, store, &ledger)?;
    if holds(run.path(), &needle) {
        Ok(())
    } else {
        Err("what could not be read is lost".into())
    }
}

/// Whether a file below `dir` has these bytes.
fn holds(dir: &std::path::Path, bytes: &[u8]) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, bytes),
            false => fs::read(path).unwrap() == bytes,
        }
    })
}

fn length_on_ruin(made: fn() -> (Run, Ledger, Vec<u8>)) -> u64 {
    let (run, mut ledger, _) = made();
    let disk = SimDisk::new(Plan::default());
    start_on_ruin(&run, &disk, &mut ledger).unwrap();
    disk.operations()
}

#[test]
fn a_power_cut_while_a_part_or_the_manifest_is_set_aside_loses_neither_rows_nor_it() {
    for made in [part_unreadable, manifest_unreadable] {
        for cut in 1..=length_on_ruin(made) {
            for seed in [cut, cut + 10_007, cut + 20_014] {
                let plan = Plan {
                    cut_at: Some(cut),
                    ..Plan::default()
                };
                if let Err(e) = cut_on_ruin(made, plan, seed) {
                    panic!("power cut at operation {cut}, seed {seed}: {e}");
                }
            }
        }
    }
}

/// *Scenario*: one of our syncs does nothing. *Guarantees*: the tests above see it, so each sync is
/// there for a reason and they can fail.
#[test]
fn without_any_one_sync_a_power_cut_turns_red() {
    type Scene = (u64, fn(Plan, u64) -> Result<(), String>);
    let everything: Scene = (length(), |plan, seed| crash(plan, Some(seed)).0);
    let damage: Scene = (length_on_damage(), cut_on_damage);
    let part: Scene = (length_on_ruin(part_unreadable), |plan, seed| {
        cut_on_ruin(part_unreadable, plan, seed)
    });
    let manifest: Scene = (length_on_ruin(manifest_unreadable), |plan, seed| {
        cut_on_ruin(manifest_unreadable, plan, seed)
    });
    for ignored in SyncPoint::ALL {
        let (length, cut) = match ignored {
            SyncPoint::WalGroup
            | SyncPoint::WalName
            | SyncPoint::WalDir
            | SyncPoint::DataDir
            | SyncPoint::PartBytes
            | SyncPoint::PartName
            | SyncPoint::PartDir => everything,
            SyncPoint::QuarantineBytes | SyncPoint::QuarantineName | SyncPoint::QuarantineDir => {
                damage
            }
            SyncPoint::PartAsideName | SyncPoint::PartAsideDir => part,
            SyncPoint::ManifestAsideName | SyncPoint::ManifestAsideDir => manifest,
            // The engine's own files, and the directory that it makes: its test of the catalog takes these out.
            SyncPoint::RootDir
            | SyncPoint::PrivateBytes
            | SyncPoint::PrivateName
            | SyncPoint::CatalogCopyBytes
            | SyncPoint::CatalogCopyName
            | SyncPoint::CatalogAsideName
            | SyncPoint::CatalogAsideDir
            | SyncPoint::CatalogRestoredBytes
            | SyncPoint::CatalogRestoredName => continue,
        };
        let red = (0..400u64).any(|seed| {
            let plan = |ignore| Plan {
                // Spread over the run, the end included.
                cut_at: Some(length - seed * 13 % length),
                ignore,
                ..Plan::default()
            };
            // It is this sync that is missed: with it the same cut is survived.
            cut(plan(Some(*ignored)), seed).is_err() && cut(plan(None), seed).is_ok()
        });
        assert!(red, "nobody misses the sync {ignored:?}");
    }
}
