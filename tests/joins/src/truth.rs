//! Which row is of which request: a file beside the store, read by the score alone. Every row that was
//! written is in it, those of no request as well.

use query::request::Source;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the request; none for noise.
    pub request: Option<usize>,
    /// Whether it stands for the whole request. Others come with the rows of their trace: they are neither
    /// asked from nor counted.
    pub whole: bool,
    /// Who tells it.
    pub source: Source,
    /// Identity of the row.
    pub event_id: String,
    /// Its time, nanoseconds.
    pub ts_ns: i64,
}

/// Writes the truth.
///
/// # Panics
/// When the file cannot be written.
pub fn write(path: &Path, entries: &[Entry]) {
    let text = serde_json::to_string(entries).expect("entries are JSON");
    std::fs::write(path, text).expect("the truth is written");
}

/// Reads it.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn read(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).expect("the truth is read");
    serde_json::from_str(&text).expect("the truth is JSON")
}
