//! How much CPU do the usual questions cost over five million spans?
//!
//! `cargo bench -p query [-- --spans=N --dir=DIR]` writes spans shaped like a web shop's into a store
//! (kept in DIR for the next run, when given), asks each question seven times and prints the
//! median of CPU and wall milliseconds, scaled to five million spans.

#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a program that prints, over numbers it makes itself"
)]

use event::{BatchBuilder, EnvId, RowPolicy, SpanId, TableId, TableKind, TraceId, ValueRef};
use query::{Limits, Querier, Query, Scope};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use store::disk::RealDisk;
use store::{Append, Clock, Options, Store, SystemClock};

const ENV: EnvId = EnvId(1);
const SECOND: i64 = 1_000_000_000;

/// A small generator of numbers, the same in every run (splitmix64).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

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
        fill(&store, spans);
    }
    let snapshot = store.snapshot(TableId {
        env: ENV,
        kind: TableKind::Spans,
    });
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

/// CPU time of this process, milliseconds, over all threads that still run.
fn cpu_ms() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs");
    let nanos: u64 = tasks
        .filter_map(|t| std::fs::read_to_string(t.ok()?.path().join("schedstat")).ok())
        .filter_map(|s| s.split(' ').next()?.parse::<u64>().ok())
        .sum();
    nanos as f64 / 1e6
}

fn open(dir: &Path) -> Store {
    let options = Options {
        reserve_bytes: 0,
        ..Options::new(dir)
    };
    let (store, _) =
        Store::open(options, Arc::new(SystemClock), Arc::new(RealDisk)).expect("a store");
    store
}

fn fill(store: &Store, spans: u64) {
    let now = SystemClock.now();
    let mut rng = Rng(7);
    let (mut trace, mut user) = (0u64, String::new());
    let step = 8_000 * SECOND / i64::try_from(spans).expect("a number of spans");
    let mut at = now - 8_100 * SECOND;
    let mut left = spans;
    while left > 0 {
        let rows = left.min(4_096);
        let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(now));
        for i in 0..rows {
            at += step;
            if (left - i).is_multiple_of(8) {
                trace = rng.next();
                let id = if rng.below(2) == 0 {
                    200_000f64.powf(rng.unit()) as u64
                } else {
                    rng.below(200_000)
                };
                user = format!("usr_{:010x}", Rng(id).next() & 0xff_ffff_ffff);
            }
            let service = rng.below(10);
            assert!(b.begin_row(at));
            b.set_dataset(&format!("svc-{service}"));
            b.set_trace_id(TraceId((u128::from(trace) << 64 | 7).to_be_bytes()));
            b.set_span_id(SpanId(rng.next().to_be_bytes()));
            b.put_named("service.name", ValueRef::Str(&format!("svc-{service}")));
            b.set_status(if rng.below(40) == 0 { "error" } else { "unset" });
            let sum: f64 = (0..6).map(|_| rng.unit()).sum::<f64>() - 3.0;
            b.set_duration(((20e6 * (sum * 1.2).exp()) as i64).max(1));
            b.put_named("user.id", ValueRef::Str(&user));
            if rng.below(4) == 0 {
                let route = format!("/api/v1/svc{service}/thing/{}/{{id}}", rng.below(12));
                b.put_named("name", ValueRef::Str(&format!("GET {route}")));
                b.put_named("http.route", ValueRef::Str(&route));
                b.put_named(
                    "http.response.status_code",
                    ValueRef::Int(200 + 100 * rng.below(4) as i64),
                );
            } else {
                b.put_named("name", ValueRef::Str(&format!("work {}", rng.below(50))));
            }
            if rng.below(100_000) == 0 {
                b.put_named("app.debug_ticket", ValueRef::Str("TICKET-1"));
            }
            b.end_row();
        }
        left -= rows;
        let (send, receive) = std::sync::mpsc::channel();
        let append = Append {
            table: TableId {
                env: ENV,
                kind: TableKind::Spans,
            },
            batch: b.finish(),
            identity: None,
        };
        store.append(
            append,
            Box::new(move |r| send.send(r.map(drop)).expect("a listener")),
        );
        receive.recv().expect("an outcome").expect("stored");
    }
    store.flush().expect("flushed");
}
