//! Checks everything the directory holds: every block, footer, row, index and WAL group.

use crate::disk;
use crate::inner::Inner;
use crate::order::Keys;
use crate::part::{Facts, GroupSource, OpenPart, Part, Source, block_crcs};
use crate::wal::reader::{self, Found};
use crate::{Error, TraceHit};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use event::{Fixed, TraceId};
use std::path::PathBuf;
use std::sync::Arc;

/// What a check of everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Parts looked at.
    pub parts: usize,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Parts whose trace index is missing or damaged: slower, not wrong, and written again in the
    /// background.
    pub parts_without_index: usize,
    /// WAL files looked at.
    pub wal_files: usize,
    /// Valid records in them.
    pub wal_records: u64,
    /// What is wrong, one line each.
    pub problems: Vec<Problem>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which file.
    pub path: PathBuf,
    /// What about it.
    pub what: String,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Inner {
    /// Reads everything. Takes as long as reading the disk does.
    pub(crate) fn verify(&self) -> Result<Verification, Error> {
        let mut report = Verification::default();
        let parts: Vec<Arc<Part>> = {
            let state = self.state.lock();
            state
                .tables
                .values()
                .flat_map(|t| t.parts.iter().cloned())
                .collect()
        };
        for part in parts {
            report.parts += 1;
            report.rows += part.rows;
            report.bytes += part.bytes;
            if let Err(what) = check_part(self, &part, &mut report) {
                report.problems.push(Problem {
                    path: part.path.clone(),
                    what,
                });
            }
        }
        for id in &self.status.health.lock().damaged_parts {
            report.problems.push(Problem {
                path: PathBuf::from(format!("{id}.parquet")),
                what: "the manifest lists it, and it is missing or has another size".into(),
            });
        }
        let salt = match self.manifest.lock().as_ref() {
            Some(manifest) => manifest.wal_salt()?,
            None => return Err(Error::Closed),
        };
        let files = self.wal_files.list();
        for file in &files {
            report.wal_files += 1;
            let bytes = match disk::read(self.disk.as_ref(), &file.path) {
                Ok(bytes) => bytes,
                // Everything in it reached a part meanwhile.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io(file.path.display(), &e)),
            };
            for found in reader::scan(&bytes, salt).found {
                match found {
                    Found::Group { records, .. } => {
                        let records = bytes.get(records).unwrap_or_default();
                        report.wal_records += crate::wal::format::records(records).count() as u64;
                    }
                    Found::Damage(range) => report.problems.push(Problem {
                        path: file.path.clone(),
                        what: format!("{} damaged bytes at {}", range.len(), range.start),
                    }),
                    // A crash's last write, or the one under way.
                    Found::Tail(_) => {}
                }
            }
        }
        Ok(report)
    }
}

/// `Err` says what is wrong with the part.
fn check_part(inner: &Inner, part: &Part, report: &mut Verification) -> Result<(), String> {
    let words = |e: Error| e.to_string();
    let bytes = disk::read(inner.disk.as_ref(), part.path()).map_err(|e| e.to_string())?;
    if bytes.len() as u64 != part.bytes {
        return Err(format!(
            "{} bytes; the manifest says {}",
            bytes.len(),
            part.bytes
        ));
    }
    let crcs = block_crcs(&bytes);
    let bad: Vec<usize> = (0..crcs.len())
        .filter(|i| part.file.crcs().get(*i) != crcs.get(*i))
        .collect();
    if !bad.is_empty() || crcs.len() != part.file.crcs().len() {
        return Err(format!("blocks {bad:?} do not match their checksums"));
    }
    drop(bytes);
    let facts = Facts::of(part.metadata().map_err(words)?.as_ref()).map_err(words)?;
    if (&facts.id, facts.rows, facts.ts) != (&part.id, part.rows, (part.ts_min, part.ts_max)) {
        return Err("footer and manifest differ".into());
    }
    let open = OpenPart::open(part).map_err(words)?;
    let mut rows = 0;
    let mut last_ts = i64::MIN;
    for group in 0..open.groups() {
        let source = GroupSource::new(open.clone(), group).map_err(words)?;
        rows += source.rows() as u64;
        last_ts = check_order(&source, group, last_ts)?;
        check_columns(&open, group)?;
        check_index(part, &source)?;
    }
    if rows != part.rows {
        return Err(format!("{rows} rows; the manifest says {}", part.rows));
    }
    if !part.has_index() {
        report.parts_without_index += 1;
    }
    Ok(())
}

/// A row group lies after the one before, and is ordered by dataset; rows of one dataset and name that lie
/// together are in order of time, with names in the order or not. Returns its last time.
fn check_order(source: &GroupSource, group: usize, last_ts: i64) -> Result<i64, String> {
    let keys = Keys::read(source, 1).map_err(|e| e.to_string())?;
    let slugs: Vec<&str> = keys.slugs().collect();
    let (mut min, mut max) = (i64::MAX, i64::MIN);
    let mut before: Option<(&str, Option<&str>, i64)> = None;
    for row in 0..source.rows() {
        let ts = keys.ts(row);
        let slug = slugs
            .get(keys.dataset_code(row))
            .copied()
            .unwrap_or_default();
        let name = keys.name(row);
        let late =
            |b: (&str, Option<&str>, i64)| b.0 > slug || (b.0, b.1) == (slug, name) && b.2 > ts;
        if before.is_some_and(late) {
            return Err(format!("row {row} of row group {group} is out of order"));
        }
        before = Some((slug, name, ts));
        (min, max) = (min.min(ts), max.max(ts));
    }
    if min < last_ts {
        return Err(format!(
            "row group {group} begins before the one before it ends"
        ));
    }
    Ok(max)
}

/// Every column can be decoded, for as many rows as the group has.
fn check_columns(open: &OpenPart, group: usize) -> Result<(), String> {
    let names: Vec<String> = open.names().map(str::to_owned).collect();
    for name in names {
        open.column(group, &name)
            .map_err(|e| format!("column {name}: {e}"))?;
    }
    Ok(())
}

/// Every trace is in the index, at its times.
fn check_index(part: &Part, source: &GroupSource) -> Result<(), String> {
    let words = |e: Error| e.to_string();
    let (Some(ts), Some(ids)) = (
        source.fixed(Fixed::Ts).map_err(words)?,
        source.fixed(Fixed::TraceId).map_err(words)?,
    ) else {
        return Ok(());
    };
    let (Some(ts), Some(ids)) = (ts.ints(), ids.array().as_fixed_size_binary_opt()) else {
        return Err("trace ids of another type".into());
    };
    for row in (0..ids.len()).filter(|r| ids.is_valid(*r)) {
        let Ok(id) = ids.value(row).try_into().map(TraceId) else {
            continue;
        };
        let at = ts.value(row);
        match part.trace(id) {
            TraceHit::Range(from, to) if (from..=to).contains(&at) => {}
            TraceHit::Unknown => return Ok(()),
            hit => return Err(format!("trace {id} at {at} is {hit:?} in the index")),
        }
    }
    Ok(())
}
