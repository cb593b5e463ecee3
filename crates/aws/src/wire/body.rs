//! Reading a body within the limits of its operation and the engine's budget.
//!
//! The signature is over the bytes as they came, so reading and unpacking are two steps: what is
//! not signed is never unpacked.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use engine::intake::{self, Encoding, InflateError};
use engine::{Engine, Lane, Reason, Reservation};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use std::time::Duration;

/// Longest silence within a body (reliability.md §3).
const BODY_IDLE: Duration = Duration::from_secs(15);
/// Taken from the budget for a body that does not tell its length.
const STEP_BYTES: u64 = 64 << 10;
/// What telemetry usually unpacks to.
const USUAL_RATIO: u64 = 8;
/// Work over more bytes than this is done on a thread for such work.
const BLOCKING_BYTES: usize = 256 << 10;

/// Why a body was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Packed in a way that is not taken.
    #[error("content-encoding {0} is not taken: gzip, deflate, zstd or identity are")]
    Encoding(String),
    /// As sent.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
    /// Unpacked.
    #[error("the body unpacks to more than {limit} bytes")]
    Bomb {
        /// Bytes.
        limit: usize,
    },
    /// Not what its encoding says.
    #[error("the body cannot be unpacked: {0}")]
    Corrupt(String),
    /// It stopped arriving.
    #[error("{0}")]
    Lost(String),
    /// No room.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

impl BodyError {
    /// As Arrivals shows it.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Encoding(_) => Reason::ContentEncoding,
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::Bomb { .. } => Reason::Bomb,
            Self::Corrupt(_) | Self::Lost(_) => Reason::Undecodable,
            Self::Engine(e) => e.reason(),
        }
    }
}

/// A body as sent, and the room it holds.
pub(crate) struct Raw {
    pub(crate) bytes: Bytes,
    encoding: Encoding,
    limit: usize,
    room: Reservation,
}

impl Raw {
    /// Reads a body of at most `limit` bytes.
    pub(crate) async fn read(
        engine: &Engine,
        lane: Lane,
        headers: &HeaderMap,
        mut body: Body,
        limit: usize,
    ) -> Result<Self, BodyError> {
        let encoding = encoding(headers)?;
        let told: Option<u64> = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|l| l.to_str().ok()?.parse().ok());
        if told.is_some_and(|l| l > limit as u64) {
            return Err(BodyError::TooLarge { limit });
        }
        let mut room = engine.reserve(lane, told.unwrap_or(STEP_BYTES)).await?;
        let mut out = BytesMut::new();
        loop {
            let frame = tokio::time::timeout(BODY_IDLE, body.frame()).await;
            let frame = match frame {
                Err(_) => return Err(BodyError::Lost("the body stopped arriving".into())),
                Ok(None) => break,
                Ok(Some(Err(e))) => return Err(BodyError::Lost(e.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if out.len() + data.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            out.extend_from_slice(&data);
            room.grow(out.len() as u64).await?;
        }
        Ok(Self {
            bytes: out.freeze(),
            encoding,
            limit,
            room,
        })
    }

    /// Unpacks it, to at most the same limit.
    pub(crate) async fn unpack(mut self) -> Result<(Bytes, Reservation), BodyError> {
        if self.encoding == Encoding::Identity {
            return Ok((self.bytes, self.room));
        }
        let (encoding, packed, limit) = (self.encoding, self.bytes, self.limit);
        let wire = packed.len() as u64;
        let expected = (wire * USUAL_RATIO).min(limit as u64);
        self.room.grow(wire + expected).await?;
        let size = packed.len();
        let bytes = working(size, move || intake::inflate(encoding, packed, limit))
            .await
            .map_err(BodyError::Lost)?
            .map_err(|e| match e {
                InflateError::TooLarge { limit } => BodyError::Bomb { limit },
                InflateError::Corrupt(why) => BodyError::Corrupt(why),
            })?;
        self.room.grow(wire + bytes.len() as u64).await?;
        Ok((bytes, self.room))
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, BodyError> {
    let Some(name) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Encoding::Identity);
    };
    let name = String::from_utf8_lossy(name.as_bytes());
    Encoding::parse(&name).ok_or_else(|| BodyError::Encoding(name.chars().take(64).collect()))
}

/// Runs CPU work over `bytes`: small ones at once, large ones on a thread for such work.
/// `Err`: the work panicked.
pub(crate) async fn working<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    if bytes <= BLOCKING_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| e.to_string())
}
