//! Ratios over a large table of spans.

use crate::common::{ENV, SPANS, fill_spans, median, open_with};
use crate::stock::Stock;
use crate::{ROUNDS, THREADS, at_most, both, cost, faster};
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{approx_percentile_cont, count, max, sum};
use datafusion::logical_expr::{Expr, cast, ident, lit};
use datafusion::scalar::ScalarValue;
use event::TraceId;
use query::facets::{BubbleUp, Selection};
use query::trace::TraceSort;
use query::{Limits, Querier, Query, Scope};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use store::{Options, Snapshot, Store, SystemClock};

/// Fields that BubbleUp is compared over: as many questions are put to the stock engine.
const FIELDS: usize = 14;

/// The physical column of `http.route` as text.
const ROUTE: &str = "http.route#s";

/// Our side: questions over exactly the rows of a snapshot.
struct Ours {
    querier: Querier,
    runtime: tokio::runtime::Runtime,
    start_s: f64,
    end_s: f64,
}

impl Ours {
    fn new(store: &Store, snapshot: &Snapshot) -> Self {
        let first = snapshot.parts.iter().map(|p| p.ts_min).min();
        let last = snapshot.parts.iter().map(|p| p.ts_max).max();
        Self {
            querier: Querier::new(store.clone(), Arc::new(SystemClock), THREADS),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime"),
            start_s: (first.expect("parts") as f64 / 1e9).floor(),
            end_s: (last.expect("parts") as f64 / 1e9).ceil() + 1.0,
        }
    }

    /// A question of the wire's form over all rows.
    fn query(&self, json: &str) -> Query {
        let mut query: Query = serde_json::from_str(json).expect("a question");
        (query.start_time, query.end_time) = (Some(self.start_s), Some(self.end_s));
        query
    }

    fn ask(&self, query: &Query, series: bool) -> query::Answer {
        let limits = Limits {
            series,
            ..Limits::default()
        };
        let asked = self.querier.run(&ALL, query, limits, None);
        self.runtime.block_on(asked).expect("an answer")
    }
}

/// All datasets.
const ALL: Scope = Scope {
    env: ENV,
    dataset: None,
};

/// Prints the rows that a table of spans answers.
pub(crate) fn print(dir: Option<PathBuf>, made: u64) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.unwrap_or_else(|| temporary.path().to_owned());
    let is_new = !dir.join("manifest.sqlite").exists();
    // Nothing in the background: only what is asked costs.
    let store = open_with(Options {
        background: is_new,
        ..Options::new(&dir)
    });
    if is_new {
        fill_spans(&store, made, 4_096, |_| ());
        store.flush().expect("flushed");
        store.compact(false).expect("merged");
    }
    let snapshot = store.snapshot(SPANS);
    assert!(!snapshot.parts.is_empty(), "no spans in {}", dir.display());
    let ours = Ours::new(&store, &snapshot);
    let stock = Stock::new(&snapshot);
    counts(&ours, &stock);
    percentiles(&ours, &stock);
    heatmap(&ours, &stock);
    bubble_up(&ours, &stock);
    by_trace(&ours, &Stock::without_bloom(&snapshot));
    roots(&ours);
    sizes(&snapshot);
    drop(ours);
    store.close().expect("a clean end");
}

fn counts(ours: &Ours, stock: &Stock) {
    let query = ours.query(r#"{"granularity": 300}"#);
    let per_5_min = cast(ident("ts"), DataType::Int64) / lit(300_000_000_000i64);
    let costs = both(
        || drop(ours.ask(&query, true)),
        || {
            stock.run(|t| t.aggregate(vec![per_5_min.clone()], vec![count(lit(1))]));
        },
    );
    at_most("count per 5 min : stock engine, same files", costs, 1.5);
}

fn percentiles(ours: &Ours, stock: &Stock) {
    let by_route = |calculations: &str| {
        ours.query(&format!(
            r#"{{"calculations": {calculations}, "breakdowns": ["http.route"], "limit": 1000}}"#
        ))
    };
    let p = by_route(
        r#"[{"op": "P50", "column": "duration_ms"}, {"op": "P95", "column": "duration_ms"},
            {"op": "P99", "column": "duration_ms"}, {"op": "P999", "column": "duration_ms"}]"#,
    );
    let plain = by_route(r#"[{"op": "COUNT"}, {"op": "MAX", "column": "duration_ms"}]"#);
    let costs = both(
        || drop(ours.ask(&p, false)),
        || drop(ours.ask(&plain, false)),
    );
    at_most("P50, P95, P99, P999 by route : COUNT, MAX", costs, 1.5);
    let approximate: Vec<Expr> = [0.5, 0.95, 0.99, 0.999]
        .into_iter()
        .map(|at| {
            let duration = ident("duration_ns").sort(true, false);
            approx_percentile_cont(duration, lit(at), None).alias(format!("p{at}"))
        })
        .collect();
    let costs = both(
        || drop(ours.ask(&p, false)),
        || {
            stock.run(|t| t.aggregate(vec![ident(ROUTE)], approximate.clone()));
        },
    );
    faster("the same : approx_percentile_cont, 4 times", costs, 4.0);
    let stock_plain = both(
        || drop(ours.ask(&plain, false)),
        || {
            let of = vec![count(lit(1)), max(ident("duration_ns"))];
            stock.run(|t| t.aggregate(vec![ident(ROUTE)], of));
        },
    );
    at_most("COUNT, MAX by route : stock engine", stock_plain, 1.5);
}

fn heatmap(ours: &Ours, stock: &Stock) {
    let query = ours.query(r#"{"calculations": [{"op": "HEATMAP", "column": "duration_ms"}]}"#);
    let floor = || {
        vec![
            sum(cast(ident("ts"), DataType::Int64)),
            sum(ident("duration_ns")),
        ]
    };
    let costs = both(
        || drop(ours.ask(&query, true)),
        || {
            stock.run(|t| t.aggregate(vec![], floor()));
        },
    );
    at_most("HEATMAP : scan floor (sums of both columns)", costs, 1.3);
}

fn bubble_up(ours: &Ours, stock: &Stock) {
    let p95 = ours.query(r#"{"calculations": [{"op": "P95", "column": "duration_ms"}]}"#);
    let answer = serde_json::to_value(ours.ask(&p95, false)).expect("JSON");
    let slow_ms = first_number(&answer["results"]).expect("a percentile");
    let ask = BubbleUp {
        query: ours.query("{}"),
        selection: Some(Selection::Box {
            column: "duration_ms".into(),
            start_ns: format!("{:.0}", ours.start_s * 1e9),
            end_ns: format!("{:.0}", ours.end_s * 1e9),
            min: slow_ms,
            max: 1e12,
        }),
        limit: Some(FIELDS),
        offset: 0,
    };
    let tell = || {
        let told = ours.querier.bubble_up(&ALL, &ask);
        ours.runtime.block_on(told).expect("fields")
    };
    let told = tell();
    let columns: Vec<String> = comparable(stock).into_iter().take(FIELDS).collect();
    let slow_ns = slow_ms * 1e6;
    let costs = both(
        || drop(tell()),
        || {
            for column in &columns {
                let by = vec![ident(column), ident("duration_ns").gt_eq(lit(slow_ns))];
                stock.run(|t| t.aggregate(by, vec![count(lit(1))]));
            }
        },
    );
    // Ours tells of every field there is: both sides count by the field.
    let all = told.fields_total.max(1);
    let sampled = if told.sampled { ", sampled" } else { "" };
    let check = format!(
        "BubbleUp, a field of {all}{sampled} : a query of the stock engine, one of {}",
        columns.len()
    );
    let costs = (costs.0 / all as f64, costs.1 / columns.len() as f64);
    faster(&check, costs, 3.0);
}

/// Columns that a person groups by: attributes first, then the fixed ones; no time, no id, no document.
fn comparable(stock: &Stock) -> Vec<String> {
    const NEVER: [&str; 11] = [
        "ts",
        "ingest_ts",
        "event_id",
        "trace_id",
        "span_id",
        "parent_id",
        "duration_ns",
        "sample_rate",
        "body",
        "raw",
        "links",
    ];
    const FIXED: [&str; 5] = ["dataset", "service", "name", "kind", "status"];
    let all: BTreeSet<String> = stock.columns().into_iter().collect();
    let of_rows = all.iter().filter(|c| {
        !NEVER.contains(&c.as_str()) && !FIXED.contains(&c.as_str()) && !c.starts_with("ovf_")
    });
    let fixed = FIXED.iter().filter(|c| all.contains(**c));
    fixed
        .map(|c| (*c).to_owned())
        .chain(of_rows.cloned())
        .collect()
}

fn first_number(of: &serde_json::Value) -> Option<f64> {
    match of {
        serde_json::Value::Number(n) => n.as_f64(),
        serde_json::Value::Array(all) => all.iter().find_map(first_number),
        serde_json::Value::Object(all) => all.values().find_map(first_number),
        _ => None,
    }
}

fn by_trace(ours: &Ours, stock: &Stock) {
    let query = ours.query("{}");
    let listed = ours
        .querier
        .traces(&ALL, &query, TraceSort::Slowest, ROUNDS + 1);
    let listed = ours.runtime.block_on(listed).expect("traces");
    let ids: Vec<TraceId> = listed
        .iter()
        .map(|t| TraceId::parse(&t.trace_id).expect("an id as printed"))
        .collect();
    assert!(!ids.is_empty(), "no traces");
    let (mut a, mut b) = (0, 0);
    let costs = both(
        || {
            a += 1;
            let read = ours.querier.trace(ENV, ids[a % ids.len()], None);
            assert!(
                !ours
                    .runtime
                    .block_on(read)
                    .expect("a trace")
                    .rows
                    .is_empty()
            );
        },
        || {
            b += 1;
            let id = ids[b % ids.len()].0.to_vec();
            let of = ident("trace_id").eq(lit(ScalarValue::FixedSizeBinary(16, Some(id))));
            assert!(stock.run(|t| t.filter(of)) > 0);
        },
    );
    faster("trace by id, all columns : filtered scan", costs, 8.0);
}

fn roots(ours: &Ours) {
    let mut query = ours.query("{}");
    query.start_time = Some(ours.end_s - 900.0);
    let walls: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let (_, wall) = cost(|| {
                let listed = ours.querier.traces(&ALL, &query, TraceSort::Newest, 100);
                let listed = ours.runtime.block_on(listed).expect("traces");
                assert!(!listed.is_empty(), "no roots");
            });
            wall
        })
        .skip(1)
        .collect();
    println!(
        "| recent roots, 15 min | {:.1} ms | <= 50 ms |",
        median(walls)
    );
}

fn sizes(snapshot: &Snapshot) {
    let rows: u64 = snapshot.parts.iter().map(|p| p.rows).sum();
    let bytes: u64 = snapshot.parts.iter().map(|p| p.bytes).sum();
    let indexes: u64 = snapshot
        .parts
        .iter()
        .filter_map(|p| std::fs::metadata(p.path.with_extension("tix")).ok())
        .map(|m| m.len())
        .sum();
    println!(
        "| disk, B an event ({rows} rows in {} parts) | {:.1} and {:.1} of indexes | <= 56.1 and 4 |",
        snapshot.parts.len(),
        bytes as f64 / rows as f64,
        indexes as f64 / rows as f64
    );
}
