//! Runs a pipeline: scans of its sources on all threads, newest first, then the rest in memory.

use super::gather::{Gathered, Order, settle};
use super::program::{self, End, Input, Program, Segment, Step};
use super::row::{Cells, Kept, Layout, Place, Row};
use super::{Ask, Column, Listener, Outcome, Source, Value};
use crate::fields::{VISIBLE, fixed_view};
use crate::predicate::Predicate;
use crate::run::{Control, Pool};
use crate::scan::{self, Batch, Output, Scan, Unit};
use crate::{Error, Limits};
use event::{Fixed, TableKind, Type};
use hashbrown::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use store::FieldStat;

/// Least time between two partial answers.
const PARTIAL_EVERY: Duration = Duration::from_millis(1_000);
/// Batches between two looks at the memory held.
const MEMORY_LOOK_BATCHES: u32 = 16;
/// Most buckets of the histogram.
const BUCKETS_LIMIT: i64 = 10_000;

/// A source with its rows.
struct Reading {
    source: Source,
    scan: Arc<Scan>,
    /// Counts rows that the scan itself leaves out; none when it leaves out none.
    count: Option<Scan>,
}

/// A pipeline under way.
struct Work {
    program: Program,
    readings: Vec<Reading>,
    layout: Layout,
    /// (reading, unit), newest first.
    units: Vec<(usize, usize)>,
    now: i64,
    range: (i64, i64),
    step_ns: i64,
    limit: usize,
}

/// What one thread has found.
#[derive(Clone)]
struct Found {
    gathered: Gathered,
    matched: u64,
    counts: Vec<u64>,
    /// Bytes of buffered rows read.
    buffer_bytes: u64,
    batches: u32,
}

impl Pool {
    /// Answers a pipeline. `listener` is told of partial answers while it runs.
    pub(crate) async fn pipeline(
        self: Arc<Self>,
        control: Control,
        ask: Ask,
        limits: Limits,
        listener: Option<Listener>,
    ) -> Result<Outcome, Error> {
        let work = Arc::new(self.prepare(ask)?);
        let width = self.threads().min(work.units.len()).max(1);
        let mut states = vec![work.empty(); width];
        let slice = match listener {
            Some(_) => 4 * width,
            None => work.units.len().max(1),
        };
        let (mut done, mut told) = (0, Instant::now());
        while done < work.units.len() && !control.timed_out() {
            let end = (done + slice).min(work.units.len());
            states = fold(&work, done..end, states, &control).await?;
            done = end;
            if let Some(tell) = &listener
                && done < work.units.len()
                && told.elapsed() >= PARTIAL_EVERY
            {
                let mut partial = work.answer(work.merge(states.clone()), &control);
                partial.partial = true;
                tell(partial);
                told = Instant::now();
            }
        }
        let found = work.merge(states);
        check_memory(&found, limits.memory_bytes)?;
        let mut outcome = work.answer(found, &control);
        outcome.partial = control.timed_out();
        outcome.scanned = work.count(&control).await?;
        Ok(outcome)
    }

    fn prepare(&self, ask: Ask) -> Result<Work, Error> {
        if ask.range.0 >= ask.range.1 {
            return Err(Error::Invalid("the time range is empty".into()));
        }
        if ask.step_ns < 0
            || ask.step_ns > 0 && (ask.range.1 - ask.range.0) / ask.step_ns > BUCKETS_LIMIT
        {
            return Err(Error::Invalid(format!(
                "the histogram would have more than {BUCKETS_LIMIT} buckets"
            )));
        }
        let known = self.tables.fields(ask.env);
        let names = known_names(&known, &ask.sources);
        let program = program::compile(&ask.pipeline, &|n| names.contains(n))?;
        let first = &program.segments[0];
        let tables = self.tables(ask.env);
        let spans = tables.iter().any(|t| t.kind == TableKind::Spans);
        let in_order = Gathered::new(first, 1).needs_order(first);
        let (layout, outputs) = layout(first, in_order, spans);
        self.note_fields(ask.env, first);
        let mut readings = Vec::new();
        let mut units = Vec::new();
        for source in ask.sources {
            let one = scan::Ask {
                range: ask.range,
                dataset: Some(source.dataset.clone()),
                filter: program.prefilter.clone(),
                outputs: outputs.clone(),
                usage_mode: false,
                push_down: false,
            };
            let count = match &program.prefilter {
                Predicate::All(list) if list.is_empty() => None,
                _ => Some(scan::Ask {
                    filter: Predicate::always(),
                    outputs: Vec::new(),
                    ..one.clone()
                }),
            };
            let count = count.map(|a| Scan::new(&tables, a, &known)).transpose()?;
            let scan = Arc::new(Scan::new(&tables, one, &known)?);
            units.extend((0..scan.units()).map(|u| (scan.newest(u), readings.len(), u)));
            readings.push(Reading {
                source,
                scan,
                count,
            });
        }
        units.sort_by_key(|(newest, ..)| std::cmp::Reverse(*newest));
        Ok(Work {
            program,
            readings,
            layout,
            units: units.into_iter().map(|(_, r, u)| (r, u)).collect(),
            now: self.clock.now(),
            range: ask.range,
            step_ns: ask.step_ns,
            limit: ask.pipeline.limit,
        })
    }

    fn note_fields(&self, env: event::EnvId, first: &Segment) {
        let names: Vec<&str> = first
            .bases
            .iter()
            .filter_map(|b| match b {
                Input::Field(n) | Input::Attribute(n) => Some(n.as_str()),
                _ => None,
            })
            .collect();
        if !names.is_empty() {
            self.tables.note_queried(env, &names);
        }
    }
}

/// Names that rows of the sources can have.
fn known_names(known: &[FieldStat], sources: &[Source]) -> HashSet<String> {
    let datasets: HashSet<&str> = sources.iter().map(|s| s.dataset.as_str()).collect();
    let of_sources = known
        .iter()
        .filter(|k| datasets.contains(&*k.dataset))
        .map(|k| k.key.to_string());
    of_sources
        .chain(VISIBLE.iter().map(|(n, ..)| (*n).to_owned()))
        .collect()
}

/// What the scans put out, and where each base finds it.
fn layout(first: &Segment, in_order: bool, spans: bool) -> (Layout, Vec<Output>) {
    let mut outputs = vec![Output::Ts];
    let mut add = |output: Output| {
        outputs.push(output);
        outputs.len() - 1
    };
    let points = first.bases.contains(&Input::Pointer);
    let identified = in_order || points;
    let event_id = identified.then(|| add(Output::Fixed(Fixed::EventId)));
    let ids = (identified && spans).then(|| {
        (
            add(Output::Fixed(Fixed::TraceId)),
            add(Output::Fixed(Fixed::SpanId)),
        )
    });
    let places = first
        .bases
        .iter()
        .map(|base| match base {
            Input::Time => Place::Nanos(0),
            Input::IngestTime => Place::Millis(add(Output::Fixed(Fixed::IngestTs))),
            Input::Body => Place::Value(add(Output::Value(crate::fields::STORED_BODY.into()))),
            Input::Source | Input::Column(_) => Place::Source,
            Input::Pointer => Place::Pointer,
            Input::Field(name) => Place::Value(add(Output::Value(name.clone()))),
            Input::Attribute(name) if fixed_view(name, false).is_some() => {
                let key: Arc<str> = name.as_str().into();
                Place::Attribute(Type::ALL.map(|ty| add(Output::Attr(Arc::clone(&key), ty))))
            }
            Input::Attribute(name) => Place::Value(add(Output::Value(name.clone()))),
        })
        .collect();
    let layout = Layout {
        places,
        ts: 0,
        event_id,
        ids,
    };
    (layout, outputs)
}

impl Work {
    fn first(&self) -> &Segment {
        &self.program.segments[0]
    }

    fn filters(&self) -> impl Iterator<Item = &program::Code> {
        let first = self.first();
        first.steps[..first.barrier()]
            .iter()
            .filter_map(|s| match s {
                Step::Filter(code) => Some(code),
                _ => None,
            })
    }

    fn order(&self) -> Order<'_> {
        let first = self.first();
        Order::of(&first.steps[..first.barrier()])
    }

    fn buckets(&self) -> usize {
        if self.step_ns == 0 {
            return 0;
        }
        let (start, end) = self.range;
        let count = (end - 1).div_euclid(self.step_ns) - start.div_euclid(self.step_ns) + 1;
        usize::try_from(count).unwrap_or(0)
    }

    fn empty(&self) -> Found {
        Found {
            gathered: Gathered::new(self.first(), self.limit),
            matched: 0,
            counts: vec![0; self.buckets()],
            buffer_bytes: 0,
            batches: 0,
        }
    }

    /// Adds the rows of a batch.
    fn add(&self, found: &mut Found, reading: usize, batch: &Batch) {
        let first = self.first();
        let order = self.order();
        let filters: Vec<_> = self.filters().collect();
        let cells = Cells::Stored {
            columns: &batch.columns,
            layout: &self.layout,
            source: &self.readings[reading].source,
        };
        let mut row = Row::new(first, cells, self.now);
        let bucket = |ts: i64| {
            let first = self.range.0.div_euclid(self.step_ns);
            usize::try_from(ts.div_euclid(self.step_ns) - first).ok()
        };
        for i in 0..batch.rows {
            row.go_to(i);
            if !filters.iter().all(|f| f.holds(&row)) {
                continue;
            }
            found.matched += 1;
            if self.step_ns > 0
                && let Some(count) = bucket(row.ts()).and_then(|b| found.counts.get_mut(b))
            {
                *count += 1;
            }
            found.gathered.add(first, &order, &row);
        }
    }

    fn merge(&self, states: Vec<Found>) -> Found {
        let order = self.order();
        let mut all = self.empty();
        for state in states {
            all.gathered.merge(&order, state.gathered);
            all.matched += state.matched;
            all.buffer_bytes += state.buffer_bytes;
            for (a, b) in all.counts.iter_mut().zip(state.counts) {
                *a += b;
            }
        }
        all
    }

    /// Rows of the sources in the range. Where the scan itself left rows out they are counted apart,
    /// mostly from footers.
    async fn count(&self, control: &Control) -> Result<u64, Error> {
        let mut rows = 0;
        for reading in &self.readings {
            let Some(scan) = &reading.count else {
                rows += reading.scan.stats().rows_examined;
                continue;
            };
            for unit in 0..scan.units() {
                if !control.goes_on()? {
                    break;
                }
                scan.read(unit, &mut |_| control.goes_on()).await?;
            }
            rows += scan.stats().rows_examined;
        }
        Ok(rows)
    }

    /// The rest of the pipeline over what was found.
    fn answer(&self, found: Found, control: &Control) -> Outcome {
        let first = self.first();
        let mut rows = found.gathered.finish(first, &self.order(), self.now);
        let mut before = first;
        let mut stored = stored_columns(first, None);
        for segment in &self.program.segments[1..] {
            let kept = rows
                .into_iter()
                .map(|columns| kept(segment, before, columns))
                .collect();
            rows = settle(segment, &segment.steps, kept, self.now);
            stored = stored_columns(segment, Some(&stored));
            before = segment;
        }
        rows.truncate(self.limit);
        let names: Vec<String> = match &before.end {
            End::Rows(columns) => columns.iter().map(|(n, _)| n.clone()).collect(),
            End::Groups(_) => Vec::new(),
        };
        let mut outcome = Outcome {
            columns: names
                .into_iter()
                .zip(stored)
                .map(|(name, stored)| Column { name, stored })
                .collect(),
            rows,
            matched: found.matched,
            bytes: found.buffer_bytes,
            elapsed_us: control.elapsed_us(),
            ..Outcome::default()
        };
        if self.step_ns > 0 {
            let start = self.range.0.div_euclid(self.step_ns) * self.step_ns;
            outcome.histogram = Some((start, found.counts));
        }
        for r in &self.readings {
            let stats = r.scan.stats();
            outcome.scanned += stats.rows_examined;
            outcome.bytes += stats.bytes_scanned;
        }
        outcome
    }
}

/// A group as a row of the next segment.
fn kept(segment: &Segment, before: &Segment, mut columns: Vec<Value<'static>>) -> Kept {
    debug_assert!(
        matches!(before.end, End::Groups(_)),
        "a segment that is not the last ends in groups"
    );
    let bases = segment.bases.iter().map(|b| match b {
        Input::Column(i) => std::mem::take(&mut columns[*i]),
        _ => Value::Missing,
    });
    Kept {
        bases: bases.collect(),
        at: (0, [0; 16]),
    }
}

/// Whether each column of a segment's end holds values as stored. `before`: those of the segment before.
fn stored_columns(segment: &Segment, before: Option<&[bool]>) -> Vec<bool> {
    use program::Kind;
    let is_stored = |code: &program::Code| match (segment.base_of(code), before) {
        (Some(Input::Column(i)), Some(before)) => before[*i],
        (Some(_), _) => true,
        (None, _) => false,
    };
    match &segment.end {
        End::Rows(columns) => columns.iter().map(|(_, code)| is_stored(code)).collect(),
        End::Groups(g) => {
            let measures = g.measures.iter().map(|m| {
                let as_it_is = !matches!(
                    m.kind,
                    Kind::Sum | Kind::Avg | Kind::Stddev | Kind::Percentile(_)
                );
                as_it_is && m.of.as_ref().is_none_or(is_stored)
            });
            g.by.iter().map(is_stored).chain(measures).collect()
        }
    }
}

/// Reads units on as many tasks as there are states.
async fn fold(
    work: &Arc<Work>,
    units: std::ops::Range<usize>,
    states: Vec<Found>,
    control: &Control,
) -> Result<Vec<Found>, Error> {
    let next = Arc::new(AtomicUsize::new(units.start));
    let mut tasks = tokio::task::JoinSet::new();
    for mut found in states {
        let (work, next, control) = (Arc::clone(work), Arc::clone(&next), control.clone());
        let end = units.end;
        tasks.spawn(async move {
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if i >= end || !control.goes_on()? {
                    return Ok(found);
                }
                let (reading, unit) = work.units[i];
                let scan = &work.readings[reading].scan;
                if let Unit::Buffer(b) = scan.unit(unit) {
                    found.buffer_bytes += b.batches().map(|b| b.bytes as u64).sum::<u64>();
                }
                let (w, f) = (&work, &mut found);
                let memory = control.memory_bytes();
                let mut each = |batch: Batch| {
                    w.add(f, reading, &batch);
                    f.batches += 1;
                    if f.batches.is_multiple_of(MEMORY_LOOK_BATCHES) {
                        check_memory(f, memory)?;
                    }
                    control.goes_on()
                };
                scan.read(unit, &mut each).await?;
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

fn check_memory(found: &Found, limit: usize) -> Result<(), Error> {
    if found.gathered.heap_bytes() > limit {
        return Err(Error::LimitExceeded(format!(
            "the question needs more than {} MiB; narrow its range, filters or groups",
            limit >> 20
        )));
    }
    Ok(())
}
