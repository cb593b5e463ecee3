//! What a client knows: a ledger written after each acknowledgement, and a script of everything a
//! store does, to be ended anywhere.

use crate::common::*;
use simdisk::{Plan, SimDisk};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::disk::Disk;
use store::{Clock, Error, Options, Retention, Store};

/// Numbers of rows, as the client knows them. With a file it outlives the client's process.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Acknowledged, and not to be lost.
    pub(crate) acked: BTreeSet<u64>,
    /// Handed over at all.
    pub(crate) offered: BTreeSet<u64>,
    /// Rows that may be gone.
    forgotten: BTreeSet<u64>,
    file: Option<File>,
}

impl Ledger {
    /// A ledger that is also written to a file, line by line.
    pub(crate) fn to_file(path: &Path) -> Self {
        Self {
            file: Some(File::create(path).unwrap()),
            ..Self::default()
        }
    }

    /// What a client that is gone wrote.
    pub(crate) fn of_file(path: &Path) -> Self {
        let mut ledger = Self::default();
        for line in fs::read_to_string(path).unwrap_or_default().lines() {
            let (word, number) = line.split_once(' ').unwrap();
            let number = number.parse().unwrap();
            match word {
                "offered" => ledger.offered.insert(number),
                "acked" => ledger.acked.insert(number),
                "forget" => ledger.acked.remove(&number) && ledger.forgotten.insert(number),
                other => panic!("{other} in a ledger"),
            };
        }
        ledger
    }

    fn note(&mut self, word: &str, numbers: impl Iterator<Item = u64>) {
        if let Some(file) = &mut self.file {
            let lines: String = numbers.map(|n| format!("{word} {n}\n")).collect();
            file.write_all(lines.as_bytes()).unwrap();
        }
    }

    /// Appends rows and notes both that they were offered and that they were taken.
    pub(crate) fn put(
        &mut self,
        store: &Store,
        first: u64,
        rows: u64,
        ts: i64,
    ) -> Result<(), Error> {
        let range = first..first + rows;
        self.note("offered", range.clone());
        self.offered.extend(range.clone());
        append(store, spans(first, rows, ts))?;
        self.note("acked", range.clone());
        self.acked.extend(range);
        Ok(())
    }

    /// From now on these may be gone.
    pub(crate) fn forget(&mut self, numbers: std::ops::Range<u64>) {
        self.note("forget", numbers.clone());
        for n in numbers {
            self.acked.remove(&n);
            self.forgotten.insert(n);
        }
    }

    /// Whether so many may be gone: a health that is not well says why.
    pub(crate) fn forgets(&self, rows: usize) -> bool {
        self.forgotten.len() >= rows
    }
}

/// Where a run happens: a directory in memory where there is one, as thousands of syncs are made.
pub(crate) struct Run {
    dir: Option<tempfile::TempDir>,
    path: PathBuf,
    pub(crate) clock: Arc<TestClock>,
}

impl Run {
    pub(crate) fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let dir = dir.unwrap();
        let mut run = Self::at(dir.path());
        run.dir = Some(dir);
        run
    }

    /// In a directory that somebody else keeps.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            dir: None,
            path: path.to_owned(),
            clock: TestClock::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            // Every other group begins a file, so that files are also deleted.
            wal_file_bytes: 6 << 10,
            // So that the parts of one hour are joined, those of the others merged.
            slice_rows: 40,
            ..options(&self.path)
        }
    }

    pub(crate) fn open(&self, disk: Arc<dyn Disk>) -> Result<Store, Error> {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        Ok(Store::open(self.options(), clock, disk)?.0)
    }

    /// A little of everything, until the disk says no. Returns the number the next row would have.
    pub(crate) fn script(&self, disk: &Arc<dyn Disk>, ledger: &mut Ledger) -> Result<u64, Error> {
        let store = self.open(Arc::clone(disk))?;
        let mut next = 0;
        let mut put = |ledger: &mut Ledger, rows: u64, ts: i64| {
            next += rows;
            ledger.put(&store, next - rows, rows, ts)
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
        store.close()?;
        Ok(next)
    }

    /// What [`Self::script`] leaves out: a part whose index is lost, rows that expire.
    pub(crate) fn late_script(
        &self,
        disk: &Arc<dyn Disk>,
        ledger: &mut Ledger,
        next: u64,
    ) -> Result<(), Error> {
        let store = self.open(Arc::clone(disk))?;
        let snapshot = store.snapshot(SPANS);
        let part = &snapshot.parts[0];
        fs::remove_file(part.path().with_extension("tix")).unwrap();
        let _ = part.trace(event::TraceId([3; 16]));
        drop(snapshot);
        store.compact(false)?;
        // Written now, expired from the moment on at which the retention is a day.
        let old = self.clock.now() - 50 * DAY;
        ledger.put(&store, next, 10, old)?;
        store.flush()?;
        ledger.forget(next..next + 10);
        store.set_retention(Retention {
            default_days: 40,
            ..Retention::default()
        });
        store.compact(false)?;
        ledger.put(&store, next + 10, 10, self.clock.now())?;
        store.close()
    }
}

/// What a reader finds against what was promised.
pub(crate) fn check(found: &[u64], ledger: &Ledger) -> Result<(), String> {
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
pub(crate) fn verify(run: &Run, ledger: &Ledger) -> Result<(), String> {
    let store = reopen(run, ledger)?;
    if !store.health().is_ok() {
        return Err(format!("first start: {:?}", store.health()));
    }
    settle(run, store, ledger)
}

/// The first start after a crash.
pub(crate) fn reopen(run: &Run, ledger: &Ledger) -> Result<Store, String> {
    let store = run.open(SimDisk::new(Plan::default()));
    let store = store.map_err(|e| format!("first start: {e}"))?;
    look(&store, ledger, "first start")?;
    Ok(store)
}

/// Flush, merge, and one more start.
pub(crate) fn settle(run: &Run, store: Store, ledger: &Ledger) -> Result<(), String> {
    store.flush().map_err(|e| format!("flush: {e}"))?;
    store.compact(true).map_err(|e| format!("compact: {e}"))?;
    look(&store, ledger, "after a merge")?;
    drop(store);
    let store = run.open(SimDisk::new(Plan::default()));
    let store = store.map_err(|e| format!("second start: {e}"))?;
    look(&store, ledger, "second start")?;
    store.close().map_err(|e| format!("close: {e}"))
}

fn look(store: &Store, ledger: &Ledger, when: &str) -> Result<(), String> {
    let snapshot = store.snapshot(SPANS);
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| numbers(&snapshot)))
        .map_err(|_| format!("{when}: a part cannot be read"))?;
    check(&found, ledger).map_err(|e| format!("{when}: {e}"))
}
