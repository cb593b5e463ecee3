//! A process that aborts at each step: what its client was acknowledged is there for the next one.
//!
//! The test executes itself again as the client and the store in one process ([`child`]); a variable
//! names the step, and which time it is met, at which that process calls `abort`. The ledger it
//! wrote, after each acknowledgement, is compared with what a new store finds.

use crate::ledger::{Ledger, Run, verify};
use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use store::disk::{Disk, Entry, ReadFile, RealDisk, STEPS, Space, SyncPoint, WriteFile};

/// The folder of a child: `data` and `ledger` lie in it, and the steps it met.
const FOLDER: &str = "STORE_ABORT_FOLDER";
/// `step:time`, from 1; absent: it runs to its end.
const AT: &str = "STORE_ABORT_AT";

/// The real disk, with steps that are counted and one at which the process ends.
#[derive(Debug)]
struct AbortDisk {
    at: Option<(String, u32)>,
    met: Mutex<BTreeMap<&'static str, u32>>,
}

impl Disk for AbortDisk {
    fn step(&self, name: &'static str) -> io::Result<()> {
        let mut met = self.met.lock().unwrap();
        let times = met.entry(name).or_default();
        *times += 1;
        if self
            .at
            .as_ref()
            .is_some_and(|(n, t)| n == name && t == times)
        {
            std::process::abort();
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
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
}

/// The child. Without its variable it is a test that has nothing to do.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let at = std::env::var(AT).ok().map(|at| {
        let (name, time) = at.split_once(':').unwrap();
        (name.to_owned(), time.parse().unwrap())
    });
    let disk = Arc::new(AbortDisk {
        at,
        met: Mutex::default(),
    });
    let run = Run::at(&folder.join("data"));
    let mut ledger = Ledger::to_file(&folder.join("ledger"));
    let shared = Arc::clone(&disk) as Arc<dyn Disk>;
    let next = run.script(&shared, &mut ledger).unwrap();
    // What an earlier crash left half done, for the next start to sweep; and damage to set aside.
    let part = run.path().join("data/1/spans/2024-10-04/05");
    std::fs::write(part.join("00000000000000000000000000.parquet.tmp"), b"half").unwrap();
    run.late_script(&shared, &mut ledger, next).unwrap();
    damage(&run, &shared, &mut ledger, next + 20);
    let met: Vec<String> = disk
        .met
        .lock()
        .unwrap()
        .iter()
        .map(|(name, times)| format!("{name} {times}"))
        .collect();
    std::fs::write(folder.join("met"), met.join("\n")).unwrap();
}

/// Rows in the WAL alone, a group of them damaged, and one more start.
fn damage(run: &Run, disk: &Arc<dyn Disk>, ledger: &mut Ledger, next: u64) {
    let store = run.open(Arc::clone(disk)).unwrap();
    for i in 0..3 {
        ledger
            .put(&store, next + i * 10, 10, crate::common::NOW)
            .unwrap();
    }
    drop(store);
    let wal = std::fs::read_dir(run.path().join("wal/0"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .max()
        .unwrap();
    let mut bytes = std::fs::read(&wal).unwrap();
    ledger.forget(next..next + 30);
    let used = bytes.iter().rposition(|b| *b != 0).unwrap() + 1;
    bytes[used / 4] ^= 4;
    std::fs::write(&wal, bytes).unwrap();
    run.open(Arc::clone(disk)).unwrap().close().unwrap();
}

/// Runs a child. Says whether it aborted.
fn run_child(folder: &Path, at: Option<(&str, u32)>) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "abort::child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    match at {
        Some((name, time)) => command.env(AT, format!("{name}:{time}")),
        None => command.env_remove(AT),
    };
    let out = command.output().unwrap();
    let aborted = out.status.signal() == Some(6);
    assert!(
        aborted || out.status.success(),
        "{at:?}: {}: {}",
        out.status,
        String::from_utf8_lossy(&out.stderr)
    );
    aborted
}

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    dir.unwrap()
}

#[test]
fn a_process_that_aborts_at_any_step_loses_nothing_and_doubles_nothing() {
    let whole = folder();
    assert!(!run_child(whole.path(), None));
    let met: BTreeMap<String, u32> = std::fs::read_to_string(whole.path().join("met"))
        .unwrap()
        .lines()
        .map(|line| {
            let (name, times) = line.split_once(' ').unwrap();
            (name.to_owned(), times.parse().unwrap())
        })
        .collect();
    assert_eq!(met.keys().collect::<Vec<_>>(), STEPS.to_vec());
    for (name, times) in &met {
        // Each of a few, and of many the first, the last and some between.
        let chosen =
            (1..=*times).filter(|t| *t <= 3 || *t == *times || t % (times / 3).max(1) == 0);
        for time in chosen {
            let folder = folder();
            assert!(
                run_child(folder.path(), Some((name, time))),
                "{name} {time}"
            );
            let ledger = Ledger::of_file(&folder.path().join("ledger"));
            let run = Run::at(&folder.path().join("data"));
            // Damage, the script's last act, is told in the health; expiry, before it, is not.
            let outcome = if ledger.forgets(40) {
                crate::ledger::reopen(&run, &ledger)
                    .and_then(|store| crate::ledger::settle(&run, store, &ledger))
            } else {
                verify(&run, &ledger)
            };
            if let Err(e) = outcome {
                panic!("aborted at {name}, time {time}: {e}");
            }
        }
    }
}
