//! What the benchmarks share: a store in a folder, rows shaped like a web shop's, and the CPU they cost.

#![allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "each benchmark uses its part of it, over numbers it makes itself"
)]

use event::{
    BatchBuilder, EnvId, EventBatch, RowPolicy, SpanId, TableId, TableKind, TraceId, ValueRef,
};
use std::path::Path;
use std::sync::Arc;
use store::disk::RealDisk;
use store::{Append, Clock, Options, Store, SystemClock};

pub(crate) const ENV: EnvId = EnvId(1);
pub(crate) const SPANS: TableId = TableId {
    env: ENV,
    kind: TableKind::Spans,
};
pub(crate) const LOGS: TableId = TableId {
    env: ENV,
    kind: TableKind::Logs,
};
pub(crate) const SECOND: i64 = 1_000_000_000;
/// Over how many seconds log lines are spread.
pub(crate) const LINES_S: i64 = 6 * 3_600;

/// A small generator of numbers, the same in every run (splitmix64).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// CPU time of this process, milliseconds, over all threads that still run.
pub(crate) fn cpu_ms() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs");
    let nanos: u64 = tasks
        .filter_map(|t| std::fs::read_to_string(t.ok()?.path().join("schedstat")).ok())
        .filter_map(|s| s.split(' ').next()?.parse::<u64>().ok())
        .sum();
    nanos as f64 / 1e6
}

/// The middle one.
pub(crate) fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// A store as the server opens it.
pub(crate) fn open(dir: &Path) -> Store {
    open_with(Options::new(dir))
}

pub(crate) fn open_with(options: Options) -> Store {
    let options = Options {
        reserve_bytes: 0,
        ..options
    };
    let (store, _) =
        Store::open(options, Arc::new(SystemClock), Arc::new(RealDisk)).expect("a store");
    store
}

/// Appends and waits until it is durable.
pub(crate) fn append(store: &Store, table: TableId, batch: EventBatch) {
    let (send, receive) = std::sync::mpsc::channel();
    let append = Append {
        table,
        batch,
        identity: None,
    };
    store.append(
        append,
        Box::new(move |r| send.send(r.map(drop)).expect("a listener")),
    );
    receive.recv().expect("an outcome").expect("stored");
}

/// Spans of ten services over the 8,000 seconds that end 100 seconds ago, in batches of `batch` rows; `after` follows each.
pub(crate) fn fill_spans(store: &Store, spans: u64, batch: u64, mut after: impl FnMut(&Store)) {
    let now = SystemClock.now();
    let mut rng = Rng(7);
    let (mut trace, mut user) = (0u64, String::new());
    let step = 8_000 * SECOND / i64::try_from(spans).expect("a number of spans");
    let mut at = now - 8_100 * SECOND;
    let mut left = spans;
    while left > 0 {
        let rows = left.min(batch);
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
        append(store, SPANS, b.finish());
        after(store);
    }
}

/// Log lines of one group, half of them JSON with eight fields, over the last six hours; flushed.
pub(crate) fn fill_lines(store: &Store, lines: u64) {
    let now = SystemClock.now();
    let step = LINES_S * SECOND / i64::try_from(lines).expect("a number of lines");
    let mut seed = 7u64;
    let mut next = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % n
    };
    let (mut at, mut left) = (now - LINES_S * SECOND, lines);
    while left > 0 {
        let rows = left.min(4_096);
        let mut b = BatchBuilder::new(TableKind::Logs, RowPolicy::unlimited(now));
        for _ in 0..rows {
            at += step;
            assert!(b.begin_row(at));
            b.set_dataset("logs-web");
            b.put_named("aws.log.stream.name", ValueRef::Str("web/1"));
            let (user, latency, status) = (next(500), next(2_000), 200 + 100 * next(4) as i64);
            let path = format!("/api/v1/thing/{}", next(40));
            let message = if next(2) == 0 {
                b.put_named("level", ValueRef::Str("info"));
                b.put_named("path", ValueRef::Str(&path));
                b.put_named("status", ValueRef::Int(status));
                b.put_named("ms", ValueRef::Int(latency as i64));
                format!(
                    r#"{{"level":"info","path":"{path}","status":{status},"ms":{latency},"request":"{:016x}"}}"#,
                    next(u64::MAX >> 33)
                )
            } else {
                let outcome = if next(50) == 0 {
                    "ERROR Timeout"
                } else {
                    "INFO done"
                };
                format!(
                    "{outcome} user=u{user} latency={latency} request {:08x}",
                    next(1 << 31)
                )
            };
            b.put_named("body", ValueRef::Str(&message));
            b.end_row();
        }
        left -= rows;
        append(store, LOGS, b.finish());
    }
    store.flush().expect("flushed");
}
