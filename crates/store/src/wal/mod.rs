//! The write-ahead log: what an acknowledgement rests on. Grammar: `docs/formats/wal.md`.
//!
//! One writer, one file at a time. A group is written, synced, and only then the next one begun, so
//! at most the last group can be torn.

pub(crate) mod format;
pub(crate) mod reader;
pub(crate) mod writer;

pub(crate) use writer::{WalFiles, WalWriter};
