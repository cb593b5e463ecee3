//! What can go wrong, by what the caller can do about it.

use crate::arrivals::Reason;

/// Why a delivery could not be kept. Nothing of it is stored, except after [`Error::Overload`],
/// where a write under way may still land; its identity then absorbs the retry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too much is under way, or the disk is slow.
    #[error("too much is under way; retry in {retry_after_s} s")]
    Overload {
        /// When to come back, seconds, spread so that clients do not return together.
        retry_after_s: u32,
    },
    /// The disk is full: questions are answered, deliveries are not taken.
    #[error("read-only: {0}")]
    ReadOnly(String),
    /// A write failed in a way only a restart mends.
    #[error("failing: {0}")]
    Failing(String),
}

impl Error {
    /// An overload with a wait of 2 to 10 seconds.
    #[must_use]
    pub fn overload() -> Self {
        let mut byte = [0u8; 1];
        // Without randomness the spread is lost, not the answer.
        let _ = getrandom::fill(&mut byte);
        Self::Overload {
            retry_after_s: 2 + u32::from(byte[0] % 9),
        }
    }

    /// Whether the same delivery may succeed later. All of them may.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        true
    }

    /// How long a client should wait, seconds.
    #[must_use]
    pub fn retry_after_s(&self) -> u32 {
        match self {
            Self::Overload { retry_after_s } => *retry_after_s,
            Self::ReadOnly(_) => 60,
            Self::Failing(_) => 10,
        }
    }

    /// The reason as Arrivals shows it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Overload { .. } => Reason::Overload,
            Self::ReadOnly(_) => Reason::ReadOnly,
            Self::Failing(_) => Reason::StoreFailing,
        }
    }
}

impl From<store::Error> for Error {
    fn from(e: store::Error) -> Self {
        match e {
            store::Error::AtCapacity { .. } => Self::overload(),
            store::Error::ReadOnly(why) => Self::ReadOnly(why),
            other => Self::Failing(other.to_string()),
        }
    }
}

/// Why the engine did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store refused: locked, unwritable, newer format.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The catalog cannot be opened nor made again.
    #[error("catalog: {0}")]
    Catalog(#[from] crate::catalog::Error),
    /// A file beside them cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A configured key cannot be taken.
    #[error("{0}")]
    InitialKey(String),
}
