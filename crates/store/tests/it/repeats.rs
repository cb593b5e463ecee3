//! The same request twice is stored once (reliability.md §4).

use crate::common::*;
use std::sync::mpsc;
use store::Append;

const ID: [u8; 16] = [7; 16];

#[test]
fn a_repeat_is_acknowledged_with_the_first_sequence_and_not_stored() {
    let g = Ground::new();
    let (store, _) = g.open();
    let first = append_as(&store, SPANS, spans(0, 10, NOW), Some(ID)).unwrap();
    let again = append_as(&store, SPANS, spans(0, 10, NOW), Some(ID)).unwrap();
    assert_eq!((first.merged, again.merged), (false, true));
    assert_eq!(first.sequence, again.sequence);
    let other = append_as(&store, SPANS, spans(10, 10, NOW), Some([8; 16])).unwrap();
    assert!(!other.merged);
    assert_eq!(numbers(&store.snapshot(SPANS)), (0..20).collect::<Vec<_>>());
}

#[test]
fn repeats_that_come_at_once_wait_for_the_first() {
    let g = Ground::new();
    let (store, _) = g.open();
    let (tx, rx) = mpsc::channel();
    for _ in 0..50 {
        let tx = tx.clone();
        let append = Append {
            table: SPANS,
            batch: spans(0, 10, NOW),
            identity: Some(ID),
        };
        let reader = store.clone();
        let done = Box::new(move |r: Result<store::Appended, store::Error>| {
            // Whoever is told finds the rows.
            let seen = numbers(&reader.snapshot(SPANS)).len();
            tx.send((r.unwrap(), seen)).unwrap();
        });
        store.append(append, done);
    }
    let answers: Vec<_> = (0..50).map(|_| rx.recv().unwrap()).collect();
    assert_eq!(answers.iter().filter(|(a, _)| !a.merged).count(), 1);
    assert!(
        answers
            .iter()
            .all(|(a, seen)| a.sequence == answers[0].0.sequence && *seen == 10)
    );
}

#[test]
fn identities_outlive_restart_flush_and_their_wal_files_but_not_their_window() {
    let mut g = Ground::new();
    g.options.wal_file_bytes = 4 << 10;
    let (store, _) = g.open();
    append_as(&store, SPANS, spans(0, 10, NOW), Some(ID)).unwrap();
    drop(store);
    let (store, _) = g.open();
    assert!(
        append_as(&store, SPANS, spans(0, 10, NOW), Some(ID))
            .unwrap()
            .merged
    );
    for i in 1..8 {
        append(&store, spans(i * 20, 20, NOW)).unwrap();
    }
    store.flush().unwrap();
    let left = std::fs::read_dir(g.dir.path().join("wal/0"))
        .unwrap()
        .count();
    assert_eq!(left, 1, "the file with the identity is gone");
    drop(store);
    let (store, _) = g.open();
    assert!(
        append_as(&store, SPANS, spans(0, 10, NOW), Some(ID))
            .unwrap()
            .merged
    );
    g.clock.advance(901 * SECOND);
    assert!(
        !append_as(&store, SPANS, spans(0, 10, NOW), Some(ID))
            .unwrap()
            .merged
    );
}
