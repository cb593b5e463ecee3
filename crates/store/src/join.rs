//! Merges that need no sorting: parts that lie one after another in time, their row groups large
//! already, become one part by copying (storage.md §3.5).
//!
//! Under steady load every flush holds the next stretch of time, so that a merge by rows would decode,
//! order and compress millions of values to get what was there before. Here they stay as they are:
//! only footers, trace indexes and files become fewer.

use crate::columns;
use crate::compact::{Merge, fills, hits};
use crate::flush::PART_BYTES;
use crate::inner::{Inner, expiry};
use crate::part::{self, Columns, Facts, OpenPart, Part, Source, TextSet};
use crate::{Error, Expiry, Retention, Tombstone};
use event::{Fixed, TableId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Of a hundred rows of a part, so many on either side may be out of their time: long spans begin
/// early, and some rows come late.
const STRAY_PERCENT: usize = 5;

/// A part to be merged, opened.
pub(crate) type Input = (Arc<Part>, OpenPart);

/// One part of so many of the shorter of two stretches may lie across the other: a flush that became
/// several parts has all its strays in the first.
const ACROSS_PART: i64 = 2;

/// What a merge by copying makes: the inputs of each output, by number, in order of time.
pub(crate) struct Joined {
    outputs: Vec<Vec<usize>>,
    columns: Columns,
}

impl Inner {
    /// How the inputs can be joined; `None` when rows have to be looked at: some must go, groups are
    /// small, columns would be too many, or stretches of time lie across each other.
    pub(crate) fn joinable(
        &self,
        merge: &Merge,
        inputs: &[Input],
        facts: &[Facts],
        retention: &Retention,
        tombstones: &[Tombstone],
    ) -> Result<Option<Joined>, Error> {
        let limits = expiry(retention, merge.table.env, self.clock.now());
        let stays_whole =
            |part: &Part| !tombstones.iter().any(|t| hits(t, part)) && stays(part, &limits);
        let (rows, groups) = inputs.iter().fold((0, 0), |(rows, groups), (part, open)| {
            (rows + part.rows, groups + open.groups() as u64)
        });
        let least = groups.saturating_mul(self.options.slice_rows as u64 / 2);
        let fits = inputs.iter().zip(facts).all(|((part, _), facts)| {
            facts.overflow == TextSet::List(Vec::new())
                && facts.services.list().is_some()
                && part.has_index()
                && stays_whole(part)
        });
        if inputs.len() < 2
            || rows < least
            || !fits
            || !is_one_class(merge.table, inputs, retention)
        {
            return Ok(None);
        }
        let Some(order) = in_order(inputs)? else {
            return Ok(None);
        };
        let outputs = self.outputs(&order, inputs);
        let chosen = columns::choose(
            fills(inputs, facts)?,
            &columns::Preferred::default(),
            self.options.columns_per_part,
        );
        let whole = chosen.overflow.is_empty() && outputs.iter().all(|o| o.len() > 1);
        Ok(whole.then_some(Joined {
            outputs,
            columns: chosen,
        }))
    }

    /// Neighbours in time, as many as a part should hold. A last one without a neighbour is left for
    /// the next merge.
    fn outputs(&self, order: &[usize], inputs: &[Input]) -> Vec<Vec<usize>> {
        // Flushes are a little over or under their size.
        let rows_limit = self.options.part_rows as u64 / 4 * 5;
        let mut outputs: Vec<Vec<usize>> = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        for i in order {
            let (part, open) = &inputs[*i];
            let more = (0..open.groups())
                .map(|g| open.group_size(g).1)
                .sum::<u64>();
            (rows, bytes) = (rows + part.rows, bytes + more);
            match outputs.last_mut() {
                Some(last) if rows <= rows_limit && bytes <= PART_BYTES => last.push(*i),
                _ => {
                    (rows, bytes) = (part.rows, more);
                    outputs.push(vec![*i]);
                }
            }
        }
        if outputs.len() > 1 && outputs.last().is_some_and(|last| last.len() == 1) {
            outputs.pop();
        }
        outputs
    }

    /// Copies the inputs into their outputs and publishes these.
    pub(crate) fn join(
        &self,
        merge: &Merge,
        joined: &Joined,
        inputs: &[Input],
        facts: &[Facts],
        tombstones: &[Tombstone],
    ) -> Result<(), Error> {
        self.step("join.begin")?;
        let mut taken: Vec<usize> = joined.outputs.concat();
        taken.sort_unstable();
        let merge = Merge {
            table: merge.table,
            period: merge.period,
            level: merge.level,
            inputs: taken.iter().map(|i| Arc::clone(&inputs[*i].0)).collect(),
        };
        let facts_taken: Vec<Facts> = taken.iter().map(|i| facts[*i].clone()).collect();
        let drafts = self.drafts(
            &merge,
            &facts_taken,
            tombstones,
            &joined.columns,
            joined.outputs.len(),
        );
        let mut written = Vec::new();
        let outcome: Result<(), Error> =
            drafts
                .into_iter()
                .zip(&joined.outputs)
                .try_for_each(|(draft, of)| {
                    let parts: Vec<&OpenPart> = of.iter().map(|i| &inputs[*i].1).collect();
                    let indexes: Vec<_> = of
                        .iter()
                        .filter_map(|i| inputs[*i].0.open_index())
                        .collect();
                    let of: Vec<&Facts> = of.iter().map(|i| &facts[*i]).collect();
                    let disk = self.disk.as_ref();
                    written.push(self.write_part(draft, |path, facts, columns| {
                        let facts = added_up(facts, &of, &parts, columns);
                        part::join(disk, path, facts, columns, &parts, &indexes)
                    })?);
                    Ok(())
                });
        if outcome.is_err() {
            self.discard(&written);
        }
        outcome?;
        self.swap(&merge, &written)
    }
}

/// Whether no row of the part has expired.
fn stays(part: &Part, limits: &Expiry) -> bool {
    let Some(datasets) = &part.datasets else {
        return false;
    };
    datasets.iter().all(|d| part.ts_min >= limits.of(d))
}

/// Whether all rows have one retention: they may share a part.
fn is_one_class(table: TableId, inputs: &[Input], retention: &Retention) -> bool {
    let datasets = inputs.iter().flat_map(|(p, _)| p.datasets.iter().flatten());
    let days: BTreeSet<u32> = datasets.map(|d| retention.days(table.env, d)).collect();
    days.len() == 1
}

/// The inputs by time, when each begins about where the one before ends.
fn in_order(inputs: &[Input]) -> Result<Option<Vec<usize>>, Error> {
    let mut stretches = Vec::new();
    for (i, (_, open)) in inputs.iter().enumerate() {
        let mut times = Vec::new();
        for group in 0..open.groups() {
            let group = part::GroupSource::new(open.clone(), group)?;
            let lane = group.fixed(Fixed::Ts)?;
            let Some(ts) = lane.as_ref().and_then(|lane| lane.ints()) else {
                return Ok(None);
            };
            times.extend_from_slice(ts.values());
        }
        if times.is_empty() {
            return Ok(None);
        }
        let stray = times.len() * STRAY_PERCENT / 100;
        let last = times.len() - 1 - stray;
        let (_, to, _) = times.select_nth_unstable(last);
        let to = *to;
        let (_, from, _) = times.select_nth_unstable(stray);
        stretches.push((*from, to, i));
    }
    stretches.sort_unstable();
    let follows = |pair: &[(i64, i64, usize)]| {
        let shorter = (pair[0].1 - pair[0].0).min(pair[1].1 - pair[1].0);
        pair[1].0 >= pair[0].1.saturating_sub(shorter / ACROSS_PART)
    };
    let in_order = stretches.windows(2).all(follows);
    Ok(in_order.then(|| stretches.into_iter().map(|(_, _, i)| i).collect()))
}

/// The facts of the inputs together.
fn added_up(mut facts: Facts, of: &[&Facts], parts: &[&OpenPart], columns: &Columns) -> Facts {
    let range = |of: &dyn Fn(&Facts) -> (i64, i64), all: &[&Facts]| {
        all.iter().fold((i64::MAX, i64::MIN), |r, f| {
            (r.0.min(of(f).0), r.1.max(of(f).1))
        })
    };
    facts.rows = of.iter().map(|f| f.rows).sum();
    facts.ts = range(&|f| f.ts, of);
    facts.ingest = range(&|f| f.ingest, of);
    facts.datasets = union(of.iter().map(|f| &f.datasets));
    facts.services = union(of.iter().map(|f| &f.services));
    facts.unit_rate = of.iter().all(|f| f.unit_rate);
    facts.fills = vec![0; columns.attrs.len()];
    for (part, facts_of) in parts.iter().zip(of) {
        let attrs = part
            .names()
            .filter_map(event::field::parse_attribute_column);
        for ((key, ty), rows) in attrs.zip(&facts_of.fills) {
            let at = columns
                .attrs
                .binary_search_by(|a| (&*a.key, a.ty).cmp(&(key, ty)));
            if let Ok(at) = at {
                facts.fills[at] += rows;
            }
        }
    }
    facts
}

/// Inputs have lists; their union may be too long for one.
fn union<'a>(sets: impl Iterator<Item = &'a TextSet>) -> TextSet {
    let all: BTreeSet<&String> = sets.filter_map(TextSet::list).flatten().collect();
    TextSet::new(all.into_iter().cloned().collect())
}
