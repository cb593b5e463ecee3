//! Lines as they are stored, for those who follow them.

use super::Logs;
use crate::catalog::Error;
use crate::limits;
use event::EnvId;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Batches a slow listener may lag behind before it misses some. Few: a batch holds up to 1 MiB of
/// lines, and it is kept until the slowest has heard it.
const LAG: usize = 64;

/// Lines of one stream, stored together.
#[derive(Debug)]
pub struct TailBatch {
    /// Whose.
    pub env: EnvId,
    /// The group.
    pub group: Arc<str>,
    /// The stream.
    pub stream: Arc<str>,
    /// When they were taken, nanoseconds.
    pub ingested_ns: i64,
    /// The lines, in order.
    pub events: Vec<TailEvent>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailEvent {
    /// Its time, nanoseconds.
    pub ts_ns: i64,
    /// Byte for byte as sent.
    pub message: Arc<str>,
}

/// Who listens.
pub(super) struct Tails(broadcast::Sender<Arc<TailBatch>>);

impl Default for Tails {
    fn default() -> Self {
        Self(broadcast::channel(LAG).0)
    }
}

impl Logs {
    /// Whether anyone listens, so that lines are worth copying.
    #[must_use]
    pub fn is_tailed(&self) -> bool {
        self.0.tails.0.receiver_count() > 0
    }

    /// Tells those who listen; nobody has to.
    pub fn tell(&self, batch: TailBatch) {
        let _ = self.0.tails.0.send(Arc::new(batch));
    }

    /// Every line stored from now on.
    ///
    /// # Errors
    /// [`Error::Limit`]: as many listen as may.
    pub fn listen(&self) -> Result<broadcast::Receiver<Arc<TailBatch>>, Error> {
        if self.0.tails.0.receiver_count() >= limits::LIVE_TAILS {
            return Err(Error::Limit {
                what: "live tails",
                limit: limits::LIVE_TAILS,
            });
        }
        Ok(self.0.tails.0.subscribe())
    }
}
