//! Compaction: merges parts of one period, column by column (storage.md §3.5).
//!
//! A row is rewritten once as a rule and never more than twice: level-0 parts of an hour into
//! parts of a million rows, then small hours and late parts of a day into the day's part. Rows that
//! are expired or deleted are left out on the way; rows of different retention go to parts of their
//! own, so that expiry drops whole parts.

use crate::columns::{self, Fill, Fills, KeyType};
use crate::flush::{PART_BYTES, SLICE_BYTES, chunks_of, purged_ms};
use crate::inner::{Inner, expiry};
use crate::manifest::Edit;
use crate::order::{self, Keys, SliceLimit};
use crate::part::{
    self, Facts, FlushRef, Group, GroupSource, Lane, OpenPart, Part, Pick, Source, for_each_entry,
    keys, untag,
};
use crate::publish::{Draft, NewPart};
use crate::time::{LATE, Period};
use crate::{Error, Expiry, Retention, Tombstone};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use event::field::parse_attribute_column;
use event::{Fixed, TableId, TraceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// An hour with fewer rows than this joins its day's part.
const SMALL_HOUR_ROWS: u64 = 100_000;
/// Rows read by one merge, at most: its keys are in memory.
const MERGE_ROWS: u64 = 2 << 20;

/// Parts to be merged into the period.
pub(crate) struct Merge {
    pub table: TableId,
    pub period: Period,
    pub level: u8,
    pub inputs: Vec<Arc<Part>>,
}

impl Inner {
    /// Runs every merge that is due; with `all`, merges each period's parts whatever their number.
    pub(crate) fn compact(&self, all: bool) -> Result<(), Error> {
        self.tidy()?;
        let mut every = if all { self.every_merge() } else { Vec::new() };
        while let Some(merge) = every.pop().or_else(|| self.next_merge()) {
            self.merge_one(&merge)?;
        }
        self.rebuild_indexes()?;
        self.tidy()
    }

    /// Lets go of what is expired, settled or unread.
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        let _one_at_a_time = self.compacting.lock();
        self.status.alive()?;
        self.expire()?;
        self.settle_tombstones()?;
        self.unlink_left()
    }

    /// Runs a merge, unless its inputs have left meanwhile.
    pub(crate) fn merge_one(&self, merge: &Merge) -> Result<(), Error> {
        let _one_at_a_time = self.compacting.lock();
        self.status.alive()?;
        let state = self.state.lock();
        let there = state.tables.get(&merge.table).is_some_and(|t| {
            let is = |input: &Arc<Part>| t.parts.iter().any(|p| Arc::ptr_eq(p, input));
            merge.inputs.iter().all(is)
        });
        drop(state);
        if there { self.merge(merge) } else { Ok(()) }
    }

    /// Writes the trace indexes that are missing or damaged.
    pub(crate) fn rebuild_indexes(&self) -> Result<(), Error> {
        let parts: Vec<Arc<Part>> = {
            let state = self.state.lock();
            state
                .tables
                .values()
                .flat_map(|t| t.parts.iter().filter(|p| p.lacks_index()).cloned())
                .collect()
        };
        for part in parts {
            self.step("tix.rebuild")?;
            let open = OpenPart::open(&part)?;
            let mut rows = Vec::new();
            for group in 0..open.groups() {
                let group = GroupSource::new(open.clone(), group)?;
                let (Some(ts), Some(ids)) = (group.fixed(Fixed::Ts)?, group.fixed(Fixed::TraceId)?)
                else {
                    continue;
                };
                rows.extend(traces(&ts, &ids));
            }
            if let Some(bytes) = crate::part::tix_bytes(rows.into_iter()) {
                self.write_index(&part.tix_path(), &bytes)?;
                part.forget_index();
            }
        }
        Ok(())
    }

    /// Each period's parts, where there are several.
    fn every_merge(&self) -> Vec<Merge> {
        let mut merges = Vec::new();
        for ((table, period), inputs) in self.by_period() {
            if inputs.len() > 1 {
                let level = inputs.iter().map(|p| p.level).max().unwrap_or(0).max(1);
                merges.push(Merge {
                    table,
                    period,
                    level,
                    inputs,
                });
            }
        }
        merges
    }

    fn by_period(&self) -> BTreeMap<(TableId, Period), Vec<Arc<Part>>> {
        let mut out: BTreeMap<(TableId, Period), Vec<Arc<Part>>> = BTreeMap::new();
        let state = self.state.lock();
        for (table, t) in &state.tables {
            // A damaged part cannot be read whole; it must not hold up the others.
            for part in t.parts.iter().filter(|p| !p.file.is_damaged()) {
                out.entry((*table, part.period))
                    .or_default()
                    .push(Arc::clone(part));
            }
        }
        drop(state);
        for parts in out.values_mut() {
            parts.sort_unstable_by(|a, b| (a.ts_min, &a.id).cmp(&(b.ts_min, &b.id)));
        }
        out
    }

    /// The merge that is due most.
    pub(crate) fn next_merge(&self) -> Option<Merge> {
        let now = self.clock.now();
        let periods = self.by_period();
        periods
            .iter()
            .find_map(|((table, period), parts)| self.due_in_period(*table, *period, parts, now))
            .or_else(|| self.due_day(&periods, now))
            .or_else(|| self.due_rewrite(&periods))
    }

    fn due_in_period(
        &self,
        table: TableId,
        period: Period,
        parts: &[Arc<Part>],
        now: i64,
    ) -> Option<Merge> {
        let fresh: Vec<Arc<Part>> = parts.iter().filter(|p| p.level == 0).cloned().collect();
        let rows: u64 = fresh.iter().map(|p| p.rows).sum();
        let full = self.options.part_rows as u64;
        let merge = |inputs: Vec<Arc<Part>>| {
            let inputs = bounded(inputs);
            (inputs.len() > 1).then_some(Merge {
                table,
                period,
                level: 1,
                inputs,
            })
        };
        if fresh.len() >= self.options.merge_parts || (fresh.len() > 1 && rows >= full) {
            return merge(fresh);
        }
        // The final pass of an hour; a part that is large already is not written again.
        let over = period.hour.is_some() && now.saturating_sub(period.end()) >= LATE;
        let small = |p: &&Arc<Part>| p.level == 0 || (p.level == 1 && p.rows < full / 2);
        if over && parts.len() > 2 {
            return merge(parts.iter().filter(small).cloned().collect());
        }
        None
    }

    /// A day that is over: its small hours and late parts.
    fn due_day(
        &self,
        periods: &BTreeMap<(TableId, Period), Vec<Arc<Part>>>,
        now: i64,
    ) -> Option<Merge> {
        let mut days: BTreeMap<(TableId, i64), Vec<Arc<Part>>> = BTreeMap::new();
        for ((table, period), parts) in periods {
            let day = Period {
                day: period.day,
                hour: None,
            };
            if now.saturating_sub(day.end()) < LATE {
                continue;
            }
            let rows: u64 = parts.iter().map(|p| p.rows).sum();
            let joins = match period.hour {
                Some(_) => rows < SMALL_HOUR_ROWS,
                None => true,
            };
            if joins {
                let small = parts.iter().filter(|p| p.level < 2).cloned();
                days.entry((*table, period.day)).or_default().extend(small);
            }
        }
        days.into_iter().find_map(|((table, day), parts)| {
            // A single late part waits for others; a single hour's part is as good as the day's.
            let inputs = bounded(parts);
            (inputs.len() > 1).then_some(Merge {
                table,
                period: Period { day, hour: None },
                level: 2,
                inputs,
            })
        })
    }

    /// A part with rows that must go: of a deleted dataset, or of one whose retention has passed
    /// while others' has not.
    fn due_rewrite(&self, periods: &BTreeMap<(TableId, Period), Vec<Arc<Part>>>) -> Option<Merge> {
        let now = self.clock.now();
        let state = self.state.lock();
        let (tombstones, retention) = (Arc::clone(&state.tombstones), Arc::clone(&state.retention));
        drop(state);
        for ((table, period), parts) in periods {
            let limits = expiry(&retention, table.env, now);
            for part in parts {
                let deleted = tombstones.iter().any(|t| hits(t, part));
                let expired = limits
                    .by_dataset
                    .iter()
                    .any(|(d, limit)| part.ts_max < *limit && part.may_have_dataset(d))
                    || part
                        .datasets
                        .as_ref()
                        .is_some_and(|list| list.iter().any(|d| part.ts_max < limits.of(d)));
                if deleted || expired {
                    return Some(Merge {
                        table: *table,
                        period: *period,
                        level: part.level.max(1),
                        inputs: vec![Arc::clone(part)],
                    });
                }
            }
        }
        None
    }

    /// Merges parts: reads their keys, orders the rows, then writes one column after another.
    pub(crate) fn merge(&self, merge: &Merge) -> Result<(), Error> {
        self.step("merge.begin")?;
        let state = self.state.lock();
        let retention = Arc::clone(&state.retention);
        let tombstones: Vec<Tombstone> = state
            .tombstones
            .iter()
            .filter(|t| t.env == merge.table.env)
            .cloned()
            .collect();
        drop(state);
        let mut inputs = Vec::new();
        for part in &merge.inputs {
            inputs.push((Arc::clone(part), OpenPart::open(part)?));
        }
        let facts: Result<Vec<Facts>, Error> = merge
            .inputs
            .iter()
            .map(|p| Facts::of(p.metadata()?.as_ref()))
            .collect();
        let facts = facts?;
        if let Some(joined) = self.joinable(merge, &inputs, &facts, &retention, &tombstones)? {
            return self.join(merge, &joined, &inputs, &facts, &tombstones);
        }
        let mut groups = Vec::new();
        for (part, open) in &inputs {
            for group in 0..open.groups() {
                groups.push((Arc::clone(part), GroupSource::new(open.clone(), group)?));
            }
        }
        let sources: Vec<&dyn Source> = groups.iter().map(|(_, g)| g as &dyn Source).collect();
        let keys: Result<Vec<Keys>, Error> = groups
            .iter()
            .map(|(_, g)| Keys::read(g, g.row_bytes()))
            .collect();
        let keys = keys?;
        let limits = expiry(&retention, merge.table.env, self.clock.now());
        let classes = classes(&groups, &keys, merge, &retention, &limits, &tombstones)?;
        let fills = fills(&inputs, &facts)?;
        let preferred = self.fields.preferred(merge.table.env, self.clock.now());
        let columns = columns::choose(fills, &preferred, self.options.columns_per_part);
        let limit = SliceLimit {
            rows: self.options.slice_rows,
            bytes: SLICE_BYTES,
        };
        let mut planned = Vec::new();
        for picks in classes.into_values() {
            let bytes: u64 = groups
                .iter()
                .map(|(_, g)| g.row_bytes())
                .max()
                .unwrap_or(1)
                .max(1);
            let fits = usize::try_from(PART_BYTES / bytes).unwrap_or(usize::MAX);
            let slices = order::slices(picks, &keys, limit);
            planned.extend(chunks_of(slices, self.options.part_rows.min(fits)));
        }
        let drafts = self.drafts(merge, &facts, &tombstones, &columns, planned.len());
        let mut written = Vec::new();
        let outcome: Result<(), Error> =
            drafts
                .into_iter()
                .zip(&planned)
                .try_for_each(|(draft, slices)| {
                    let disk = self.disk.as_ref();
                    let part = self.write_part(draft, |path, facts, columns| {
                        part::write(disk, path, facts, columns, slices, &sources)
                    })?;
                    written.push(part);
                    Ok(())
                });
        if outcome.is_err() {
            self.discard(&written);
        }
        outcome?;
        self.swap(merge, &written)
    }

    /// What the outputs of a merge say of themselves, beside their rows.
    pub(crate) fn drafts(
        &self,
        merge: &Merge,
        facts: &[Facts],
        tombstones: &[Tombstone],
        columns: &part::Columns,
        outputs: usize,
    ) -> Vec<Draft> {
        let group = Group {
            id: self.new_id(),
            parts: u32::try_from(outputs).unwrap_or(u32::MAX),
        };
        let wal_first = self.wal_files.first_seq().unwrap_or(u64::MAX);
        let before: BTreeSet<&String> = facts
            .iter()
            .flat_map(|f| f.replaces.iter().chain(&f.replaced_before))
            .collect();
        let inputs = merge.inputs.iter();
        let purged = inputs.clone().map(|p| p.purged_ms).min();
        let draft = || Draft {
            id: self.new_id(),
            table: merge.table,
            period: merge.period,
            level: merge.level,
            seq: inputs.clone().fold((u64::MAX, 0), |(low, high), p| {
                (low.min(p.seq.0), high.max(p.seq.1))
            }),
            group: group.clone(),
            flushes: merged_flushes(facts, wal_first),
            replaces: inputs.clone().map(|p| p.id.clone()).collect(),
            replaced_before: before.iter().map(|id| (*id).clone()).collect(),
            purged_ms: purged.unwrap_or(i64::MIN).max(purged_ms(tombstones)),
            columns: columns.clone(),
        };
        (0..outputs).map(|_| draft()).collect()
    }

    /// Publishes a merge's outputs in place of its inputs.
    pub(crate) fn swap(&self, merge: &Merge, written: &[NewPart]) -> Result<(), Error> {
        let remove: Vec<String> = merge.inputs.iter().map(|p| p.id.clone()).collect();
        let published = self.install(written).and_then(|()| {
            self.commit(&Edit {
                add: written.iter().map(|p| p.row.clone()).collect(),
                remove: remove.clone(),
                ..Edit::default()
            })
        });
        if let Err(Error::ReadOnly(_)) = &published {
            self.discard(written);
        }
        published?;
        let parts: Result<Vec<Arc<Part>>, Error> =
            written.iter().map(|p| self.part_of(&p.row)).collect();
        let parts = parts?;
        let rows = parts.iter().map(|p| p.rows).sum();
        let now = self.clock.now();
        let mut state = self.state.lock();
        if let Some(t) = state.tables.get_mut(&merge.table) {
            t.swap_parts(&remove, parts);
        }
        state
            .leaving
            .extend(merge.inputs.iter().map(|p| (Arc::clone(p), now)));
        drop(state);
        self.merges.fetch_add(1, Ordering::Relaxed);
        self.rows_merged.fetch_add(rows, Ordering::Relaxed);
        self.step("merge.swapped")
    }
}

/// Trace and event time of each row that has a trace.
pub(crate) fn traces(ts: &Lane, ids: &Lane) -> Vec<(TraceId, i64)> {
    let (Some(ts), Some(ids)) = (ts.ints(), ids.array().as_fixed_size_binary_opt()) else {
        return Vec::new();
    };
    (0..ids.len())
        .filter(|row| ids.is_valid(*row))
        .filter_map(|row| Some((TraceId(ids.value(row).try_into().ok()?), ts.value(row))))
        .collect()
}

/// Whether rows of the part fall under the tombstone.
pub(crate) fn hits(t: &Tombstone, part: &Part) -> bool {
    t.env == part.table.env
        && part.ingest.0 <= t.created_ms
        && part.purged_ms < t.created_ms
        && part.may_have_dataset(&t.dataset)
}

/// As many parts, the oldest first, as one merge may read.
fn bounded(parts: Vec<Arc<Part>>) -> Vec<Arc<Part>> {
    let mut rows = 0;
    parts
        .into_iter()
        .take_while(|p| {
            let first = rows == 0;
            rows += p.rows;
            first || rows <= MERGE_ROWS
        })
        .collect()
}

/// The rows that stay, by their retention in days.
#[expect(
    clippy::cast_possible_truncation,
    reason = "row groups and rows are numbered in u32"
)]
fn classes(
    groups: &[(Arc<Part>, GroupSource)],
    keys: &[Keys],
    merge: &Merge,
    retention: &Retention,
    limits: &Expiry,
    tombstones: &[Tombstone],
) -> Result<BTreeMap<u32, Vec<Pick>>, Error> {
    let mut classes: BTreeMap<u32, Vec<Pick>> = BTreeMap::new();
    for (source, ((part, group), keys)) in groups.iter().zip(keys).enumerate() {
        let deleting: Vec<&Tombstone> = tombstones.iter().filter(|t| hits(t, part)).collect();
        let ingest = if deleting.is_empty() {
            None
        } else {
            group.fixed(Fixed::IngestTs)?
        };
        let ingest = ingest.as_ref().and_then(|lane| lane.ints());
        // By dataset code: what becomes of its rows.
        let rules: Vec<(u32, i64, i64)> = keys
            .slugs()
            .map(|d| {
                let deleted = deleting
                    .iter()
                    .filter(|t| t.dataset == d)
                    .map(|t| t.created_ms)
                    .max();
                let days = retention.days(merge.table.env, d);
                (days, limits.of(d), deleted.unwrap_or(i64::MIN))
            })
            .collect();
        for row in 0..group.rows() {
            let (days, expired_before, deleted_until) = rules[keys.dataset_code(row)];
            let gone = keys.ts(row) < expired_before
                || (deleted_until > i64::MIN
                    && ingest.is_some_and(|i| i.value(row) <= deleted_until));
            if !gone {
                classes.entry(days).or_default().push(Pick {
                    source: source as u32,
                    row: row as u32,
                });
            }
        }
    }
    Ok(classes)
}

/// How many rows of the inputs have each column.
pub(crate) fn fills(inputs: &[(Arc<Part>, OpenPart)], facts: &[Facts]) -> Result<Fills, Error> {
    let mut fills = Fills::default();
    for ((part, open), facts) in inputs.iter().zip(facts) {
        let mut attrs = facts.fills.iter();
        for name in open.names() {
            if let Some((key, ty)) = parse_attribute_column(name) {
                let rows = attrs.next().copied().unwrap_or(part.rows);
                add(&mut fills, key, ty, rows, !open.has_statistics(name));
            } else if let Some(f) = Fixed::ALL.iter().find(|f| f.column_name() == name) {
                fills.fixed[*f as usize] += part.rows;
            }
        }
        for group in 0..open.groups() {
            for bucket in 0..keys::OVERFLOW_BUCKETS {
                if let Some(map) = open.overflow_map(group, bucket)? {
                    for_each_entry(&map, |_, key, tagged| {
                        if let Some((ty, _)) = untag(tagged) {
                            add(&mut fills, key, ty, 1, true);
                        }
                    })?;
                }
            }
        }
    }
    Ok(fills)
}

fn add(fills: &mut Fills, key: &str, ty: event::Type, rows: u64, many: bool) {
    if let Some(fill) = fills.attrs.get_mut(&KeyType(key, ty)) {
        fill.rows += rows;
        fill.many |= many;
    } else {
        fills.attrs.insert((key.into(), ty), Fill { rows, many });
    }
}

/// The flushes of the inputs whose records the WAL may still hold: a manifest rebuilt from footers
/// must know that they are in parts. Others are known to be by the WAL's beginning.
fn merged_flushes(facts: &[Facts], wal_first: u64) -> Vec<FlushRef> {
    let mut flushes: BTreeMap<&str, FlushRef> = BTreeMap::new();
    for flush in facts.iter().flat_map(|f| &f.flushes) {
        if flush.seq.1 < wal_first {
            continue;
        }
        flushes
            .entry(&flush.id)
            .and_modify(|f| f.here += flush.here)
            .or_insert_with(|| flush.clone());
    }
    flushes.into_values().collect()
}
