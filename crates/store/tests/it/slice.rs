//! From an append through the buffer into parts and back after a restart.

use crate::common::*;
use event::{Fixed, Type};
use store::{Placement, TraceHit};

#[test]
fn what_is_acknowledged_is_in_the_next_snapshot() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..5 {
        append(&store, spans(i * 100, 100, NOW)).unwrap();
        assert_eq!(
            numbers(&store.snapshot(SPANS)),
            (0..(i + 1) * 100).collect::<Vec<_>>()
        );
    }
}

#[test]
fn rows_are_the_same_in_buffer_and_part_and_after_a_restart() {
    let g = Ground::new();
    let (store, _) = g.open();
    for i in 0..10 {
        append(&store, spans(i * 100, 100, NOW + i as i64 * SECOND)).unwrap();
    }
    let before = rows(&store.snapshot(SPANS));
    assert_eq!(before.len(), 1_000);
    drop(store);
    let (store, recovery) = g.open();
    assert_eq!((recovery.replayed_records, recovery.torn_bytes), (10, 0));
    assert_eq!(rows(&store.snapshot(SPANS)), before);
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!((snapshot.batches.len(), snapshot.parts.len()), (0, 1));
    assert_eq!(rows(&snapshot), before);
    store.close().unwrap();
    let (store, recovery) = g.open();
    assert_eq!((recovery.replayed_records, recovery.parts), (0, 1));
    assert_eq!(rows(&store.snapshot(SPANS)), before);
}

#[test]
fn a_snapshot_stays_as_it_was_while_the_store_goes_on() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 50, NOW)).unwrap();
    let old = store.snapshot(SPANS);
    append(&store, spans(50, 50, NOW)).unwrap();
    store.flush().unwrap();
    assert_eq!(numbers(&old), (0..50).collect::<Vec<_>>());
    assert_eq!(
        numbers(&store.snapshot(SPANS)),
        (0..100).collect::<Vec<_>>()
    );
}

#[test]
fn a_part_has_the_promised_layout() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 1_000, NOW)).unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    let part = &snapshot.parts[0];
    let batch = &part_batches(part)[0];
    let schema = batch.schema();
    for f in Fixed::ALL {
        if let Ok(field) = schema.field_with_name(f.column_name()) {
            assert_eq!(field.data_type(), &f.data_type(), "{f:?}");
        }
    }
    // No row has a body, a parent or a status.
    for absent in ["body", "raw", "parent_id", "status", "event_id"] {
        assert!(schema.field_with_name(absent).is_err(), "{absent}");
    }
    for (column, ty) in [
        ("n#i", Type::Int),
        ("mixed#s", Type::Str),
        ("mixed#f", Type::Float),
        ("mixed#b", Type::Bool),
        ("mixed#i", Type::Int),
    ] {
        let field = schema.field_with_name(column).unwrap();
        assert_eq!(field.data_type(), &event::field::attribute_data_type(ty));
        let key = column.split('#').next().unwrap();
        assert_eq!(part.placement(key, ty), Placement::Column);
    }
    assert_eq!(part.placement("n", Type::Str), Placement::Absent);
    assert_eq!(part.placement("never", Type::Str), Placement::Absent);
    assert_eq!(
        part.datasets.as_deref(),
        Some(&["backend".to_owned(), "frontend".to_owned()][..])
    );
    assert!(!part.unit_rate);
    let spans_of = |n: u64| {
        let mut trace = [3; 16];
        trace[8..].copy_from_slice(&n.to_be_bytes());
        part.trace(event::TraceId(trace))
    };
    let TraceHit::Range(from, to) = spans_of(5) else {
        panic!("the trace is there")
    };
    assert!(from <= NOW + 40_000_000 && NOW + 47_000_000 <= to && to - from <= 9_000_000);
    assert_eq!(spans_of(125), TraceHit::Absent);
}

#[test]
fn a_row_group_is_a_slice_of_time_ordered_by_dataset() {
    let mut g = Ground::new();
    g.options.slice_rows = 300;
    let (store, _) = g.open();
    // A thousand rows in even slices of at most 375: three. Two senders, a little out of order.
    for i in 0..10u64 {
        append(
            &store,
            spans(i * 100, 100, NOW - (i as i64 % 3) * 70_000_000),
        )
        .unwrap();
    }
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    let metadata = snapshot.parts[0].metadata().unwrap();
    assert_eq!(metadata.num_row_groups(), 3);
    let all = part_rows(&snapshot.parts[0]);
    let mut at = 0;
    let mut last_ts = i64::MIN;
    for group in metadata.row_groups() {
        let rows = &all[at..at + group.num_rows() as usize];
        at += rows.len();
        let ts = |r: &Row| r["ts"].parse::<i64>().unwrap();
        let key = |r: &Row| (r["dataset"].clone(), ts(r));
        assert!(rows.is_sorted_by_key(key));
        assert!(rows.iter().map(ts).min().unwrap() >= last_ts);
        last_ts = rows.iter().map(ts).max().unwrap();
    }
}

#[test]
fn one_part_per_hour_and_one_per_day_for_late_rows() {
    let g = Ground::new();
    let (store, _) = g.open();
    append(&store, spans(0, 10, NOW)).unwrap();
    append(&store, spans(10, 10, NOW - 2 * HOUR)).unwrap();
    append(&store, spans(20, 10, NOW - 5 * HOUR)).unwrap();
    append(&store, spans(30, 10, NOW - 30 * HOUR)).unwrap();
    append(&store, spans(40, 10, NOW - 31 * HOUR)).unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot(SPANS);
    let root = g.dir.path().join("data/1/spans");
    let mut dirs: Vec<String> = snapshot
        .parts
        .iter()
        .map(|p| {
            p.path
                .parent()
                .unwrap()
                .strip_prefix(&root)
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    dirs.sort();
    let want = [
        "2024-10-02/day",
        "2024-10-04/03",
        "2024-10-04/05",
        "2024-10-04/day",
    ];
    assert_eq!(dirs, want);
    assert_eq!(numbers(&snapshot), (0..50).collect::<Vec<_>>());
}
