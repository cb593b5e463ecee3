//! What takes hours; results are dated in docs/long-runs.md.

use crate::run as command;
use anyhow::bail;
use std::path::Path;
use std::process::Command;

/// Seconds each fuzz target runs.
const FUZZ_SECONDS: u32 = 600;

/// Runs the named long tasks, or all.
pub(crate) fn run(root: &Path, names: &[String]) -> anyhow::Result<()> {
    let all = ["deny", "fuzz", "load"].map(str::to_owned);
    for name in if names.is_empty() { &all[..] } else { names } {
        match name.as_str() {
            "deny" => command(
                Command::new("cargo")
                    .args(["deny", "--workspace", "check"])
                    .current_dir(root),
            )?,
            "fuzz" => fuzz(root)?,
            "load" => command(
                Command::new("bash")
                    .arg("bench/run")
                    .arg("--spans=20000000")
                    .current_dir(root),
            )?,
            other => bail!("no long task named {other}; there are deny, fuzz, load"),
        }
    }
    Ok(())
}

fn fuzz(root: &Path) -> anyhow::Result<()> {
    let out = Command::new("cargo")
        .args(["+nightly", "fuzz", "list"])
        .current_dir(root)
        .output()?;
    if !out.status.success() {
        bail!("cargo fuzz list: {}", String::from_utf8_lossy(&out.stderr));
    }
    for target in String::from_utf8_lossy(&out.stdout).lines() {
        command(
            Command::new("cargo")
                .args([
                    "+nightly",
                    "fuzz",
                    "run",
                    target,
                    "--",
                    &format!("-max_total_time={FUZZ_SECONDS}"),
                ])
                .current_dir(root),
        )?;
    }
    Ok(())
}
