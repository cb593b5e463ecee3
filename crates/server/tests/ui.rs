//! The UI's own tests, as part of `cargo test`: its units, and the browser against the binary.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// Runs an npm script of the UI; its output is shown when it fails.
fn npm(script: &str, variables: &[(&str, &str)]) {
    let ui = support::repository().join("ui");
    let out = Command::new("npm")
        .args(["run", script])
        .current_dir(&ui)
        // Set for the command line, they would send the browser elsewhere.
        .env_remove("FOURSIGHT_URL")
        .env_remove("FOURSIGHT_TRUTH")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr]
        .map(|s| String::from_utf8_lossy(&s).into_owned())
        .join("\n");
    assert!(
        out.status.success(),
        "npm run {script}: {}\n{said}",
        out.status
    );
}

#[test]
fn the_units_of_the_ui_hold() {
    npm("test", &[]);
}

/// *Scenario*: `foursight demo` with two seeds, in the system's Chromium. *Guarantees*: the
/// heatmap, the brush, BubbleUp's first fields, the waterfall, Arrivals and Send data work; hostile
/// text runs no script; no page breaks a rule of accessibility in either theme.
#[test]
fn the_browser_finds_what_the_seed_hid() {
    let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .into_iter()
        .find(|p| Path::new(p).exists());
    let Some(chromium) = chromium else {
        return support::not_run(
            "the_browser_finds_what_the_seed_hid",
            "no Chromium in /usr/bin",
        );
    };
    npm("e2e", &[("FOURSIGHT_BIN", BINARY), ("CHROMIUM", chromium)]);
}
