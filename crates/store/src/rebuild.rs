//! A lost manifest, rebuilt from the footers of the parts (storage.md §7).
//!
//! What a transaction published together is told from what a crash left half done:
//!
//! * A **merge** of which a file is missing, while all its inputs are there, was never published:
//!   its outputs are left out. Otherwise it was: its inputs, and what they replaced, are left out.
//! * A **flush** of which a part is missing (and in no merge) was never published, if the WAL still
//!   has all its records: its parts are left out and the records are read back. If the WAL has not,
//!   it was published: WAL files are only deleted afterwards.
//! * Of two flushes of one table that overlap, the later one counts: it was made because the
//!   earlier one was never published.
//!
//! Nothing is removed by this start; the next one sweeps what is not listed.

use crate::Error;
use crate::disk::{self, SyncPoint};
use crate::inner::Inner;
use crate::manifest::{Contents, PartRow};
use crate::part::{Facts, FlushRef, OpenPart, Overflow, PartFile, TextSet, block_crcs};
use crate::recovery::DataFile;
use event::TableId;
use event::field::parse_attribute_column;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Inner {
    /// What the manifest must have held. `set_aside` takes what cannot be read as a part.
    pub(crate) fn rebuild(
        &self,
        files: &[DataFile],
        set_aside: &mut Vec<String>,
    ) -> Result<Contents, Error> {
        let mut parts = BTreeMap::new();
        for file in files {
            if file.path.extension().is_none_or(|e| e != "parquet") {
                continue;
            }
            let read = catch_unwind(AssertUnwindSafe(|| self.read_part(file)));
            match read.unwrap_or_else(|_| Err(Error::Damaged("reading it panicked".into()))) {
                Ok(row) => {
                    parts.insert(row.facts.id.clone(), row);
                }
                Err(Error::Damaged(why)) => {
                    self.set_part_aside(file)?;
                    set_aside.push(format!("part {}: {why}", file.path.display()));
                }
                Err(e) => return Err(e),
            }
        }
        let wal_first = self.wal_files.first_seq().unwrap_or(u64::MAX);
        let facts: Vec<&Facts> = parts.values().map(|p| &p.facts).collect();
        let kept = published(&facts, wal_first)?;
        let skips = kept.flushes;
        parts.retain(|id, _| kept.parts.contains(id));
        Ok(Contents {
            parts: parts.into_values().collect(),
            skips,
            ..Contents::default()
        })
    }

    /// A part as its file tells it, with new checksums.
    fn read_part(&self, file: &DataFile) -> Result<PartRow, Error> {
        let bytes = disk::read(self.disk.as_ref(), &file.path)
            .map_err(|e| Error::io(file.path.display(), &e))?;
        let crcs = block_crcs(&bytes);
        drop(bytes);
        let part_file = PartFile::new(
            file.path.clone(),
            file.bytes,
            crcs.clone(),
            Arc::clone(&self.disk),
            Arc::clone(&self.footers),
        );
        let facts = Facts::of(part_file.metadata()?.as_ref())?;
        if self.part_path(&facts)? != file.path {
            return Err(Error::Damaged("it is not where its footer says".into()));
        }
        let open = OpenPart::of_file(&part_file)?;
        let mut columns: Vec<u32> = open
            .names()
            .filter_map(parse_attribute_column)
            .map(|(key, ty)| self.keys.typed(key, ty))
            .collect();
        columns.sort_unstable();
        let overflow = match &facts.overflow {
            TextSet::Bloom(bloom) => Overflow::Bloom(bloom.clone()),
            TextSet::List(names) => {
                let mut list: Vec<u32> = names
                    .iter()
                    .filter_map(|n| parse_attribute_column(n))
                    .map(|(key, ty)| self.keys.typed(key, ty))
                    .collect();
                list.sort_unstable();
                Overflow::List(list.into())
            }
        };
        Ok(PartRow {
            facts,
            columns: columns.into(),
            overflow,
            bytes: file.bytes,
            crcs,
        })
    }

    fn set_part_aside(&self, file: &DataFile) -> Result<(), Error> {
        let dir = self.quarantine_dir();
        let failed = |e: std::io::Error| Error::io(file.path.display(), &e);
        let root = &self.options.data_dir;
        disk::create_dirs(self.disk.as_ref(), root, &dir, SyncPoint::PartAsideDir)
            .map_err(failed)?;
        let name = file.path.file_name().unwrap_or_default();
        self.disk
            .rename(&file.path, &dir.join(name))
            .map_err(failed)?;
        // Under its old name it would be swept, once the manifest does not list it.
        self.disk
            .sync_dir(&dir, SyncPoint::PartAsideName)
            .map_err(failed)
    }
}

/// What was published.
struct Published {
    parts: HashSet<String>,
    /// Sequences of tables that are in those parts, of what the WAL may still hold.
    flushes: Vec<(TableId, u64, u64)>,
}

fn published(all: &[&Facts], wal_first: u64) -> Result<Published, Error> {
    let there: HashSet<&str> = all.iter().map(|f| f.id.as_str()).collect();
    let mut gone: HashSet<&str> = HashSet::new();
    let mut merges: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
    for f in all.iter().filter(|f| f.level > 0) {
        merges.entry(&f.group.id).or_default().push(f);
    }
    for outputs in merges.values() {
        let whole = outputs.len() == outputs[0].group.parts as usize;
        let inputs_there = || {
            outputs[0]
                .replaces
                .iter()
                .all(|id| there.contains(id.as_str()))
        };
        if !whole && inputs_there() {
            gone.extend(outputs.iter().map(|f| f.id.as_str()));
        } else {
            let inputs = outputs[0]
                .replaces
                .iter()
                .chain(&outputs[0].replaced_before);
            gone.extend(inputs.map(String::as_str));
        }
    }
    let live: Vec<&&Facts> = all
        .iter()
        .filter(|f| !gone.contains(f.id.as_str()))
        .collect();

    // How much of each flush is there; a merge's list stands in each of its outputs.
    let mut flushes: BTreeMap<&str, Flush<'_>> = BTreeMap::new();
    let mut counted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for f in &live {
        for r in &f.flushes {
            let flush = flushes.entry(&r.id).or_insert_with(|| Flush::new(r));
            flush.table = Some(f.table()?);
            if f.level == 0 {
                flush.found += 1;
                flush.files.push(&f.id);
            } else if counted.insert((&f.group.id, &r.id)) {
                flush.found += r.here;
                flush.merged = true;
            }
        }
    }
    for flush in flushes.values() {
        let published = flush.merged || flush.found >= flush.parts || flush.seq.0 < wal_first;
        if !published {
            gone.extend(&flush.files);
        }
    }
    flushes.retain(|_, f| !f.files.iter().any(|id| gone.contains(id)));

    // Later flushes win over earlier ones that they overlap.
    let mut kept: Vec<&Flush<'_>> = Vec::new();
    for flush in flushes.values().rev() {
        let overlaps = |k: &&Flush<'_>| {
            k.table == flush.table && k.seq.0 <= flush.seq.1 && flush.seq.0 <= k.seq.1
        };
        if kept.iter().any(overlaps) && !flush.merged {
            gone.extend(&flush.files);
        } else {
            kept.push(flush);
        }
    }
    Ok(Published {
        parts: live
            .iter()
            .filter(|f| !gone.contains(f.id.as_str()))
            .map(|f| f.id.clone())
            .collect(),
        flushes: kept
            .iter()
            .filter(|f| f.seq.1 >= wal_first)
            .filter_map(|f| Some((f.table?, f.seq.0, f.seq.1)))
            .collect(),
    })
}

/// A flush, as the footers tell it.
struct Flush<'a> {
    parts: u32,
    found: u32,
    /// Whether a published merge has rows of it.
    merged: bool,
    seq: (u64, u64),
    table: Option<TableId>,
    /// Its own parts, not merged yet.
    files: Vec<&'a str>,
}

impl Flush<'_> {
    fn new(r: &FlushRef) -> Self {
        Self {
            parts: r.parts,
            found: 0,
            merged: false,
            seq: r.seq,
            table: None,
            files: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::{Group, VERSION};

    fn part(id: &str, level: u8, group: (&str, u32)) -> Facts {
        Facts {
            version: VERSION,
            id: id.into(),
            env: 1,
            kind: "spans".into(),
            day: 0,
            hour: None,
            level,
            rows: 1,
            ts: (0, 0),
            ingest: (0, 0),
            seq: (0, 0),
            group: Group {
                id: group.0.into(),
                parts: group.1,
            },
            flushes: Vec::new(),
            replaces: Vec::new(),
            replaced_before: Vec::new(),
            datasets: TextSet::List(Vec::new()),
            services: TextSet::List(Vec::new()),
            overflow: TextSet::List(Vec::new()),
            fills: Vec::new(),
            unit_rate: true,
            purged_ms: 0,
            sort: String::new(),
        }
    }

    fn flushed(id: &str, flush: &str, parts: u32, seq: (u64, u64)) -> Facts {
        let mut f = part(id, 0, (flush, parts));
        f.flushes = vec![reference(flush, parts, 1, seq)];
        f
    }

    fn reference(id: &str, parts: u32, here: u32, seq: (u64, u64)) -> FlushRef {
        FlushRef {
            id: id.into(),
            parts,
            here,
            seq,
        }
    }

    fn merged(id: &str, group: (&str, u32), inputs: &[&str], flushes: Vec<FlushRef>) -> Facts {
        let mut f = part(id, 1, group);
        f.replaces = inputs.iter().map(|i| (*i).to_owned()).collect();
        f.flushes = flushes;
        f
    }

    /// The ids kept and the sequences not read back.
    fn check(all: &[Facts], wal_first: u64, parts: &[&str], skips: &[(u64, u64)]) {
        let all: Vec<&Facts> = all.iter().collect();
        let p = published(&all, wal_first).unwrap();
        let mut kept: Vec<&str> = p.parts.iter().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, parts);
        let mut ranges: Vec<(u64, u64)> = p.flushes.iter().map(|f| (f.1, f.2)).collect();
        ranges.sort_unstable();
        assert_eq!(ranges, skips);
    }

    #[test]
    fn half_a_flush_is_left_out_while_the_wal_has_its_records() {
        let half = [
            flushed("a", "F1", 2, (1, 9)),
            flushed("c", "F2", 1, (10, 12)),
        ];
        check(&half, 1, &["c"], &[(10, 12)]);
        // The WAL begins later: it was published, and a part has gone since.
        check(&half, 10, &["a", "c"], &[(10, 12)]);
        check(&half, u64::MAX, &["a", "c"], &[]);
    }

    #[test]
    fn a_flush_whose_other_part_was_merged_is_whole() {
        let all = [
            flushed("a", "F1", 2, (1, 9)),
            merged(
                "m",
                ("M1", 1),
                &["b", "x"],
                vec![reference("F1", 2, 1, (1, 9))],
            ),
        ];
        check(&all, 1, &["a", "m"], &[(1, 9)]);
    }

    #[test]
    fn half_a_merge_is_left_out_while_its_inputs_are_there() {
        let inputs = [flushed("a", "F1", 1, (1, 4)), flushed("b", "F2", 1, (5, 9))];
        let refs = || vec![reference("F1", 1, 1, (1, 4)), reference("F2", 1, 1, (5, 9))];
        let output = merged("m", ("M1", 2), &["a", "b"], refs());
        let [a, b] = inputs;
        check(
            &[a.clone(), b.clone(), output.clone()],
            1,
            &["a", "b"],
            &[(1, 4), (5, 9)],
        );
        // An input is gone: the merge was published.
        check(&[a.clone(), output], 1, &["m"], &[(1, 4), (5, 9)]);
        let whole = merged("m", ("M1", 1), &["a", "b"], refs());
        check(&[a, b, whole], 1, &["m"], &[(1, 4), (5, 9)]);
    }

    #[test]
    fn what_a_merge_replaced_stays_gone_when_the_merge_was_merged_itself() {
        let a = flushed("a", "F1", 1, (1, 4));
        let mut day = merged("d", ("M2", 1), &["m"], Vec::new());
        day.replaced_before = vec!["a".into()];
        check(&[a, day], 5, &["d"], &[]);
    }

    #[test]
    fn of_two_flushes_of_the_same_records_the_later_counts() {
        let all = [
            flushed("a", "F1", 1, (1, 9)),
            flushed("b", "F2", 1, (1, 15)),
        ];
        check(&all, 1, &["b"], &[(1, 15)]);
    }
}
