//! The ratios of storage.md §10, each pair measured in turn in one run.
//!
//! `cargo bench --workspace --bench targets [-- --dir=DIR --spans=N]`: DIR is a data directory that holds spans in its first
//! environment (a server must not run on it); without one spans are made. Prints a table: what was measured, and what
//! storage.md aims at. Figures are medians of CPU milliseconds over [`ROUNDS`] rounds; nothing here passes or fails.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a program that prints, over numbers it makes itself"
)]

#[path = "../common/mod.rs"]
mod common;
mod layouts;
mod lines;
mod spans;
mod stock;

use common::{cpu_ms, median};
use std::path::PathBuf;
use std::time::Instant;

/// How often both sides of a ratio are measured.
pub(crate) const ROUNDS: usize = 7;
/// Threads of our pool, and partitions of the stock engine.
pub(crate) const THREADS: usize = 2;

/// CPU and wall milliseconds of one call.
pub(crate) fn cost(mut of: impl FnMut()) -> (f64, f64) {
    let (cpu, wall) = (cpu_ms(), Instant::now());
    of();
    (cpu_ms() - cpu, wall.elapsed().as_secs_f64() * 1e3)
}

/// Medians of CPU milliseconds of two calls that take turns; each was called once before, so that files are warm.
pub(crate) fn both(mut a: impl FnMut(), mut b: impl FnMut()) -> (f64, f64) {
    a();
    b();
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| (cost(&mut a).0, cost(&mut b).0))
        .collect();
    (
        median(rounds.iter().map(|r| r.0).collect()),
        median(rounds.iter().map(|r| r.1).collect()),
    )
}

/// A row of the table: ours takes at most `most` times what the other takes.
pub(crate) fn at_most(check: &str, (ours, other): (f64, f64), most: f64) {
    println!(
        "| {check} | {:.2}x ({ours:.1} of {other:.1} ms) | <= {most}x |",
        ours / other
    );
}

/// A row of the table: ours is at least `least` times as fast as the other.
pub(crate) fn faster(check: &str, (ours, other): (f64, f64), least: f64) {
    println!(
        "| {check} | {:.1}x faster ({ours:.1} of {other:.1} ms) | >= {least}x |",
        other / ours
    );
}

fn main() {
    let mut made = 5_000_000u64;
    let mut dir: Option<PathBuf> = None;
    for a in std::env::args().skip(1) {
        if let Some(n) = a.strip_prefix("--spans=") {
            made = n.parse().expect("a number of spans");
        } else if let Some(d) = a.strip_prefix("--dir=") {
            dir = Some(d.into());
        }
    }
    println!("| storage.md §10 | measured | aim |\n| --- | --- | --- |");
    spans::print(dir, made);
    lines::print();
    layouts::print();
}
