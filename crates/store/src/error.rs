//! What went wrong, by what the caller can do.

use std::io;

/// What went wrong, by what the caller can do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Retry later: buffers or WAL are at their limit.
    #[error("store at capacity: {used_bytes} of {limit_bytes} bytes")]
    AtCapacity {
        /// In use.
        used_bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// The disk is full or below the read-only mark; queries go on.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// A sync failed; nothing is written any more and the process must restart.
    #[error("poisoned: {0}")]
    Poisoned(String),
    /// Another process has the directory.
    #[error("{0}")]
    Locked(String),
    /// Written by a newer version.
    #[error("{0}")]
    NewerFormat(String),
    /// A file does not match its checksum or cannot be read as what it is.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The operating system refused.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// Whether the same request may succeed later without anyone doing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::AtCapacity { .. } | Self::ReadOnly(_) | Self::Poisoned(_) | Self::Closed
        )
    }

    /// An error of the operating system, with what was being done.
    pub(crate) fn io(doing: impl std::fmt::Display, e: &io::Error) -> Self {
        if crate::disk::is_full(e) {
            Self::ReadOnly(format!("{doing}: {e}"))
        } else {
            Self::Io(format!("{doing}: {e}"))
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::ReadOnly(format!("manifest: {e}")),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Damaged(format!("manifest: {e}"))
            }
            _ => Self::Io(format!("manifest: {e}")),
        }
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(e: parquet::errors::ParquetError) -> Self {
        // Ours comes back wrapped: a full disk below a Parquet writer stays a full disk.
        if let parquet::errors::ParquetError::External(inner) = &e {
            if let Some(ours) = inner.downcast_ref::<Self>() {
                return ours.clone();
            }
            if let Some(io) = inner.downcast_ref::<io::Error>() {
                return Self::io("part", io);
            }
        }
        Self::Damaged(format!("part: {e}"))
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(e: arrow_schema::ArrowError) -> Self {
        Self::Damaged(format!("part: {e}"))
    }
}
