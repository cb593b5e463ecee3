//! For those who change the join: `cargo run -p joins --example worlds -- tuning|kinds|held-out|SEED|FROM..TO`. `kinds` asks the
//! other kinds of traffic, a number only the worlds of that seed; `held-out` is for the end of a change. A range of seeds
//! asks worlds as the proof has them, with routes that tuning never saw.
#![expect(clippy::print_stderr, reason = "a program's words")]

use joins::ask::{kinds, run, worlds};
use joins::routes::{HELD_OUT, OTHER, TUNING, UNSEEN};

/// Rows of each source asked from.
const ANCHORS: usize = 7;

fn main() -> std::process::ExitCode {
    let asked = std::env::args().nth(1).unwrap_or_default();
    let range = asked.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.parse::<u64>().ok()?, to.parse().ok()?);
        Some(from..=to)
    });
    if let Some(range) = range {
        let sets = [UNSEEN, OTHER];
        let settings = sets.into_iter().flat_map(|set| worlds(set, range.clone()));
        let _ = run(settings, ANCHORS);
        return std::process::ExitCode::SUCCESS;
    }
    let _ = match (asked.as_str(), asked.parse::<u64>()) {
        ("tuning", _) => run(worlds(TUNING, 1..=5), 6),
        ("kinds", _) => run(kinds(OTHER, 651), ANCHORS),
        ("held-out", _) => run(kinds(HELD_OUT, 881), ANCHORS),
        (_, Ok(seed)) => run(kinds(OTHER, 651).filter(|s| s.seed == seed), ANCHORS),
        _ => {
            eprintln!("tuning, kinds, held-out, a seed from 651 to 655, or a range such as 61..62");
            return std::process::ExitCode::FAILURE;
        }
    };
    std::process::ExitCode::SUCCESS
}
