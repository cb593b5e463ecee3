//! The walkthrough is a test: every row of every table of its sections 1 to 6 is a named check, played by
//! the team's Flask app with the real SDKs and by the real `aws` command line.
//!
//! A page for people is written per run to `<target>/support/walkthrough/`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;
mod walk;

use process::client_env;
use std::collections::BTreeSet;
use walk::stage::Stage;
use walk::{Sdk, report};

/// Plays the walkthrough without `off`: exactly the rows that need it are red.
fn play(test: &str, name: &'static str, is_dev: bool, off: Option<Sdk>) {
    let Some(python) = client_env(test) else {
        return;
    };
    let on: Vec<Sdk> = Sdk::ALL.into_iter().filter(|s| Some(*s) != off).collect();
    let stage = Stage::play(name, &python, is_dev, &on);
    let seen = walk::look(&stage);
    let page = report::write(&stage, &seen);
    let red: BTreeSet<&str> = seen
        .iter()
        .filter(|s| s.result.is_err())
        .map(|s| s.check.id)
        .collect();
    let wanted: BTreeSet<&str> = walk::all()
        .filter(|c| c.needs.iter().any(|s| Some(*s) == off))
        .map(|c| c.id)
        .collect();
    let told: String = seen
        .iter()
        .filter(|s| s.result.is_err() != wanted.contains(s.check.id))
        .map(|s| format!("\n  {} {}: {:?}", s.check.id, s.check.does, s.result))
        .collect();
    assert!(
        red == wanted,
        "rows that are red and should not be, or are not and should be:{told}\n  the whole page: {}",
        page.display()
    );
}

#[test]
fn in_dev() {
    play("in_dev", "in dev", true, None);
}

/// Outside `--dev`: owner token, environment and keys made by the command line.
#[test]
fn with_keys_made_by_the_command_line() {
    let test = "with_keys_made_by_the_command_line";
    play(test, "outside dev", false, None);
}

#[test]
fn without_opentelemetry() {
    let off = Some(Sdk::OpenTelemetry);
    play("without_opentelemetry", "without OpenTelemetry", true, off);
}

#[test]
fn without_xray() {
    play("without_xray", "without X-Ray", true, Some(Sdk::Xray));
}

#[test]
fn without_watchtower() {
    let off = Some(Sdk::Watchtower);
    play("without_watchtower", "without watchtower", true, off);
}

#[test]
fn without_rollbar() {
    play(
        "without_rollbar",
        "without Rollbar",
        true,
        Some(Sdk::Rollbar),
    );
}

/// Guarantees: each row is named once, and each SDK has rows of its own.
#[test]
fn the_list_is_sound() {
    let ids: Vec<&str> = walk::all().map(|c| c.id).collect();
    let distinct: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len());
    for sdk in Sdk::ALL {
        assert!(walk::all().any(|c| c.needs == [sdk]), "{sdk:?}");
    }
}
