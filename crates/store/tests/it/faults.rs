//! One thing goes wrong at a time (storage.md §7): what is good is served, the bad is set aside and
//! told.

use crate::common::*;
use event::{BatchBuilder, EnvId, RowPolicy, TableKind, Type, ValueRef};
use simdisk::{Plan, SimDisk};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use store::{Error, Placement, Store, TraceHit};

fn wal_files(g: &Ground) -> Vec<PathBuf> {
    files(g, "wal/0")
}

fn files(g: &Ground, dir: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(g.dir.path().join(dir)) else {
        return Vec::new();
    };
    let mut out: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

/// The bytes in use of a WAL file: up to its last byte that is not zero.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|b| *b != 0).unwrap() + 1
}

fn numbered(store: &Store) -> Vec<u64> {
    numbers(&store.snapshot(SPANS))
}

#[test]
fn torn_last_wal_record() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 50, NOW)).unwrap();
    append(&store, spans(50, 50, NOW)).unwrap();
    drop(store);
    let path = &wal_files(&g)[0];
    let mut bytes = fs::read(path).unwrap();
    let end = used(&bytes);
    bytes[end - 100..end].fill(0);
    fs::write(path, &bytes).unwrap();
    let (store, recovery) = g.open();
    assert_eq!(numbered(&store), (0..50).collect::<Vec<_>>());
    assert!(recovery.torn_bytes > 0);
    assert!(recovery.quarantined.is_empty() && store.health().is_ok());
    // Sequences go on, and the torn bytes trouble no later start.
    append(&store, spans(100, 50, NOW)).unwrap();
    drop(store);
    let (store, recovery) = g.open();
    assert!(recovery.quarantined.is_empty());
    assert_eq!(
        numbered(&store),
        (0..50).chain(100..150).collect::<Vec<_>>()
    );
}

#[test]
fn bit_flip_in_the_middle_of_the_wal() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..3 {
        append(&store, spans(i * 50, 50, NOW)).unwrap();
    }
    drop(store);
    let path = &wal_files(&g)[0];
    let mut bytes = fs::read(path).unwrap();
    let middle = used(&bytes) / 2;
    bytes[middle] ^= 4;
    fs::write(path, &bytes).unwrap();
    let (store, recovery) = g.open();
    assert_eq!(
        numbered(&store),
        (0..50).chain(100..150).collect::<Vec<_>>()
    );
    assert_eq!(recovery.quarantined.len(), 1);
    assert_eq!(store.health().quarantined, 1);
    assert_eq!(files(&g, "quarantine").len(), 1);
    append(&store, spans(150, 10, NOW)).unwrap();
    drop(store);
    // Told once, remembered in the health.
    let (store, recovery) = g.open();
    assert!(recovery.quarantined.is_empty());
    assert_eq!(store.health().quarantined, 1);
    assert_eq!(
        numbered(&store),
        (0..50).chain(100..160).collect::<Vec<_>>()
    );
}

/// *Scenario*: the last group of a file is damaged, and a later file shows that more was
/// acknowledged. *Guarantees*: that is damage, not a torn tail.
#[test]
fn damage_at_the_end_of_a_wal_file_that_is_not_the_last() {
    let mut g = Ground::new();
    g.options.wal_file_bytes = 4 << 10;
    let (store, _) = g.open();
    for i in 0..6 {
        append(&store, spans(i * 20, 20, NOW)).unwrap();
    }
    drop(store);
    let paths = wal_files(&g);
    assert!(paths.len() > 2);
    let mut bytes = fs::read(&paths[0]).unwrap();
    let end = used(&bytes);
    bytes[end - 10] ^= 1;
    fs::write(&paths[0], &bytes).unwrap();
    let (store, recovery) = g.open();
    assert_eq!((recovery.quarantined.len(), recovery.torn_bytes), (1, 0));
    assert!(numbered(&store).len() < 120 && numbered(&store).ends_with(&[118, 119]));
}

#[test]
fn manifest_lost_or_damaged() {
    for damage in [true, false] {
        let g = Ground::new();
        let (store, _) = g.open();
        for i in 0..4 {
            append(&store, spans(i * 50, 50, NOW - i as i64 * HOUR)).unwrap();
            store.flush().unwrap();
        }
        store.compact(true).unwrap();
        append(&store, spans(200, 50, NOW)).unwrap();
        store.flush().unwrap();
        append(&store, spans(250, 50, NOW)).unwrap();
        let all = rows(&store.snapshot(SPANS));
        drop(store);
        let path = g.dir.path().join("manifest.sqlite");
        if damage {
            for suffix in ["-wal", "-shm"] {
                let _ = fs::remove_file(g.dir.path().join(format!("manifest.sqlite{suffix}")));
            }
            fs::write(&path, vec![0x5a; 40_000]).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let (store, recovery) = g.open();
        assert!(recovery.manifest_rebuilt.is_some());
        assert!(store.health().manifest_rebuilt);
        assert_eq!(rows(&store.snapshot(SPANS)), all);
        assert_eq!(files(&g, "quarantine").len(), usize::from(damage));
        store.flush().unwrap();
        drop(store);
        // From now on it is a manifest like another; the sweep takes nothing that is listed.
        g.clock.advance(HOUR);
        let (store, recovery) = g.open();
        assert_eq!(recovery.manifest_rebuilt, None);
        assert_eq!(rows(&store.snapshot(SPANS)), all);
    }
}

/// *Scenario*: the power goes between two parts of one flush, and the manifest is lost as well.
/// *Guarantees*: half a flush is ignored, its rows come from the WAL, once.
#[test]
fn half_a_flush_and_the_manifest_lost() {
    let mut g = Ground::new();
    let mut halves = 0;
    for cut in 1..200 {
        let fresh = Ground::new();
        let disk = SimDisk::new(Plan {
            cut_at: Some(cut),
            ..Plan::default()
        });
        g.disk = Arc::clone(&disk) as _;
        g.options.data_dir = fresh.dir.path().to_owned();
        let Ok((store, _)) = g.try_open() else {
            continue;
        };
        let mut acked = 0;
        for i in 0..3u64 {
            acked += append(&store, spans(i * 20, 20, NOW - i as i64 * HOUR)).map_or(0, |_| 20);
        }
        let done = store.flush().is_ok();
        drop(store);
        disk.kill();
        let _ = fs::remove_file(fresh.dir.path().join("manifest.sqlite"));
        let named = files(&fresh, "data/1/spans/2024-10-04")
            .iter()
            .flat_map(|hour| fs::read_dir(hour).unwrap())
            .filter(|f| {
                f.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|e| e == "parquet")
            })
            .count();
        halves += usize::from(named == 1 || named == 2);
        g.disk = Arc::new(store::disk::RealDisk);
        let (store, _) = g.open();
        let found = numbered(&store);
        assert!(
            found.len() >= acked,
            "{} of {acked} after a cut at {cut}",
            found.len()
        );
        assert!(
            found.windows(2).all(|w| w[0] < w[1]),
            "twice after a cut at {cut}"
        );
        if done {
            assert_eq!(acked, 60);
            break;
        }
    }
    assert!(halves >= 2, "{halves} halves were met");
}

#[test]
fn two_processes_on_one_directory() {
    let g = Ground::new();
    let (store, _) = g.open();
    let Err(Error::Locked(words)) = g.try_open().map(|_| ()) else {
        panic!("the second is refused")
    };
    assert!(
        words.contains(&format!("process {}", std::process::id())),
        "{words}"
    );
    store.close().unwrap();
    g.open();
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 10, NOW)).unwrap();
    store.close().unwrap();
    let path = g.dir.path().join("manifest.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("UPDATE meta SET value = 99 WHERE name = 'format'", [])
        .unwrap();
    drop(db);
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        g.try_open().map(|_| ()),
        Err(Error::NewerFormat(_))
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn late_rows_of_1440_hours_in_one_batch() {
    let g = Ground::new();
    let (store, _) = g.open();
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    for hour in 0..1_440i64 {
        assert!(b.begin_row(NOW - hour * HOUR));
        b.set_dataset("late");
        b.put_named("n", ValueRef::Int(hour));
        b.end_row();
    }
    append(&store, b.finish()).unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!(numbers(&snapshot), (0..1_440).collect::<Vec<_>>());
    assert!(snapshot.parts.len() <= 66, "{} parts", snapshot.parts.len());
}

#[test]
fn same_key_in_three_types() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..9u64 {
        let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
        assert!(b.begin_row(NOW + i as i64));
        b.set_dataset("d");
        b.put_named("n", ValueRef::Int(i as i64));
        match i % 3 {
            0 => b.put_named("http.status", ValueRef::Int(200)),
            1 => b.put_named("http.status", ValueRef::Str("200")),
            _ => b.put_named("http.status", ValueRef::Float(200.5)),
        }
        b.end_row();
        append(&store, b.finish()).unwrap();
        if i % 2 == 0 {
            store.flush().unwrap();
        }
    }
    let all = rows(&store.snapshot(SPANS));
    for (column, value) in [
        ("http.status#i", "200"),
        ("http.status#s", "200"),
        ("http.status#f", "200.5"),
    ] {
        let there = all
            .iter()
            .filter(|r| r.get(column).is_some_and(|v| v == value));
        assert_eq!(there.count(), 3, "{column}");
    }
    store.compact(true).unwrap();
    assert_eq!(rows(&store.snapshot(SPANS)), all);
    let fields = store.fields(EnvId(1));
    let status = fields.iter().find(|f| &*f.key == "http.status").unwrap();
    assert_eq!(status.types, [Type::Int, Type::Str, Type::Float]);
    assert_eq!(status.rows, 9);
}

#[test]
fn missing_or_damaged_side_file() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 100, NOW)).unwrap();
    store.flush().unwrap();
    let trace = |n: u64| {
        let mut id = [3; 16];
        id[8..].copy_from_slice(&n.to_be_bytes());
        event::TraceId(id)
    };
    let path = store.snapshot(SPANS).parts[0].path.with_extension("tix");
    let good = fs::read(&path).unwrap();
    for damaged in [true, false] {
        if damaged {
            let mut bad = good.clone();
            bad[40] ^= 1;
            fs::write(&path, bad).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        store.close().unwrap();
        let (store, _) = g.open();
        let part = Arc::clone(&store.snapshot(SPANS).parts[0]);
        assert_eq!(part.trace(trace(3)), TraceHit::Unknown);
        assert_eq!(numbered(&store).len(), 100);
        store.compact(false).unwrap();
        assert!(matches!(part.trace(trace(3)), TraceHit::Range(..)));
        assert_eq!(part.trace(trace(300)), TraceHit::Absent);
        assert_eq!(fs::read(&path).unwrap(), good);
        store.close().unwrap();
    }
}

#[test]
fn a_failed_sync_poisons() {
    let mut g = Ground::new();
    let disk = SimDisk::new(Plan {
        fail: Some(("sync", 2, ErrorKind::Other)),
        ..Plan::default()
    });
    g.disk = Arc::clone(&disk) as _;
    let (store, _) = g.open();
    let (tx, told) = std::sync::mpsc::channel();
    store.on_poisoned(Box::new(move |why| tx.send(why.to_owned()).unwrap()));
    append(&store, spans(0, 10, NOW)).unwrap();
    assert!(matches!(
        append(&store, spans(10, 10, NOW)),
        Err(Error::Poisoned(_))
    ));
    assert!(told.recv().unwrap().contains("sync"));
    // The disk is well again, and nothing is written all the same.
    disk.stop_failing();
    assert!(matches!(
        append(&store, spans(20, 10, NOW)),
        Err(Error::Poisoned(_))
    ));
    assert!(matches!(store.flush(), Err(Error::Poisoned(_))));
    assert!(store.health().poisoned.is_some());
    // What was acknowledged is still answered, and nothing else.
    assert_eq!(numbered(&store), (0..10).collect::<Vec<_>>());
    drop(store);
    let (store, _) = g.open();
    let found = numbered(&store);
    assert!(found == (0..10).collect::<Vec<_>>() || found == (0..20).collect::<Vec<_>>());
}

#[test]
fn disk_full_in_the_wal() {
    for what in ["create", "reserve", "write"] {
        let mut g = Ground::new();
        g.options.wal_file_bytes = 4 << 10;
        let disk = SimDisk::new(Plan {
            fail: Some((what, 4, ErrorKind::StorageFull)),
            ..Plan::default()
        });
        g.disk = Arc::clone(&disk) as _;
        let (store, _) = g.open();
        let mut acked = Vec::new();
        let mut refused = false;
        for i in 0..20u64 {
            match append(&store, spans(i * 10, 10, NOW)) {
                Ok(_) => acked.extend(i * 10..i * 10 + 10),
                Err(Error::ReadOnly(_)) => {
                    refused = true;
                    break;
                }
                Err(e) => panic!("{what}: {e}"),
            }
        }
        assert!(refused, "{what}");
        assert!(store.health().read_only.is_some() && store.health().poisoned.is_none());
        assert_eq!(numbered(&store), acked);
        // Room again: taken without a restart.
        disk.stop_failing();
        store.check_disk().unwrap();
        append(&store, spans(1_000, 10, NOW)).unwrap();
        acked.extend(1_000..1_010);
        assert_eq!(numbered(&store), acked);
        drop(store);
        let (store, recovery) = g.open();
        assert!(
            recovery.quarantined.is_empty(),
            "{what}: {:?}",
            recovery.quarantined
        );
        assert_eq!(numbered(&store), acked);
    }
}

#[test]
fn disk_full_in_flush_and_compaction() {
    for step in [
        "part.begin",
        "part.slice",
        "part.rename",
        "manifest.commit",
        "merge.begin",
    ] {
        let mut g = Ground::new();
        let disk = SimDisk::new(Plan::default());
        g.disk = Arc::clone(&disk) as _;
        let (store, _) = g.open();
        for i in 0..2 {
            append(&store, spans(i * 10, 10, NOW)).unwrap();
            store.flush().unwrap();
        }
        append(&store, spans(20, 10, NOW)).unwrap();
        disk.fail_from_now(step, ErrorKind::StorageFull);
        let outcome = store.flush().and_then(|()| store.compact(true));
        assert!(
            matches!(outcome, Err(Error::ReadOnly(_))),
            "{step}: {outcome:?}"
        );
        assert_eq!(numbered(&store), (0..30).collect::<Vec<_>>());
        disk.stop_failing();
        store.flush().unwrap();
        store.compact(true).unwrap();
        assert_eq!(numbered(&store), (0..30).collect::<Vec<_>>());
        assert_eq!(store.snapshot(SPANS).parts.len(), 1);
        drop(store);
        assert_eq!(numbered(&g.open().0), (0..30).collect::<Vec<_>>());
    }
}

#[test]
fn below_the_mark_batches_are_refused_until_there_is_room_again() {
    let mut g = Ground::new();
    let disk = SimDisk::new(Plan::default());
    g.disk = Arc::clone(&disk) as _;
    let (store, _) = g.open();
    append(&store, spans(0, 10, NOW)).unwrap();
    // The simulated disk has 100 GiB: the mark is 3 GiB.
    for (free_gib, taken) in [(4, true), (2, false), (3, false), (4, true)] {
        disk.set_free(Some(free_gib << 30));
        store.check_disk().unwrap();
        let outcome = append(&store, spans(free_gib * 100, 10, NOW));
        assert_eq!(outcome.is_ok(), taken, "{free_gib} GiB free: {outcome:?}");
        assert!(store.health().disk_low);
    }
    disk.set_free(None);
    store.check_disk().unwrap();
    assert!(store.health().is_ok());
}

#[test]
fn the_clock_jumps_back_and_receipt_times_do_not() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 1, NOW)).unwrap();
    g.clock.advance(-10 * HOUR);
    append(&store, spans(1, 1, NOW)).unwrap();
    let t = store.delete(EnvId(1), "elsewhere").unwrap();
    drop(store);
    g.clock.advance(-10 * HOUR);
    let (store, _) = g.open();
    append(&store, spans(2, 1, NOW)).unwrap();
    let mut times: Vec<(u64, i64)> = rows(&store.snapshot(SPANS))
        .iter()
        .map(|r| (r["n#i"].parse().unwrap(), r["ingest_ts"].parse().unwrap()))
        .collect();
    times.sort_unstable();
    assert!(times.windows(2).all(|w| w[0].1 <= w[1].1), "{times:?}");
    assert!(times[2].1 > t.created_ms && t.created_ms >= times[1].1);
}

#[test]
fn a_damaged_block_is_named_and_never_read() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 2_000, NOW)).unwrap();
    store.flush().unwrap();
    let part = Arc::clone(&store.snapshot(SPANS).parts[0]);
    let mut bytes = fs::read(&part.path).unwrap();
    bytes[1_000] ^= 1;
    fs::write(&part.path, bytes).unwrap();
    let read = parquet::file::reader::ChunkReader::get_bytes(&part.reader().unwrap(), 990, 20);
    let error = read.unwrap_err().to_string();
    assert!(
        error.contains("block 0") && error.contains(&part.id),
        "{error}"
    );
    assert_eq!(store.health().damaged_parts, std::slice::from_ref(&part.id));
    let report = store.verify().unwrap();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].what.contains("blocks [0]"), "{report:?}");
}

/// *Scenario*: a block rots after it was read, and nobody reads it again. *Guarantees*: within a week
/// the health names the part; merges of others go on.
#[test]
fn rot_is_found_within_a_week() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..3 {
        append(&store, spans(i * 500, 500, NOW - i as i64 * HOUR)).unwrap();
        append(&store, spans(i * 500 + 2_000, 500, NOW - i as i64 * HOUR)).unwrap();
        store.flush().unwrap();
    }
    assert_eq!(numbered(&store).len(), 3_000);
    let part = Arc::clone(&store.snapshot(SPANS).parts[1]);
    let mut bytes = fs::read(&part.path).unwrap();
    bytes[2_000] ^= 1;
    fs::write(&part.path, bytes).unwrap();
    store.scrub().unwrap();
    assert!(store.health().is_ok(), "nothing is due yet");
    g.clock.advance(7 * DAY);
    store.scrub().unwrap();
    assert_eq!(store.health().damaged_parts, std::slice::from_ref(&part.id));
    append(&store, spans(9_000, 10, NOW)).unwrap();
    store.flush().unwrap();
    store.compact(true).unwrap();
    let snapshot = store.snapshot(SPANS);
    assert!(snapshot.parts.iter().any(|p| p.id == part.id));
    // The day is over: its other hours became one part.
    assert_eq!(snapshot.parts.len(), 2, "{:?}", snapshot.parts);
}

#[test]
fn a_whole_store_verifies_and_a_damaged_one_says_where() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..4 {
        append(&store, spans(i * 500, 500, NOW + i as i64 * SECOND)).unwrap();
        if i < 3 {
            store.flush().unwrap();
        }
    }
    let report = store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
    assert_eq!((report.parts, report.rows, report.wal_files), (3, 1_500, 1));
    assert_eq!((report.wal_records, report.parts_without_index), (4, 0));
    store.compact(true).unwrap();
    let part = Arc::clone(&store.snapshot(SPANS).parts[0]);
    let index = part.path.with_extension("tix");
    fs::remove_file(&index).unwrap();
    let report = store.verify().unwrap();
    assert!(
        report.is_ok() && report.parts_without_index == 1,
        "{report:?}"
    );
    let wal = &wal_files(&g)[0];
    let mut bytes = fs::read(wal).unwrap();
    bytes[used(&fs::read(wal).unwrap()) / 2] ^= 1;
    fs::write(wal, bytes).unwrap();
    let report = store.verify().unwrap();
    assert_eq!(report.problems.len(), 1);
    assert_eq!(&report.problems[0].path, wal);
}

#[test]
fn a_part_missing_on_disk_is_told_and_the_rest_is_served() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..3 {
        append(&store, spans(i * 10, 10, NOW - i as i64 * HOUR)).unwrap();
    }
    store.flush().unwrap();
    let gone = store.snapshot(SPANS).parts[1].path.clone();
    store.close().unwrap();
    fs::remove_file(gone).unwrap();
    let (store, recovery) = g.open();
    assert_eq!(recovery.quarantined.len(), 1);
    assert_eq!(store.health().damaged_parts.len(), 1);
    assert_eq!(numbered(&store).len(), 20);
}

#[test]
fn the_wal_stays_for_what_the_catalog_has_not_applied() {
    let mut g = Ground::new();
    g.options.wal_file_bytes = 4 << 10;
    g.options.applied_seq = Some(0);
    let (store, _) = g.open();
    for i in 0..10 {
        append(&store, spans(i * 20, 20, NOW)).unwrap();
    }
    store.flush().unwrap();
    let all = wal_files(&g).len();
    assert!(all > 3);
    store.set_applied(10);
    append(&store, spans(200, 20, NOW)).unwrap();
    store.flush().unwrap();
    assert!(wal_files(&g).len() <= 2);
}

/// *Scenario*: another program holds the manifest's lock at the start. *Guarantees*: that is told as
/// what it is, nothing is taken for damage, and the next start finds everything.
#[test]
fn manifest_busy() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 10, NOW)).unwrap();
    store.close().unwrap();
    let other = rusqlite::Connection::open(g.dir.path().join("manifest.sqlite")).unwrap();
    other
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE meta SET value = value;",
        )
        .unwrap();
    let Err(Error::Io(words)) = g.try_open().map(|_| ()) else {
        panic!("it is in use")
    };
    assert!(words.contains("locked"), "{words}");
    assert!(files(&g, "quarantine").is_empty());
    drop(other);
    let (store, recovery) = g.open();
    assert_eq!(recovery.manifest_rebuilt, None);
    assert_eq!(numbered(&store), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_question_goes_on_while_retention_drops_what_it_reads() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 500, NOW - 20 * DAY)).unwrap();
    append(&store, spans(500, 500, NOW)).unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    store.set_retention(store::Retention {
        default_days: 10,
        ..store::Retention::default()
    });
    store.compact(false).unwrap();
    assert_eq!(numbered(&store), (500..1_000).collect::<Vec<_>>());
    // Long past the time at which files are unlinked.
    g.clock.advance(HOUR);
    store.compact(false).unwrap();
    assert_eq!(numbers(&snapshot), (0..1_000).collect::<Vec<_>>());
    let gone = snapshot.parts.last().unwrap().path.clone();
    assert!(gone.exists());
    drop(snapshot);
    store.compact(false).unwrap();
    assert!(!gone.exists());
}

#[test]
fn a_key_promoted_between_two_parts_is_read_from_both() {
    let mut g = Ground::new();
    g.options.columns_per_part = 2;
    let (store, _) = g.open();
    append(&store, spans(0, 100, NOW)).unwrap();
    store.flush().unwrap();
    store.note_queried(EnvId(1), &["mixed"]);
    append(&store, spans(100, 100, NOW)).unwrap();
    let all = rows(&store.snapshot(SPANS));
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    let places = snapshot
        .parts
        .iter()
        .map(|p| p.placement("mixed", Type::Str));
    let (columns, others): (Vec<_>, Vec<_>) = places.partition(|p| *p == Placement::Column);
    assert_eq!((columns.len(), others.len()), (1, 1));
    assert!(matches!(others[0], Placement::Overflow(_)), "{others:?}");
    assert_eq!(rows(&snapshot), all);
    store.compact(true).unwrap();
    assert_eq!(rows(&store.snapshot(SPANS)), all);
}
