//! Which row is of which request: a file beside the store, read by the score alone.

use query::request::Source;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One row that stands for a whole request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the request.
    pub request: usize,
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
