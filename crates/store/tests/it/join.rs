//! Merges by copying: parts that lie one after another in time become one, their chunks untouched.

use crate::common::*;
use event::{BatchBuilder, EnvId, EventBatch, RowPolicy, TableKind, TraceId, ValueRef};
use parquet::file::reader::ChunkReader as _;
use store::{Part, Retention, Store, TraceHit};

/// Row groups of 100 rows, parts of about 400.
fn ground() -> Ground {
    let mut g = Ground::new();
    g.options.slice_rows = 100;
    g.options.part_rows = 400;
    g
}

/// One flush of a hundred spans.
fn flushed(store: &Store, first: u64, ts: i64) {
    append(store, spans(first, 100, ts)).unwrap();
    store.flush().unwrap();
}

/// The compressed bytes of a column, by row group.
fn chunks(part: &Part, column: &str) -> Vec<Vec<u8>> {
    let metadata = part.metadata().unwrap();
    let reader = part.reader().unwrap();
    let groups = metadata.row_groups().iter();
    groups
        .filter_map(|group| {
            let mut columns = group.columns().iter();
            let chunk = columns.find(|c| c.column_path().string() == column)?;
            let (from, length) = chunk.byte_range();
            Some(reader.get_bytes(from, length as usize).unwrap().to_vec())
        })
        .collect()
}

/// The rows of a part that carry a trace, as its index and its Bloom filters lead to them.
fn has_trace(part: &Part, n: u64) -> bool {
    let mut trace = [3; 16];
    trace[8..].copy_from_slice(&n.to_be_bytes());
    let indexed = matches!(part.trace(TraceId(trace)), TraceHit::Range(..));
    let metadata = part.metadata().unwrap();
    let reader = part.reader().unwrap();
    let filtered = metadata.row_groups().iter().any(|group| {
        let mut columns = group.columns().iter();
        let ids = columns.find(|c| c.column_path().string() == "trace_id");
        let filter = parquet::bloom_filter::Sbbf::read_from_column_chunk(ids.unwrap(), &reader);
        let filter = filter.unwrap().expect("ids have a filter");
        filter.check(&trace[..])
    });
    assert_eq!(indexed, filtered, "trace {n}");
    indexed
}

/// Spans with an attribute of their own, and without those of [`spans`].
fn others(first: u64, ts: i64) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    for i in first..first + 100 {
        assert!(b.begin_row(ts + (i - first) as i64 * 1_000_000));
        b.set_dataset("other");
        b.put_named("n", ValueRef::Int(i as i64));
        b.put_named("own", ValueRef::Str("yes"));
        b.end_row();
    }
    b.finish()
}

#[test]
fn parts_in_order_are_joined_as_they_lie() {
    let g = ground();
    let (store, _) = g.open();
    // Flushed in another order than that of their times.
    for i in [2, 0, 1] {
        flushed(&store, i * 100, NOW + i as i64 * SECOND);
    }
    append(&store, others(300, NOW + 3 * SECOND)).unwrap();
    store.flush().unwrap();
    let before = store.snapshot(SPANS);
    let all = rows(&before);
    let mut inputs = before.parts.clone();
    inputs.sort_by_key(|p| p.ts_min);
    store.compact(true).unwrap();
    let after = store.snapshot(SPANS);
    assert_eq!(after.parts.len(), 1);
    let joined = &after.parts[0];
    assert_eq!((joined.rows, joined.level), (400, 1));
    assert_eq!(rows(&after), all);
    for column in ["ts", "dataset", "trace_id", "n#i", "http.route#s", "own#s"] {
        let were: Vec<Vec<u8>> = inputs.iter().flat_map(|p| chunks(p, column)).collect();
        let are = chunks(joined, column);
        let kept = were.iter().filter(|chunk| are.contains(chunk)).count();
        assert_eq!((kept, are.len()), (were.len(), 4), "{column}");
    }
    let range = (inputs[0].ts_min, inputs[3].ts_max);
    assert_eq!((joined.ts_min, joined.ts_max), range);
    let datasets = ["backend", "frontend", "other"].map(str::to_owned);
    assert_eq!(joined.datasets.as_deref(), Some(&datasets[..]));
    assert!((0..37).all(|n| has_trace(joined, n)) && !has_trace(joined, 40));
    assert!(!joined.unit_rate);
    drop(before);
    let found = store.verify().unwrap();
    assert!(
        found.problems.is_empty() && found.parts_without_index == 0,
        "{found:?}"
    );
    drop(store);
    let (store, _) = g.open();
    assert_eq!(rows(&store.snapshot(SPANS)), all);
}

#[test]
fn a_joined_part_says_how_many_rows_have_each_attribute() {
    let g = ground();
    let (store, _) = g.open();
    flushed(&store, 0, NOW);
    append(&store, others(100, NOW + SECOND)).unwrap();
    store.flush().unwrap();
    store.compact(true).unwrap();
    let metadata = store.snapshot(SPANS).parts[0].metadata().unwrap();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let facts = pairs.iter().find(|kv| kv.key == "foursight").unwrap();
    let facts: serde_json::Value = serde_json::from_str(facts.value.as_ref().unwrap()).unwrap();
    // http.route: every third of a hundred; mixed: a quarter each as #b, #f, #i, #s; n: all; own.
    let want = serde_json::json!([34, 25, 25, 25, 25, 200, 100]);
    assert_eq!(facts["fills"], want);
}

#[test]
fn stretches_across_each_other_are_ordered_again() {
    let g = ground();
    let (store, _) = g.open();
    for i in 0..4 {
        flushed(&store, i * 100, NOW + i as i64 * 1_000);
    }
    let all = rows(&store.snapshot(SPANS));
    store.compact(true).unwrap();
    let snapshot = store.snapshot(SPANS);
    assert_eq!(rows(&snapshot), all);
    let part = &snapshot.parts[0];
    let mut last = i64::MIN;
    let times: Vec<i64> = part_rows(part)
        .iter()
        .map(|r| r["ts"].parse().unwrap())
        .collect();
    for group in times.chunks(100) {
        assert!(*group.iter().min().unwrap() >= last);
        last = *group.iter().max().unwrap();
    }
}

#[test]
fn a_few_stray_rows_do_not_hinder_it_and_many_do() {
    for (strays, joined) in [(1, true), (10, false)] {
        let g = ground();
        let (store, _) = g.open();
        for i in 0..3u64 {
            let ts = NOW + i as i64 * SECOND;
            append(&store, spans(i * 100, 100 - strays, ts)).unwrap();
            // Long ones, which began before all others.
            append(&store, spans(i * 100 + 100 - strays, strays, NOW - SECOND)).unwrap();
            store.flush().unwrap();
        }
        let before: Vec<Vec<u8>> = store
            .snapshot(SPANS)
            .parts
            .iter()
            .flat_map(|p| chunks(p, "n#i"))
            .collect();
        store.compact(true).unwrap();
        let snapshot = store.snapshot(SPANS);
        assert_eq!(numbers(&snapshot), (0..300).collect::<Vec<_>>());
        let after = chunks(&snapshot.parts[0], "n#i");
        assert_eq!(
            after.iter().all(|c| before.contains(c)),
            joined,
            "{strays} strays"
        );
    }
}

/// As at the border of an hour, where a flush leaves a few rows on one side.
#[test]
fn a_small_part_among_large_ones_does_not_hinder_it_and_many_do() {
    for (small, joined) in [(1, true), (3, false)] {
        let g = ground();
        let (store, _) = g.open();
        for i in 0..small {
            let ts = NOW + i as i64 * SECOND / 4;
            append(&store, spans(i * 10, 10, ts)).unwrap();
            store.flush().unwrap();
        }
        for i in 1..3 {
            flushed(&store, i * 100, NOW + i as i64 * SECOND);
        }
        let parts = store.snapshot(SPANS).parts.clone();
        let before: Vec<Vec<u8>> = parts.iter().flat_map(|p| chunks(p, "n#i")).collect();
        store.compact(true).unwrap();
        let snapshot = store.snapshot(SPANS);
        let all: Vec<u64> = (0..small * 10).chain(100..300).collect();
        assert_eq!(numbers(&snapshot), all);
        let after = chunks(&snapshot.parts[0], "n#i");
        let kept = after.iter().all(|c| before.contains(c));
        assert_eq!(kept, joined, "{small} small ones");
    }
}

#[test]
fn what_must_go_goes_all_the_same() {
    let g = ground();
    let (store, _) = g.open();
    for i in 0..3 {
        flushed(&store, i * 100, NOW + i as i64 * SECOND);
    }
    store.delete(EnvId(1), "frontend").unwrap();
    store.compact(true).unwrap();
    let left = numbers(&store.snapshot(SPANS));
    assert_eq!(left, (0..300).filter(|n| n % 5 != 0).collect::<Vec<_>>());
    // Two retentions: two parts, so that one can be dropped whole.
    let g = ground();
    let (store, _) = g.open();
    store.set_retention(Retention {
        by_dataset: vec![(EnvId(1), "frontend".to_owned(), 7)],
        ..Retention::default()
    });
    for i in 0..3 {
        flushed(&store, i * 100, NOW + i as i64 * SECOND);
    }
    store.compact(true).unwrap();
    let mut datasets: Vec<_> = store
        .snapshot(SPANS)
        .parts
        .iter()
        .map(|p| p.datasets.clone().unwrap())
        .collect();
    datasets.sort();
    assert_eq!(datasets, [["backend"], ["frontend"]]);
}

#[test]
fn the_last_of_many_waits_for_a_neighbour() {
    let g = ground();
    let (store, _) = g.open();
    for i in 0..6 {
        flushed(&store, i * 100, NOW + i as i64 * SECOND);
    }
    store.compact(false).unwrap();
    let sizes = |store: &Store| {
        let mut sizes: Vec<_> = store
            .snapshot(SPANS)
            .parts
            .iter()
            .map(|p| (p.rows, p.level))
            .collect();
        sizes.sort_unstable();
        sizes
    };
    // Five make a part and a quarter, the sixth is left.
    assert_eq!(sizes(&store), [(100, 0), (500, 1)]);
    store.compact(false).unwrap();
    assert_eq!(sizes(&store), [(100, 0), (500, 1)]);
    assert_eq!(
        numbers(&store.snapshot(SPANS)),
        (0..600).collect::<Vec<_>>()
    );
}
