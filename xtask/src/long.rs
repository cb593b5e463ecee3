//! What takes hours; results are dated in docs/long-runs.md.

use crate::run as command;
use anyhow::bail;
use std::path::Path;
use std::process::Command;

/// Seconds each fuzz target runs.
const FUZZ_SECONDS: u32 = 600;

/// Runs the named long tasks, or all; after `fuzz` the names are those of targets.
pub(crate) fn run(root: &Path, names: &[String]) -> anyhow::Result<()> {
    if let Some((task, targets)) = names.split_first()
        && task == "fuzz"
    {
        return fuzz(root, targets);
    }
    let all = ["deny", "fuzz", "load"].map(str::to_owned);
    for name in if names.is_empty() { &all[..] } else { names } {
        match name.as_str() {
            "deny" => command(
                Command::new("cargo")
                    .args(["deny", "--workspace", "check"])
                    .current_dir(root),
            )?,
            "fuzz" => fuzz(root, &[])?,
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

/// Our own crates: these alone are compiled with counters of branches. What they use stays as it was
/// built for tests, so that the first input runs within minutes.
const COUNTED: &[&str] = &[
    "event",
    "store",
    "query",
    "engine",
    "otlp",
    "honeycomb",
    "aws",
    "rollbar",
    "fuzz",
];

/// What libFuzzer needs of the compiler; stable, as the sanitizers (which our code, without `unsafe`,
/// has little need of) are not.
const COUNTERS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Copt-level=2",
    "-Ccodegen-units=1",
];

/// Runs every target, or those named, each for [`FUZZ_SECONDS`] or `FUZZ_SECONDS` seconds on one core.
fn fuzz(root: &Path, only: &[String]) -> anyhow::Result<()> {
    let seeds = ["run", "--quiet", "--package", "fuzz", "--example", "seeds"];
    command(Command::new("cargo").args(seeds).current_dir(root))?;
    let target_dir = crate::target_dir(root)?;
    // Cargo hands a command to the wrapper instead of running it: that is this program again.
    let build = [
        "build",
        "--package",
        "fuzz",
        "--bin",
        "fuzz",
        "--features",
        "libfuzzer",
    ];
    command(
        Command::new("cargo")
            .args(build)
            .env("RUSTC_WORKSPACE_WRAPPER", std::env::current_exe()?)
            .env("FOURSIGHT_COUNT_BRANCHES", "1")
            .current_dir(root),
    )?;
    // The names are those of the folders that the seeds were just written to.
    let mut names: Vec<String> = std::fs::read_dir(root.join("fuzz/corpus"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<_>>()?;
    names.sort();
    if let Some(unknown) = only.iter().find(|o| !names.contains(o)) {
        bail!(
            "no fuzz target named {unknown}; there are {}",
            names.join(", ")
        );
    }
    let seconds = std::env::var("FUZZ_SECONDS").unwrap_or_else(|_| FUZZ_SECONDS.to_string());
    for name in names.iter().filter(|n| only.is_empty() || only.contains(n)) {
        std::fs::create_dir_all(root.join("fuzz/artifacts").join(name))?;
        command(
            Command::new(target_dir.join("debug/fuzz"))
                .arg(format!("fuzz/corpus/{name}"))
                .arg(format!("-artifact_prefix=fuzz/artifacts/{name}/"))
                .arg(format!("-max_total_time={seconds}"))
                .args([
                    "-max_len=16384",
                    "-rss_limit_mb=2048",
                    "-timeout=10",
                    "-print_final_stats=1",
                ])
                .env("FUZZ_TARGET", name)
                .current_dir(root),
        )?;
    }
    Ok(())
}

/// Runs the compiler in cargo's place, with counters of branches for our own crates. Never returns
/// unless it cannot be run.
pub(crate) fn compile_counted(args: &[String]) -> anyhow::Result<()> {
    let after = |flag: &str| {
        args.iter()
            .skip_while(|a| *a != flag)
            .nth(1)
            .map(String::as_str)
    };
    let counted = after("--crate-name").is_some_and(|name| COUNTED.contains(&name));
    let Some((compiler, rest)) = args.split_first() else {
        bail!("no compiler to run");
    };
    let mut rustc = Command::new(compiler);
    rustc.args(rest);
    if counted {
        rustc.args(COUNTERS);
    }
    let status = rustc.status()?;
    std::process::exit(status.code().unwrap_or(1));
}
