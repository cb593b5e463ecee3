//! Flush: a table's whole buffer becomes parts, one per hour of event time (storage.md §3.3).

use crate::columns::{self, Fill, Fills, STATISTICS_DISTINCT_LIMIT};
use crate::inner::Inner;
use crate::manifest::{Edit, SeenRow};
use crate::order::{self, BatchSource, Keys, SliceLimit};
use crate::part::{self, FlushRef, Group, Part, Pick, Slice, Source};
use crate::publish::{Draft, NewPart};
use crate::snapshot::BufferedBatch;
use crate::time::Period;
use crate::{Error, Tombstone};
use arrow_array::Array;
use event::{Data, Fixed, TableId, Type};
use hashbrown::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Uncompressed bytes of a slice, at most.
pub(crate) const SLICE_BYTES: u64 = 64 << 20;
/// Uncompressed bytes of a part, at most: about 128 MB on disk.
pub(crate) const PART_BYTES: u64 = 512 << 20;
/// Key statistics go to the manifest at most this often, milliseconds.
const KEY_STATS_EVERY_MS: i64 = 60_000;

/// A table's buffer, held for a flush.
pub(crate) struct Job {
    pub table: TableId,
    /// What is written: all that is held, but for records that were set aside.
    pub batches: Vec<Arc<BufferedBatch>>,
    pub tombstones: Vec<Tombstone>,
    /// How many batches of the buffer the flush takes.
    held: usize,
    /// First and last sequence of those.
    pub sequences: (u64, u64),
}

impl Job {
    pub(crate) fn new(
        table: TableId,
        batches: Vec<Arc<BufferedBatch>>,
        tombstones: Vec<Tombstone>,
    ) -> Self {
        let first = batches.first().map_or(0, |b| b.sequences.0);
        let last = batches.last().map_or(0, |b| b.sequences.1);
        Self {
            table,
            held: batches.len(),
            sequences: (first, last),
            batches,
            tombstones,
        }
    }
}

/// Rows of one period, before they are ordered.
struct Target {
    period: Period,
    picks: Vec<Pick>,
    fills: Fills,
    /// Whether some row weighs more than 1.
    weighted: bool,
}

impl Inner {
    /// Flushes the buffers of `tables` in one transaction.
    pub(crate) fn flush(&self, tables: &[TableId]) -> Result<(), Error> {
        let _one_at_a_time = self.flushing.lock();
        self.status.alive()?;
        let mut jobs = self.hold(tables);
        if jobs.is_empty() {
            return Ok(());
        }
        let done = self.flush_jobs(&mut jobs);
        if done.is_err() {
            let mut state = self.state.lock();
            for job in &jobs {
                if let Some(t) = state.tables.get_mut(&job.table) {
                    t.held = 0;
                }
            }
        }
        done?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.trim_wal()
    }

    fn hold(&self, tables: &[TableId]) -> Vec<Job> {
        let mut state = self.state.lock();
        let tombstones = Arc::clone(&state.tombstones);
        let mut jobs = Vec::new();
        for table in tables {
            let Some(t) = state
                .tables
                .get_mut(table)
                .filter(|t| !t.batches.is_empty())
            else {
                continue;
            };
            t.held = t.batches.len();
            let of_env = tombstones.iter().filter(|t| t.env == table.env);
            jobs.push(Job::new(
                *table,
                t.batches.clone(),
                of_env.cloned().collect(),
            ));
        }
        jobs
    }

    fn flush_jobs(&self, jobs: &mut [Job]) -> Result<(), Error> {
        self.step("flush.begin")?;
        let mut written: Vec<Vec<NewPart>> = Vec::new();
        let published = self.publish_jobs(jobs, &mut written);
        if let Err(Error::ReadOnly(_)) = &published {
            written.iter().for_each(|parts| self.discard(parts));
        }
        published?;
        let mut swaps = Vec::new();
        for parts in &written {
            let parts: Result<Vec<Arc<Part>>, Error> =
                parts.iter().map(|p| self.part_of(&p.row)).collect();
            swaps.push(parts?);
        }
        let of_parts = swaps.iter().flatten().map(|p: &Arc<Part>| p.rows).sum();
        self.rows_flushed.fetch_add(of_parts, Ordering::Relaxed);
        let mut state = self.state.lock();
        for (job, parts) in jobs.iter().zip(swaps) {
            let Some(t) = state.tables.get_mut(&job.table) else {
                continue;
            };
            let gone = t.batches.drain(..job.held);
            let (rows, bytes) = gone.fold((0, 0), |(r, n), b| (r + b.batch.rows(), n + b.bytes));
            t.rows -= rows;
            t.bytes -= bytes;
            t.held = 0;
            t.oldest = (!t.batches.is_empty()).then(|| self.clock.now());
            t.swap_parts(&[], parts);
            self.buffered_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        drop(state);
        self.step("flush.swapped")
    }

    fn publish_jobs(&self, jobs: &mut [Job], written: &mut Vec<Vec<NewPart>>) -> Result<(), Error> {
        for job in &mut *jobs {
            match self.write_or_set_aside(job) {
                Ok(parts) => written.push(parts),
                Err(e) => {
                    // Nothing has its name yet.
                    written.drain(..).for_each(|parts| self.discard(&parts));
                    return Err(e);
                }
            }
        }
        let mut edit = Edit::default();
        for parts in &*written {
            self.install(parts)?;
            edit.add.extend(parts.iter().map(|p| p.row.clone()));
        }
        edit.marks = jobs.iter().map(|j| (j.table, j.sequences.1)).collect();
        self.add_key_stats(&mut edit);
        self.commit(&edit)
    }

    /// Writes the parts of a job under their temporary names.
    pub(crate) fn write_job(&self, job: &Job, written: &mut Vec<NewPart>) -> Result<(), Error> {
        let now = self.clock.now();
        let targets = targets(job, now);
        let sources: Vec<BatchSource<'_>> =
            job.batches.iter().map(|b| BatchSource(&b.batch)).collect();
        let sources: Vec<&dyn Source> = sources.iter().map(|s| s as &dyn Source).collect();
        let keys: Result<Vec<Keys>, Error> = job
            .batches
            .iter()
            .zip(&sources)
            .map(|(b, s)| Keys::read(*s, b.bytes as u64 / b.batch.rows().max(1) as u64))
            .collect();
        let keys = keys?;
        let preferred = self.fields.preferred(job.table.env, now);
        let limit = SliceLimit {
            rows: self.options.slice_rows,
            bytes: SLICE_BYTES,
        };
        let part_rows = self.options.flush_rows.max(2 * self.options.slice_rows);
        let mut planned = Vec::new();
        for mut target in targets {
            if !target.weighted {
                target.fills.fixed[Fixed::SampleRate as usize] = 0;
            }
            let columns = columns::choose(target.fills, &preferred, self.options.columns_per_part);
            let slices = order::slices(target.picks, &keys, limit);
            for slices in chunks_of(slices, part_rows) {
                planned.push((target.period, columns.clone(), slices));
            }
        }
        let seq = job.sequences;
        let id = self.new_id();
        let parts = u32::try_from(planned.len()).unwrap_or(u32::MAX);
        for (period, columns, slices) in planned {
            let draft = Draft {
                id: self.new_id(),
                table: job.table,
                period,
                level: 0,
                seq,
                group: Group {
                    id: id.clone(),
                    parts,
                },
                flushes: vec![FlushRef {
                    id: id.clone(),
                    parts,
                    here: 1,
                    seq,
                }],
                replaces: Vec::new(),
                replaced_before: Vec::new(),
                purged_ms: purged_ms(&job.tombstones),
                columns,
            };
            let disk = self.disk.as_ref();
            written.push(self.write_part(draft, |path, facts, columns| {
                part::write(disk, path, facts, columns, &slices, &sources)
            })?);
        }
        Ok(())
    }

    pub(crate) fn add_key_stats(&self, edit: &mut Edit) {
        let now_ms = self.clock.now() / 1_000_000;
        let last = self.key_stats_written_ms.load(Ordering::Relaxed);
        if now_ms - last >= KEY_STATS_EVERY_MS || now_ms < last {
            self.key_stats_written_ms.store(now_ms, Ordering::Relaxed);
            (edit.key_stats, edit.key_queries) = self.fields.take_changes();
        }
    }

    /// Deletes the WAL files whose every record is in a part and applied elsewhere.
    pub(crate) fn trim_wal(&self) -> Result<(), Error> {
        // The list first: what its files but the newest hold was in a buffer before the newest was
        // begun, so the safe point read afterwards covers it.
        let files = self.wal_files.list();
        let safe = self.safe_point();
        let gone: Vec<_> = files
            .windows(2)
            .take_while(|w| w[1].first_seq <= safe)
            .collect();
        let Some(last) = gone.last() else {
            return Ok(());
        };
        let last_seq = last[1].first_seq - 1;
        let now_ms = self.clock.now() / 1_000_000;
        let mut seen = self.seen.lock();
        let unwritten = seen.unwritten(last_seq);
        let oldest = seen.oldest_ms(now_ms);
        drop(seen);
        if let Some((entries, newest_ms)) = unwritten {
            self.commit(&Edit {
                seen: Some(SeenRow {
                    last_seq,
                    newest_ms,
                    entries,
                }),
                seen_oldest_ms: Some(oldest),
                ..Edit::default()
            })?;
            seen = self.seen.lock();
            seen.mark_written(last_seq);
        }
        for w in gone {
            self.step("wal.remove")?;
            let path = &w[0].path;
            self.disk
                .remove(path)
                .map_err(|e| Error::io(path.display(), &e))?;
            self.wal_files.forget(path);
        }
        Ok(())
    }

    /// Records below it are in parts and applied: the WAL is not needed for them.
    fn safe_point(&self) -> u64 {
        let buffered = self
            .state
            .lock()
            .tables
            .values()
            .filter_map(|t| t.batches.first())
            .map(|b| b.sequences.0)
            .min()
            .unwrap_or(u64::MAX);
        buffered
            .min(self.applied_seq.load(Ordering::SeqCst).saturating_add(1))
            .min(self.replay_floor.load(Ordering::SeqCst))
    }
}

/// Tombstones up to this time are applied, milliseconds.
pub(crate) fn purged_ms(tombstones: &[Tombstone]) -> i64 {
    tombstones
        .iter()
        .map(|t| t.created_ms)
        .max()
        .unwrap_or(i64::MIN)
}

/// Whole slices, cut into parts of at most `rows` rows.
pub(crate) fn chunks_of(slices: Vec<Slice>, rows: usize) -> Vec<Vec<Slice>> {
    let mut out: Vec<Vec<Slice>> = Vec::new();
    let mut held = 0;
    for slice in slices {
        match out.last_mut() {
            Some(last) if held + slice.picks.len() <= rows => {
                held += slice.picks.len();
                last.push(slice);
            }
            _ => {
                held = slice.picks.len();
                out.push(vec![slice]);
            }
        }
    }
    out
}

/// Distributes the rows over periods, and counts what each has. Deleted rows are left out.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rows and batches are numbered in u32"
)]
fn targets(job: &Job, now: i64) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    let mut by_period: HashMap<Period, usize> = HashMap::new();
    for (source, buffered) in job.batches.iter().enumerate() {
        let batch = &buffered.batch;
        let deleted = Deleted::new(&job.tombstones, batch);
        let mut target_of_row = vec![u32::MAX; batch.rows()];
        let mut last: Option<(Period, usize)> = None;
        for (row, ts) in batch.ts().iter().enumerate() {
            if deleted.has(row) {
                continue;
            }
            let period = Period::of(*ts, now);
            let target = match last {
                Some((p, t)) if p == period => t,
                _ => *by_period.entry(period).or_insert_with(|| {
                    targets.push(Target {
                        period,
                        picks: Vec::new(),
                        fills: Fills::default(),
                        weighted: false,
                    });
                    targets.len() - 1
                }),
            };
            last = Some((period, target));
            target_of_row[row] = target as u32;
            targets[target].picks.push(Pick {
                source: source as u32,
                row: row as u32,
            });
            targets[target].weighted |= batch.sample_rate(row) != 1;
        }
        count(batch, &target_of_row, &mut targets);
    }
    targets.sort_unstable_by_key(|t| t.period);
    targets
}

/// Adds a batch's filled rows to the targets they go to.
fn count(batch: &event::EventBatch, target_of_row: &[u32], targets: &mut [Target]) {
    let rows = batch.rows();
    let mut counts = vec![0u64; targets.len()];
    let mut per_target = |column: &event::Column, note: &mut dyn FnMut(&mut Target, u64)| {
        counts.fill(0);
        column.presence.for_each(rows, |row| {
            if let Some(n) = counts.get_mut(target_of_row[row] as usize) {
                *n += 1;
            }
        });
        for (target, n) in targets.iter_mut().zip(&counts).filter(|(_, n)| **n > 0) {
            note(target, *n);
        }
    };
    for f in Fixed::ALL {
        if let Some(column) = batch.fixed(f) {
            per_target(column, &mut |t, n| t.fills.fixed[f as usize] += n);
        }
    }
    for attr in batch.attrs() {
        let many = match &attr.column.data {
            Data::Str(s) => s.dict.len() >= STATISTICS_DISTINCT_LIMIT,
            _ => false,
        };
        let ty: Type = attr.ty();
        per_target(&attr.column, &mut |t, n| {
            let fill: &mut Fill = t
                .fills
                .attrs
                .entry((Arc::clone(&attr.key), ty))
                .or_default();
            fill.rows += n;
            fill.many |= many;
        });
    }
}

/// Which rows of a batch tombstones hit.
struct Deleted<'a> {
    hits: Vec<&'a Tombstone>,
    batch: &'a event::EventBatch,
}

impl<'a> Deleted<'a> {
    fn new(tombstones: &'a [Tombstone], batch: &'a event::EventBatch) -> Self {
        let datasets = if tombstones.is_empty() {
            Vec::new()
        } else {
            batch.datasets()
        };
        Self {
            hits: tombstones
                .iter()
                .filter(|t| datasets.contains(&t.dataset.as_str()))
                .collect(),
            batch,
        }
    }

    fn has(&self, row: usize) -> bool {
        if self.hits.is_empty() {
            return false;
        }
        let ingest = match self.batch.fixed(Fixed::IngestTs).and_then(|c| c.value(row)) {
            Some(event::ValueRef::Int(ms)) => ms,
            _ => i64::MAX,
        };
        let dataset = self.batch.dataset(row);
        self.hits
            .iter()
            .any(|t| t.dataset == dataset && ingest <= t.created_ms)
    }
}
