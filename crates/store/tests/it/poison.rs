//! One record that cannot be written into a part must not hold up the others.

use crate::common::*;
use event::{EventBatch, ValueRef};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::disk::{Disk, Entry, ReadFile, RealDisk, Space, SyncPoint, WriteFile};

/// 45 days before [`NOW`]: the rows that poison their records lie there.
const POISON: i64 = NOW - 45 * DAY;
/// The folder of the parts of that day.
const POISON_DAY: &str = "2024-08-20";

/// The real disk, but the code that writes a part of one day panics.
#[derive(Debug)]
struct PoisonDisk;

impl Disk for PoisonDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        assert!(!path.to_string_lossy().contains(POISON_DAY), "poison");
        RealDisk.create(path)
    }
    fn create_private(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        RealDisk.create_private(path)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadFile>> {
        RealDisk.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_dir(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<bool> {
        RealDisk.create_dir(path)
    }
    fn sync_file(&self, path: &Path, what: SyncPoint) -> io::Result<()> {
        RealDisk.sync_file(path, what)
    }
    fn sync_dir(&self, path: &Path, what: SyncPoint) -> io::Result<()> {
        RealDisk.sync_dir(path, what)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        RealDisk.list(path)
    }
    fn space(&self, path: &Path) -> io::Result<Space> {
        RealDisk.space(path)
    }
    fn step(&self, _: &'static str) -> io::Result<()> {
        Ok(())
    }
}

fn ground() -> Ground {
    let mut g = Ground::new();
    g.disk = Arc::new(PoisonDisk);
    g
}

/// What was set aside, as the numbers of its rows.
fn set_aside(g: &Ground) -> Vec<i64> {
    let mut numbers = Vec::new();
    let entries = fs::read_dir(g.dir.path().join("quarantine"));
    for entry in entries.into_iter().flatten() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let batch = EventBatch::decode(&bytes).unwrap();
        for row in 0..batch.rows() {
            batch.for_each_attr(row, |key, value| {
                if let ("n", ValueRef::Int(n)) = (key, value) {
                    numbers.push(n);
                }
            });
        }
    }
    numbers.sort_unstable();
    numbers
}

fn all_but(poisoned: std::ops::Range<u64>, rows: u64) -> Vec<u64> {
    (0..rows).filter(|n| !poisoned.contains(n)).collect()
}

#[test]
fn a_record_at_which_the_flush_panics_is_set_aside_and_the_rest_is_written() {
    let g = ground();
    let (store, _) = g.open();
    for i in 0..4 {
        let ts = if i == 2 { POISON } else { NOW };
        append(&store, spans(i * 10, 10, ts)).unwrap();
    }
    assert_eq!(numbers(&store.snapshot(SPANS)).len(), 40);
    store.flush().unwrap();
    assert_eq!(store.stats().tables[0].batches, 0);
    assert_eq!(numbers(&store.snapshot(SPANS)), all_but(20..30, 40));
    assert_eq!(set_aside(&g), (20..30).collect::<Vec<_>>());
    assert_eq!(store.health().quarantined, 1);
    // The writing goes on, and the next start asks for nothing.
    append(&store, spans(40, 10, NOW)).unwrap();
    store.flush().unwrap();
    drop(store);
    let (store, recovery) = g.open();
    assert_eq!(
        (recovery.replayed_records, recovery.quarantined.len()),
        (0, 0)
    );
    assert_eq!(numbers(&store.snapshot(SPANS)), all_but(20..30, 50));
    assert_eq!(store.health().quarantined, 1);
}

/// *Scenario*: so much is read back that a start flushes, and a record is poisoned. *Guarantees*: the
/// start goes on.
#[test]
fn a_start_that_meets_the_record_goes_on() {
    let mut g = Ground::new();
    let (store, _) = g.open();
    for i in 0..4 {
        let ts = if i == 1 { POISON } else { NOW };
        append(&store, spans(i * 10, 10, ts)).unwrap();
    }
    drop(store);
    g.disk = Arc::new(PoisonDisk);
    g.options.buffer_bytes_limit = 1 << 10;
    let (store, _) = g.open();
    assert_eq!(numbers(&store.snapshot(SPANS)), all_but(10..20, 40));
    assert_eq!(set_aside(&g), (10..20).collect::<Vec<_>>());
    assert_eq!(store.health().quarantined, 1);
}

/// *Scenario*: the record was merged with its neighbours in memory. *Guarantees*: they are told apart.
#[test]
fn of_merged_batches_only_the_record_goes() {
    let mut g = ground();
    g.options.background = true;
    let (store, _) = g.open();
    for i in 0..8 {
        let ts = if i == 5 { POISON } else { NOW };
        append(&store, spans(i * 10, 10, ts)).unwrap();
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while store.stats().tables[0].batches > 1 {
        assert!(Instant::now() < deadline, "not merged");
        std::thread::sleep(Duration::from_millis(20));
    }
    store.flush().unwrap();
    assert_eq!(numbers(&store.snapshot(SPANS)), all_but(50..60, 80));
    assert_eq!(set_aside(&g), (50..60).collect::<Vec<_>>());
    store.close().unwrap();
}
