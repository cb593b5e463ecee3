//! The boundary of Foursight: who may do what, what is taken, what is told.
//!
//! **What it is.** Every protocol comes through here: a credential becomes a [`Grant`]
//! ([`Engine::admit`]), a body is unpacked within limits ([`intake`]), a batch of events becomes a
//! [`Receipt`] ([`Grant::ingest`]), and each delivery, taken or refused, is noted ([`Arrivals`]).
//! Questions go to [`Engine::querier`]. What people set up lives in the [`Catalog`].
//!
//! **What it promises.** Deny by default. A receipt means on disk and queryable. Nothing vanishes:
//! received = stored + refused + dropped + merged. Overload is told within 1.5 s.
//!
//! **What it does not know.** Status codes, headers, any vendor's words: reasons and permissions are
//! told by meaning, and each protocol's crate says them in its vendor's way.
//!
//! Reading order: [`admit`], [`ingest`], [`arrivals`], [`intake`], [`catalog`], [`health`].
//!
//! ```no_run
//! # async fn example(batch: event::EventBatch) -> Result<(), Box<dyn std::error::Error>> {
//! use engine::{Config, Delivery, Engine, Outcome, Permission, Protocol};
//! let engine = Engine::open(Config::new("data"), std::sync::Arc::new(engine::SystemClock))?;
//! let delivery = Delivery {
//!     protocol: Protocol::Events,
//!     sender: std::net::Ipv4Addr::LOCALHOST.into(),
//!     user_agent: None,
//!     signal: Some("events"),
//!     wire_bytes: 120,
//! };
//! let grant = engine
//!     .admit(&delivery, Some("fs_in_…"), Permission::SendEvents)
//!     .inspect_err(|refusal| engine.note_refusal(&delivery, refusal))?;
//! let receipt = grant.ingest(batch, None).await?;
//! grant.note(&delivery, Outcome::taken(&receipt, 0, None));
//! # Ok(()) }
//! ```

pub mod admit;
pub mod arrivals;
pub mod asked;
pub mod catalog;
mod error;
pub mod health;
mod housekeeping;
pub mod ingest;
pub mod intake;
pub mod issues;
pub mod limits;
pub mod logs;
mod open;
pub mod sampling;
mod secret;

pub use admit::{Delivery, Grant, Permission, Permissions, Protocol, Refusal, dev};
pub use arrivals::{Arrival, ArrivalFilter, ArrivalRow, Arrivals, Outcome, Reason, Show};
pub use catalog::{
    Catalog, Color, ColumnInfo, ColumnUpdate, DatasetInfo, DatasetKind, DatasetUpdate,
    EnvironmentInfo, KeyInfo, KeyKind, MadeKey, NewKey, SavedQuery, StoredResult,
};
pub use error::{Error, OpenError};
pub use health::{Health, HealthReason, HealthState};
pub use ingest::Receipt;
pub use intake::{Lane, Reservation};
pub use issues::Issues;
pub use open::{Config, InitialKey};
pub use query;
pub use store::{Clock, FieldStat, Stats as StoreStats, SystemClock};

use event::{EnvId, RowPolicy};
use housekeeping::Housekeeping;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn store::Clock>,
    pub(crate) store: store::Store,
    pub(crate) querier: query::Querier,
    pub(crate) asked: asked::Board,
    pub(crate) catalog: Catalog,
    pub(crate) sampling: sampling::Sampling,
    pub(crate) arrivals: Arrivals,
    pub(crate) logs: logs::Logs,
    pub(crate) budget: intake::Budget,
    pub(crate) identity: ingest::IdentityHasher,
    pub(crate) owner_hash: parking_lot::RwLock<[u8; 32]>,
    pub(crate) made_token: Option<String>,
    pub(crate) recovery: store::Recovery,
    pub(crate) housekeeping: Housekeeping,
    pub(crate) issues: Issues,
}

impl Engine {
    /// Nanoseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.clock.now()
    }

    /// Whether this is `--dev`: fixed keys, no owner token.
    #[must_use]
    pub fn is_dev(&self) -> bool {
        self.0.config.dev
    }

    /// Takes room for a body under way; waits at most 250 ms.
    ///
    /// # Errors
    /// [`Error::Overload`].
    pub async fn reserve(&self, lane: Lane, bytes: u64) -> Result<Reservation, Error> {
        self.0.budget.reserve(lane, bytes).await
    }

    /// Every delivery, and why.
    #[must_use]
    pub fn arrivals(&self) -> &Arrivals {
        &self.0.arrivals
    }

    /// What people set up.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// Issues, their projects and deploys.
    #[must_use]
    pub fn issues(&self) -> &Issues {
        &self.0.issues
    }

    /// Groups, sampling rules, reservoirs.
    #[must_use]
    pub fn sampling(&self) -> &sampling::Sampling {
        &self.0.sampling
    }

    /// Answers questions.
    #[must_use]
    pub fn querier(&self) -> &query::Querier {
        &self.0.querier
    }

    /// Attribute keys seen in the environment's datasets.
    #[must_use]
    pub fn fields_seen(&self, env: EnvId) -> Vec<FieldStat> {
        self.0.store.fields(env)
    }

    /// What the store holds: rows, bytes, parts by table.
    #[must_use]
    pub fn store_stats(&self) -> StoreStats {
        self.0.store.stats()
    }

    /// What the start found: replayed rows, things set aside.
    #[must_use]
    pub fn recovery(&self) -> &store::Recovery {
        &self.0.recovery
    }

    /// Writes every buffered row into parts. Blocks: for `verify`, benchmarks and tests.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn settle(&self) -> Result<(), Error> {
        Ok(self.0.store.flush()?)
    }

    /// Merges all parts. Blocks: for benchmarks and tests; it also happens by itself.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compact(&self) -> Result<(), Error> {
        Ok(self.0.store.compact(true)?)
    }

    /// Which event times are taken: now, and the retention.
    #[must_use]
    pub fn row_policy(&self) -> RowPolicy {
        let now = self.now();
        let days = self.0.config.retention_days;
        RowPolicy {
            now,
            oldest: (days > 0).then(|| now - i64::from(days) * 86_400_000_000_000),
        }
    }

    /// Deletes a dataset and its rows: gone for every question that starts afterwards.
    ///
    /// # Errors
    /// [`catalog::Error`]: not found, protected, or the store cannot write now.
    pub fn delete_dataset(&self, env: EnvId, slug: &str) -> Result<(), catalog::Error> {
        let info = self
            .0
            .catalog
            .dataset(env, slug)
            .ok_or(catalog::Error::NotFound("dataset"))?;
        if info.delete_protected {
            return Err(catalog::Error::Protected("the dataset"));
        }
        // Rows first: a dataset without rows is better than rows without a dataset.
        self.0
            .store
            .delete(env, slug)
            .map_err(|e| catalog::Error::Storage(e.to_string()))?;
        self.0.catalog.delete_dataset(env, slug, self.now())?;
        match info.kind {
            DatasetKind::LogGroup => self.forget_log_group(env, &info.name),
            _ => Ok(()),
        }
    }

    /// The environment and key of a secret, whatever its state; nothing is noted.
    #[must_use]
    pub fn identify(&self, secret: &str) -> Option<(Arc<EnvironmentInfo>, KeyInfo)> {
        let key = self.0.catalog.whois(secret)?;
        Some((self.0.catalog.environment(key.env)?, key))
    }

    /// Whether `token` is the owner's. Compares hashes in constant time.
    #[must_use]
    pub fn is_owner(&self, token: &str) -> bool {
        let hash = *self.0.owner_hash.read();
        secret::hash(token.trim()).ct_eq(&hash).into()
    }

    /// The owner token, when this start made it: to be told once.
    #[must_use]
    pub fn new_owner_token(&self) -> Option<&str> {
        self.0.made_token.as_deref()
    }

    /// Ends everything cleanly: flushes, writes the catalog, lets go of the directory.
    ///
    /// # Errors
    /// The store could not write its buffers; the WAL holds them.
    pub async fn close(&self) -> Result<(), Error> {
        let engine = self.clone();
        let closing = tokio::task::spawn_blocking(move || {
            // The catalog first: the store's lock guards it too.
            engine.0.issues.stop();
            engine.0.housekeeping.stop();
            engine.0.store.close()
        });
        match closing.await {
            Ok(result) => Ok(result?),
            Err(e) => Err(Error::Failing(format!("closing: {e}"))),
        }
    }
}

#[cfg(test)]
mod tests;
