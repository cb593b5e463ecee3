//! watchtower's own test-suite, unmodified, against the binary.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod process;

use process::{clean, client_env};
use serde_json::{Map, Value};
use std::process::{Command, Stdio};
use support::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// *Scenario*: the suite of the published source, with nothing changed but the endpoint and the keys of
/// its environment. *Guarantees*: each of its tests passes, those that tag a group (and ask `sts` for the
/// account to do so) too; what the suite itself leaves out is told. What it sent is stored.
#[test]
fn every_test_of_watchtower_passes() {
    let name = "every_test_of_watchtower_passes";
    let Some(python) = client_env(name) else {
        return;
    };
    let pin = support::repository().join("tests/clients/watchtower_suite.txt");
    let source = match support::python_source(&python, &pin) {
        Ok(source) => source,
        Err(e) => return support::not_run(name, &e),
    };
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(BINARY, data.path(), &["--dev"]);
    let home = tempfile::tempdir().unwrap();
    let out = clean(Command::new(&python))
        .arg("-B")
        .arg(support::repository().join("tests/clients/watchtower_suite.py"))
        .arg(source)
        .env("AWS_ENDPOINT_URL", server.url(""))
        .env("AWS_ACCESS_KEY_ID", "AKIAFOURSIGHTDEV0000")
        .env(
            "AWS_SECRET_ACCESS_KEY",
            "foursight/dev/secret/not/for/production",
        )
        .env("AWS_DEFAULT_REGION", "us-east-1")
        // Nobody's own settings.
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    // Its tests write `test` to stderr a hundred thousand times.
    let told: String = told
        .lines()
        .filter(|l| *l != "test")
        .fold(String::new(), |all, l| all + l + "\n");
    assert!(out.status.success(), "{told}");
    let outcomes: Map<String, Value> = serde_json::from_slice(&out.stdout).unwrap();
    for (test, outcome) in &outcomes {
        match outcome.as_str().unwrap() {
            "passed" => {}
            other => match other.strip_prefix("skipped: ") {
                Some(reason) => support::not_run(&format!("watchtower_{test}"), reason),
                None => panic!("{test} {other}:\n{told}"),
            },
        }
    }
    // The tests of version 3.4.0.
    assert_eq!(outcomes.len(), 15, "{outcomes:?}");
    let arrivals = support::get(&server.url("/foursight/v1/arrivals?protocol=logs")).json();
    let of = |name: &str| arrivals["counters"][name].as_u64().unwrap();
    assert_eq!(
        of("received"),
        of("stored") + of("refused") + of("dropped") + of("merged")
    );
    assert!(of("stored") > 10_000, "{}", arrivals["counters"]);
}
