//! The five layouts in which the same rows must give the same answers (design.md §6.4).

use crate::rows::{self, NOW_NS, Row};
use event::{EnvId, EventBatch, TableId, TableKind};
use query::Querier;
use std::sync::Arc;
use store::disk::RealDisk;
use store::{Append, Clock, Options, Store};

/// The environment the rows belong to.
pub const ENV: EnvId = EnvId(7);
/// Rows of one request: not a divisor of anything.
const BATCH_ROWS: usize = 397;

/// A clock that stands still.
#[derive(Clone, Copy)]
pub struct Fixed(pub i64);

impl Clock for Fixed {
    fn now(&self) -> i64 {
        self.0
    }
}

/// How the rows lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All in memory.
    Buffer,
    /// One part per table.
    OnePart,
    /// Parts by hour and flush, few columns each, and a rest in memory.
    ManyParts,
    /// The same, merged.
    Compacted,
    /// The same as many parts, after the store went away without a word and came back.
    Restarted,
}

/// A store with the rows, and its questions.
pub struct Rig {
    /// Answers.
    pub querier: Querier,
    /// The store itself.
    pub store: Store,
    _dir: tempfile::TempDir,
}

impl Rig {
    /// Lays the generated rows out.
    ///
    /// # Panics
    /// When the store refuses something, or the layout did not come about.
    #[must_use]
    pub fn new(layout: Layout, rows: &[Row]) -> Self {
        let batches: Vec<_> = TableKind::ALL
            .into_iter()
            .flat_map(|kind| rows::batches(rows, kind, BATCH_ROWS))
            .collect();
        Self::of_batches(layout, batches)
    }

    /// Lays batches out.
    ///
    /// # Panics
    /// As [`Self::new`].
    #[must_use]
    pub fn of_batches(layout: Layout, batches: Vec<EventBatch>) -> Self {
        // The table by which the layout is judged: the first that has rows.
        let table = TableId {
            env: ENV,
            kind: batches.first().map_or(TableKind::Spans, EventBatch::kind),
        };
        let dir = tempfile::tempdir().expect("a temporary directory");
        let options = || Options {
            background: false,
            reserve_bytes: 0,
            columns_per_part: if layout == Layout::OnePart { 200 } else { 12 },
            ..Options::new(dir.path())
        };
        // Rows older than three hours lie together in the part of their day.
        let late = 10 * 3_600 * 1_000_000_000;
        let now = if layout == Layout::OnePart {
            NOW_NS + late
        } else {
            NOW_NS
        };
        let open = || {
            let (store, _) = Store::open(options(), Arc::new(Fixed(now)), Arc::new(RealDisk))
                .expect("the store opens");
            store
        };
        let mut store = open();
        let flushes = match layout {
            Layout::Buffer | Layout::OnePart => 0,
            Layout::ManyParts | Layout::Compacted | Layout::Restarted => 5,
        };
        let every = batches.len().div_ceil(flushes + 1).max(1);
        // Every fifth batch goes first, so that times of parts overlap.
        let count = batches.len();
        let mut batches: Vec<Option<EventBatch>> = batches.into_iter().map(Some).collect();
        let order = (0..5).flat_map(|k| (k..count).step_by(5));
        for (done, i) in order.enumerate() {
            append(&store, batches[i].take().expect("each batch once"));
            if flushes > 0 && (done + 1) % every == 0 && done + 1 < count {
                store.flush().expect("a flush");
            }
        }
        match layout {
            Layout::Buffer | Layout::ManyParts => {}
            Layout::OnePart => store.flush().expect("a flush"),
            Layout::Compacted => {
                store.flush().expect("a flush");
                let before = parts(&store, table);
                store.compact(true).expect("a merge");
                assert!(
                    parts(&store, table) < before,
                    "{before} parts were not merged"
                );
            }
            Layout::Restarted => {
                // No close: what is not in parts is in the WAL.
                drop(store);
                store = open();
            }
        }
        let rows = store.snapshot(table);
        match layout {
            Layout::Buffer => assert!(rows.parts.is_empty()),
            Layout::OnePart => assert!(rows.parts.len() == 1 && rows.batches.is_empty()),
            Layout::ManyParts | Layout::Restarted => {
                assert!(rows.parts.len() > 3 && !rows.batches.is_empty());
            }
            Layout::Compacted => assert!(rows.batches.is_empty()),
        }
        let querier = Querier::new(store.clone(), Arc::new(Fixed(NOW_NS)), 2);
        Self {
            querier,
            store,
            _dir: dir,
        }
    }
}

fn parts(store: &Store, table: TableId) -> usize {
    store.snapshot(table).parts.len()
}

/// Appends and waits for the acknowledgement.
fn append(store: &Store, batch: EventBatch) {
    let (send, receive) = std::sync::mpsc::channel();
    let append = Append {
        table: TableId {
            env: ENV,
            kind: batch.kind(),
        },
        batch,
        identity: None,
    };
    store.append(append, Box::new(move |r| drop(send.send(r))));
    let outcome = receive.recv().expect("an outcome");
    outcome.expect("the batch is kept");
}
