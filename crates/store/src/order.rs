//! The order of rows in a part: slices of time; inside a slice by dataset, time, trace.

use crate::Error;
use crate::part::{Lane, Pick, Slice, Source};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, FixedSizeBinaryArray, PrimitiveArray, UInt32Array};
use event::Fixed;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What rows of one source are ordered by.
pub(crate) struct Keys {
    ts: PrimitiveArray<Int64Type>,
    dataset: UInt32Array,
    /// Texts of `dataset`'s codes.
    slugs: Vec<Arc<str>>,
    trace: Option<FixedSizeBinaryArray>,
    /// Estimated bytes of a row before compression.
    row_bytes: u64,
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

    /// Nulls first.
    fn trace(&self, row: usize) -> Option<&[u8]> {
        self.trace
            .as_ref()
            .filter(|t| t.is_valid(row))
            .map(|t| t.value(row))
    }
}

/// Where a slice ends, at the latest.
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
    let ranks = ranks(keys);
    let mut out = Vec::new();
    let mut from = 0;
    let mut bytes = 0u64;
    for i in 0..timed.len() {
        let row = keys[timed[i].1.source as usize].row_bytes;
        if i > from && (i - from >= limit.rows || bytes + row > limit.bytes) {
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

/// For each source, the place of each of its dataset codes among all datasets.
fn ranks(keys: &[Keys]) -> Vec<Vec<usize>> {
    let mut all: BTreeMap<&str, usize> = BTreeMap::new();
    for slug in keys.iter().flat_map(|k| &k.slugs) {
        all.insert(slug, 0);
    }
    for (rank, place) in all.values_mut().enumerate() {
        *place = rank;
    }
    keys.iter()
        .map(|k| k.slugs.iter().map(|s| all[&**s]).collect())
        .collect()
}

/// Orders one slice: `timed` is in order of time, so a stable distribution by dataset keeps it.
fn slice(timed: &[(i64, Pick)], keys: &[Keys], ranks: &[Vec<usize>]) -> Slice {
    let rank = |p: &Pick| {
        let source = p.source as usize;
        ranks[source][keys[source].dataset_code(p.row as usize)]
    };
    let datasets = ranks.iter().flatten().max().map_or(0, |m| m + 1);
    let mut starts = vec![0usize; datasets + 1];
    for (_, p) in timed {
        starts[rank(p) + 1] += 1;
    }
    for i in 0..datasets {
        starts[i + 1] += starts[i];
    }
    let none = (0, Pick { source: 0, row: 0 });
    let mut rows = vec![none; timed.len()];
    let mut next = starts.clone();
    for entry in timed {
        let place = &mut next[rank(&entry.1)];
        rows[*place] = *entry;
        *place += 1;
    }
    for w in starts.windows(2) {
        order_ties(&mut rows[w[0]..w[1]], keys);
    }
    Slice {
        picks: rows.into_iter().map(|(_, p)| p).collect(),
    }
}

/// Rows of one dataset at the same time go by trace.
fn order_ties(rows: &mut [(i64, Pick)], keys: &[Keys]) {
    for tied in rows.chunk_by_mut(|a, b| a.0 == b.0) {
        if tied.len() > 1 {
            let trace = |p: &Pick| keys[p.source as usize].trace(p.row as usize);
            tied.sort_by(|(_, a), (_, b)| trace(a).cmp(&trace(b)));
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
