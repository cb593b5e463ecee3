//! Rules that no compiler checks: the arrows between crates, one version of the columnar family,
//! module docs, the index of decisions.

use anyhow::{Context as _, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crates of ours each crate may use (design.md §2). `support` is for tests only.
const ARROWS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("store", &["event"]),
    ("query", &["event", "store"]),
    ("engine", &["event", "store", "query"]),
    ("otlp", &["event", "engine"]),
    ("honeycomb", &["event", "engine"]),
    ("aws", &["event", "engine"]),
    ("rollbar", &["event", "engine"]),
    ("api", &["event", "engine"]),
    ("cruddur", &[]),
    (
        "server",
        &[
            "store",
            "event",
            "engine",
            "otlp",
            "honeycomb",
            "aws",
            "rollbar",
            "api",
            "cruddur",
        ],
    ),
    ("simdisk", &["store"]),
    ("support", &[]),
    ("golden", &["event", "store", "query", "aws", "support"]),
    ("joins", &["event", "store", "query"]),
    (
        "fuzz",
        &[
            "event",
            "store",
            "engine",
            "otlp",
            "honeycomb",
            "aws",
            "rollbar",
        ],
    ),
    ("loadgen", &[]),
    ("xtask", &[]),
];

/// Libraries with one home: (library, the crates that may name it).
const HOMES: &[(&str, &[&str])] = &[
    ("datafusion", &["query"]),
    ("parquet", &["store", "query"]),
    ("rusqlite", &["store", "engine"]),
];

/// Two versions of these in the lock file would be two sets of types.
const ONE_VERSION: &[&str] = &[
    "arrow-array",
    "arrow-schema",
    "parquet",
    "object_store",
    "datafusion",
];

/// Lines from which a file is asked whether it holds a second subject.
const LONG_FILE_LINES: usize = 700;

/// Checks every rule and reports all that is broken at once.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut broken = Vec::new();
    let metadata = metadata(root)?;
    arrows(&metadata, &mut broken);
    versions(root, &mut broken)?;
    sources(root, &mut broken)?;
    decisions(root, &mut broken)?;
    if broken.is_empty() {
        eprintln!("tidy: ok");
        return Ok(());
    }
    bail!("tidy:\n  {}", broken.join("\n  "))
}

fn metadata(root: &Path) -> anyhow::Result<Value> {
    let out = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root)
        .output()?;
    if !out.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&out.stderr));
    }
    serde_json::from_slice(&out.stdout).context("cargo metadata")
}

fn arrows(metadata: &Value, broken: &mut Vec<String>) {
    let ours: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ARROWS.iter().find(|(n, _)| *n == name) else {
            broken.push(format!("crate {name} has no line in the table of arrows"));
            continue;
        };
        let normal = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|d| d["kind"].is_null());
        for dependency in normal.filter_map(|d| d["name"].as_str()) {
            if ours.contains(&dependency) && !allowed.contains(&dependency) {
                broken.push(format!("{name} may not use {dependency}"));
            }
            if let Some((_, homes)) = HOMES.iter().find(|(lib, _)| *lib == dependency)
                && !homes.contains(&name)
            {
                broken.push(format!(
                    "{dependency} has its home in {homes:?}, not in {name}"
                ));
            }
        }
    }
}

fn versions(root: &Path, broken: &mut Vec<String>) -> anyhow::Result<()> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    for name in ONE_VERSION {
        let found = lock
            .lines()
            .filter(|l| *l == format!("name = \"{name}\""))
            .count();
        if found != 1 {
            broken.push(format!("Cargo.lock holds {found} versions of {name}"));
        }
    }
    Ok(())
}

fn sources(root: &Path, broken: &mut Vec<String>) -> anyhow::Result<()> {
    for folder in ["crates", "examples", "fuzz", "tests", "xtask", "bench"] {
        for file in rust_files(&root.join(folder))? {
            let text =
                std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let shown = file.strip_prefix(root).unwrap_or(&file).display();
            let is_test = file.file_name().is_some_and(|n| n == "tests.rs")
                || file.components().any(|c| c.as_os_str() == "tests");
            if !is_test && !text.trim_start().starts_with("//!") {
                broken.push(format!("{shown} does not say at its top what it is"));
            }
            let lines = text.lines().count();
            if lines > LONG_FILE_LINES {
                eprintln!("tidy: {shown} has {lines} lines; does it hold a second subject?");
            }
        }
    }
    Ok(())
}

fn rust_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        if !folder.exists() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            if path.is_dir() && !matches!(name, "target" | "node_modules" | "fixtures") {
                open.push(path);
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn decisions(root: &Path, broken: &mut Vec<String>) -> anyhow::Result<()> {
    let folder = root.join("docs/adr");
    let index = std::fs::read_to_string(folder.join("README.md")).context("docs/adr/README.md")?;
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name != "README.md" && !index.contains(&name) {
            broken.push(format!("docs/adr/{name} is not in the index"));
        }
    }
    Ok(())
}
