//! Answers questions over the store: the only home of DataFusion.
//!
//! A [`spec::Query`] (plain tree) is resolved against the fields seen, planned per slice of time,
//! and its mergeable states become an [`answer::Answer`].
//!
//! **Does not know** how rows are written, HTTP, any vendor.

mod aggregate;
pub mod answer;
mod bins;
pub mod calls;
mod documents;
pub mod facets;
mod fields;
mod finish;
mod functions;
mod hidden;
mod listing;
pub mod log_rows;
pub mod notions;
pub mod pipeline;
mod plan;
mod predicate;
mod range;
mod relational;
pub mod request;
mod run;
mod scan;
pub mod spec;
#[cfg(test)]
mod testing;
pub mod text;
pub mod trace;
mod values;
mod whole;

use event::EnvId;
use std::sync::Arc;

pub use answer::{Answer, Cell, ScanStats};
pub use hidden::Hidden;
pub use notions::Notion;
pub use spec::Query;

/// Which rows a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The environment: a mandatory filter at the root of every plan.
    pub env: EnvId,
    /// One dataset's slug; `None`: every table of the environment (`__all__`).
    pub dataset: Option<String>,
}

/// Limits of one question (reliability.md §3).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wall time, milliseconds; beyond it the answer is partial, or an error when there is nothing yet.
    pub time_ms: u64,
    /// Bytes of memory one question may hold, per thread that works on it.
    pub memory_bytes: usize,
    /// Whether the answer has series; without them it costs less.
    pub series: bool,
    /// Whether the bins of heat maps have equal ratios rather than equal widths.
    pub heatmap_log: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time_ms: 60_000,
            memory_bytes: 512 << 20,
            series: true,
            heatmap_log: false,
        }
    }
}

/// Sent while a question runs.
#[derive(Clone, Debug)]
pub enum Progress {
    /// What has been read so far.
    Read(ScanStats),
    /// The answer over the slices read so far (newest first).
    Partial(Box<Answer>),
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The question cannot be asked: says what and where.
    #[error("{0}")]
    Invalid(String),
    /// A construct that is not built, by name.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// Time or memory ran out.
    #[error("{0}")]
    LimitExceeded(String),
    /// Too many questions at once.
    #[error("too many questions are running; retry in a moment")]
    Busy,
    /// The asker went away.
    #[error("cancelled")]
    Cancelled,
    /// A block does not match its checksum, a file cannot be read, or a bug.
    #[error("{0}")]
    Internal(String),
}

/// A field that questions over a scope can name.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FieldInfo {
    /// The visible name.
    pub name: String,
    /// Types seen, the first one first: `string` `integer` `float` `boolean`.
    pub types: Vec<&'static str>,
    /// Last time a batch brought it, nanoseconds; 0 for fixed columns.
    pub last_seen_ns: i64,
    /// Rows that had it since the start of counting.
    pub rows: u64,
}

/// Rows with all their fields, for the Events tab.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Rows {
    /// Newest first; visible names; `timestamp_ns` (text), `dataset` and `event_id` always there.
    pub rows: Vec<answer::Row>,
    /// Whether there were more.
    pub more: bool,
    /// What it took.
    pub stats: ScanStats,
}

/// Asks questions of a store. Runs on its own threads, never on the caller's runtime.
#[derive(Clone)]
pub struct Querier {
    pool: Arc<run::Pool>,
}

impl Querier {
    /// A querier with its own pool of `threads` threads; at most that many questions run at once, 32 wait.
    #[must_use]
    pub fn new(store: store::Store, clock: Arc<dyn store::Clock>, threads: usize) -> Self {
        Self::over(Arc::new(store), clock, threads)
    }

    /// A querier over any tables.
    pub(crate) fn over(
        tables: Arc<dyn run::Tables>,
        clock: Arc<dyn store::Clock>,
        threads: usize,
    ) -> Self {
        Self {
            pool: Arc::new(run::Pool::new(tables, clock, threads)),
        }
    }

    /// Answers `query`. `progress` is called between slices; dropping the future cancels.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(
        &self,
        scope: &Scope,
        query: &Query,
        limits: Limits,
        progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
    ) -> Result<Answer, Error> {
        let (scope, query) = (scope.clone(), query.clone());
        self.pool
            .admit(limits, move |pool, control| {
                pool.answer(control, scope, query, limits, progress)
            })
            .await
    }

    /// Answers a pipeline. `listener` is told of partial answers between slices; dropping the future
    /// cancels. When time runs out the answer is over what was read, and says so.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pipeline(
        &self,
        ask: pipeline::Ask,
        limits: Limits,
        listener: Option<pipeline::Listener>,
    ) -> Result<pipeline::Outcome, Error> {
        self.pool
            .admit(limits, move |pool, control| {
                pool.pipeline(control, ask, limits, listener)
            })
            .await
    }

    /// The row that a pointer of a pipeline names, with all its fields; `None` when it is gone.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn row_at(
        &self,
        env: EnvId,
        pointer: &pipeline::Pointer,
    ) -> Result<Option<answer::Row>, Error> {
        let pointer = pointer.clone();
        self.pool
            .admit(Limits::default(), move |pool, _| async move {
                whole::row_at(&pool, env, &pointer).await
            })
            .await
    }

    /// The newest rows that pass the query's filters and range, with all their fields.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rows(&self, scope: &Scope, query: &Query, limit: usize) -> Result<Rows, Error> {
        let (scope, query) = (scope.clone(), query.clone());
        self.pool
            .admit(Limits::default(), move |pool, control| {
                pool.rows(control, scope, query, limit)
            })
            .await
    }

    /// The source documents of rows of one table whose time and identity are known, in their order;
    /// `None`: the row is gone, or has none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn documents(
        &self,
        env: EnvId,
        kind: event::TableKind,
        dataset: &str,
        wanted: Vec<(i64, event::EventId)>,
    ) -> Result<Vec<Option<String>>, Error> {
        let dataset = dataset.to_owned();
        self.pool
            .admit(Limits::default(), move |pool, _| async move {
                documents::read(&pool.tables(env), kind, &dataset, &wanted).await
            })
            .await
    }

    /// Hides rows of an environment's log lines from every question that starts afterwards.
    /// Replaces the last call's.
    pub fn hide(&self, env: EnvId, hidden: &[Hidden]) {
        self.pool.hidden.set(env, hidden);
    }

    /// The fields of a scope, visible names, sorted.
    #[must_use]
    pub fn fields(&self, scope: &Scope) -> Vec<FieldInfo> {
        listing::fields(&self.pool, scope)
    }

    /// Distinct values of a field in the last two hours, most frequent first, that begin with `prefix`.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn values(
        &self,
        scope: &Scope,
        field: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(Cell, u64)>, Error> {
        let query = listing::values_query(field, prefix, limit);
        let limits = Limits {
            series: false,
            ..Limits::default()
        };
        let answer = self.run(scope, &query, limits, None).await?;
        Ok(listing::values_of(field, answer))
    }

    /// Which fields make a selection differ from the rest.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn bubble_up(
        &self,
        scope: &Scope,
        ask: &facets::BubbleUp,
    ) -> Result<facets::Facets, Error> {
        let (scope, ask) = (scope.clone(), ask.clone());
        self.pool
            .admit(Limits::default(), move |pool, control| {
                pool.bubble_up(control, scope, ask)
            })
            .await
    }

    /// All rows of a trace. `hint`: nanoseconds around which it is looked for first.
    ///
    /// # Errors
    /// See [`Error`]. An unknown id is an empty trace.
    pub async fn trace(
        &self,
        env: EnvId,
        id: event::TraceId,
        hint: Option<(i64, i64)>,
    ) -> Result<trace::Trace, Error> {
        self.pool
            .admit(Limits::default(), move |pool, control| async move {
                let mut trace = trace::read(&pool.tables(env), id, hint).await?;
                trace.stats.elapsed_us = control.elapsed_us();
                Ok(trace)
            })
            .await
    }

    /// One row of any table with all its fields; `None` when there is none of that identity at that time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn row(
        &self,
        env: EnvId,
        event_id: event::EventId,
        ts_ns: i64,
    ) -> Result<Option<trace::TraceRow>, Error> {
        self.pool
            .admit(Limits::default(), move |pool, _| async move {
                let mut stats = ScanStats::default();
                request::row_at(&pool.tables(env), ts_ns, event_id, &mut stats).await
            })
            .await
    }

    /// The request that a row belongs to, as all sources tell it; `None` when there is no such row.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request(
        &self,
        env: EnvId,
        from: &request::From,
    ) -> Result<Option<request::Request>, Error> {
        let from = from.clone();
        self.pool
            .admit(Limits::default(), move |pool, control| async move {
                let (tables, known) = (pool.tables(env), pool.tables.fields(env));
                let mut told = request::tell(&tables, &known, &from, &control).await?;
                if let Some(request) = &mut told {
                    request.stats.elapsed_us = control.elapsed_us();
                }
                Ok(told)
            })
            .await
    }

    /// Root spans that pass the query's filters and range, newest or slowest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn traces(
        &self,
        scope: &Scope,
        query: &Query,
        sort: trace::TraceSort,
        limit: usize,
    ) -> Result<Vec<trace::TraceSummary>, Error> {
        let (scope, query) = (scope.clone(), query.clone());
        self.pool
            .admit(Limits::default(), move |pool, control| async move {
                let range = range::range(&query, pool.clock.now())?;
                let (tables, known) = (pool.tables(scope.env), pool.tables.fields(scope.env));
                let dataset = scope.dataset.as_deref();
                trace::list(
                    &tables, &known, &query, dataset, range, sort, limit, &control,
                )
                .await
            })
            .await
    }
}
