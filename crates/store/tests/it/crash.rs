//! Kills and power cuts at every operation: a ledger written after each acknowledgement must hold.

use crate::common::*;
use crate::sim::{Plan, SimDisk, Sync};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Clock, Error, Options, Store};

/// Numbers acknowledged, and numbers handed over at all.
#[derive(Default)]
struct Ledger {
    acked: BTreeSet<u64>,
    offered: BTreeSet<u64>,
}

/// Where a run happens: a directory in memory where there is one, as thousands of syncs are made.
struct Run {
    dir: tempfile::TempDir,
    clock: Arc<TestClock>,
}

impl Run {
    fn new() -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        Self {
            dir: dir.unwrap(),
            clock: TestClock::new(),
        }
    }

    fn options(&self) -> Options {
        Options {
            // Every other group begins a file, so that files are also deleted.
            wal_file_bytes: 6 << 10,
            ..options(self.dir.path())
        }
    }

    fn open(&self, disk: &Arc<SimDisk>) -> Result<Store, Error> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Ok(Store::open(self.options(), clock, Arc::clone(disk) as _)?.0)
    }

    /// A little of everything, until the disk says no.
    fn script(&self, disk: &Arc<SimDisk>, ledger: &mut Ledger) -> Result<(), Error> {
        let store = self.open(disk)?;
        let mut next = 0;
        let mut put = |ledger: &mut Ledger, rows: u64, ts: i64| {
            let range = next..next + rows;
            next += rows;
            ledger.offered.extend(range.clone());
            append(&store, spans(range.start, rows, ts))?;
            ledger.acked.extend(range);
            Ok::<(), Error>(())
        };
        for round in 0..2i64 {
            let now = self.clock.now();
            put(ledger, 40, now)?;
            put(ledger, 30, now - HOUR)?;
            put(ledger, 10, now - 30 * HOUR)?;
            store.flush()?;
            put(ledger, 20, now)?;
            self.clock.advance(SECOND);
            if round == 1 {
                store.compact(true)?;
            }
        }
        store.flush()?;
        store.compact(true)?;
        self.clock.advance(700 * SECOND);
        // The merged files go, and the WAL begins a new file.
        store.compact(false)?;
        put(ledger, 5, self.clock.now())?;
        store.close()
    }
}

/// What a reader finds against what was promised.
fn check(found: &[u64], ledger: &Ledger) -> Result<(), String> {
    let distinct: BTreeSet<u64> = found.iter().copied().collect();
    if distinct.len() != found.len() {
        return Err(format!(
            "{} rows are there twice",
            found.len() - distinct.len()
        ));
    }
    let lost: Vec<&u64> = ledger.acked.difference(&distinct).collect();
    if !lost.is_empty() {
        return Err(format!(
            "{} acknowledged rows are lost, first {}",
            lost.len(),
            lost[0]
        ));
    }
    match distinct.difference(&ledger.offered).next() {
        Some(n) => Err(format!("row {n} was never sent")),
        None => Ok(()),
    }
}

/// Reopens after a crash and looks three times: at once, after a flush and merge, after a restart.
fn verify(run: &Run, ledger: &Ledger) -> Result<(), String> {
    let words = |what: &str| {
        let what = what.to_owned();
        move |e: Error| format!("{what}: {e}")
    };
    let look = |store: &Store, when: &str| {
        let snapshot = store.snapshot(SPANS);
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| numbers(&snapshot)))
            .map_err(|_| format!("{when}: a part cannot be read"))?;
        check(&found, ledger).map_err(|e| format!("{when}: {e}"))
    };
    let disk = SimDisk::new(Plan::default());
    let store = run.open(&disk).map_err(words("first start"))?;
    if !store.health().is_ok() {
        return Err(format!("first start: {:?}", store.health()));
    }
    look(&store, "first start")?;
    store.flush().map_err(words("flush"))?;
    store.compact(true).map_err(words("compact"))?;
    look(&store, "after a merge")?;
    drop(store);
    let store = run
        .open(&SimDisk::new(Plan::default()))
        .map_err(words("second start"))?;
    look(&store, "second start")?;
    store.close().map_err(words("close"))
}

/// Operations of an undisturbed run.
fn length() -> u64 {
    let run = Run::new();
    let disk = SimDisk::new(Plan::default());
    let mut ledger = Ledger::default();
    run.script(&disk, &mut ledger).unwrap();
    verify(&run, &ledger).unwrap();
    disk.operations()
}

/// One crash. `seed` chooses what survives; `None`: everything, as after a kill.
fn crash(plan: Plan, seed: Option<u64>) -> (Result<(), String>, Vec<String>) {
    let run = Run::new();
    let disk = SimDisk::new(plan);
    let mut ledger = Ledger::default();
    // How far it came is in the ledger.
    let _ = run.script(&disk, &mut ledger);
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

/// *Scenario*: one of our syncs does nothing. *Guarantees*: the ledger test sees it, so each sync is
/// there for a reason and the test can fail.
#[test]
fn without_any_one_sync_the_ledger_turns_red() {
    let length = length();
    for ignored in [
        Sync::WalData,
        Sync::WalDir,
        Sync::PartData,
        Sync::PartDir,
        Sync::NewDir,
    ] {
        let red = (0..400u64).any(|seed| {
            // Spread over the run, the end included.
            let plan = Plan {
                cut_at: Some(length - seed * 13 % length),
                ignore: Some(ignored),
                ..Plan::default()
            };
            crash(plan, Some(seed)).0.is_err()
        });
        assert!(red, "nobody misses the sync {ignored:?}");
    }
}
