//! How much CPU do pipelines cost over a million log lines?
//!
//! `cargo bench -p query --bench pipelines [-- --lines=N --dir=DIR]` writes lines of one group, half of
//! them JSON with eight fields, into a store (kept in DIR for the next run, when given), asks each
//! question seven times and prints the median of CPU and wall milliseconds, scaled to a million lines.

#![expect(
    clippy::print_stdout,
    reason = "a program that prints, over numbers it makes itself"
)]

mod common;

use common::{LINES_S, LOGS, SECOND, cpu_ms, fill_lines, open};
use query::pipeline::{
    Aggregate, Ask, Base, Comparison, Expr, Parse, ParsePattern, Pattern, Period, Pipeline,
    SortKey, Source, Stage, Stats, Unit, Value,
};
use query::{Limits, Querier};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use store::{Clock, SystemClock};

fn main() {
    let mut lines = 1_000_000u64;
    let mut dir: Option<PathBuf> = None;
    for a in std::env::args().skip(1) {
        if let Some(n) = a.strip_prefix("--lines=") {
            lines = n.parse().expect("a number of lines");
        } else if let Some(d) = a.strip_prefix("--dir=") {
            dir = Some(d.into());
        }
    }
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.unwrap_or_else(|| temporary.path().to_owned());
    let is_new = !dir.join("manifest.sqlite").exists();
    let store = open(&dir);
    if is_new {
        fill_lines(&store, lines);
    }
    let snapshot = store.snapshot(LOGS);
    let rows: u64 = snapshot.parts.iter().map(|p| p.rows).sum();
    println!("{rows} lines in {} parts", snapshot.parts.len());
    let now = SystemClock.now();
    let querier = Querier::new(store.clone(), Arc::new(SystemClock), 2);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for (name, pipeline) in questions() {
        let mut runs: Vec<(f64, f64)> = (0..7)
            .map(|_| {
                let ask = Ask {
                    env: LOGS.env,
                    sources: vec![Source {
                        dataset: "logs-web".into(),
                        label: "web".into(),
                    }],
                    range: (now - 2 * LINES_S * SECOND, now),
                    pipeline: pipeline.clone(),
                    step_ns: 0,
                };
                let (cpu, wall) = (cpu_ms(), Instant::now());
                runtime
                    .block_on(querier.pipeline(ask, Limits::default(), None))
                    .expect("an answer");
                (cpu_ms() - cpu, wall.elapsed().as_secs_f64() * 1e3)
            })
            .collect();
        let scale = 1e6 / rows as f64;
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let cpu = runs[3].0 * scale;
        runs.sort_by(|a, b| a.1.total_cmp(&b.1));
        println!(
            "{name:48} {cpu:7.1} ms CPU {:7.1} ms wall",
            runs[3].1 * scale
        );
    }
    drop(querier);
    store.close().expect("a clean end");
}

/// Questions with what they read as in Logs Insights.
fn questions() -> Vec<(&'static str, Pipeline)> {
    let name = |n: &str| Expr::Name(n.to_owned());
    let count = |by: Vec<(String, Expr)>| {
        Stage::Stats(Stats {
            aggregates: vec![("n".into(), Aggregate::Count)],
            by,
        })
    };
    let bin = || {
        let period = Period {
            count: 5,
            unit: Unit::Minute,
        };
        let time = Box::new(name("@timestamp"));
        let round = Expr::Round {
            time,
            period,
            up: false,
        };
        ("t".to_owned(), round)
    };
    let matches = |pattern| {
        Stage::Filter(Expr::Matches {
            text: Box::new(name("@message")),
            pattern,
            negated: false,
        })
    };
    let newest = Stage::Sort(vec![SortKey {
        by: name("@timestamp"),
        descending: true,
    }]);
    let parse = Stage::Parse(Parse {
        from: name("@message"),
        pattern: ParsePattern::Literals(["user=", " latency=", " "].map(str::to_owned).to_vec()),
        names: ["user", "latency"].map(str::to_owned).to_vec(),
    });
    let slow = Expr::Compare(
        Comparison::Ge,
        Box::new(name("status")),
        Box::new(Expr::Literal(Value::Int(500))),
    );
    let of = |stages: Vec<Stage>, columns: &[&str]| Pipeline {
        base: [("@timestamp", Base::Time), ("@message", Base::Body)]
            .map(|(n, b)| (n.to_owned(), b))
            .into(),
        stages,
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        limit: 10_000,
    };
    vec![
        (
            "stats count(*) by bin(5m)",
            of(vec![count(vec![bin()])], &["t", "n"]),
        ),
        (
            "filter status >= 500 | stats count(*) by path",
            of(
                vec![
                    Stage::Filter(slow),
                    count(vec![("path".into(), name("path"))]),
                ],
                &["path", "n"],
            ),
        ),
        (
            "filter @message like 'Timeout' | count by bin",
            of(
                vec![
                    matches(Pattern::Contains("Timeout".into())),
                    count(vec![bin()]),
                ],
                &["t", "n"],
            ),
        ),
        (
            "filter @message like /(?i)error/ | count by bin",
            of(
                vec![
                    matches(Pattern::Regex("(?i)error".into())),
                    count(vec![bin()]),
                ],
                &["t", "n"],
            ),
        ),
        (
            "parse user, latency | avg(latency) by user",
            of(
                vec![
                    parse,
                    Stage::Stats(Stats {
                        aggregates: vec![("a".into(), Aggregate::Avg(name("latency")))],
                        by: vec![("user".into(), name("user"))],
                    }),
                ],
                &["user", "a"],
            ),
        ),
        (
            "fields @timestamp, @message | sort | limit 20",
            of(vec![newest, Stage::Limit(20)], &["@timestamp", "@message"]),
        ),
    ]
}
