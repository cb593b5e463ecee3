//! Compaction, retention, deletes: the same rows before and after, but those that must go.

use crate::common::*;
use event::{BatchBuilder, EnvId, EventBatch, RowPolicy, TableKind, ValueRef};
use store::{Placement, Retention, Store};

/// Rows without the columns that a merge may not keep as they were.
fn fill(store: &Store, batches: u64, ts: i64) {
    for i in 0..batches {
        append(store, spans(i * 100, 100, ts + i as i64 * SECOND)).unwrap();
        store.flush().unwrap();
    }
}

#[test]
fn a_merge_keeps_every_row_and_lets_old_snapshots_be() {
    let g = Ground::new();
    let (store, _) = g.open();
    fill(&store, 10, NOW);
    let before = store.snapshot(SPANS);
    let all = rows(&before);
    assert_eq!(before.parts.len(), 10);
    store.compact(false).unwrap();
    let after = store.snapshot(SPANS);
    assert_eq!((after.parts.len(), after.parts[0].level), (1, 1));
    // Each row was written twice: once by its flush, once by the merge.
    let stats = store.stats();
    assert_eq!((stats.rows_flushed, stats.rows_merged), (1_000, 1_000));
    assert_eq!(rows(&after), all);
    assert_eq!(rows(&before), all);
    drop(store);
    let (store, recovery) = g.open();
    assert_eq!((recovery.parts, recovery.replayed_records), (1, 0));
    assert_eq!(rows(&store.snapshot(SPANS)), all);
}

#[test]
fn inputs_are_unlinked_when_old_and_unread() {
    let g = Ground::new();
    let (store, _) = g.open();
    fill(&store, 8, NOW);
    let reader = store.snapshot(SPANS);
    let paths: Vec<_> = reader.parts.iter().map(|p| p.path.clone()).collect();
    store.compact(false).unwrap();
    assert_eq!(store.stats().parts_leaving, 8);
    g.clock.advance(700 * SECOND);
    store.compact(false).unwrap();
    assert!(paths.iter().all(|p| p.exists()), "a snapshot has them");
    assert_eq!(rows(&reader).len(), 800);
    drop(reader);
    store.compact(false).unwrap();
    assert!(paths.iter().all(|p| !p.exists()));
    assert_eq!(store.stats().parts_leaving, 0);
    assert_eq!(numbers(&store.snapshot(SPANS)).len(), 800);
}

#[test]
fn small_hours_and_late_parts_end_in_one_part_of_the_day() {
    let g = Ground::new();
    let (store, _) = g.open();
    for hour in 0..3 {
        append(&store, spans(hour * 100, 100, NOW - hour as i64 * HOUR)).unwrap();
        store.flush().unwrap();
    }
    append(&store, spans(300, 100, NOW - 4 * HOUR)).unwrap();
    store.flush().unwrap();
    store.compact(false).unwrap();
    assert_eq!(store.snapshot(SPANS).parts.len(), 4);
    g.clock.advance(DAY);
    store.compact(false).unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!((snapshot.parts.len(), snapshot.parts[0].level), (1, 2));
    assert!(
        snapshot.parts[0]
            .path
            .to_string_lossy()
            .contains("2024-10-04/day/")
    );
    assert_eq!(numbers(&snapshot), (0..400).collect::<Vec<_>>());
}

fn wide(first: u64, keys: u64) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    for k in first..first + keys {
        assert!(b.begin_row(NOW + k as i64));
        b.set_dataset("wide");
        b.put_named("n", ValueRef::Int(k as i64));
        let key = format!("key.{k}");
        match k % 4 {
            0 => b.put_named(&key, ValueRef::Str("värde")),
            1 => b.put_named(&key, ValueRef::Int(k as i64)),
            2 => b.put_named(&key, ValueRef::Float(-0.5 * k as f64)),
            _ => b.put_named(&key, ValueRef::Bool(true)),
        }
        b.end_row();
    }
    b.finish()
}

#[test]
fn ten_thousand_keys_in_a_minute_keep_their_values_through_merges() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..8 {
        append(&store, wide(i * 1_250, 1_250)).unwrap();
    }
    let all = rows(&store.snapshot(SPANS));
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!(rows(&snapshot), all);
    let columns = part_batches(&snapshot.parts[0])[0].num_columns();
    assert!(columns <= 200 + 8 + 15, "{columns} columns");
    assert_eq!(
        snapshot.parts[0].placement("n", event::Type::Int),
        Placement::Column
    );
    let overflown = (0..10_000)
        .filter(|k| {
            let ty = event::Type::ALL[(k % 4) as usize];
            matches!(
                snapshot.parts[0].placement(&format!("key.{k}"), ty),
                Placement::Overflow(_)
            )
        })
        .count();
    assert_eq!(overflown, 10_001 - 200);
    append(&store, wide(10_000, 100)).unwrap();
    let more = rows(&store.snapshot(SPANS));
    store.flush().unwrap();
    store.compact(true).unwrap();
    assert_eq!(store.snapshot(SPANS).parts.len(), 1);
    assert_eq!(rows(&store.snapshot(SPANS)), more);
}

#[test]
fn a_key_that_is_asked_for_gets_a_column_at_the_next_merge_and_another_loses_its() {
    let mut g = Ground::new();
    g.options.columns_per_part = 3;
    let (store, _) = g.open();
    append(&store, wide(0, 40)).unwrap();
    append(&store, wide(100, 40)).unwrap();
    let all = rows(&store.snapshot(SPANS));
    store.flush().unwrap();
    let ty = event::Type::Float;
    let placed = |store: &Store| store.snapshot(SPANS).parts[0].placement("key.30", ty);
    assert!(matches!(placed(&store), Placement::Overflow(_)));
    store.note_queried(EnvId(1), &["key.30"]);
    append(&store, wide(200, 1)).unwrap();
    store.flush().unwrap();
    store.compact(true).unwrap();
    assert_eq!(placed(&store), Placement::Column);
    let after = rows(&store.snapshot(SPANS));
    assert_eq!(after.len(), 81);
    assert!(all.iter().all(|r| after.contains(r)));
}

#[test]
fn a_deleted_dataset_is_gone_from_parts_after_a_merge_and_its_name_is_free_again() {
    let g = Ground::new();
    let (store, _) = g.open();
    fill(&store, 3, NOW);
    append(&store, spans(300, 100, NOW)).unwrap();
    let t = store.delete(EnvId(1), "frontend").unwrap();
    append(&store, spans(400, 100, NOW)).unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!(snapshot.tombstones.as_ref(), [t]);
    store.flush().unwrap();
    store.compact(false).unwrap();
    let left = rows(&store.snapshot(SPANS));
    let frontend: Vec<_> = left.iter().filter(|r| r["dataset"] == "frontend").collect();
    assert_eq!(frontend.len(), 20);
    assert!(
        frontend
            .iter()
            .all(|r| r["n#i"].parse::<u64>().unwrap() >= 400)
    );
    assert_eq!(left.len(), 4 * 80 + 100);
    // Done with once the old files are gone.
    g.clock.advance(700 * SECOND);
    drop(snapshot);
    store.compact(false).unwrap();
    store.compact(false).unwrap();
    assert!(store.snapshot(SPANS).tombstones.is_empty());
}

#[test]
fn retention_drops_whole_parts_and_merges_part_by_retention() {
    let g = Ground::new();
    let (store, _) = g.open();
    store.set_retention(Retention {
        default_days: 30,
        by_dataset: vec![(EnvId(1), "frontend".into(), 2)],
        max_bytes: None,
    });
    fill(&store, 8, NOW);
    store.compact(false).unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!(snapshot.parts.len(), 2, "one part per retention");
    assert_eq!(numbers(&snapshot).len(), 800);
    assert_eq!(snapshot.expired_before.of("frontend"), NOW - 2 * DAY);
    assert_eq!(snapshot.expired_before.of("backend"), NOW - 30 * DAY);
    g.clock.advance(3 * DAY);
    store.compact(false).unwrap();
    let left = rows(&store.snapshot(SPANS));
    assert_eq!(left.len(), 640);
    assert!(left.iter().all(|r| r["dataset"] == "backend"));
    g.clock.advance(30 * DAY);
    store.compact(false).unwrap();
    assert!(store.snapshot(SPANS).parts.is_empty());
}

#[test]
fn a_part_of_mixed_retention_loses_its_expired_rows() {
    let g = Ground::new();
    let (store, _) = g.open();
    fill(&store, 1, NOW);
    store.set_retention(Retention {
        default_days: 30,
        by_dataset: vec![(EnvId(1), "frontend".into(), 2)],
        max_bytes: None,
    });
    g.clock.advance(3 * DAY);
    store.compact(false).unwrap();
    let left = rows(&store.snapshot(SPANS));
    assert_eq!(left.len(), 80);
}

#[test]
fn retention_by_bytes_drops_the_oldest_days_first() {
    let g = Ground::new();
    let (store, _) = g.open();
    for day in (0..4).rev() {
        append(&store, spans(day * 100, 100, NOW - day as i64 * DAY)).unwrap();
    }
    store.flush().unwrap();
    let parts = store.snapshot(SPANS).parts;
    let bytes: u64 = parts.iter().take(2).map(|p| p.bytes).sum();
    store.set_retention(Retention {
        max_bytes: Some(bytes),
        ..Retention::default()
    });
    drop(parts);
    store.compact(false).unwrap();
    assert_eq!(
        numbers(&store.snapshot(SPANS)),
        (0..200).collect::<Vec<_>>()
    );
}
