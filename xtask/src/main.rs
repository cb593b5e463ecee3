//! The project's tasks: `cargo xtask check | tidy | gen | long`.
//!
//! `check` is what CI runs: format, lints, all tests, tidiness, the UI's own checks. `long` holds
//! what takes hours: advisories and licences, fuzzing, big loads.

mod check;
mod long;
mod tidy;

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> anyhow::Result<()> {
    if std::env::var_os("FOURSIGHT_COUNT_BRANCHES").is_some() {
        return long::compile_counted(&std::env::args().skip(1).collect::<Vec<_>>());
    }
    let mut args = std::env::args().skip(1);
    let root = root();
    match args.next().as_deref() {
        Some("check") => check::run(&root),
        Some("tidy") => tidy::run(&root),
        Some("gen") => generate(&root),
        Some("long") => long::run(&root, &args.collect::<Vec<_>>()),
        _ => bail!("usage: cargo xtask check | tidy | gen | long [deny|load|fuzz [TARGET…]]"),
    }
}

/// Writes what is generated from the Rust types: the OpenAPI description and the UI's client.
fn generate(root: &Path) -> anyhow::Result<()> {
    let description = root.join("ui/openapi.json");
    run(Command::new("cargo")
        .args([
            "run",
            "--quiet",
            "--package",
            "api",
            "--example",
            "openapi",
            "--",
        ])
        .arg(&description))?;
    run(npm(root).args(["run", "gen"]))
}

/// The clone that `cargo xtask` was called in: clones may share one target folder, and with it this program.
fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR");
    Path::new(&own.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()))
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// Where cargo puts what it builds.
fn target_dir(root: &Path) -> anyhow::Result<PathBuf> {
    let out = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root)
        .output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&out.stdout).context("cargo metadata")?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo metadata names no target directory")
}

/// npm in the UI's folder.
fn npm(root: &Path) -> Command {
    let mut c = Command::new("npm");
    c.current_dir(root.join("ui"));
    c
}

/// Runs a command and fails with its name when it does.
fn run(command: &mut Command) -> anyhow::Result<()> {
    eprintln!("+ {command:?}");
    let status = command
        .status()
        .with_context(|| format!("{:?} does not start", command.get_program()))?;
    if !status.success() {
        bail!("{command:?}: {status}");
    }
    Ok(())
}
