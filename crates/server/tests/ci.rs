//! `.ci/run` and the build on a machine that lacks something: one line says what, and nothing is begun.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of commands: those the script itself is made of, and `fakes` that print a line.
fn commands(dir: &Path, fakes: &[(&str, &str)]) {
    let own = [
        "bash", "cat", "dirname", "env", "grep", "head", "id", "mkdir", "sed", "sort",
    ];
    for name in own {
        let found = ["/usr/bin", "/bin"].map(|d| Path::new(d).join(name));
        let found = found.iter().find(|p| p.exists()).unwrap();
        symlink(found, dir.join(name)).unwrap();
    }
    for (name, line) in fakes {
        let path = dir.join(name);
        let script = format!("#!/bin/sh\necho '{line}' \"$@\"\n");
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn run(fakes: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    commands(dir.path(), fakes);
    Command::new(support::repository().join(".ci/run"))
        .env("PATH", dir.path())
        .env("CARGO_TARGET_DIR", dir.path().join("target"))
        .output()
        .unwrap()
}

/// The one line it says.
fn refusal(fakes: &[(&str, &str)]) -> String {
    let out = run(fakes);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(out.stdout.is_empty(), "{out:?}");
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

const ALL: [(&str, &str); 7] = [
    ("rustc", "rustc 99.0.0 (59807616e 2026-04-14)"),
    ("cargo", "cargo"),
    ("node", "v20.19.0"),
    ("npm", "10.0.0"),
    ("cc", "cc"),
    ("chromium", "chromium"),
    ("python3", "python3"),
];

fn but(name: &str, line: &str) -> Vec<(&'static str, String)> {
    let others = ALL.iter().map(|(n, l)| {
        let line = if *n == name { line } else { l };
        (*n, line.to_owned())
    });
    others.collect()
}

/// The version that `rust-toolchain.toml` names.
fn rust() -> String {
    let file = support::repository().join("rust-toolchain.toml");
    let text = std::fs::read_to_string(file).unwrap();
    text.split('"').nth(1).unwrap().to_owned()
}

#[test]
fn it_says_in_one_line_what_is_missing() {
    let said = refusal(&[]);
    for what in [
        &format!("Rust {} or newer", rust()),
        "cargo",
        "Node.js 20.19 or newer",
        "npm 10 or newer",
        "C compiler",
        "Chromium",
        "Python 3 with venv",
    ] {
        assert!(said.contains(what), "no {what}: {said}");
    }
}

#[test]
fn it_names_a_version_that_is_too_old_and_takes_a_newer_one() {
    for (name, line, told) in [
        (
            "node",
            "v20.9.0",
            "Node.js 20.19 or newer (20.9.0 is here)\n",
        ),
        ("npm", "9.9.4", "npm 10 or newer (9.9.4 is here)\n"),
        (
            "rustc",
            "rustc 1.94.1 (a 2026-03-01)",
            &format!("Rust {} or newer (1.94.1 is here)\n", rust()),
        ),
    ] {
        let fakes = but(name, line);
        let fakes: Vec<_> = fakes.iter().map(|(n, l)| (*n, l.as_str())).collect();
        assert_eq!(refusal(&fakes), format!(".ci/run: missing: {told}"));
    }
    let fakes = but("node", "v22.4.1");
    let fakes: Vec<_> = fakes.iter().map(|(n, l)| (*n, l.as_str())).collect();
    assert!(run(&fakes).status.success());
}

#[test]
fn with_all_of_it_the_checks_run() {
    let out = run(&ALL);
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{said}");
    assert_eq!(said, "cargo xtask check\n");
}

/// The build script of this package, as cargo compiled it last.
fn build_script() -> PathBuf {
    let builds = Path::new(env!("OUT_DIR")).ancestors().nth(2).unwrap();
    let scripts = std::fs::read_dir(builds).unwrap().filter_map(|entry| {
        let folder = entry.unwrap();
        let script = folder.path().join("build-script-build");
        let own = folder.file_name().to_string_lossy().starts_with("server-");
        let made = script.metadata().ok()?.modified().ok()?;
        own.then_some((made, script))
    });
    scripts.max().expect("a build script").1
}

/// What a build says last where these commands are, and no other. Nothing of the UI is built.
fn build_refused(fakes: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    commands(dir.path(), fakes);
    let out = Command::new(build_script())
        .env("PATH", dir.path())
        .env("OUT_DIR", dir.path())
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FOURSIGHT_UI_DIST")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(!dir.path().join("dist").exists());
    let said = String::from_utf8(out.stderr).unwrap();
    let lines: Vec<&str> = said.lines().filter(|l| !l.is_empty()).collect();
    assert_eq!(lines.len(), 1, "{said}");
    lines[0].to_owned()
}

#[test]
fn a_build_says_in_one_line_what_the_ui_needs() {
    for (fakes, what) in [
        (&[][..], "node was not found; "),
        (
            &[("node", "v20.9.0")][..],
            "node v20.9.0 --version is too old; ",
        ),
        (&[("node", "v20.19.0")][..], "npm was not found; "),
    ] {
        let said = build_refused(fakes);
        assert!(said.starts_with(what), "{said}");
        assert!(
            said.contains("Node.js 20.19 or newer and its npm: install both"),
            "{said}"
        );
    }
}
