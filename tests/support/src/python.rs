//! Python environments with the real SDKs, made once per requirements file.

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
    std::fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let lock = std::fs::File::create(home.join("lock")).map_err(|e| e.to_string())?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)
        .map_err(|e| e.to_string())?;
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
