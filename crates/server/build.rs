//! Builds the UI with npm and writes `assets.rs`: its files, to be embedded.
//!
//! Writes into `OUT_DIR` and `ui/node_modules` only. With `FOURSIGHT_UI_DIST` set to a folder that
//! holds a built UI (for packagers, who build without network), npm is not needed.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Oldest Node.js that builds the UI.
const NODE: (u32, u32) = (20, 19);

fn main() {
    if let Err(why) = run() {
        // Cargo shows the build script's stderr; the last line is what to do.
        eprintln!("\n{why}\n");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=FOURSIGHT_UI_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let dist = match env::var_os("FOURSIGHT_UI_DIST").filter(|d| !d.is_empty()) {
        Some(dist) => {
            println!("cargo::rerun-if-changed={}", Path::new(&dist).display());
            PathBuf::from(dist)
        }
        None => build(&out)?,
    };
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    if !files.iter().any(|(path, _)| path == "/index.html") {
        return Err(format!(
            "{} has no index.html: it is no built UI",
            dist.display()
        ));
    }
    files.sort();
    write_assets(&out, &files)
}

/// Runs npm; returns the folder with the result.
fn build(out: &Path) -> Result<PathBuf, String> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?;
    let ui = Path::new(&manifest).join("../../ui");
    for source in [
        "src",
        "public",
        "index.html",
        "package.json",
        "package-lock.json",
        "vite.config.ts",
        "tsconfig.json",
    ] {
        println!("cargo::rerun-if-changed={}", ui.join(source).display());
    }
    check_node()?;
    install(&ui)?;
    let dist = out.join("dist");
    npm(
        &ui,
        &[
            "run",
            "build",
            "--",
            "--emptyOutDir",
            "--outDir",
            &dist.to_string_lossy(),
        ],
    )?;
    Ok(dist)
}

fn check_node() -> Result<(), String> {
    let (major, minor) = NODE;
    let advice = format!(
        "the UI is built with Node.js {major}.{minor} or newer and its npm: install both from https://nodejs.org (or your system's packages), or set FOURSIGHT_UI_DIST to a folder with a built UI"
    );
    let output = Command::new("node").arg("--version").output();
    let Ok(output) = output else {
        return Err(format!("node was not found; {advice}"));
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|n| n.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < NODE {
        return Err(format!("node {version} is too old; {advice}"));
    }
    if Command::new(npm_name()).arg("--version").output().is_err() {
        return Err(format!("npm was not found; {advice}"));
    }
    Ok(())
}

/// `npm ci`, unless what lies in `node_modules` was installed from the same lock file.
fn install(ui: &Path) -> Result<(), String> {
    let lock = read(&ui.join("package-lock.json"))?;
    let stamp = ui.join("node_modules/.foursight-installed");
    let wanted = format!("{:016x}", hash(&lock));
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    npm(ui, &["ci", "--no-audit", "--no-fund"])?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn npm(ui: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(npm_name())
        .args(arguments)
        .current_dir(ui)
        .env("CI", "1")
        .output()
        .map_err(|e| format!("npm: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{}{}`npm {}` failed in ui/; run it there to see more",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        arguments.join(" ")
    ))
}

fn npm_name() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Every file below `folder`, as address and place.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let inside = path.strip_prefix(root).map_err(|e| e.to_string())?;
        let address = inside.to_string_lossy().replace('\\', "/");
        if !address.ends_with(".map") {
            files.push((format!("/{address}"), path));
        }
    }
    Ok(())
}

fn write_assets(out: &Path, files: &[(String, PathBuf)]) -> Result<(), String> {
    let packed = out.join("packed");
    fs::create_dir_all(&packed).map_err(|e| format!("{}: {e}", packed.display()))?;
    let is_release = env::var("PROFILE").is_ok_and(|p| p == "release");
    let mut text = String::from("static ASSETS: &[Asset] = &[\n");
    for (i, (address, path)) in files.iter().enumerate() {
        let plain = read(path)?;
        let kind = mime_guess::from_path(path)
            .first_or_octet_stream()
            .to_string();
        let kind = match kind.as_str() {
            k if k.starts_with("text/") => format!("{k}; charset=utf-8"),
            k => k.to_owned(),
        };
        let small = brotli(&plain, if is_release { 11 } else { 5 })?;
        let brotli = if small.len() < plain.len() && address != "/index.html" {
            let to = packed.join(format!("{i}.br"));
            fs::write(&to, small).map_err(|e| format!("{}: {e}", to.display()))?;
            format!("Some(include_bytes!({:?}))", to.to_string_lossy())
        } else {
            "None".to_owned()
        };
        let etag = format!("\"{:016x}\"", hash(&plain));
        let _ = writeln!(
            text,
            "    Asset {{ path: {address:?}, kind: {kind:?}, etag: {etag:?}, plain: include_bytes!({:?}), brotli: {brotli} }},",
            path.canonicalize()
                .map_err(|e| e.to_string())?
                .to_string_lossy()
        );
    }
    text.push_str("];\n");
    fs::write(out.join("assets.rs"), text).map_err(|e| format!("assets.rs: {e}"))
}

fn brotli(plain: &[u8], quality: i32) -> Result<Vec<u8>, String> {
    let mut small = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*plain, &mut small, &params).map_err(|e| e.to_string())?;
    Ok(small)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
