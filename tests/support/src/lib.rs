//! What the end-to-end tests share: a running server, a Python environment with the real SDKs,
//! an HTTP client, and the rule for tests that cannot run here.
//!
//! Everything a test makes lies under the target directory; nothing is installed system-wide.

pub mod http;
pub mod not_run;
pub mod python;
pub mod server;

pub use http::{Reply, get, post, request};
pub use not_run::not_run;
pub use python::{python_env, python_source};
pub use server::Server;

use std::path::{Path, PathBuf};

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// Where tests keep what they make and may use again: `<target>/support`.
#[must_use]
pub fn scratch() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| repository().join("target"), PathBuf::from);
    target.join("support")
}
