//! For those who change the join: `cargo run -p joins --example worlds -- tuning|kinds|held-out|SEED`. `kinds` asks the other
//! kinds of traffic, a number only the worlds of that seed; `held-out` is for the end of a change.
#![expect(clippy::print_stderr, reason = "a program's words")]

use joins::ask::{kinds, run, worlds};
use joins::routes::{HELD_OUT, OTHER, TUNING};

/// Rows of each source asked from.
const ANCHORS: usize = 7;

fn main() -> std::process::ExitCode {
    let asked = std::env::args().nth(1).unwrap_or_default();
    let _ = match (asked.as_str(), asked.parse::<u64>()) {
        ("tuning", _) => run(worlds(TUNING, 1..=5), 6),
        ("kinds", _) => run(kinds(OTHER, 651), ANCHORS),
        ("held-out", _) => run(kinds(HELD_OUT, 871), ANCHORS),
        (_, Ok(seed)) => run(kinds(OTHER, 651).filter(|s| s.seed == seed), ANCHORS),
        _ => {
            eprintln!("tuning, kinds, held-out, or a seed from 651 to 655");
            return std::process::ExitCode::FAILURE;
        }
    };
    std::process::ExitCode::SUCCESS
}
