//! What every change must pass.

use crate::{npm, run as command, tidy};
use std::path::Path;
use std::process::Command;

/// Format, tidiness, lints, all tests, the UI's checks. Stops at the first that fails.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    command(
        Command::new("cargo")
            .args(["fmt", "--all", "--check"])
            .current_dir(root),
    )?;
    tidy::run(root)?;
    if !root.join("ui/node_modules/.package-lock.json").exists() {
        command(npm(root).args(["ci", "--no-audit", "--no-fund"]))?;
    }
    command(npm(root).args(["run", "check"]))?;
    command(
        Command::new("cargo")
            .args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ])
            .current_dir(root),
    )?;
    command(
        Command::new("cargo")
            .args(["test", "--workspace", "--locked"])
            .current_dir(root),
    )
}
