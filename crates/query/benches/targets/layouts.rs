//! The same rows in other places: overflow or column, memory or file, many files or one.

use crate::common::{ENV, Rng, SECOND, SPANS, append, fill_spans, open_with};
use crate::stock::Stock;
use crate::{THREADS, at_most, both};
use event::{BatchBuilder, RowPolicy, TableKind, ValueRef};
use query::{Limits, Querier, Query, Scope};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use store::{Clock, Options, Store, SystemClock};

const ROWS: u64 = 200_000;
const FILES: u64 = 200;
/// Keys of a wide table, and how many of them a row has.
const KEYS: u64 = 2_000;
const KEYS_A_ROW: u64 = 12;

/// Prints the rows that small tables answer.
pub(crate) fn print() {
    overflow();
    memory();
    files();
}

/// A store that does only what it is told.
fn still(dir: &Path) -> Store {
    open_with(Options {
        background: false,
        flush_rows: 1 << 30,
        flush_bytes: 1 << 40,
        buffer_bytes_limit: 1 << 34,
        ..Options::new(dir)
    })
}

struct Asker {
    querier: Querier,
    runtime: tokio::runtime::Runtime,
}

impl Asker {
    fn new(store: &Store) -> Self {
        Self {
            querier: Querier::new(store.clone(), Arc::new(SystemClock), THREADS),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
        }
    }

    fn ask(&self, json: &str) -> query::Answer {
        let mut query: Query = serde_json::from_str(json).expect("a question");
        query.time_range = Some(86_400);
        let scope = Scope {
            env: ENV,
            dataset: None,
        };
        let asked = self.querier.run(&scope, &query, Limits::default(), None);
        self.runtime.block_on(asked).expect("an answer")
    }

    /// The usual questions of a page.
    fn usual(&self) {
        self.ask("{}");
        self.ask(
            r#"{"calculations": [{"op": "COUNT"}, {"op": "P99", "column": "duration_ms"}], "breakdowns": ["http.route"]}"#,
        );
        self.ask(r#"{"calculations": [{"op": "HEATMAP", "column": "duration_ms"}]}"#);
    }
}

/// Two keys that nearly as many rows have: the last that got a column, and the first that did not.
fn overflow() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = still(dir.path());
    let now = SystemClock.now();
    let mut rng = Rng(11);
    let mut filled = vec![0u32; usize::try_from(KEYS).expect("small")];
    for batch in 0..ROWS / 4_000 {
        let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(now));
        for i in 0..4_000 {
            let at = i64::try_from(batch * 4_000 + i).expect("small");
            assert!(b.begin_row(now - 3_000 * SECOND + at * 10_000_000));
            b.set_dataset("wide");
            let mut of_row = HashSet::new();
            while of_row.len() < usize::try_from(KEYS_A_ROW).expect("small") {
                // Few keys are on many rows, most on few.
                let key = KEYS as f64 * rng.unit().powi(2);
                of_row.insert(key as usize);
            }
            for key in of_row {
                filled[key] += 1;
                b.put_named(&format!("k{key}"), ValueRef::Int(rng.below(1_000) as i64));
            }
            b.end_row();
        }
        append(&store, SPANS, b.finish());
    }
    store.flush().expect("flushed");
    let snapshot = store.snapshot(SPANS);
    let columns: HashSet<String> = Stock::new(&snapshot).columns().into_iter().collect();
    let mut ranked: Vec<usize> = (0..filled.len()).collect();
    ranked.sort_by_key(|k| std::cmp::Reverse(filled[*k]));
    let is_column = |k: &&usize| columns.contains(&format!("k{k}#i"));
    let last = *ranked.iter().rfind(is_column).expect("columns");
    let first = *ranked.iter().find(|k| !is_column(k)).expect("overflow");
    let asker = Asker::new(&store);
    let question = |key: usize| {
        format!(
            r#"{{"calculations": [{{"op": "SUM", "column": "k{key}"}}], "filters": [{{"column": "k{key}", "op": ">", "value": 500}}]}}"#
        )
    };
    let costs = both(
        || drop(asker.ask(&question(first))),
        || drop(asker.ask(&question(last))),
    );
    let check = format!(
        "key in overflow ({} rows) : as a column ({} rows)",
        filled[first], filled[last]
    );
    at_most(&check, costs, 5.0);
    drop(asker);
    store.close().expect("a clean end");
}

fn memory() {
    let dirs = [0, 1].map(|_| tempfile::tempdir().expect("a temporary folder"));
    let stores = [&dirs[0], &dirs[1]].map(|d| still(d.path()));
    for store in &stores {
        fill_spans(store, ROWS, 512, |_| ());
    }
    stores[1].flush().expect("flushed");
    let [in_memory, in_file] = [&stores[0], &stores[1]].map(Asker::new);
    let costs = both(|| in_memory.usual(), || in_file.usual());
    at_most("rows in memory : the same in a file", costs, 0.6);
}

fn files() {
    let dirs = [0, 1].map(|_| tempfile::tempdir().expect("a temporary folder"));
    let [many, one] = [&dirs[0], &dirs[1]].map(|d| still(d.path()));
    fill_spans(&many, ROWS, ROWS / FILES, |store| {
        store.flush().expect("flushed")
    });
    fill_spans(&one, ROWS, ROWS / FILES, |_| ());
    one.flush().expect("flushed");
    let parts = many.snapshot(SPANS).parts.len();
    let [of_many, of_one] = [&many, &one].map(Asker::new);
    let before = both(|| of_many.usual(), || of_one.usual());
    many.compact(true).expect("merged");
    let merged = many.snapshot(SPANS).parts.len();
    let after = both(|| of_many.usual(), || of_one.usual());
    let unmerged = before.0 / before.1;
    let flushed_once = one.snapshot(SPANS).parts.len();
    let check = format!(
        "{parts} small files, merged into {merged} : flushed at once into {flushed_once} ({unmerged:.1}x before)"
    );
    at_most(&check, after, 1.2);
}
