//! A follower hears of every acknowledged record once, however the store is started again.

use crate::common::{Ground, NOW, SPANS, append, append_as, spans};
use event::{EventBatch, TableId, TableKind};
use std::sync::{Arc, Mutex};
use store::{Clock, DirLock, Follower, Store};

/// Notes what it hears; `applied` is what it made durable.
#[derive(Default)]
struct Notes {
    applied: u64,
    heard: Mutex<Vec<(u64, usize)>>,
    reached: Mutex<u64>,
}

impl Follower for Notes {
    fn applied(&self) -> u64 {
        self.applied
    }
    fn follows(&self, table: TableId) -> bool {
        table.kind == TableKind::Spans
    }
    fn record(&self, _: TableId, sequence: u64, batch: &EventBatch) {
        self.heard.lock().unwrap().push((sequence, batch.rows()));
    }
    fn reached(&self, sequence: u64) {
        let mut reached = self.reached.lock().unwrap();
        assert!(sequence >= *reached);
        *reached = sequence;
    }
}

fn open(g: &Ground, applied: u64) -> (Store, Arc<Notes>) {
    let notes = Arc::new(Notes {
        applied,
        ..Notes::default()
    });
    let lock = DirLock::take(g.disk.as_ref(), &g.options.data_dir).unwrap();
    let (store, _) = Store::open_locked(
        lock,
        g.options.clone(),
        Arc::clone(&g.clock) as Arc<dyn Clock>,
        Arc::clone(&g.disk),
        Some(Arc::clone(&notes) as Arc<dyn Follower>),
    )
    .unwrap();
    (store, notes)
}

fn heard(notes: &Notes) -> Vec<(u64, usize)> {
    notes.heard.lock().unwrap().clone()
}

/// Scenario: records of two tables, flushed in part, the process gone without a close, another start.
/// Guarantees: live, every followed record once and in order; at the next start those above the mark,
/// whether they lie in parts already or not.
#[test]
fn what_was_not_applied_is_told_again_and_nothing_else() {
    let g = Ground::new();
    let (store, notes) = open(&g, 0);
    let logs = TableId {
        kind: TableKind::Logs,
        ..SPANS
    };
    append(&store, spans(0, 3, NOW)).unwrap();
    append_as(&store, logs, spans(0, 9, NOW), None).unwrap();
    append(&store, spans(10, 4, NOW)).unwrap();
    assert_eq!(heard(&notes), [(1, 3), (3, 4)]);
    assert_eq!(*notes.reached.lock().unwrap(), 3);
    store.flush().unwrap();
    append(&store, spans(20, 5, NOW)).unwrap();
    // A repeat writes nothing and is no record.
    append_as(&store, SPANS, spans(30, 1, NOW), Some([9; 16])).unwrap();
    append_as(&store, SPANS, spans(30, 1, NOW), Some([9; 16])).unwrap();
    assert_eq!(heard(&notes), [(1, 3), (3, 4), (4, 5), (5, 1)]);
    drop(store);

    let (store, notes) = open(&g, 1);
    assert_eq!(heard(&notes), [(3, 4), (4, 5), (5, 1)]);
    assert_eq!(*notes.reached.lock().unwrap(), 5);
    let rows = store.snapshot(SPANS);
    let buffered: usize = rows.batches.iter().map(|b| b.batch.rows()).sum();
    let in_parts: u64 = rows.parts.iter().map(|p| p.rows).sum();
    assert_eq!((buffered, in_parts), (6, 7), "told again, not stored again");
    drop(store);

    let (_store, notes) = open(&g, 5);
    assert_eq!(heard(&notes), []);
}
