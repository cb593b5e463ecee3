//! The golden queries: rows made by `generate.py`, answers computed by `expect.py`, and what it
//! takes to compare ours with them. See `README.md` beside `Cargo.toml`.

pub mod case;
pub mod compare;
pub mod layout;
pub mod rows;

use std::path::{Path, PathBuf};

/// The folder of the suite.
#[must_use]
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
