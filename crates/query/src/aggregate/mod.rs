//! Aggregation: batches of rows become states per group and time bucket.
//!
//! Threads, slices and passes each fill an [`Aggregator`] of their own; merging two gives what one
//! over all rows would have. Time buckets are kept as long as groups × buckets stays small;
//! beyond that only totals are kept, and a second pass makes the series of the groups that are
//! listed. Memory is bounded: past [`GROUPS_LIMIT`] the groups last in order fold into
//! [`groups::REST`], and the answer says so.

pub(crate) mod groups;
pub(crate) mod states;

use crate::Error;
use crate::answer::Cell;
use crate::scan::Batch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use event::Type;
use groups::{Groups, REST};
use states::{Kind, Rows, States};

/// Most groups one aggregator keeps before it folds the last half away.
pub(crate) const GROUPS_LIMIT: usize = 200_000;
/// Most cells (groups × buckets) in one pass over groups that are not known yet.
const CELLS_LIMIT: usize = 1 << 18;
/// Most cells of a pass over the listed groups.
pub(crate) const SERIES_CELLS_LIMIT: usize = 1 << 19;

/// Time buckets: epoch-aligned, of one width, over a half-open range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buckets {
    /// Start of the first bucket, nanoseconds; at or before the range's start.
    pub(crate) first: i64,
    /// Width.
    pub(crate) step: i64,
    /// How many; 1 when time is not kept apart.
    pub(crate) count: usize,
    /// End of the range.
    pub(crate) end: i64,
}

impl Buckets {
    /// The bucket of a time, within the range.
    #[inline]
    pub(crate) fn of(&self, ts: i64) -> usize {
        let i = ts.saturating_sub(self.first) / self.step;
        usize::try_from(i).unwrap_or(0).min(self.count - 1)
    }

    /// Where a bucket begins.
    pub(crate) fn start_of(&self, bucket: usize) -> i64 {
        let i = i64::try_from(bucket).unwrap_or(i64::MAX);
        self.first.saturating_add(i.saturating_mul(self.step))
    }

    /// Only the buckets that rows with these times (both inclusive) can begin in. `to_end`: also
    /// all later ones.
    pub(crate) fn within(self, (oldest, newest): (i64, i64), to_end: bool) -> Self {
        if self.count == 1 || oldest > newest {
            return self;
        }
        let skipped = self.of(oldest.max(self.first));
        let last = if to_end {
            self.count - 1
        } else {
            self.of(newest.min(self.end.saturating_sub(1))).max(skipped)
        };
        Self {
            first: self.start_of(skipped),
            count: last - skipped + 1,
            ..self
        }
    }

    /// All times in one bucket.
    pub(crate) fn whole(self) -> Self {
        Self { count: 1, ..self }
    }
}

/// One thing to keep, by ordinals of the scan's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// What.
    pub(crate) kind: Kind,
    /// Of which column.
    pub(crate) column: Option<usize>,
    /// Counting only rows where this truth column is true.
    pub(crate) filter: Option<usize>,
    /// Whether the column holds whole numbers.
    pub(crate) integers: bool,
}

/// What an aggregator keeps, and where its inputs stand in a [`Batch`].
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Event time; needed for more than one bucket and for concurrency.
    pub(crate) ts: Option<usize>,
    /// Weights.
    pub(crate) weight: usize,
    /// Keys.
    pub(crate) keys: Vec<usize>,
    /// Their types.
    pub(crate) key_types: Vec<Type>,
    /// States.
    pub(crate) needs: Vec<Need>,
    /// Time.
    pub(crate) buckets: Buckets,
    /// How the groups to keep are chosen when there are too many.
    pub(crate) rank: Rank,
}

/// A rough order of groups: greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rank {
    /// By this state's sum, count or greatest value; `None`: by rows.
    pub(crate) need: Option<usize>,
    /// Smallest first.
    pub(crate) ascending: bool,
}

/// States of all groups and buckets.
#[derive(Clone, Debug)]
pub(crate) struct Aggregator {
    layout: Layout,
    pub(crate) groups: Groups,
    pub(crate) states: Vec<States>,
    /// Rows met per cell, unweighted.
    rows: Vec<u64>,
    /// Groups folded into the rest for want of room.
    pub(crate) cut: bool,
    batches: u32,
    scratch: Vec<u32>,
}

impl Aggregator {
    /// Nothing met yet.
    pub(crate) fn new(layout: Layout) -> Self {
        let mut out = Self {
            groups: Groups::new(&layout.key_types),
            states: layout
                .needs
                .iter()
                .map(|n| States::new(n.kind, n.integers))
                .collect(),
            rows: Vec::new(),
            cut: false,
            batches: 0,
            scratch: Vec::new(),
            layout,
        };
        out.grow();
        out
    }

    /// Keeps exactly these groups apart, in this order from 1; all other rows are the rest's.
    pub(crate) fn over(layout: Layout, keys: &[Vec<Cell>]) -> Self {
        let mut out = Self::new(layout);
        for k in keys {
            out.groups.intern(k);
        }
        out.groups.freeze();
        out.grow();
        out
    }

    /// Time as it is kept apart now.
    pub(crate) fn buckets(&self) -> Buckets {
        self.layout.buckets
    }

    fn grow(&mut self) {
        let cells = self.groups.len() * self.layout.buckets.count;
        if self.rows.len() < cells {
            self.rows.resize(cells, 0);
        }
        self.states.iter_mut().for_each(|s| s.grow(cells));
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    /// [`Error::Internal`] when the batch is not what the layout says.
    pub(crate) fn update(&mut self, batch: &Batch) -> Result<(), Error> {
        self.batches = self.batches.wrapping_add(1);
        let mut cells = std::mem::take(&mut self.scratch);
        let keys: Vec<_> = self
            .layout
            .keys
            .iter()
            .map(|k| &batch.columns[*k])
            .collect();
        self.groups.assign(&keys, batch.rows, &mut cells);
        if self.layout.buckets.count > 1
            && !self.groups.is_frozen()
            && self.groups.len().saturating_mul(self.layout.buckets.count) > CELLS_LIMIT
        {
            *self = self.collapsed();
        }
        let ts: &[i64] = match self.layout.ts {
            None => &[],
            Some(i) => {
                let a = batch.columns[i].as_primitive_opt::<Int64Type>();
                let a = a.ok_or_else(|| Error::Internal("times are not integers".into()))?;
                &a.values()[..]
            }
        };
        let buckets = self.layout.buckets;
        if buckets.count > 1 {
            into_cells(&mut cells, ts, &buckets);
        }
        self.grow();
        for c in &cells {
            self.rows[*c as usize] += 1;
        }
        let weights = batch.weights(self.layout.weight);
        for (need, states) in self.layout.needs.iter().zip(&mut self.states) {
            let mask = need
                .filter
                .and_then(|f| batch.columns[f].as_boolean_opt())
                .map(|b| b.values());
            let rows = Rows {
                cells: &cells,
                weights,
                mask,
                ts,
            };
            states.update(&rows, need.column.map(|c| &batch.columns[c]), &buckets);
        }
        self.scratch = cells;
        if self.groups.len() > GROUPS_LIMIT {
            self.fold();
        }
        Ok(())
    }

    /// The same without time.
    pub(crate) fn collapsed(&self) -> Self {
        let n = self.layout.buckets.count;
        if n == 1 {
            return self.clone();
        }
        let mut out = Self {
            layout: Layout {
                buckets: self.layout.buckets.whole(),
                ..self.layout.clone()
            },
            groups: self.groups.clone(),
            states: self.states.iter().map(States::empty).collect(),
            rows: Vec::new(),
            cut: self.cut,
            batches: self.batches,
            scratch: Vec::new(),
        };
        out.grow();
        for (i, r) in self.rows.iter().enumerate() {
            out.rows[i / n] += r;
        }
        for (a, b) in out.states.iter_mut().zip(&self.states) {
            a.merge(b, &|i| i / n);
        }
        out
    }

    /// Adds all that another has met.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.layout.buckets.count != other.layout.buckets.count {
            let other = other.collapsed();
            *self = self.collapsed();
            return self.merge(&other);
        }
        let groups = other.groups.len();
        let map: Vec<u32> = (0..groups)
            .map(|g| {
                let g = u32::try_from(g).unwrap_or(REST);
                let met = g != REST && other.met(g);
                if met {
                    self.groups.intern(&other.groups.cells(g))
                } else {
                    REST
                }
            })
            .collect();
        self.cut |= other.cut;
        if self.layout.buckets.count > 1
            && !self.groups.is_frozen()
            && self.groups.len().saturating_mul(self.layout.buckets.count) > CELLS_LIMIT
        {
            // The keys are known already; only the states still have to move.
            *self = self.collapsed();
            let other = other.collapsed();
            return self.add(&other, &map);
        }
        self.add(other, &map);
    }

    fn add(&mut self, other: &Self, map: &[u32]) {
        self.grow();
        let n = self.layout.buckets.count;
        let to = |i: usize| map[i / n] as usize * n + i % n;
        for (i, r) in other.rows.iter().enumerate() {
            self.rows[to(i)] += r;
        }
        for (a, b) in self.states.iter_mut().zip(&other.states) {
            a.merge(b, &to);
        }
        if self.groups.len() > GROUPS_LIMIT {
            self.fold();
        }
    }

    /// Whether any row of the group was met.
    pub(crate) fn met(&self, group: u32) -> bool {
        let n = self.layout.buckets.count;
        let first = group as usize * n;
        let rows = self.rows.get(first..first + n);
        rows.is_some_and(|r| r.iter().any(|x| *x > 0))
    }

    /// Rows of a group, unweighted.
    pub(crate) fn rows_of(&self, group: u32) -> u64 {
        let n = self.layout.buckets.count;
        let first = group as usize * n;
        self.rows
            .get(first..first + n)
            .map_or(0, |r| r.iter().sum())
    }

    /// Whether any row was met in a cell.
    pub(crate) fn met_at(&self, group: u32, bucket: usize) -> bool {
        let i = group as usize * self.layout.buckets.count + bucket;
        self.rows.get(i).is_some_and(|r| *r > 0)
    }

    /// Groups with rows, other than the rest.
    pub(crate) fn live(&self) -> Vec<u32> {
        (1..u32::try_from(self.groups.len()).unwrap_or(u32::MAX))
            .filter(|g| self.met(*g))
            .collect()
    }

    /// All rows of some groups as one cell per bucket, in a one-group aggregator (group 1).
    pub(crate) fn united(&self, of: &dyn Fn(u32) -> bool) -> Self {
        let n = self.layout.buckets.count;
        let mut out = Self::new(Layout {
            keys: Vec::new(),
            key_types: Vec::new(),
            ..self.layout.clone()
        });
        out.states = self.states.iter().map(States::empty).collect();
        out.grow();
        let chosen: Vec<bool> = (0..self.groups.len())
            .map(|g| of(u32::try_from(g).unwrap_or(REST)))
            .collect();
        // Cells of other groups go to the rest's, which nobody reads here.
        let to = |i: usize| usize::from(chosen[i / n]) * n + i % n;
        for (i, r) in self.rows.iter().enumerate() {
            out.rows[to(i)] += r;
        }
        for (a, b) in out.states.iter_mut().zip(&self.states) {
            a.merge(b, &to);
        }
        out
    }

    /// Folds the last half of the groups, by rank, into the rest.
    fn fold(&mut self) {
        let flat;
        let whole = if self.layout.buckets.count == 1 {
            &*self
        } else {
            flat = self.collapsed();
            &flat
        };
        let Rank { need, ascending } = self.layout.rank;
        let mut order: Vec<(f64, u32)> = self
            .live()
            .into_iter()
            .map(|g| {
                let cell = match need {
                    Some(i) => whole.rank_of(i, g as usize),
                    #[expect(clippy::cast_precision_loss, reason = "a rough order")]
                    None => Some(whole.rows[g as usize] as f64),
                };
                let v = cell.unwrap_or(f64::NEG_INFINITY);
                (if ascending { -v } else { v }, g)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        order.truncate(GROUPS_LIMIT / 2);
        let mut next = Groups::new(&self.groups.types());
        let mut map = vec![REST; self.groups.len()];
        for (_, g) in &order {
            map[*g as usize] = next.intern(&self.groups.cells(*g));
        }
        let old = std::mem::replace(
            self,
            Self {
                layout: self.layout.clone(),
                groups: next,
                states: self.states.iter().map(States::empty).collect(),
                rows: Vec::new(),
                cut: true,
                batches: self.batches,
                scratch: Vec::new(),
            },
        );
        self.add(&old, &map);
    }

    #[expect(clippy::cast_precision_loss, reason = "a rough order")]
    fn rank_of(&self, need: usize, cell: usize) -> Option<f64> {
        let states = &self.states[need];
        let value = match self.layout.needs[need].kind {
            Kind::Count | Kind::Sum => states.sum(cell),
            Kind::Extremes => states.extreme(cell, !self.layout.rank.ascending),
            Kind::Distinct => states.distinct(cell),
            Kind::Percentiles => states.quantile(cell, 500),
            Kind::Heatmap | Kind::Concurrency => states.concurrency_total(cell, 1),
        };
        match value {
            Cell::Int(i) => Some(i as f64),
            Cell::Float(x) => Some(x),
            _ => None,
        }
    }

    /// Batches added so far.
    pub(crate) fn batches(&self) -> u32 {
        self.batches
    }

    /// Bytes on the heap, roughly. Walks the states: not for every batch.
    pub(crate) fn heap_bytes(&self) -> usize {
        let states: usize = self.states.iter().map(States::heap_bytes).sum();
        states + self.rows.capacity() * 8 + self.groups.heap_bytes()
    }
}

/// From groups to cells: group × buckets + bucket.
#[expect(
    clippy::cast_possible_truncation,
    reason = "cells are bounded by CELLS_LIMIT"
)]
fn into_cells(cells: &mut [u32], ts: &[i64], buckets: &Buckets) {
    let n = buckets.count as u32;
    // Rows near each other are near in time: the bucket before is the usual one.
    let (mut start, mut end, mut bucket) = (1, 0, 0u32);
    for (cell, t) in cells.iter_mut().zip(ts) {
        if *t < start || *t >= end {
            bucket = buckets.of(*t) as u32;
            start = buckets.start_of(bucket as usize);
            end = start.saturating_add(buckets.step);
        }
        *cell = *cell * n + bucket;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_without_rows_are_not_kept() {
        let all = Buckets {
            first: 100,
            step: 10,
            count: 10,
            end: 195,
        };
        let check = |times, to_end| {
            let b = all.within(times, to_end);
            (b.first, b.count, b.end)
        };
        assert_eq!(check((123, 141), false), (120, 3, 195));
        assert_eq!(check((123, 141), true), (120, 8, 195));
        assert_eq!(check((i64::MIN, i64::MAX), false), (100, 10, 195));
        assert_eq!(check((50, 99), false), (100, 1, 195));
        assert_eq!(check((i64::MAX, i64::MIN), false), (100, 10, 195));
    }

    #[test]
    fn too_many_groups_fold_into_the_rest_without_losing_a_row() {
        use crate::scan::Origin;
        use arrow_array::{ArrayRef, Int64Array};
        use std::sync::Arc;
        let layout = Layout {
            ts: None,
            weight: 0,
            keys: vec![1],
            key_types: vec![Type::Int],
            needs: vec![Need {
                kind: Kind::Count,
                column: None,
                filter: None,
                integers: false,
            }],
            buckets: Buckets {
                first: 0,
                step: 1,
                count: 1,
                end: 1,
            },
            rank: Rank {
                need: Some(0),
                ascending: false,
            },
        };
        let n = i64::try_from(GROUPS_LIMIT).unwrap() + 10;
        let batch = Batch {
            rows: GROUPS_LIMIT + 10,
            columns: vec![
                Arc::new(Int64Array::from_iter_values(1..=n)) as ArrayRef,
                Arc::new(Int64Array::from_iter_values(0..n)) as ArrayRef,
            ],
            origin: Origin { unit: 0, row: 0 },
            kept: None,
        };
        let mut a = Aggregator::new(layout);
        a.update(&batch).unwrap();
        assert!(a.cut);
        assert_eq!(a.live().len(), GROUPS_LIMIT / 2);
        let heaviest = a.groups.intern(&[Cell::Int(n - 1)]);
        assert_eq!(a.states[0].sum(heaviest as usize), Cell::Int(n));
        assert!(a.met(REST), "the light ones are the rest's");
        let total = a.united(&|_| true);
        assert_eq!(total.states[0].sum(1), Cell::Int(n * (n + 1) / 2));
    }
}
