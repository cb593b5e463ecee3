//! How much CPU do the usual questions cost over five million spans?
//!
//! `cargo bench -p query [-- --spans=N --dir=DIR]` writes spans shaped like a web shop's into a store
//! (kept in DIR for the next run, when given), asks each question seven times and prints the
//! median of CPU and wall milliseconds, scaled to five million spans.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints, over numbers it makes itself"
)]

mod common;

use common::{ENV, SPANS, cpu_ms, fill_spans, open};
use query::{Limits, Querier, Query, Scope};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use store::SystemClock;

fn main() {
    let mut spans = 5_000_000u64;
    let mut dir: Option<PathBuf> = None;
    for a in std::env::args().skip(1) {
        if let Some(n) = a.strip_prefix("--spans=") {
            spans = n.parse().expect("a number of spans");
        } else if let Some(d) = a.strip_prefix("--dir=") {
            dir = Some(d.into());
        }
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.unwrap_or_else(|| temporary.path().to_owned());
    let is_new = !dir.join("manifest.sqlite").exists();
    let store = open(&dir);
    if is_new {
        fill_spans(&store, spans, 4_096, |_| ());
        store.flush().expect("flushed");
    }
    let snapshot = store.snapshot(SPANS);
    let rows: u64 = snapshot.parts.iter().map(|p| p.rows).sum();
    let bytes: u64 = snapshot.parts.iter().map(|p| p.bytes).sum();
    println!(
        "{rows} spans in {} parts, {:.1} B each",
        snapshot.parts.len(),
        bytes as f64 / rows as f64
    );
    let querier = Querier::new(store.clone(), Arc::new(SystemClock), 2);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let questions = [
        (
            "count by minute",
            r#"{"granularity": 60, "time_range": 10000}"#,
        ),
        (
            "p50, p99 by route",
            r#"{"calculations": [{"op": "P50", "column": "duration_ms"}, {"op": "P99", "column": "duration_ms"}],
            "breakdowns": ["http.route"], "filters": [{"column": "http.route", "op": "exists"}], "limit": 1000}"#,
        ),
        (
            "distinct users",
            r#"{"calculations": [{"op": "COUNT_DISTINCT", "column": "user.id"}]}"#,
        ),
        (
            "top 10 users with p99",
            r#"{"calculations": [{"op": "COUNT"}, {"op": "P99", "column": "duration_ms"}],
            "breakdowns": ["user.id"], "limit": 10}"#,
        ),
        (
            "rare attribute",
            r#"{"filters": [{"column": "app.debug_ticket", "op": "exists"}]}"#,
        ),
        (
            "heat map",
            r#"{"calculations": [{"op": "HEATMAP", "column": "duration_ms"}]}"#,
        ),
        (
            "errors of one service by name",
            r#"{"breakdowns": ["name"], "filters": [
            {"column": "service.name", "op": "=", "value": "svc-3"}, {"column": "error", "op": "=", "value": true}]}"#,
        ),
    ];
    for (name, json) in questions {
        let mut query: Query = serde_json::from_str(json).expect("a question");
        query.time_range.get_or_insert(86_400);
        let scope = Scope {
            env: ENV,
            dataset: None,
        };
        let mut runs: Vec<(f64, f64)> = (0..7)
            .map(|_| {
                let (cpu, wall) = (cpu_ms(), Instant::now());
                runtime
                    .block_on(querier.run(&scope, &query, Limits::default(), None))
                    .expect("an answer");
                (cpu_ms() - cpu, wall.elapsed().as_secs_f64() * 1e3)
            })
            .collect();
        let scale = 5e6 / rows as f64;
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let cpu = runs[3].0 * scale;
        runs.sort_by(|a, b| a.1.total_cmp(&b.1));
        println!(
            "{name:32} {cpu:7.1} ms CPU {:7.1} ms wall",
            runs[3].1 * scale
        );
    }
    drop(querier);
    store.close().expect("a clean end");
}
