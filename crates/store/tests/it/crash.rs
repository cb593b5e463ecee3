//! Kills and power cuts at every operation: a ledger written after each acknowledgement must hold.

use crate::common::*;
use crate::ledger::{Ledger, Run, reopen, settle, verify};
use crate::sim::{Plan, SimDisk};
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

/// *Scenario*: one of our syncs does nothing. *Guarantees*: the tests above see it, so each sync is
/// there for a reason and they can fail.
#[test]
fn without_any_one_sync_a_power_cut_turns_red() {
    let (length, length_on_damage) = (length(), length_on_damage());
    let plan = |ignored, length: u64, seed: u64| Plan {
        // Spread over the run, the end included.
        cut_at: Some(length - seed * 13 % length),
        ignore: Some(ignored),
        ..Plan::default()
    };
    for ignored in SyncPoint::ALL {
        let red = (0..400u64).any(|seed| match ignored {
            SyncPoint::QuarantineBytes | SyncPoint::QuarantineName => {
                cut_on_damage(plan(ignored, length_on_damage, seed), seed).is_err()
            }
            _ => crash(plan(ignored, length, seed), Some(seed)).0.is_err(),
        });
        assert!(red, "nobody misses the sync {ignored:?}");
    }
}
