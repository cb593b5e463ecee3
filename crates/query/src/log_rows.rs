//! Lines of one dataset in their order: by time, then by arrival; paged, in both directions.
//!
//! A line's place is its time and its identity, which rises with arrival ([`Place`]), so a page ends
//! and the next begins at a place, exactly, however many lines share a millisecond. A page holds at
//! most so many lines and so many bytes; what cannot come onto it is dropped while reading, so memory
//! is bounded by the page, not by what matches.

use crate::predicate::Predicate;
use crate::run::{Control, Pool};
use crate::scan::{Ask, Batch, Output, Scan, Table};
use crate::spec::{Combination, Filter, FilterOp};
use crate::{Error, Limits, Querier, ScanStats, whole};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef};
use event::{EnvId, EventId, Fixed, TableKind, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a line weighs beside its text (CloudWatch Logs API, PutLogEvents).
const LINE_OVERHEAD_BYTES: usize = 26;

/// Says whether a line's text passes. Runs on the threads of questions.
pub type Matcher = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Where a line stands among all others of its dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its time, nanoseconds.
    pub ts_ns: i64,
    /// Its identity: rises with arrival.
    pub event_id: EventId,
}

/// Which streams' lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Streams {
    /// All.
    #[default]
    All,
    /// Those of these names.
    Named(Vec<String>),
    /// Those whose names begin so.
    Prefix(String),
}

/// Which lines, and in what order.
#[derive(Clone)]
pub struct LogAsk {
    /// The environment.
    pub env: EnvId,
    /// The dataset's slug.
    pub dataset: String,
    /// The field that holds a line's stream.
    pub stream_field: &'static str,
    /// Which streams.
    pub streams: Streams,
    /// Times, half open, nanoseconds.
    pub range: (i64, i64),
    /// Only lines after this place, in the order asked (backwards: before it).
    pub beyond: Option<Place>,
    /// Latest first.
    pub backwards: bool,
    /// What their text has to pass.
    pub matcher: Option<Matcher>,
    /// Most lines.
    pub limit: usize,
    /// Most bytes of text, 26 added for each line; one line comes whatever its size.
    pub bytes: usize,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// Where it stands.
    pub place: Place,
    /// When it was taken, milliseconds.
    pub ingested_ms: i64,
    /// Its stream.
    pub stream: String,
    /// Byte for byte as sent.
    pub message: String,
    /// Its trace, when one was found in it.
    pub trace_id: Option<event::TraceId>,
    /// Its severity, when it says one.
    pub severity: Option<String>,
}

/// A page of lines.
#[derive(Clone, Debug, Default)]
pub struct LogPage {
    /// In the order asked.
    pub lines: Vec<LogLine>,
    /// Whether there are more beyond the last.
    pub more: bool,
    /// What it took.
    pub stats: ScanStats,
}

/// Lines counted over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogCounts {
    /// Lines in each interval, by severity (empty: none said).
    pub intervals: Vec<BTreeMap<String, u64>>,
    /// Lines looked at.
    pub examined: u64,
}

impl Querier {
    /// A page of lines.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn log_lines(&self, ask: &LogAsk) -> Result<LogPage, Error> {
        let ask = ask.clone();
        self.pool
            .admit(Limits::default(), move |pool, control| async move {
                page(&pool, &control, &ask).await
            })
            .await
    }

    /// How many lines there are in each of `intervals` equal parts of the range. `beyond`, `limit`
    /// and `bytes` are not looked at.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn log_counts(&self, ask: &LogAsk, intervals: usize) -> Result<LogCounts, Error> {
        let ask = ask.clone();
        self.pool
            .admit(Limits::default(), move |pool, control| async move {
                counts(&pool, &control, &ask, intervals).await
            })
            .await
    }

    /// One line with all its fields.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn log_line(
        &self,
        env: EnvId,
        dataset: &str,
        place: Place,
    ) -> Result<Option<crate::answer::Row>, Error> {
        let ask = Ask {
            range: (place.ts_ns, place.ts_ns.saturating_add(1)),
            dataset: Some(dataset.to_owned()),
            filter: Predicate::always(),
            outputs: Vec::new(),
            usage_mode: false,
            push_down: false,
        };
        self.pool
            .admit(Limits::default(), move |pool, _| async move {
                one(&pool.tables(env), ask, place).await
            })
            .await
    }
}

/// The line at a place.
async fn one(
    tables: &[Table],
    ask: Ask,
    place: Place,
) -> Result<Option<crate::answer::Row>, Error> {
    let mut stats = ScanStats::default();
    let wanted = [(place.ts_ns, place.event_id)].into_iter().collect();
    for table in tables.iter().filter(|t| t.kind == TableKind::Logs) {
        let mut found = whole::of_buffer(table, ask.clone(), &mut stats).await?;
        found.retain(|row| row.event_id == place.event_id);
        for part in &table.snapshot.parts {
            if found.is_empty() && part.ts_min <= place.ts_ns && part.ts_max >= place.ts_ns {
                found = whole::of_part(table, part, ask.clone(), Some(&wanted), &mut stats).await?;
            }
        }
        if let Some(row) = found.pop() {
            return Ok(Some(row.fields));
        }
    }
    Ok(None)
}

impl LogAsk {
    fn filters(&self) -> Result<Predicate, Error> {
        let filter = |op, value| Filter {
            column: self.stream_field.to_owned(),
            op,
            value: Some(value),
        };
        let filters = match &self.streams {
            Streams::All => Vec::new(),
            Streams::Named(names) => vec![filter(FilterOp::In, names.clone().into())],
            Streams::Prefix(prefix) => vec![filter(FilterOp::StartsWith, prefix.clone().into())],
        };
        Predicate::of_filters(&filters, Combination::And)
    }

    fn scan(&self, pool: &Pool) -> Result<Scan, Error> {
        let tables: Vec<Table> = pool
            .tables(self.env)
            .into_iter()
            .filter(|t| t.kind == TableKind::Logs)
            .collect();
        let (mut from, mut to) = self.range;
        match (self.beyond, self.backwards) {
            (Some(place), false) => from = from.max(place.ts_ns),
            (Some(place), true) => to = to.min(place.ts_ns.saturating_add(1)),
            (None, _) => {}
        }
        let ask = Ask {
            range: (from, to),
            dataset: Some(self.dataset.clone()),
            filter: self.filters()?,
            outputs: vec![
                Output::Ts,
                Output::Fixed(Fixed::EventId),
                Output::Fixed(Fixed::IngestTs),
                Output::Attr(self.stream_field.into(), Type::Str),
                Output::Fixed(Fixed::Body),
                Output::Fixed(Fixed::TraceId),
                Output::Attr(SEVERITY.into(), Type::Str),
            ],
            usage_mode: false,
            push_down: false,
        };
        Scan::new(&tables, ask, &[])
    }

    /// Whether a line at `place` comes after another in the order asked.
    fn is_beyond(&self, place: Place, other: Place) -> bool {
        match self.backwards {
            false => place > other,
            true => place < other,
        }
    }
}

const SEVERITY: &str = "severity";
/// How long a full page looks for one line more; then it says that there may be some.
const MORE_LOOK_US: u64 = 5_000_000;

/// The columns of a batch, in the order of [`LogAsk::scan`].
struct Columns<'a>(&'a [ArrayRef]);

impl Columns<'_> {
    fn ts(&self, row: usize) -> i64 {
        self.0[0]
            .as_primitive_opt::<Int64Type>()
            .map_or(0, |a| a.value(row))
    }

    fn place(&self, row: usize) -> Place {
        let id = self.0[1].as_fixed_size_binary_opt();
        let id = id
            .filter(|a| a.is_valid(row))
            .and_then(|a| a.value(row).try_into().ok());
        Place {
            ts_ns: self.ts(row),
            event_id: EventId(id.unwrap_or_default()),
        }
    }

    fn ingested_ms(&self, row: usize) -> i64 {
        if let Some(a) = self.0[2].as_primitive_opt::<TimestampMillisecondType>() {
            return a.value(row);
        }
        let a = self.0[2].as_primitive_opt::<Int64Type>();
        a.map_or(0, |a| a.value(row))
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        event::column::text_at(self.0[column].as_ref(), row)
    }

    fn message(&self, row: usize) -> &str {
        self.text(4, row).unwrap_or_default()
    }

    fn line(&self, row: usize) -> LogLine {
        let trace = self.0[5].as_fixed_size_binary_opt();
        LogLine {
            place: self.place(row),
            ingested_ms: self.ingested_ms(row),
            stream: self.text(3, row).unwrap_or_default().to_owned(),
            message: self.message(row).to_owned(),
            trace_id: trace
                .filter(|a| a.is_valid(row))
                .and_then(|a| a.value(row).try_into().ok())
                .map(event::TraceId),
            severity: self.text(6, row).map(str::to_owned),
        }
    }
}

/// The lines of a page while it is read: keys in the order asked, and what they weigh.
struct Page<'a> {
    ask: &'a LogAsk,
    lines: BTreeMap<Place, LogLine>,
    bytes: usize,
    dropped: bool,
}

impl Page<'_> {
    fn weight(message: &str) -> usize {
        message.len() + LINE_OVERHEAD_BYTES
    }

    /// The place that is last in the order asked.
    fn last(&self) -> Option<Place> {
        let (first, last) = (self.lines.keys().next(), self.lines.keys().next_back());
        if self.ask.backwards { first } else { last }.copied()
    }

    /// Whether no line beyond the last can come onto the page.
    fn is_full(&self) -> bool {
        self.lines.len() >= self.ask.limit || self.bytes >= self.ask.bytes
    }

    /// Whether a line at that time, or beyond it, is of no use.
    fn is_beyond(&self, ts: i64) -> bool {
        self.is_full()
            && self.last().is_some_and(|last| match self.ask.backwards {
                false => ts > last.ts_ns,
                true => ts < last.ts_ns,
            })
    }

    fn take(&mut self, columns: &Columns<'_>, row: usize) {
        let place = columns.place(row);
        let ask = self.ask;
        if ask.beyond.is_some_and(|b| !ask.is_beyond(place, b)) {
            return;
        }
        let useless = self.is_full() && self.last().is_some_and(|l| ask.is_beyond(place, l));
        let message = columns.message(row);
        if useless && self.dropped {
            return;
        }
        if ask.matcher.as_ref().is_some_and(|m| !m(message)) {
            return;
        }
        if useless {
            self.dropped = true;
            return;
        }
        self.bytes += Self::weight(message);
        self.lines.insert(place, columns.line(row));
        while let Some(last) = self.last() {
            let Some(weight) = self.lines.get(&last).map(|l| Self::weight(&l.message)) else {
                return;
            };
            // What stays without it has to fill the page.
            if self.lines.len() <= ask.limit && self.bytes - weight < ask.bytes {
                return;
            }
            self.lines.remove(&last);
            self.bytes -= weight;
            self.dropped = true;
        }
    }

    /// The page: what does not fit into its bytes goes, but for a first line.
    fn finish(mut self, stats: ScanStats) -> LogPage {
        if self.bytes > self.ask.bytes
            && self.lines.len() > 1
            && let Some(last) = self.last()
        {
            self.lines.remove(&last);
            self.dropped = true;
        }
        let mut lines: Vec<LogLine> = self.lines.into_values().collect();
        if self.ask.backwards {
            lines.reverse();
        }
        LogPage {
            lines,
            more: self.dropped,
            stats,
        }
    }
}

async fn page(pool: &Pool, control: &Control, ask: &LogAsk) -> Result<LogPage, Error> {
    let scan = ask.scan(pool)?;
    let mut page = Page {
        ask,
        lines: BTreeMap::new(),
        bytes: 0,
        dropped: false,
    };
    let mut units: Vec<usize> = (0..scan.units()).collect();
    if !ask.backwards {
        units.sort_by_key(|u| scan.oldest(*u));
    }
    for unit in units {
        let nearest = match ask.backwards {
            false => scan.oldest(unit),
            true => scan.newest(unit),
        };
        // Units come in the order asked: what follows is beyond all that is kept. It is looked at
        // only to know whether there is more, and not for long.
        if page.is_beyond(nearest) {
            page.dropped |= control.elapsed_us() > MORE_LOOK_US;
            if page.dropped {
                break;
            }
        }
        let mut each = |batch: Batch| {
            let columns = Columns(&batch.columns);
            for row in 0..batch.rows {
                page.take(&columns, row);
            }
            in_time(control)
        };
        scan.read(unit, &mut each).await?;
    }
    let mut stats = scan.stats();
    stats.elapsed_us = control.elapsed_us();
    Ok(page.finish(stats))
}

fn in_time(control: &Control) -> Result<bool, Error> {
    match control.goes_on()? {
        true => Ok(true),
        false => Err(Error::LimitExceeded(
            "the lines could not be read in time; narrow the range".into(),
        )),
    }
}

async fn counts(
    pool: &Pool,
    control: &Control,
    ask: &LogAsk,
    intervals: usize,
) -> Result<LogCounts, Error> {
    let scan = ask.scan(pool)?;
    let mut out = LogCounts {
        intervals: vec![BTreeMap::new(); intervals],
        examined: 0,
    };
    let (from, to) = ask.range;
    let span = (i128::from(to) - i128::from(from)).max(1);
    let interval = |ts: i64| {
        let at = (i128::from(ts) - i128::from(from)) * intervals as i128 / span;
        usize::try_from(at).ok()
    };
    for unit in 0..scan.units() {
        let mut each = |batch: Batch| {
            let columns = Columns(&batch.columns);
            out.examined += batch.rows as u64;
            for row in 0..batch.rows {
                let passes = ask.matcher.as_ref().is_none_or(|m| m(columns.message(row)));
                let at = interval(columns.ts(row)).and_then(|i| out.intervals.get_mut(i));
                let (true, Some(counts)) = (passes, at) else {
                    continue;
                };
                let severity = columns.text(6, row).unwrap_or_default();
                match counts.get_mut(severity) {
                    Some(n) => *n += 1,
                    None => drop(counts.insert(severity.to_owned(), 1)),
                }
            }
            in_time(control)
        };
        scan.read(unit, &mut each).await?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
