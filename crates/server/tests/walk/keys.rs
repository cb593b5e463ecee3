//! What the clients are given: the keys of `--dev`, or ones made by the command line.

use super::stage::text;
use anyhow::ensure;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_foursight");

/// A key of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) environment: String,
    pub(crate) ingest: String,
    pub(crate) configuration: String,
    pub(crate) aws_id: String,
    pub(crate) aws_secret: String,
    pub(crate) rollbar: String,
    /// A token of the same project that may read.
    pub(crate) rollbar_read: String,
    /// Slug of the project's dataset.
    pub(crate) project: String,
    /// The owner token; none in `--dev`.
    pub(crate) owner: Option<String>,
}

pub(super) fn dev_keys() -> Keys {
    Keys {
        environment: "dev".into(),
        ingest: "fsdev_ingest_key_000000".into(),
        configuration: "fsdevconfigkey00000000".into(),
        aws_id: "AKIAFOURSIGHTDEV0000".into(),
        aws_secret: "foursight/dev/secret/not/for/production".into(),
        rollbar: "f045000000000000000000000000dev0".into(),
        rollbar_read: "f045000000000000000000000000dev0".into(),
        project: "rollbar-dev".into(),
        owner: None,
    }
}

/// An environment and a key of each kind, made by the command line while the server runs.
pub(super) fn made_keys(data: &Path) -> Keys {
    let make = |args: &[&str]| cli(data, args).unwrap();
    make(&["environments", "create", "bootcamp", "--color", "gold"]);
    let key = |kind: &str, more: &[&str]| {
        let args = [&["keys", "create", "-e", "bootcamp", "--kind", kind], more].concat();
        make(&args)
    };
    let signing = key("signing", &[]);
    let token = std::fs::read_to_string(data.join("setup-token")).unwrap();
    Keys {
        environment: "bootcamp".into(),
        ingest: text(&key("ingest", &[])["secret"]),
        configuration: text(&key("configuration", &[])["secret"]),
        aws_id: text(&signing["key"]["signing_id"]),
        aws_secret: text(&signing["secret"]),
        rollbar: text(&key("project", &["--project", "cruddur"])["secret"]),
        rollbar_read: text(
            &key("project", &["--project", "cruddur", "--scopes", "read"])["secret"],
        ),
        project: "rollbar-cruddur".into(),
        owner: Some(token.trim().to_owned()),
    }
}

/// `foursight … --json` against the data directory of a running server.
pub(crate) fn cli(data: &Path, args: &[&str]) -> anyhow::Result<Value> {
    let out = Command::new(BINARY)
        .args(args)
        .args(["--json", "--data-dir"])
        .arg(data)
        .output()?;
    ensure!(
        out.status.success(),
        "foursight {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(serde_json::from_slice(&out.stdout)?)
}
