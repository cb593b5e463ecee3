//! The order of rows in a part: slices of time; inside a slice by dataset, name, time, trace.
//!
//! Rows of one name have the same fields and alike values, so their columns become runs. Where names
//! are too many to repeat, they have no part in the order.

use crate::Error;
use crate::part::{Lane, Pick, Slice, Source};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, FixedSizeBinaryArray, PrimitiveArray, UInt32Array};
use event::Fixed;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Distinct names of a part above which rows are not ordered by them.
const NAMES_LIMIT: usize = 4_096;

/// What rows of one source are ordered by.
pub(crate) struct Keys {
    ts: PrimitiveArray<Int64Type>,
    dataset: UInt32Array,
    /// Texts of `dataset`'s codes.
    slugs: Vec<Arc<str>>,
    name: Option<Names>,
    trace: Option<FixedSizeBinaryArray>,
    /// Estimated bytes of a row before compression.
    row_bytes: u64,
}

/// The names of a source's rows.
struct Names {
    codes: UInt32Array,
    texts: Vec<Arc<str>>,
}

impl Names {
    fn of(lane: &Lane) -> Option<Self> {
        let (codes, texts) = lane.text()?;
        Some(Self {
            codes: codes.clone(),
            texts: texts.iter().map(|t| t.unwrap_or_default().into()).collect(),
        })
    }
}

impl Keys {
    pub(crate) fn read(source: &dyn Source, row_bytes: u64) -> Result<Self, Error> {
        let missing = || Error::Damaged("rows without time or dataset".into());
        let ts = source.fixed(Fixed::Ts)?.ok_or_else(missing)?;
        let dataset = source.fixed(Fixed::Dataset)?.ok_or_else(missing)?;
        let (codes, texts) = dataset.text().ok_or_else(missing)?;
        let trace = source
            .fixed(Fixed::TraceId)?
            .and_then(|lane| lane.array().as_fixed_size_binary_opt().cloned());
        Ok(Self {
            ts: ts.ints().ok_or_else(missing)?.clone(),
            dataset: codes.clone(),
            slugs: texts.iter().map(|t| t.unwrap_or_default().into()).collect(),
            name: source.fixed(Fixed::Name)?.and_then(|lane| Names::of(&lane)),
            trace,
            row_bytes: row_bytes.max(1),
        })
    }

    pub(crate) fn ts(&self, row: usize) -> i64 {
        self.ts.value(row)
    }

    /// Its datasets, by code.
    pub(crate) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.slugs.iter().map(|s| &**s)
    }

    pub(crate) fn dataset_code(&self, row: usize) -> usize {
        self.dataset.value(row) as usize
    }

    /// The name of a row; none where it has none.
    pub(crate) fn name(&self, row: usize) -> Option<&str> {
        let names = self.name.as_ref().filter(|n| n.codes.is_valid(row))?;
        let text = names.texts.get(names.codes.value(row) as usize)?;
        Some(text)
    }

    /// Nulls first.
    fn trace(&self, row: usize) -> Option<&[u8]> {
        self.trace
            .as_ref()
            .filter(|t| t.is_valid(row))
            .map(|t| t.value(row))
    }
}

/// Where a slice ends, about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SliceLimit {
    pub rows: usize,
    pub bytes: u64,
}

/// Cuts `picks` into slices of time and orders each. `keys` by source.
pub(crate) fn slices(mut picks: Vec<Pick>, keys: &[Keys], limit: SliceLimit) -> Vec<Slice> {
    let ts = |p: &Pick| keys[p.source as usize].ts(p.row as usize);
    // Rows arrive nearly in order of time: a stable sort finds the runs.
    let mut timed: Vec<(i64, Pick)> = picks.drain(..).map(|p| (ts(&p), p)).collect();
    timed.sort_by_key(|(ts, _)| *ts);
    let ranks = Ranks::of(keys);
    let limit_rows = even(timed.len(), limit.rows);
    let mut out = Vec::new();
    let mut from = 0;
    let mut bytes = 0u64;
    for i in 0..timed.len() {
        let row = keys[timed[i].1.source as usize].row_bytes;
        if i > from && (i - from >= limit_rows || bytes + row > limit.bytes) {
            out.push(slice(&timed[from..i], keys, &ranks));
            (from, bytes) = (i, 0);
        }
        bytes += row;
    }
    if from < timed.len() {
        out.push(slice(&timed[from..], keys, &ranks));
    }
    out
}

/// Rows of a slice, so that the last one is not a few: up to a quarter over the limit.
fn even(rows: usize, limit: usize) -> usize {
    let slices = rows.div_ceil((limit + limit / 4).max(1)).max(1);
    rows.div_ceil(slices)
}

/// For each source, the places of its codes among all datasets and all names.
struct Ranks {
    datasets: Vec<Vec<u32>>,
    /// From 1, as 0 is no name; `None` where names are not looked at.
    names: Option<Vec<Vec<u32>>>,
}

impl Ranks {
    fn of(keys: &[Keys]) -> Self {
        let slugs = keys.iter().map(|k| k.slugs.as_slice());
        let names = keys
            .iter()
            .map(|k| k.name.as_ref().map_or(&[][..], |n| n.texts.as_slice()));
        Self {
            datasets: ranks(slugs, 0, usize::MAX).unwrap_or_default(),
            names: ranks(names, 1, NAMES_LIMIT),
        }
    }

    /// The class of a row: rows are ordered by it, then by time.
    fn class(&self, keys: &[Keys], pick: &Pick) -> u64 {
        let (source, row) = (pick.source as usize, pick.row as usize);
        let of = &keys[source];
        let dataset = self.datasets[source][of.dataset_code(row)];
        let name = match (&self.names, &of.name) {
            (Some(ranks), Some(n)) if n.codes.is_valid(row) => {
                ranks[source][n.codes.value(row) as usize]
            }
            _ => 0,
        };
        u64::from(dataset) << 32 | u64::from(name)
    }
}

/// The place of each text among all, from `first` on, by list; `None` of more than `limit`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "texts are entries of dictionaries with u32 codes"
)]
fn ranks<'a>(
    lists: impl Iterator<Item = &'a [Arc<str>]> + Clone,
    first: u32,
    limit: usize,
) -> Option<Vec<Vec<u32>>> {
    let mut all: BTreeMap<&str, u32> = BTreeMap::new();
    for text in lists.clone().flatten() {
        all.insert(text, 0);
        if all.len() > limit {
            return None;
        }
    }
    for (rank, place) in all.values_mut().enumerate() {
        *place = first + rank as u32;
    }
    let places = |list: &[Arc<str>]| list.iter().map(|s| all[&**s]).collect();
    Some(lists.map(places).collect())
}

/// Orders one slice: `timed` is in order of time, which a stable sort by class keeps.
fn slice(timed: &[(i64, Pick)], keys: &[Keys], ranks: &Ranks) -> Slice {
    let mut rows: Vec<(u64, i64, Pick)> = timed
        .iter()
        .map(|(ts, pick)| (ranks.class(keys, pick), *ts, *pick))
        .collect();
    rows.sort_by_key(|(class, ..)| *class);
    order_ties(&mut rows, keys);
    Slice {
        picks: rows.into_iter().map(|(_, _, p)| p).collect(),
    }
}

/// Rows of one class at the same time go by trace.
fn order_ties(rows: &mut [(u64, i64, Pick)], keys: &[Keys]) {
    for tied in rows.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)) {
        if tied.len() > 1 {
            let trace = |p: &Pick| keys[p.source as usize].trace(p.row as usize);
            tied.sort_by(|(_, _, a), (_, _, b)| trace(a).cmp(&trace(b)));
        }
    }
}

/// A batch as a source of rows.
pub(crate) struct BatchSource<'a>(pub &'a event::EventBatch);

impl Source for BatchSource<'_> {
    fn fixed(&self, column: Fixed) -> Result<Option<Lane>, Error> {
        Ok(self
            .0
            .fixed(column)
            .map(|c| Lane::of_column(c, self.0.rows())))
    }

    fn attr(&self, key: &str, ty: event::Type) -> Result<Option<Lane>, Error> {
        Ok(self
            .0
            .attr(key, ty)
            .map(|c| Lane::of_column(c, self.0.rows())))
    }

    fn overflow(
        &self,
        bucket: u8,
        columns: &crate::part::Columns,
        f: &mut dyn FnMut(u32, &str, &str),
    ) -> Result<(), Error> {
        use std::fmt::Write as _;
        let mut text = String::new();
        for attr in self.0.attrs() {
            let ty = attr.ty();
            if crate::part::keys::overflow_bucket(&attr.key) != bucket
                || columns.has_attr(&attr.key, ty)
            {
                continue;
            }
            attr.column.presence.for_each(self.0.rows(), |row| {
                if let (Some(value), Ok(row)) = (attr.column.value(row), u32::try_from(row)) {
                    text.clear();
                    text.push(ty.tag());
                    // Writing to a String cannot fail.
                    let _ = write!(text, "{value}");
                    f(row, &attr.key, &text);
                }
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_even_and_at_most_a_quarter_over() {
        let rows = [0, 1, 1_000, 1_250, 1_251, 2_010, 2_600, 10_000].map(|n| even(n, 1_000));
        assert_eq!(rows, [0, 1, 1_000, 1_250, 626, 1_005, 867, 1_250]);
    }
}
