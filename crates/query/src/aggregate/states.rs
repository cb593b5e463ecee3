//! The states of one calculation over all cells (group × time bucket).

use super::Buckets;
use crate::answer::Cell;
use crate::functions::distinct::Distinct;
use crate::functions::loghist::{HEATMAP_BITS, LogHist, PERCENTILE_BITS};
use crate::functions::sum::FloatSum;
use crate::values::{self, type_of};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use event::Type;

/// What is kept. Several calculations share one: P50 and P99 of a field, SUM and AVG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Σ weight of rows (where the column exists, if there is one).
    Count,
    /// Σ weight × value, and Σ weight.
    Sum,
    /// Smallest and greatest value.
    Extremes,
    /// Distinct values.
    Distinct,
    /// Histogram for percentiles.
    Percentiles,
    /// Histogram for heat maps.
    Heatmap,
    /// Time covered by spans.
    Concurrency,
}

/// The rows of a batch as the states see them.
pub(crate) struct Rows<'a> {
    pub(crate) cells: &'a [u32],
    pub(crate) weights: Option<&'a [i64]>,
    /// Rows that count; `None`: all.
    pub(crate) mask: Option<&'a BooleanBuffer>,
    /// Event times, where a state needs them.
    pub(crate) ts: &'a [i64],
}

impl Rows<'_> {
    /// Calls `f(row, cell, weight)` for every row that counts and has a value.
    #[inline]
    fn for_each(&self, nulls: Option<&NullBuffer>, mut f: impl FnMut(usize, usize, i64)) {
        let nulls = nulls.filter(|n| n.null_count() > 0);
        match (self.mask, nulls, self.weights) {
            (None, None, None) => {
                for (i, c) in self.cells.iter().enumerate() {
                    f(i, *c as usize, 1);
                }
            }
            (None, None, Some(w)) => {
                for (i, c) in self.cells.iter().enumerate() {
                    f(i, *c as usize, w[i]);
                }
            }
            (mask, nulls, weights) => {
                let both;
                let valid = match (mask, nulls) {
                    (Some(m), Some(n)) => {
                        both = m & n.inner();
                        &both
                    }
                    (Some(m), None) => m,
                    (None, Some(n)) => n.inner(),
                    (None, None) => return,
                };
                for i in valid.set_indices() {
                    f(i, self.cells[i] as usize, weights.map_or(1, |w| w[i]));
                }
            }
        }
    }
}

/// Smallest and greatest; `low > high` when there is no value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extremes<T> {
    low: T,
    high: T,
}

impl<T: PartialOrd + Copy> Extremes<T> {
    fn add(&mut self, v: T) {
        if v < self.low {
            self.low = v;
        }
        if v > self.high {
            self.high = v;
        }
    }
}

/// Time covered by spans: all of it where the span begins, and as difference arrays over buckets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Covered {
    /// Nanoseconds × weight of spans beginning here, wherever they lie.
    total: i128,
    /// Nanoseconds × weight in this bucket, of spans that cover it in part.
    part: i128,
    /// Change, from the bucket before, of the weight of spans that cover the bucket whole.
    whole: i128,
}

/// The states, one per cell.
#[derive(Clone, Debug)]
pub(crate) enum States {
    Count(Vec<i64>),
    /// Sum, weight.
    SumInt(Vec<(i128, i64)>),
    SumFloat(Vec<(FloatSum, i64)>),
    ExtremesInt(Vec<Extremes<i64>>),
    ExtremesFloat(Vec<Extremes<f64>>),
    Distinct {
        sets: Vec<Distinct>,
        heap: usize,
        cache: Option<(StringArray, Vec<u64>)>,
    },
    Histogram {
        cells: Vec<LogHist>,
        bits: u32,
        integers: bool,
        heap: usize,
    },
    Concurrency(Vec<Covered>),
}

/// A hash of a value that is the same in every process and for every layout.
fn hash_of(array: &dyn Array, i: usize) -> u64 {
    use event::ValueRef;
    use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
    match values::scalar_at(array, i) {
        None => 0,
        Some(ValueRef::Str(s)) => xxh3_64(s.as_bytes()),
        Some(ValueRef::Int(v)) => xxh3_64_with_seed(&v.to_le_bytes(), 1),
        Some(ValueRef::Float(v)) => {
            xxh3_64_with_seed(&(if v == 0.0 { 0.0 } else { v }).to_le_bytes(), 2)
        }
        Some(ValueRef::Bool(b)) => xxh3_64_with_seed(&[u8::from(b)], 3),
    }
}

impl States {
    /// No cell yet. `integers`: the column holds whole numbers.
    pub(crate) fn new(kind: Kind, integers: bool) -> Self {
        let histogram = |bits| Self::Histogram {
            cells: Vec::new(),
            bits,
            integers,
            heap: 0,
        };
        match (kind, integers) {
            (Kind::Count, _) => Self::Count(Vec::new()),
            (Kind::Sum, true) => Self::SumInt(Vec::new()),
            (Kind::Sum, false) => Self::SumFloat(Vec::new()),
            (Kind::Extremes, true) => Self::ExtremesInt(Vec::new()),
            (Kind::Extremes, false) => Self::ExtremesFloat(Vec::new()),
            (Kind::Distinct, _) => Self::Distinct {
                sets: Vec::new(),
                heap: 0,
                cache: None,
            },
            (Kind::Percentiles, _) => histogram(PERCENTILE_BITS),
            (Kind::Heatmap, _) => histogram(HEATMAP_BITS),
            (Kind::Concurrency, _) => Self::Concurrency(Vec::new()),
        }
    }

    /// No cell, of the same kind.
    pub(crate) fn empty(&self) -> Self {
        match self {
            Self::Count(_) => Self::Count(Vec::new()),
            Self::SumInt(_) => Self::SumInt(Vec::new()),
            Self::SumFloat(_) => Self::SumFloat(Vec::new()),
            Self::ExtremesInt(_) => Self::ExtremesInt(Vec::new()),
            Self::ExtremesFloat(_) => Self::ExtremesFloat(Vec::new()),
            Self::Distinct { .. } => Self::new(Kind::Distinct, false),
            Self::Histogram { bits, integers, .. } => Self::Histogram {
                cells: Vec::new(),
                bits: *bits,
                integers: *integers,
                heap: 0,
            },
            Self::Concurrency(_) => Self::Concurrency(Vec::new()),
        }
    }

    /// At least that many cells.
    pub(crate) fn grow(&mut self, cells: usize) {
        fn grow<T: Clone>(v: &mut Vec<T>, n: usize, x: T) {
            if v.len() < n {
                v.resize(n, x);
            }
        }
        match self {
            Self::Count(v) => grow(v, cells, 0),
            Self::SumInt(v) => grow(v, cells, (0, 0)),
            Self::SumFloat(v) => grow(v, cells, (FloatSum::default(), 0)),
            Self::ExtremesInt(v) => grow(
                v,
                cells,
                Extremes {
                    low: i64::MAX,
                    high: i64::MIN,
                },
            ),
            Self::ExtremesFloat(v) => grow(
                v,
                cells,
                Extremes {
                    low: f64::INFINITY,
                    high: f64::NEG_INFINITY,
                },
            ),
            Self::Distinct { sets, .. } => grow(sets, cells, Distinct::default()),
            Self::Histogram { cells: v, .. } => grow(v, cells, LogHist::default()),
            Self::Concurrency(v) => grow(v, cells, Covered::default()),
        }
    }

    /// Adds the rows of a batch. `column` is the calculation's, in the form its kind needs.
    pub(crate) fn update(&mut self, rows: &Rows<'_>, column: Option<&ArrayRef>, buckets: &Buckets) {
        match self {
            Self::Count(v) => {
                let nulls = column.and_then(|c| presence_of(c.as_ref()));
                rows.for_each(nulls.as_ref(), |_, c, w| v[c] = v[c].saturating_add(w));
            }
            Self::SumInt(v) => {
                if let Some(a) = column.and_then(|c| c.as_primitive_opt::<Int64Type>()) {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, w| {
                        let (sum, weight) = &mut v[c];
                        *sum += i128::from(values[i]) * i128::from(w);
                        *weight = weight.saturating_add(w);
                    });
                }
            }
            Self::SumFloat(v) => {
                if let Some(a) = column.and_then(|c| c.as_primitive_opt::<Float64Type>()) {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, w| {
                        if !values[i].is_nan() {
                            let (sum, weight) = &mut v[c];
                            sum.add(values[i], w);
                            *weight = weight.saturating_add(w);
                        }
                    });
                }
            }
            Self::ExtremesInt(v) => {
                if let Some(a) = column.and_then(|c| c.as_primitive_opt::<Int64Type>()) {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, _| v[c].add(values[i]));
                }
            }
            Self::ExtremesFloat(v) => {
                if let Some(a) = column.and_then(|c| c.as_primitive_opt::<Float64Type>()) {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, _| v[c].add(values[i]));
                }
            }
            Self::Distinct { sets, heap, cache } => {
                if let Some(column) = column {
                    add_distinct(sets, heap, cache, rows, column);
                }
            }
            Self::Histogram {
                cells, bits, heap, ..
            } => {
                let Some(column) = column else { return };
                let bits = *bits;
                let mut add = |cell: usize, x: f64, w: i64| {
                    let h = &mut cells[cell];
                    #[expect(clippy::cast_sign_loss, reason = "weights are at least 1")]
                    h.add(x, w as u64, bits);
                };
                if let Some(a) = column.as_primitive_opt::<Float64Type>() {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, w| add(c, values[i], w));
                } else if let Some(a) = column.as_primitive_opt::<Int64Type>() {
                    let values = a.values();
                    #[expect(clippy::cast_precision_loss, reason = "within the bucket's width")]
                    rows.for_each(a.nulls(), |i, c, w| add(c, values[i] as f64, w));
                }
                // An estimate between looks; `heap_bytes` counts when it matters.
                *heap = heap.saturating_add(rows.cells.len().min(cells.len()) / 8);
            }
            Self::Concurrency(v) => {
                if let Some(a) = column.and_then(|c| c.as_primitive_opt::<Float64Type>()) {
                    let values = a.values();
                    rows.for_each(a.nulls(), |i, c, w| {
                        cover(v, c, rows.ts[i], values[i], w, buckets);
                    });
                }
            }
        }
    }

    /// Adds another's cells, each to the cell that `to` names.
    pub(crate) fn merge(&mut self, other: &Self, to: &dyn Fn(usize) -> usize) {
        match (self, other) {
            (Self::Count(a), Self::Count(b)) => b.iter().enumerate().for_each(|(i, x)| {
                let c = &mut a[to(i)];
                *c = c.saturating_add(*x);
            }),
            (Self::SumInt(a), Self::SumInt(b)) => b.iter().enumerate().for_each(|(i, x)| {
                let c = &mut a[to(i)];
                c.0 += x.0;
                c.1 = c.1.saturating_add(x.1);
            }),
            (Self::SumFloat(a), Self::SumFloat(b)) => b.iter().enumerate().for_each(|(i, x)| {
                let c = &mut a[to(i)];
                c.0.merge(&x.0);
                c.1 = c.1.saturating_add(x.1);
            }),
            (Self::ExtremesInt(a), Self::ExtremesInt(b)) => merge_extremes(a, b, to),
            (Self::ExtremesFloat(a), Self::ExtremesFloat(b)) => merge_extremes(a, b, to),
            (Self::Distinct { sets: a, .. }, Self::Distinct { sets: b, .. }) => {
                b.iter().enumerate().for_each(|(i, x)| a[to(i)].merge(x))
            }
            (Self::Histogram { cells: a, .. }, Self::Histogram { cells: b, .. }) => b
                .iter()
                .enumerate()
                .filter(|(_, x)| x.total() > 0)
                .for_each(|(i, x)| a[to(i)].merge(x)),
            (Self::Concurrency(a), Self::Concurrency(b)) => {
                b.iter().enumerate().for_each(|(i, x)| {
                    let c = &mut a[to(i)];
                    c.total += x.total;
                    c.part += x.part;
                    c.whole += x.whole;
                });
            }
            (a, b) => debug_assert!(false, "{a:?} and {b:?} are states of one calculation"),
        }
    }

    /// Bytes on the heap, roughly.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Count(v) => v.capacity() * 8,
            Self::SumInt(v) => v.capacity() * 32,
            Self::SumFloat(v) => v.capacity() * 24,
            Self::ExtremesInt(v) => v.capacity() * 16,
            Self::ExtremesFloat(v) => v.capacity() * 16,
            Self::Distinct { sets, .. } => {
                let heap: usize = sets.iter().map(Distinct::heap_bytes).sum();
                heap + sets.capacity() * size_of::<Distinct>()
            }
            Self::Histogram { cells, .. } => {
                let heap: usize = cells.iter().map(LogHist::heap_bytes).sum();
                heap + cells.capacity() * size_of::<LogHist>()
            }
            Self::Concurrency(v) => v.capacity() * 48,
        }
    }

    /// The histogram of a cell.
    pub(crate) fn histogram(&self, cell: usize) -> Option<&LogHist> {
        match self {
            Self::Histogram { cells, .. } => cells.get(cell),
            _ => None,
        }
    }

    /// Σ of a cell, as COUNT or SUM; null when nothing was summed.
    pub(crate) fn sum(&self, cell: usize) -> Cell {
        match self {
            Self::Count(v) => Cell::Int(v[cell]),
            Self::SumInt(v) if v[cell].1 > 0 => integer(v[cell].0),
            Self::SumFloat(v) if v[cell].1 > 0 => Cell::Float(v[cell].0.value()),
            _ => Cell::Null,
        }
    }

    /// Σ weight × value over Σ weight.
    #[expect(clippy::cast_precision_loss, reason = "an average is a double")]
    pub(crate) fn average(&self, cell: usize) -> Cell {
        match self {
            Self::SumInt(v) if v[cell].1 > 0 => Cell::Float(v[cell].0 as f64 / v[cell].1 as f64),
            Self::SumFloat(v) if v[cell].1 > 0 => Cell::Float(v[cell].0.value() / v[cell].1 as f64),
            _ => Cell::Null,
        }
    }

    /// Smallest (`false`) or greatest (`true`) value.
    pub(crate) fn extreme(&self, cell: usize, greatest: bool) -> Cell {
        match self {
            Self::ExtremesInt(v) if v[cell].low <= v[cell].high => {
                Cell::Int(if greatest { v[cell].high } else { v[cell].low })
            }
            Self::ExtremesFloat(v) if v[cell].low <= v[cell].high => {
                Cell::Float(if greatest { v[cell].high } else { v[cell].low })
            }
            _ => Cell::Null,
        }
    }

    /// Number of distinct values.
    pub(crate) fn distinct(&self, cell: usize) -> Cell {
        match self {
            Self::Distinct { sets, .. } => {
                Cell::Int(i64::try_from(sets[cell].count()).unwrap_or(i64::MAX))
            }
            _ => Cell::Null,
        }
    }

    /// A percentile.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers within the column's own"
    )]
    pub(crate) fn quantile(&self, cell: usize, per_mille: u32) -> Cell {
        let Self::Histogram {
            cells,
            bits,
            integers,
            ..
        } = self
        else {
            return Cell::Null;
        };
        match cells[cell].quantile(per_mille, *bits, *integers) {
            None => Cell::Null,
            Some(x) if *integers => Cell::Int(x as i64),
            Some(x) => Cell::Float(x),
        }
    }

    /// Mean number of spans at once over `nanos`, from the total of a cell.
    #[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
    pub(crate) fn concurrency_total(&self, cell: usize, nanos: i64) -> Cell {
        match self {
            Self::Concurrency(v) if nanos > 0 => Cell::Float(v[cell].total as f64 / nanos as f64),
            _ => Cell::Null,
        }
    }

    /// Mean number of spans at once in each of the buckets from cell `first` on.
    #[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
    pub(crate) fn concurrency_series(&self, first: usize, buckets: &Buckets) -> Vec<f64> {
        let Self::Concurrency(v) = self else {
            return Vec::new();
        };
        let mut whole = 0i128;
        v[first..first + buckets.count]
            .iter()
            .map(|c| {
                whole += c.whole;
                (c.part + whole * i128::from(buckets.step)) as f64 / buckets.step as f64
            })
            .collect()
    }
}

fn integer(sum: i128) -> Cell {
    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 64 bits a double must do"
    )]
    i64::try_from(sum).map_or(Cell::Float(sum as f64), Cell::Int)
}

fn merge_extremes<T: PartialOrd + Copy>(
    a: &mut [Extremes<T>],
    b: &[Extremes<T>],
    to: &dyn Fn(usize) -> usize,
) {
    for (i, x) in b.iter().enumerate() {
        if x.low <= x.high {
            let c = &mut a[to(i)];
            c.add(x.low);
            c.add(x.high);
        }
    }
}

/// Which rows of a column count as there: a truth column where it is true, else where not null.
fn presence_of(array: &dyn Array) -> Option<NullBuffer> {
    match array.as_boolean_opt() {
        Some(b) => Some(NullBuffer::new(b.values().clone())),
        None => values::presence(array),
    }
}

fn add_distinct(
    sets: &mut [Distinct],
    heap: &mut usize,
    cache: &mut Option<(StringArray, Vec<u64>)>,
    rows: &Rows<'_>,
    column: &ArrayRef,
) {
    *heap = heap.saturating_add(rows.cells.len() / 8);
    if let Some(d) = column.as_dictionary_opt::<UInt32Type>()
        && let Some(entries) = d.values().as_string_opt::<i32>()
    {
        let known = cache.take().filter(|(of, _)| {
            of.len() == entries.len()
                && of.values().as_ptr() == entries.values().as_ptr()
                && of.offsets().as_ptr() == entries.offsets().as_ptr()
        });
        let mut known = known.unwrap_or_else(|| (entries.clone(), vec![0; entries.len()]));
        let keys = d.keys().values();
        rows.for_each(d.keys().nulls(), |i, c, _| {
            let k = keys[i] as usize;
            if known.1[k] == 0 {
                known.1[k] = hash_of(entries, k);
            }
            sets[c].add(known.1[k]);
        });
        *cache = Some(known);
        return;
    }
    debug_assert!(
        !matches!(type_of(column.as_ref()), Type::Str)
            || column.as_string_view_opt().is_some()
            || column.as_string_opt::<i32>().is_some(),
        "text comes in one of three layouts"
    );
    rows.for_each(column.nulls(), |i, c, _| {
        sets[c].add(hash_of(column.as_ref(), i));
    });
}

/// Adds a span of `millis` from `ts`, cut at the end of the range, to the buckets it covers.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn cover(v: &mut [Covered], cell: usize, ts: i64, millis: f64, weight: i64, buckets: &Buckets) {
    let nanos = (millis * 1e6).round() as i64;
    let end = ts.saturating_add(nanos.max(0)).min(buckets.end);
    if end <= ts {
        return;
    }
    let weight = i128::from(weight);
    v[cell].total += i128::from(end - ts) * weight;
    if buckets.count == 1 {
        v[cell].part += i128::from(end - ts) * weight;
        return;
    }
    let (first, last) = (buckets.of(ts), buckets.of(end - 1));
    let at = |bucket: usize| cell + bucket - first;
    if first == last {
        v[at(first)].part += i128::from(end - ts) * weight;
        return;
    }
    v[at(first)].part += i128::from(buckets.start_of(first + 1) - ts) * weight;
    v[at(last)].part += i128::from(end - buckets.start_of(last)) * weight;
    v[at(first + 1)].whole += weight;
    v[at(last)].whole -= weight;
}
