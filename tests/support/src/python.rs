//! Python environments with the real SDKs, made once per requirements file; sources of packages.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The interpreter of an environment that holds what `requirements` pins. Made under the target
/// directory when missing; two tests that want the same one wait for each other.
///
/// # Errors
/// No Python, or the packages cannot be had: says which command failed and how.
pub fn python_env(requirements: &Path) -> Result<PathBuf, String> {
    let mut hash = DefaultHasher::new();
    hash_pins(requirements, &mut hash)?;
    let home = crate::scratch().join(format!("python-{:016x}", hash.finish()));
    let _lock = lock(&home)?;
    let (python, done) = (home.join("venv/bin/python"), home.join("done"));
    if done.exists() {
        return Ok(python);
    }
    let venv = home.join("venv");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ])
        .arg(requirements))?;
    std::fs::write(&done, "").map_err(|e| e.to_string())?;
    Ok(python)
}

/// The source of the one package that `pin` names with version and hash, unpacked: what its authors
/// published beside the installed files, their tests above all. Fetched once.
///
/// # Errors
/// As [`python_env`].
pub fn python_source(python: &Path, pin: &Path) -> Result<PathBuf, String> {
    let mut hash = DefaultHasher::new();
    hash_pins(pin, &mut hash)?;
    let home = crate::scratch().join(format!("source-{:016x}", hash.finish()));
    let _lock = lock(&home)?;
    let (done, unpacked) = (home.join("done"), home.join("unpacked"));
    if !done.exists() {
        let fetched = home.join("fetched");
        for old in [&fetched, &unpacked] {
            // Of a run that was broken off; mostly there is none.
            drop(std::fs::remove_dir_all(old));
        }
        let pip = [
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ];
        let source = ["--require-hashes", "--no-deps", "--no-binary", ":all:"];
        run(Command::new(python)
            .args(pip)
            .args(source)
            .arg("-d")
            .arg(&fetched)
            .arg("-r")
            .arg(pin))?;
        let archive = only_entry(&fetched)?;
        run(Command::new(python)
            .args(["-m", "tarfile", "-e"])
            .arg(archive)
            .arg(&unpacked))?;
        std::fs::write(&done, "").map_err(|e| e.to_string())?;
    }
    only_entry(&unpacked)
}

fn only_entry(folder: &Path) -> Result<PathBuf, String> {
    let told = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut entries = std::fs::read_dir(folder).map_err(told)?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry.map_err(told)?.path()),
        _ => Err(format!("{} holds not just one entry", folder.display())),
    }
}

/// Waits until no other test makes what `home` holds.
fn lock(home: &Path) -> Result<std::fs::File, String> {
    std::fs::create_dir_all(home).map_err(|e| format!("{}: {e}", home.display()))?;
    let lock = std::fs::File::create(home.join("lock")).map_err(|e| e.to_string())?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|e| e.to_string())?;
    Ok(lock)
}

/// Takes in the file and those it includes (`-r other.txt`, relative to it).
fn hash_pins(requirements: &Path, hash: &mut DefaultHasher) -> Result<(), String> {
    let text = std::fs::read_to_string(requirements)
        .map_err(|e| format!("{}: {e}", requirements.display()))?;
    text.hash(hash);
    let folder = requirements.parent().unwrap_or(Path::new("."));
    text.lines()
        .filter_map(|l| l.strip_prefix("-r "))
        .try_for_each(|included| hash_pins(&folder.join(included.trim()), hash))
}

fn run(command: &mut Command) -> Result<(), String> {
    let out = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{command:?}: {e}"))?;
    if out.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}\n{}",
        out.status,
        String::from_utf8_lossy(&out.stderr)
    ))
}
