//! Reads rows of a scope: parts and buffered batches alike, newest first, as columns of values.
//!
//! A [`Scan`] is made from an [`Ask`] over the snapshots of the scope's tables. It resolves every
//! field once, over all of them, so each column has one type everywhere, and splits the rows into
//! *units*: a few row groups of one part, or some buffered batches. Units are independent;
//! [`crate::run`] spreads them over threads. Retention, deletes, range and dataset are filters at
//! the root of every unit.

mod batch;
mod buffer;
mod guard;
mod part;
mod resolve;

use crate::fields::{Source, View};
use crate::notions::Made;
use crate::predicate::Predicate;
use crate::{Error, ScanStats};
use arrow_array::ArrayRef;
use event::{Fixed, TableKind, Type};
use hashbrown::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use store::{FieldStat, Snapshot};

/// One table of the scope as of now.
#[derive(Clone)]
pub(crate) struct Table {
    /// Which.
    pub(crate) kind: TableKind,
    /// Its rows.
    pub(crate) snapshot: Snapshot,
    /// What rows have to pass to be seen at all: see [`crate::hidden`].
    pub(crate) visible: Option<Arc<Predicate>>,
}

/// A column wanted from a scan. All arrays have one value per row.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Event time: `Int64`, nanoseconds, never null.
    Ts,
    /// Weight: `Int64`, at least 1, never null. Yields a one-value array when all rows weigh 1
    /// (see [`Batch::weights`]).
    Weight,
    /// A fixed column as stored: `FixedSizeBinary` ids, `Int64` numbers and times, any text form.
    /// An all-null array of that type where there is none.
    Fixed(Fixed),
    /// The field as it shows: `Int64`, `Float64`, `Boolean`, or text in any of the three forms of
    /// [`event::column::text_at`] (dictionary, view, plain). See [`Scan::value_type`].
    Value(String),
    /// The field in numeric context: `Int64` or `Float64`, the same in every batch of the scan.
    Number(String),
    /// One attribute of one type as stored: `Int64`, `Float64`, `Boolean`, or text; an all-null
    /// array where there is none.
    Attr(Arc<str>, Type),
    /// An overflow map of a part whole, for reading rows with all their fields; all null in the
    /// buffer.
    Overflow(u8),
    /// Whether the field has a value: `Boolean`, never null.
    Present(String),
    /// Whether the predicate holds: `Boolean`, never null.
    Test(Predicate),
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Event times, half open, nanoseconds.
    pub(crate) range: (i64, i64),
    /// One dataset's rows, or all.
    pub(crate) dataset: Option<String>,
    /// Rows that pass this.
    pub(crate) filter: Predicate,
    /// The columns, in this order.
    pub(crate) outputs: Vec<Output>,
    /// Weights are 1 and "Sample Rate" is a field.
    pub(crate) usage_mode: bool,
    /// Few rows are expected: the reader applies all filters while decoding.
    pub(crate) push_down: bool,
}

/// Rows of a unit that passed, as the columns asked for.
#[derive(Debug)]
pub(crate) struct Batch {
    /// How many rows.
    pub(crate) rows: usize,
    /// One array per output, in the order asked.
    pub(crate) columns: Vec<ArrayRef>,
    /// Which unit, and the place of its first row before filtering; with the row's place in the
    /// unfiltered batch this names a row (see [`Batch::kept`]).
    pub(crate) origin: Origin,
    /// The kept rows' places in the unfiltered batch; `None`: all were kept.
    pub(crate) kept: Option<Vec<u32>>,
}

/// Where a batch came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Index of the unit.
    pub(crate) unit: usize,
    /// Rows of the unit before this batch, as far as they were decoded.
    pub(crate) row: u64,
}

impl Batch {
    /// The weights in a column asked as [`Output::Weight`]; `None`: every row weighs 1.
    pub(crate) fn weights(&self, column: usize) -> Option<&[i64]> {
        use arrow_array::cast::AsArray as _;
        let a = self.columns[column].as_primitive_opt::<arrow_array::types::Int64Type>()?;
        (a.len() == self.rows && !(self.rows == 1 && a.value(0) == 1)).then(|| &a.values()[..])
    }
}

/// One thing a field reads.
#[derive(Clone, Debug)]
pub(crate) enum Reading {
    /// A column: index into [`Scan::sources`], view of a fixed column.
    Stored(usize, Option<View>),
    /// Text made of columns: for each part those that may have it, the first with a value counts.
    Made(Made, Vec<Vec<usize>>),
}

impl Reading {
    /// Every column it reads.
    pub(crate) fn sources(&self) -> impl Iterator<Item = usize> {
        let (one, many): (Option<usize>, &[Vec<usize>]) = match self {
            Self::Stored(source, _) => (Some(*source), &[]),
            Self::Made(_, parts) => (None, parts),
        };
        one.into_iter().chain(many.iter().flatten().copied())
    }
}

/// A field, resolved over the whole scan.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// What it reads, in order of precedence.
    pub(crate) siblings: Vec<Reading>,
    /// The type it shows.
    pub(crate) ty: Type,
}

/// Rows of a slice, about.
const SLICE_ROWS: u64 = 2_000_000;

/// What is known of a unit before it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Smallest and greatest event time, or beyond.
    pub(crate) oldest: i64,
    pub(crate) newest: i64,
    /// Rows before any filter.
    pub(crate) rows: u64,
}

/// A piece of work.
#[derive(Debug)]
pub(crate) enum Unit {
    /// Some row groups of a part.
    Part(part::PartUnit),
    /// Some buffered batches.
    Buffer(buffer::BufferUnit),
}

/// A scan, ready to run.
#[derive(Debug)]
pub(crate) struct Scan {
    ask: Ask,
    sources: Vec<Source>,
    /// Place of each source in `sources`.
    index: HashMap<Source, usize>,
    /// Whether a text source is read as a dictionary: those that are put out.
    dictionary: Vec<bool>,
    fields: HashMap<String, Field>,
    units: Vec<Unit>,
    /// By unit.
    extents: Vec<Extent>,
    unknown: Vec<String>,
    counters: Counters,
}

/// What has been read so far.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    rows_examined: AtomicU64,
    bytes_total: u64,
    bytes_scanned: Arc<AtomicU64>,
    parts_total: u32,
    parts_skipped: AtomicU32,
}

impl Scan {
    /// Resolves the ask's fields and finds the units that can have rows, newest first.
    /// `known`: the fields seen in the environment.
    ///
    /// # Errors
    /// [`Error::Internal`] when a part cannot be read.
    pub(crate) fn new(tables: &[Table], ask: Ask, known: &[FieldStat]) -> Result<Self, Error> {
        resolve::scan(tables, ask, known)
    }

    /// Number of units, newest first.
    pub(crate) fn units(&self) -> usize {
        self.units.len()
    }

    /// No row of the unit is newer than this.
    pub(crate) fn newest(&self, unit: usize) -> i64 {
        self.extents[unit].newest
    }

    /// No row of the unit is older than this.
    pub(crate) fn oldest(&self, unit: usize) -> i64 {
        self.extents[unit].oldest
    }

    /// Rows of all units before any filter.
    pub(crate) fn rows(&self) -> u64 {
        self.extents.iter().map(|e| e.rows).sum()
    }

    /// These units in runs of about [`SLICE_ROWS`] rows, newest first: what has to be held in memory for
    /// rows of a slice (storage.md §5) stays bounded.
    pub(crate) fn slices(&self, units: Range<usize>) -> Vec<Range<usize>> {
        let (mut out, mut first, mut rows) = (Vec::new(), units.start, 0);
        for i in units.clone() {
            let more = self.extents[i].rows;
            if i > first && rows + more > SLICE_ROWS {
                out.push(first..i);
                (first, rows) = (i, 0);
            }
            rows += more;
        }
        if first < units.end {
            out.push(first..units.end);
        }
        out
    }

    /// All units at once, or by [`Self::slices`] when something is held for each slice.
    pub(crate) fn pieces(&self, sliced: bool) -> Vec<Range<usize>> {
        let all = 0..self.units();
        if sliced {
            self.slices(all)
        } else {
            std::iter::once(all).collect()
        }
    }

    /// The times rows of these units can have, half open, within the range asked.
    pub(crate) fn times(&self, units: Range<usize>) -> (i64, i64) {
        let units = &self.extents[units];
        let (start, end) = self.ask.range;
        let oldest = units.iter().map(|e| e.oldest).min().unwrap_or(start);
        let newest = units.iter().map(|e| e.newest).max().unwrap_or(end);
        (oldest.max(start), newest.saturating_add(1).min(end))
    }

    /// A unit.
    pub(crate) fn unit(&self, unit: usize) -> &Unit {
        &self.units[unit]
    }

    /// The type a field shows in this scan; text when nothing has it.
    pub(crate) fn value_type(&self, field: &str) -> Type {
        self.fields.get(field).map_or(Type::Str, |f| f.ty)
    }

    /// Whether a field's numbers are integers.
    pub(crate) fn is_integer(&self, field: &str) -> bool {
        self.fields
            .get(field)
            .is_some_and(|f| self.integer_siblings(f))
    }

    fn integer_siblings(&self, field: &Field) -> bool {
        !field.siblings.is_empty()
            && field.siblings.iter().all(|reading| match reading {
                Reading::Stored(_, Some(view)) => view.ty() == Type::Int,
                Reading::Stored(s, None) => {
                    matches!(&self.sources[*s], Source::Attr(_, Type::Int))
                }
                Reading::Made(..) => false,
            })
    }

    /// Fields asked for that were never seen in the environment.
    pub(crate) fn unknown_fields(&self) -> &[String] {
        &self.unknown
    }

    /// What has been read so far; `elapsed_us` is the caller's.
    pub(crate) fn stats(&self) -> ScanStats {
        let c = &self.counters;
        ScanStats {
            rows_examined: c.rows_examined.load(Ordering::Relaxed),
            bytes_total: c.bytes_total,
            bytes_scanned: c.bytes_scanned.load(Ordering::Relaxed),
            parts_total: c.parts_total,
            parts_skipped: c.parts_skipped.load(Ordering::Relaxed),
            elapsed_us: 0,
        }
    }

    /// Reads a unit, calling `each` with the rows that passed, batch by batch, until it returns
    /// `false`. Yields to the runtime between batches.
    ///
    /// # Errors
    /// [`Error::Internal`] when a part cannot be read; what `each` returns.
    pub(crate) async fn read(
        &self,
        unit: usize,
        each: &mut (dyn FnMut(Batch) -> Result<bool, Error> + Send),
    ) -> Result<(), Error> {
        match &self.units[unit] {
            Unit::Part(p) => self.read_part(unit, p, each).await,
            Unit::Buffer(b) => self.read_buffer(unit, b, each).await,
        }
    }

    fn field(&self, name: &str) -> &[Reading] {
        self.fields.get(name).map_or(&[], |f| &f.siblings)
    }
}
