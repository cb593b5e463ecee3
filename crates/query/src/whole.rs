//! Rows with all their fields: the newest that pass, or all of a trace.
//!
//! Fields of a part are its own columns and overflow maps, whatever was asked before; values keep the
//! type they were stored in. Rows of the buffer are read from the batch itself.

use crate::answer::{Cell, Row, ScanStats};
use crate::fields::{STORED_TRACE_ID, VISIBLE, View};
use crate::predicate::{Among, Condition, Predicate, Test};
use crate::relational::{Related, Relations};
use crate::run::{Control, Pool};
use crate::scan::{Ask, Batch, Output, Scan, Table, Unit};
use crate::{Error, Query, Rows, Scope, range, values};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use event::{EventBatch, EventId, Fixed, SpanId, TableKind, TraceId, Type, ValueRef};
use hashbrown::{HashMap, HashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use store::FieldStat;
use store::part::{Part, Placement};
use store::snapshot::BufferedBatch;

/// Trace ids up to which a second look into a part is narrowed by them.
const NARROW_TRACES: usize = 64;

/// A row with all its fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whole {
    pub(crate) ts: i64,
    pub(crate) table: TableKind,
    pub(crate) dataset: String,
    pub(crate) trace_id: Option<TraceId>,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) parent_id: Option<SpanId>,
    pub(crate) service: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) duration_ns: Option<i64>,
    pub(crate) event_id: EventId,
    /// Every field with a value, under its visible name; `dataset` and time are not among them.
    pub(crate) fields: Row,
}

/// What tells rows of one table apart.
type Identity = (i64, EventId);

/// The fixed columns read, in the order of [`Fixeds::of_part`].
const FIXED: [Fixed; 11] = [
    Fixed::EventId,
    Fixed::TraceId,
    Fixed::SpanId,
    Fixed::ParentId,
    Fixed::Dataset,
    Fixed::Service,
    Fixed::Name,
    Fixed::Kind,
    Fixed::Status,
    Fixed::DurationNs,
    Fixed::Body,
];

/// The fixed columns of one row.
#[derive(Default)]
struct Fixeds {
    ts: i64,
    event_id: Option<EventId>,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    parent_id: Option<SpanId>,
    dataset: Option<String>,
    service: Option<String>,
    name: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    duration_ns: Option<i64>,
    body: Option<String>,
}

impl Fixeds {
    fn of_batch(batch: &EventBatch, row: usize) -> Self {
        let text = |f: Fixed| match batch.fixed(f)?.value(row)? {
            ValueRef::Str(s) => Some(s.to_owned()),
            _ => None,
        };
        let int = |f: Fixed| match batch.fixed(f)?.value(row)? {
            ValueRef::Int(i) => Some(i),
            _ => None,
        };
        Self {
            ts: batch.ts()[row],
            event_id: Some(batch.event_id(row)),
            trace_id: batch.trace_id(row),
            span_id: batch.span_id(row),
            parent_id: batch
                .fixed(Fixed::ParentId)
                .and_then(|c| c.id8(row))
                .map(SpanId),
            dataset: text(Fixed::Dataset),
            service: text(Fixed::Service),
            name: text(Fixed::Name),
            kind: text(Fixed::Kind),
            status: text(Fixed::Status),
            duration_ns: int(Fixed::DurationNs),
            body: text(Fixed::Body),
        }
    }

    /// From the columns `Ts`, then [`FIXED`].
    fn of_part(columns: &[ArrayRef], row: usize) -> Self {
        let text = |i: usize| event::column::text_at(columns[i].as_ref(), row).map(str::to_owned);
        let int = |i: usize| {
            let a = columns[i].as_primitive_opt::<Int64Type>()?;
            a.is_valid(row).then(|| a.value(row))
        };
        Self {
            ts: int(0).unwrap_or_default(),
            event_id: id(&columns[1], row).map(EventId),
            trace_id: id(&columns[2], row).map(TraceId),
            span_id: id(&columns[3], row).map(SpanId),
            parent_id: id(&columns[4], row).map(SpanId),
            dataset: text(5),
            service: text(6),
            name: text(7),
            kind: text(8),
            status: text(9),
            duration_ns: int(10),
            body: text(11),
        }
    }

    fn event_id(&self) -> EventId {
        self.event_id
            .unwrap_or_else(|| EventId::of_span_row(self.trace_id, self.span_id, 0, 0))
    }

    /// The row, given its attributes: these win over the fixed columns of their names.
    fn with(self, table: TableKind, mut fields: Row) -> Whole {
        for (name, fixed, view) in VISIBLE {
            if fields.contains_key(*name) {
                continue;
            }
            let text = |t: &Option<String>| t.clone().map(Cell::Text);
            let cell = match (fixed, view) {
                (Fixed::Name, _) => text(&self.name),
                (Fixed::Service, _) => text(&self.service),
                (Fixed::Kind, _) => text(&self.kind),
                (Fixed::Body, _) => text(&self.body),
                (Fixed::Status, View::Error) => {
                    (self.status.as_deref() == Some("error")).then_some(Cell::Bool(true))
                }
                (Fixed::Status, _) => self
                    .status
                    .as_deref()
                    .and_then(values::status_code)
                    .map(Cell::Int),
                #[expect(clippy::cast_precision_loss, reason = "milliseconds show as a double")]
                (Fixed::DurationNs, _) => self.duration_ns.map(|ns| Cell::Float(ns as f64 / 1e6)),
                (Fixed::TraceId, _) => self.trace_id.map(|id| Cell::Text(id.to_string())),
                (Fixed::SpanId, _) => self.span_id.map(|id| Cell::Text(id.to_string())),
                (Fixed::ParentId, _) => self.parent_id.map(|id| Cell::Text(id.to_string())),
                _ => None,
            };
            if let Some(cell) = cell {
                fields.insert((*name).to_owned(), cell);
            }
        }
        Whole {
            ts: self.ts,
            table,
            event_id: self.event_id(),
            dataset: self.dataset.unwrap_or_default(),
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_id: self.parent_id,
            service: self.service,
            name: self.name,
            kind: self.kind,
            status: self.status,
            duration_ns: self.duration_ns,
            fields,
        }
    }
}

fn id<const N: usize>(array: &ArrayRef, row: usize) -> Option<[u8; N]> {
    let a = array.as_fixed_size_binary_opt()?;
    a.is_valid(row).then(|| a.value(row).try_into().ok())?
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Str(s) => Cell::Text(s.to_owned()),
        ValueRef::Int(i) => Cell::Int(i),
        ValueRef::Float(x) => Cell::Float(x),
        ValueRef::Bool(b) => Cell::Bool(b),
    }
}

/// A row of the buffer.
fn of_batch(batch: &EventBatch, row: usize) -> Whole {
    let mut fields = Row::new();
    batch.for_each_attr(row, |key, value| {
        fields.insert(key.to_owned(), cell(value));
    });
    Fixeds::of_batch(batch, row).with(batch.kind(), fields)
}

/// Rows with one of these trace ids, as stored.
pub(crate) fn of_traces(ids: impl IntoIterator<Item = TraceId>) -> Predicate {
    Predicate::Test(Test {
        field: STORED_TRACE_ID.to_owned(),
        negated: false,
        condition: Condition::Among(Among {
            trace_ids: ids.into_iter().map(|id| id.0).collect(),
            ..Among::default()
        }),
    })
}

/// A table of one part alone.
pub(crate) fn only_part(table: &Table, part: &Arc<Part>) -> Table {
    let mut out = table.clone();
    out.snapshot.parts = vec![Arc::clone(part)];
    out.snapshot.batches = Vec::new();
    out
}

/// A table of its buffer alone.
pub(crate) fn only_buffer(table: &Table) -> Table {
    let mut out = table.clone();
    out.snapshot.parts = Vec::new();
    out
}

/// The rows of a part that pass, of those wanted. `ask.outputs` is not looked at.
pub(crate) async fn of_part(
    table: &Table,
    part: &Arc<Part>,
    mut ask: Ask,
    wanted: Option<&HashSet<Identity>>,
    stats: &mut ScanStats,
) -> Result<Vec<Whole>, Error> {
    let mut columns: Vec<(Arc<str>, Type)> = Vec::new();
    part.for_each_key(|key, ty, placement| {
        if matches!(placement, Placement::Column) {
            columns.push((key.into(), ty));
        }
    });
    ask.outputs = vec![Output::Ts];
    ask.outputs.extend(FIXED.map(Output::Fixed));
    let first_attr = ask.outputs.len();
    ask.outputs.extend(
        columns
            .iter()
            .map(|(key, ty)| Output::Attr(Arc::clone(key), *ty)),
    );
    let first_map = ask.outputs.len();
    ask.outputs.extend((0..8).map(Output::Overflow));
    let scan = Scan::new(&[only_part(table, part)], ask, &[])?;
    let mut out = Vec::new();
    let mut each = |batch: Batch| {
        for row in 0..batch.rows {
            let fixed = Fixeds::of_part(&batch.columns, row);
            if wanted.is_some_and(|w| !w.contains(&(fixed.ts, fixed.event_id()))) {
                continue;
            }
            let mut fields = Row::new();
            for ((key, _), array) in columns.iter().zip(&batch.columns[first_attr..]) {
                if let Some(value) = values::scalar_at(array, row) {
                    fields.insert(key.to_string(), cell(value));
                }
            }
            for map in &batch.columns[first_map..] {
                for_each_overflow(map, row, |key, value| {
                    fields.insert(key.to_owned(), value);
                });
            }
            out.push(fixed.with(table.kind, fields));
        }
        Ok(true)
    };
    for unit in 0..scan.units() {
        scan.read(unit, &mut each).await?;
    }
    add_stats(stats, &scan.stats());
    Ok(out)
}

/// Calls `f` with each entry of an overflow map in a row.
fn for_each_overflow(array: &ArrayRef, row: usize, mut f: impl FnMut(&str, Cell)) {
    let Some(map) = array.as_map_opt() else {
        return;
    };
    if map.is_null(row) {
        return;
    }
    let (keys, values) = (map.keys().as_ref(), map.values().as_ref());
    #[expect(clippy::cast_sign_loss, reason = "offsets are never negative")]
    let (from, to) = (
        map.value_offsets()[row] as usize,
        map.value_offsets()[row + 1] as usize,
    );
    for i in from..to {
        let (Some(key), Some(text)) = (
            event::column::text_at(keys, i),
            event::column::text_at(values, i),
        ) else {
            continue;
        };
        let mut rest = text.chars();
        let ty = rest.next().and_then(Type::from_tag);
        let rest = rest.as_str();
        let value = match ty {
            Some(Type::Str) => Some(Cell::Text(rest.to_owned())),
            Some(Type::Int) => rest.parse().ok().map(Cell::Int),
            Some(Type::Float) => rest.parse().ok().map(Cell::Float),
            Some(Type::Bool) => Some(Cell::Bool(rest == "true")),
            None => None,
        };
        if let Some(value) = value {
            f(key, value);
        }
    }
}

/// The rows of a table's buffer that pass.
pub(crate) async fn of_buffer(
    table: &Table,
    mut ask: Ask,
    stats: &mut ScanStats,
) -> Result<Vec<Whole>, Error> {
    ask.outputs = Vec::new();
    let scan = Scan::new(&[only_buffer(table)], ask, &[])?;
    let mut places: Vec<(usize, u64)> = Vec::new();
    let mut each = |batch: Batch| {
        places.extend((0..batch.rows).map(|row| (batch.origin.unit, place(&batch, row))));
        Ok(true)
    };
    for unit in 0..scan.units() {
        scan.read(unit, &mut each).await?;
    }
    add_stats(stats, &scan.stats());
    Ok(places
        .into_iter()
        .filter_map(|(unit, at)| {
            let (batch, row) = buffered(&scan, unit, at)?;
            Some(of_batch(&batch.batch, row))
        })
        .collect())
}

/// A row's place in its unit.
fn place(batch: &Batch, row: usize) -> u64 {
    let row = batch
        .kept
        .as_ref()
        .map_or(row as u64, |k| u64::from(k[row]));
    batch.origin.row + row
}

/// The buffered batch and row at a place of a unit.
fn buffered(scan: &Scan, unit: usize, mut at: u64) -> Option<(&Arc<BufferedBatch>, usize)> {
    let Unit::Buffer(b) = scan.unit(unit) else {
        return None;
    };
    for batch in b.batches() {
        let rows = batch.batch.rows() as u64;
        if at < rows {
            return Some((batch, usize::try_from(at).ok()?));
        }
        at -= rows;
    }
    None
}

/// Which of the newest rows to read whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    ts: i64,
    table: usize,
    /// Of a part: its place in the table's snapshot. Of the buffer: none.
    part: Option<usize>,
    /// Of the buffer: unit and place.
    at: (usize, u64),
    id: [u8; 16],
    trace: Option<[u8; 16]>,
}

/// Relations that rows have to pass, and where related spans are found.
#[derive(Clone, Copy)]
pub(crate) struct Narrow<'a> {
    pub(crate) relations: &'a Relations,
    pub(crate) tables: &'a [Table],
    pub(crate) known: &'a [FieldStat],
    pub(crate) control: &'a Control,
}

/// The newest rows that pass, at most `limit`, and whether there are more. `ask.outputs` is not
/// looked at.
pub(crate) async fn newest(
    tables: &[Table],
    ask: &Ask,
    narrow: Option<Narrow<'_>>,
    limit: usize,
    stats: &mut ScanStats,
) -> Result<(Vec<Whole>, bool), Error> {
    let mut top = Top::new(limit + 1);
    let mut scans = Vec::new();
    for (t, table) in tables.iter().enumerate() {
        let mut ask = ask.clone();
        ask.outputs = Relations::outputs().to_vec();
        ask.outputs
            .extend([Output::Ts, Output::Fixed(Fixed::EventId)]);
        let scan = Scan::new(std::slice::from_ref(table), ask, &[])?;
        for unit in 0..scan.units() {
            // Units come newest first: what follows is older than all that is kept.
            if top.is_above(scan.newest(unit)) {
                break;
            }
            let related: Option<Related> = match narrow {
                Some(n) => {
                    let times = scan.times(unit..unit + 1);
                    Some(
                        n.relations
                            .read(n.tables, times, n.known, n.control)
                            .await?,
                    )
                }
                None => None,
            };
            let part = match scan.unit(unit) {
                Unit::Part(p) => table
                    .snapshot
                    .parts
                    .iter()
                    .position(|other| Arc::ptr_eq(other, p.part())),
                Unit::Buffer(_) => None,
            };
            let mut each = |batch: Batch| {
                let keep = match &related {
                    Some(r) => r.apply(&batch.columns[..3], batch.rows)?.keep,
                    None => None,
                };
                let ts = batch.columns[3].as_primitive::<Int64Type>();
                for row in 0..batch.rows {
                    if keep.as_ref().is_some_and(|k| !k.value(row)) || top.is_above(ts.value(row)) {
                        continue;
                    }
                    let trace = id(&batch.columns[0], row);
                    let event_id = id(&batch.columns[4], row).map_or_else(
                        || {
                            let span = id(&batch.columns[1], row).map(SpanId);
                            EventId::of_span_row(trace.map(TraceId), span, 0, 0)
                        },
                        EventId,
                    );
                    top.push(Candidate {
                        ts: ts.value(row),
                        table: t,
                        part,
                        at: (unit, place(&batch, row)),
                        id: event_id.0,
                        trace,
                    });
                }
                Ok(true)
            };
            scan.read(unit, &mut each).await?;
        }
        add_stats(stats, &scan.stats());
        scans.push(scan);
    }
    let mut found = top.finish();
    let more = found.len() > limit;
    found.truncate(limit);
    let mut out = Vec::with_capacity(found.len());
    let mut by_part: HashMap<(usize, usize), Vec<Candidate>> = HashMap::new();
    for c in found {
        if let Some(part) = c.part {
            by_part.entry((c.table, part)).or_default().push(c);
        } else if let Some((batch, row)) = buffered(&scans[c.table], c.at.0, c.at.1) {
            out.push(of_batch(&batch.batch, row));
        }
    }
    for ((table, part), list) in by_part {
        let table = &tables[table];
        let wanted: HashSet<Identity> = list.iter().map(|c| (c.ts, EventId(c.id))).collect();
        let times = list.iter().map(|c| c.ts);
        let (Some(from), Some(to)) = (times.clone().min(), times.max()) else {
            continue;
        };
        let traces: Option<HashSet<[u8; 16]>> = list.iter().map(|c| c.trace).collect();
        let filter = match traces {
            Some(t) if t.len() <= NARROW_TRACES => of_traces(t.into_iter().map(TraceId)),
            _ => Predicate::always(),
        };
        let ask = Ask {
            range: (from, to.saturating_add(1)),
            filter,
            ..ask.clone()
        };
        let part = &table.snapshot.parts[part];
        let mut again = ScanStats::default();
        out.extend(of_part(table, part, ask, Some(&wanted), &mut again).await?);
        stats.bytes_scanned += again.bytes_scanned;
    }
    out.sort_by_key(|r| Reverse((r.ts, r.event_id.0)));
    // Rows sent twice have one identity: each was found, none is shown twice.
    out.truncate(limit);
    Ok((out, more))
}

/// The greatest so many of what is pushed.
pub(crate) struct Top<T> {
    limit: usize,
    heap: BinaryHeap<Reverse<T>>,
}

impl<T: Ord> Top<T> {
    /// Keeps at most `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            heap: BinaryHeap::new(),
        }
    }

    /// Adds one; the smallest falls out when there are too many.
    pub(crate) fn push(&mut self, item: T) {
        self.heap.push(Reverse(item));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// The smallest kept, when no more fit.
    pub(crate) fn least(&self) -> Option<&T> {
        if self.heap.len() < self.limit {
            return None;
        }
        self.heap.peek().map(|r| &r.0)
    }

    /// Greatest first.
    pub(crate) fn finish(self) -> Vec<T> {
        let mut out: Vec<T> = self.heap.into_iter().map(|r| r.0).collect();
        out.sort_unstable_by(|a, b| b.cmp(a));
        out
    }
}

impl Top<Candidate> {
    /// Whether all kept are newer than `ts`, so that nothing of it can come in.
    fn is_above(&self, ts: i64) -> bool {
        self.least().is_some_and(|c| c.ts > ts)
    }
}

/// Adds up what scans took.
pub(crate) fn add_stats(sum: &mut ScanStats, one: &ScanStats) {
    sum.rows_examined += one.rows_examined;
    sum.bytes_total += one.bytes_total;
    sum.bytes_scanned += one.bytes_scanned;
    sum.parts_total += one.parts_total;
    sum.parts_skipped += one.parts_skipped;
}

/// The row that a pointer names, with all its fields; `None` when it is gone.
pub(crate) async fn row_at(
    pool: &Pool,
    env: event::EnvId,
    pointer: &crate::pipeline::Pointer,
) -> Result<Option<Row>, Error> {
    let ask = Ask {
        range: (pointer.ts, pointer.ts.saturating_add(1)),
        dataset: Some(pointer.dataset.clone()),
        filter: Predicate::always(),
        outputs: Vec::new(),
        usage_mode: false,
        push_down: false,
    };
    let wanted = HashSet::from([(pointer.ts, pointer.event_id)]);
    let is_it = |row: &Whole| wanted.contains(&(row.ts, row.event_id));
    let mut stats = ScanStats::default();
    for table in pool.tables(env) {
        let buffered = of_buffer(&table, ask.clone(), &mut stats).await?;
        if let Some(row) = buffered.into_iter().find(is_it) {
            return Ok(Some(row.fields));
        }
        for part in &table.snapshot.parts {
            let may_have = part.ts_min <= pointer.ts
                && part.ts_max >= pointer.ts
                && part.may_have_dataset(&pointer.dataset);
            if may_have {
                let rows = of_part(&table, part, ask.clone(), Some(&wanted), &mut stats).await?;
                if let Some(row) = rows.into_iter().next() {
                    return Ok(Some(row.fields));
                }
            }
        }
    }
    Ok(None)
}

impl Pool {
    /// The newest rows that pass a question's filters and range, with all their fields.
    pub(crate) async fn rows(
        self: Arc<Self>,
        control: Control,
        scope: Scope,
        query: Query,
        limit: usize,
    ) -> Result<Rows, Error> {
        let range = range::range(&query, self.clock.now())?;
        let (tables, known) = (self.tables(scope.env), self.tables.fields(scope.env));
        // Only filters count: what is computed from the rows is another question.
        let query = Query {
            calculations: Vec::new(),
            breakdowns: Vec::new(),
            ..query
        };
        let (plain, relations) = Relations::split(&query)?;
        let ask = Ask {
            range,
            dataset: scope.dataset,
            filter: Predicate::of_filters(&plain.filters, plain.filter_combination)?,
            outputs: Vec::new(),
            usage_mode: plain.usage_mode,
            push_down: false,
        };
        let mut stats = ScanStats::default();
        let narrow = relations.as_ref().map(|relations| Narrow {
            relations,
            tables: &tables,
            known: &known,
            control: &control,
        });
        let (rows, more) = newest(&tables, &ask, narrow, limit, &mut stats).await?;
        stats.elapsed_us = control.elapsed_us();
        let rows = rows.into_iter().map(|row| {
            let mut fields = row.fields;
            let text = |s: String| Cell::Text(s);
            fields.insert("timestamp_ns".into(), text(row.ts.to_string()));
            fields.insert("dataset".into(), text(row.dataset));
            fields.insert("event_id".into(), text(row.event_id.to_string()));
            fields
        });
        Ok(Rows {
            rows: rows.collect(),
            more,
            stats,
        })
    }
}
