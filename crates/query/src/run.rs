//! Runs questions: a pool of threads of its own, admission, slices, cancel, limits.

use crate::aggregate::{Aggregator, SERIES_CELLS_LIMIT};
use crate::answer::Answer;
use crate::hidden::HiddenRows;
use crate::plan::{self, Plan};
use crate::scan::{Batch, Scan, Table, Unit};
use crate::{Error, Limits, Notion, Progress, Query, ScanStats, Scope, finish};
use event::{EnvId, TableId, TableKind};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use store::{Clock, FieldStat, Snapshot};

/// Most questions that wait for their turn.
const WAITING_LIMIT: usize = 32;
/// Least time between two partial answers.
const PARTIAL_EVERY: Duration = Duration::from_millis(300);
/// Batches between two looks at the memory held.
const MEMORY_LOOK_BATCHES: u32 = 64;
/// Series are made for at most this many groups (honeycomb.md §3.7).
const SERIES_GROUPS_LIMIT: usize = 1_000;

/// Where rows come from: the store, or a test.
pub(crate) trait Tables: Send + Sync + 'static {
    /// All rows of a table as of now.
    fn snapshot(&self, table: TableId) -> Snapshot;
    /// Every key seen in the environment.
    fn fields(&self, env: EnvId) -> Vec<FieldStat>;
    /// Notes that a question used these keys.
    fn note_queried(&self, env: EnvId, keys: &[&str]);
}

impl Tables for store::Store {
    fn snapshot(&self, table: TableId) -> Snapshot {
        Self::snapshot(self, table)
    }
    fn fields(&self, env: EnvId) -> Vec<FieldStat> {
        Self::fields(self, env)
    }
    fn note_queried(&self, env: EnvId, keys: &[&str]) {
        Self::note_queried(self, env, keys);
    }
}

/// Told of what has been read.
pub(crate) type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// The pool and what it works on.
pub(crate) struct Pool {
    pub(crate) tables: Arc<dyn Tables>,
    pub(crate) clock: Arc<dyn Clock>,
    threads: usize,
    /// Taken when dropped; a runtime must not be dropped by one of its own tasks.
    runtime: Option<tokio::runtime::Runtime>,
    gate: Arc<tokio::sync::Semaphore>,
    waiting: AtomicUsize,
    pub(crate) hidden: HiddenRows,
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(r) = self.runtime.take() {
            r.shutdown_background();
        }
    }
}

/// Shared by the tasks of one question.
#[derive(Clone)]
pub(crate) struct Control(Arc<Shared>);

struct Shared {
    cancelled: AtomicBool,
    timed_out: AtomicBool,
    began: Instant,
    deadline: Instant,
    memory_bytes: usize,
    /// Ids of parts that could not be read whole.
    damaged: Mutex<BTreeSet<String>>,
}

impl Control {
    pub(crate) fn new(limits: Limits) -> Self {
        let began = Instant::now();
        Self(Arc::new(Shared {
            cancelled: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            began,
            deadline: began + Duration::from_millis(limits.time_ms),
            memory_bytes: limits.memory_bytes,
            damaged: Mutex::default(),
        }))
    }

    /// Whether work goes on: not cancelled, in time.
    pub(crate) fn goes_on(&self) -> Result<bool, Error> {
        if self.0.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        if Instant::now() >= self.0.deadline {
            self.0.timed_out.store(true, Ordering::Relaxed);
        }
        Ok(!self.timed_out())
    }

    /// Whether time ran out.
    pub(crate) fn timed_out(&self) -> bool {
        self.0.timed_out.load(Ordering::Relaxed)
    }

    /// Microseconds since the question began.
    pub(crate) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Goes on without the rest of a unit when its part is damaged, and notes the part: the answer is
    /// then marked and names it. Whatever else went wrong stays an error.
    fn forgive_damage(&self, unit: &Unit, error: Error) -> Result<(), Error> {
        match unit {
            Unit::Part(p) if p.part().is_damaged() => {
                let mut damaged = self
                    .0
                    .damaged
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                damaged.insert(p.part().id.clone());
                Ok(())
            }
            _ => Err(error),
        }
    }

    /// The parts that were forgiven.
    fn damaged(&self) -> Vec<String> {
        let damaged = self.0.damaged.lock();
        let damaged = damaged.unwrap_or_else(PoisonError::into_inner);
        damaged.iter().cloned().collect()
    }

    /// Bytes the question may hold.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.0.memory_bytes
    }
}

/// Stops the tasks of a question when its asker goes away.
struct CancelOnDrop(Control);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(tables: Arc<dyn Tables>, clock: Arc<dyn Clock>, threads: usize) -> Self {
        let threads = threads.max(1);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .enable_time()
            .build();
        if let Err(e) = &runtime {
            tracing::error!("no threads for questions: {e}");
        }
        Self {
            tables,
            clock,
            threads,
            runtime: runtime.ok(),
            gate: Arc::new(tokio::sync::Semaphore::new(threads)),
            waiting: AtomicUsize::new(0),
            hidden: HiddenRows::default(),
        }
    }

    /// Runs `job` on the pool once it is its turn. Dropping the future cancels it.
    pub(crate) async fn admit<T, F>(
        self: &Arc<Self>,
        limits: Limits,
        job: impl FnOnce(Arc<Self>, Control) -> F + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let permit = match Arc::clone(&self.gate).try_acquire_owned() {
            Ok(p) => p,
            Err(_) => {
                let _waiting = Waiting::enter(&self.waiting)?;
                let turn = Arc::clone(&self.gate).acquire_owned().await;
                turn.map_err(|_| Error::Cancelled)?
            }
        };
        let control = Control::new(limits);
        let _guard = CancelOnDrop(control.clone());
        let Some(runtime) = &self.runtime else {
            return Err(Error::Internal("no threads for questions".into()));
        };
        let pool = Arc::clone(self);
        let task = runtime.spawn(async move {
            let out = job(pool, control).await;
            drop(permit);
            out
        });
        task.await.unwrap_or_else(|e| {
            tracing::error!("a question failed: {e}");
            Err(Error::Internal("the question failed unexpectedly".into()))
        })
    }

    /// The tables of a scope as of now.
    pub(crate) fn tables(&self, env: EnvId) -> Vec<Table> {
        TableKind::ALL
            .into_iter()
            .map(|kind| Table {
                kind,
                snapshot: self.tables.snapshot(TableId { env, kind }),
                visible: self.hidden.visible(env, kind),
            })
            .filter(|t| !t.snapshot.parts.is_empty() || !t.snapshot.batches.is_empty())
            .collect()
    }

    /// Reads units `from..to` of a scan on all threads. Each thread adds what it reads to one of
    /// `states`; `step` returns `false` to end its unit early. Stops when time runs out.
    pub(crate) async fn fold<S: Send + 'static>(
        self: &Arc<Self>,
        scan: &Arc<Scan>,
        units: std::ops::Range<usize>,
        states: Vec<S>,
        control: &Control,
        step: impl Fn(&mut S, Batch) -> Result<bool, Error> + Clone + Send + Sync + 'static,
    ) -> Result<Vec<S>, Error> {
        let next = Arc::new(AtomicUsize::new(units.start));
        let mut tasks = tokio::task::JoinSet::new();
        for mut state in states {
            let (scan, next, control) = (Arc::clone(scan), Arc::clone(&next), control.clone());
            let (step, end) = (step.clone(), units.end);
            tasks.spawn(async move {
                loop {
                    let unit = next.fetch_add(1, Ordering::Relaxed);
                    if unit >= end || !control.goes_on()? {
                        return Ok(state);
                    }
                    let (control, step, s) = (&control, &step, &mut state);
                    let mut each = move |batch| Ok(control.goes_on()? && step(s, batch)?);
                    if let Err(e) = scan.read(unit, &mut each).await {
                        control.forgive_damage(scan.unit(unit), e)?;
                    }
                }
            });
        }
        let mut out = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(state) => out.push(state?),
                Err(e) => {
                    tracing::error!("a thread of a question failed: {e}");
                    return Err(Error::Internal("the question failed unexpectedly".into()));
                }
            }
        }
        Ok(out)
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// How many threads a scan is worth.
    pub(crate) fn width(&self, scan: &Scan) -> usize {
        self.threads.min(scan.units()).max(1)
    }

    /// Answers a question.
    pub(crate) async fn answer(
        self: Arc<Self>,
        control: Control,
        scope: Scope,
        query: Query,
        limits: Limits,
        listener: Option<Listener>,
    ) -> Result<Answer, Error> {
        let mut plan = plan::plan(&scope, &query, self.clock.now(), limits.series)?;
        let tables = self.tables(scope.env);
        let known = self.tables.fields(scope.env);
        if let Some(r) = &mut plan.relations {
            plan.key_types = r.resolve(&tables, plan.ask.range, &known)?;
        }
        let scan = Arc::new(Scan::new(&tables, plan.ask.clone(), &known)?);
        if scan.units() > 0 {
            plan.narrow(scan.times(0..scan.units()));
        }
        let work = Work {
            plan,
            scan: Arc::clone(&scan),
            tables,
            known,
            notice: OnceLock::new(),
        };
        let plan = &work.plan;
        self.note(scope.env, &query);
        let one = Aggregator::new(plan.layout(&scan, limits.series));
        let mut states = vec![one.clone(); self.width(&scan)];
        // A slice of time is some units, newest first. Without a listener one slice is enough.
        let slice = if listener.is_some() {
            (4 * self.threads).max(8)
        } else {
            scan.units().max(1)
        };
        let mut told = Instant::now();
        let mut done = 0;
        while done < scan.units() && !control.timed_out() {
            let end = (done + slice).min(scan.units());
            states = self.gather(&work, done..end, states, &control).await?;
            done = end;
            if let Some(tell) = &listener {
                tell(Progress::Read(stats(&scan, &control)));
                if done < scan.units() && told.elapsed() >= PARTIAL_EVERY {
                    let merged = merge(states.clone(), &one);
                    let answer = self.render(&work, &merged, &control, limits, None);
                    tell(Progress::Partial(Box::new(answer)));
                    told = Instant::now();
                }
            }
        }
        let merged = merge(states, &one);
        if control.timed_out() && merged.live().is_empty() {
            return Err(Error::LimitExceeded(format!(
                "nothing was found within {} ms",
                limits.time_ms
            )));
        }
        let series = if limits.series && merged.buckets().count < plan.buckets.count {
            Some(self.series(&work, &merged, &control, limits).await?)
        } else {
            None
        };
        Ok(self.render(&work, &merged, &control, limits, series.as_ref()))
    }

    /// The second pass: the listed groups by time.
    async fn series(
        self: &Arc<Self>,
        work: &Work,
        totals: &Aggregator,
        control: &Control,
        limits: Limits,
    ) -> Result<Aggregator, Error> {
        let (plan, scan) = (&work.plan, &work.scan);
        let ranked = finish::rank(plan, totals, limits.heatmap_log);
        let most = SERIES_GROUPS_LIMIT.min(SERIES_CELLS_LIMIT / plan.buckets.count.max(1));
        let keys: Vec<_> = ranked
            .listed
            .iter()
            .take(most)
            .map(|(_, keys)| keys.clone())
            .collect();
        let one = Aggregator::over(plan.layout(scan, true), &keys);
        let states = vec![one.clone(); self.width(scan)];
        let states = self.gather(work, 0..scan.units(), states, control).await?;
        Ok(merge(states, &one))
    }

    /// Aggregates some units. Related spans are read for a slice of them at a time.
    async fn gather(
        self: &Arc<Self>,
        work: &Work,
        units: std::ops::Range<usize>,
        mut states: Vec<Aggregator>,
        control: &Control,
    ) -> Result<Vec<Aggregator>, Error> {
        let (plan, scan) = (&work.plan, &work.scan);
        let Some(relations) = &plan.relations else {
            return self.fold(scan, units, states, control, step(control)).await;
        };
        for slice in scan.slices(units) {
            if control.timed_out() {
                break;
            }
            let times = scan.times(slice.clone());
            let related = Arc::new(
                relations
                    .read(&work.tables, times, &work.known, control)
                    .await?,
            );
            if let Some(notice) = related.notice() {
                work.notice.get_or_init(|| notice);
            }
            let (ids, keys, step) = (plan.ids, plan.keys.clone(), step(control));
            let step = move |a: &mut Aggregator, batch| {
                let batch = related.relate(batch, ids, &keys)?;
                if batch.rows == 0 {
                    return Ok(true);
                }
                step(a, batch)
            };
            states = self.fold(scan, slice, states, control, step).await?;
        }
        Ok(states)
    }

    fn render(
        &self,
        work: &Work,
        states: &Aggregator,
        control: &Control,
        limits: Limits,
        series: Option<&Aggregator>,
    ) -> Answer {
        let (plan, scan) = (&work.plan, &work.scan);
        let mut answer = Answer::default();
        let ranked = finish::rank(plan, states, limits.heatmap_log);
        finish::results(plan, &ranked, &mut answer);
        if limits.series {
            if let Some(s) = series {
                let most = SERIES_GROUPS_LIMIT.min(SERIES_CELLS_LIMIT / plan.buckets.count.max(1));
                let n = ranked.listed.len().min(most);
                let mut groups = s.groups.clone();
                let numbers: Vec<u32> = ranked.listed[..n]
                    .iter()
                    .map(|(_, keys)| groups.intern(keys))
                    .collect();
                finish::series(plan, &ranked, s, &numbers, &mut answer);
                if n < ranked.listed.len() {
                    answer
                        .notices
                        .push(format!("series are given for the first {n} groups only"));
                }
            } else if states.buckets().count == plan.buckets.count {
                let n = ranked.listed.len().min(SERIES_GROUPS_LIMIT);
                let numbers: Vec<u32> = ranked.listed[..n].iter().map(|(g, _)| *g).collect();
                finish::series(plan, &ranked, states, &numbers, &mut answer);
            }
        }
        for field in scan.unknown_fields() {
            answer
                .notices
                .push(format!("no event has a field named {field:?}"));
        }
        answer.notices.extend(work.notice.get().cloned());
        if control.timed_out() {
            answer.partial = true;
            answer.notices.push(format!(
                "stopped after {} ms: the newest rows were read first, older ones are missing",
                limits.time_ms
            ));
        }
        let damaged = control.damaged();
        if !damaged.is_empty() {
            answer.partial = true;
            answer.notices.push(format!(
                "rows are missing: blocks of {} do not match their checksums",
                damaged.join(", ")
            ));
        }
        if answer.approximate {
            answer.notices.push(format!(
                "more than {} groups: some were folded into OTHER on the way",
                crate::aggregate::GROUPS_LIMIT
            ));
        }
        answer.stats = stats(scan, control);
        answer
    }

    fn note(&self, env: EnvId, query: &Query) {
        let filters = query.filters.iter().map(|f| f.column.as_str());
        let calculations = query
            .calculations
            .iter()
            .filter_map(|c| c.column.as_deref());
        let keys: Vec<&str> = query
            .breakdowns
            .iter()
            .map(String::as_str)
            .chain(filters)
            .chain(calculations)
            .flat_map(|key| match Notion::of_field(key) {
                Some(notion) => notion.reads().collect(),
                None => vec![key],
            })
            .collect();
        if !keys.is_empty() {
            self.tables.note_queried(env, &keys);
        }
    }
}

/// A question under way.
struct Work {
    plan: Plan,
    scan: Arc<Scan>,
    /// The environment's tables as of its beginning.
    tables: Vec<Table>,
    known: Vec<FieldStat>,
    /// What the relations have to say.
    notice: OnceLock<String>,
}

/// Counts a question that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Result<Self, Error> {
        let waiting = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= WAITING_LIMIT {
            return Err(Error::Busy);
        }
        Ok(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Adds a batch to an aggregator, looking at its memory now and then.
fn step(
    control: &Control,
) -> impl Fn(&mut Aggregator, Batch) -> Result<bool, Error> + Clone + Send + Sync + 'static {
    let limit = control.memory_bytes();
    move |a, batch| {
        a.update(&batch)?;
        if a.batches() % MEMORY_LOOK_BATCHES == 0 && a.heap_bytes() > limit {
            return Err(Error::LimitExceeded(format!(
                "the question needs more than {} MiB; narrow its range, filters or breakdowns",
                limit >> 20
            )));
        }
        Ok(true)
    }
}

fn merge(states: Vec<Aggregator>, empty: &Aggregator) -> Aggregator {
    states
        .into_iter()
        .reduce(|mut a, b| {
            a.merge(&b);
            a
        })
        .unwrap_or_else(|| empty.clone())
}

pub(crate) fn stats(scan: &Scan, control: &Control) -> ScanStats {
    ScanStats {
        elapsed_us: control.elapsed_us(),
        ..scan.stats()
    }
}

#[cfg(test)]
mod damage;
#[cfg(test)]
mod splits;
#[cfg(test)]
mod tests;
