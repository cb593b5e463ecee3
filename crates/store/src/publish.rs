//! Puts parts on disk and into the manifest: the last steps of a flush and of a merge.

use crate::Error;
use crate::disk;
use crate::inner::Inner;
use crate::manifest::PartRow;
use crate::part::{
    Columns, Facts, FlushRef, Group, Overflow, Part, PartFile, TextSet, VERSION, Written,
};
use crate::time::Period;
use event::TableId;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The order of rows, as footers tell it.
const SORT: &str = "row group = slice of time; inside: dataset, name, ts, trace_id, nulls first";

/// What a part to be written is, beside its rows.
pub(crate) struct Draft {
    pub id: String,
    pub table: TableId,
    pub period: Period,
    pub level: u8,
    pub seq: (u64, u64),
    pub group: Group,
    pub flushes: Vec<FlushRef>,
    pub replaces: Vec<String>,
    pub replaced_before: Vec<String>,
    pub purged_ms: i64,
    pub columns: Columns,
}

/// A part on disk, not yet in the manifest.
pub(crate) struct NewPart {
    pub row: PartRow,
    path: PathBuf,
}

impl NewPart {
    fn temporary(&self) -> PathBuf {
        self.path.with_extension("parquet.tmp")
    }
}

impl Inner {
    /// A new part's id: sorts by time.
    pub(crate) fn new_id(&self) -> String {
        let ms = u64::try_from(self.clock.now() / 1_000_000).unwrap_or(0);
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(ms);
        ulid::Ulid::from_datetime(at).to_string()
    }

    pub(crate) fn part_path(&self, facts: &Facts) -> Result<PathBuf, Error> {
        let table = facts.table()?;
        let period = facts.period();
        Ok(self
            .data_root()
            .join(table.env.0.to_string())
            .join(table.kind.as_str())
            .join(period.day_name())
            .join(period.hour_name())
            .join(format!("{}.parquet", facts.id)))
    }

    /// Writes a part under its temporary name, and its trace index beside. `rows` writes the file and
    /// syncs it; of the facts it gets it fills in what its rows say.
    pub(crate) fn write_part(
        &self,
        draft: Draft,
        rows: impl FnOnce(&Path, Facts, &Columns) -> Result<Written, Error>,
    ) -> Result<NewPart, Error> {
        let facts = Facts {
            version: VERSION,
            id: draft.id,
            env: draft.table.env.0,
            kind: draft.table.kind.as_str().to_owned(),
            day: draft.period.day,
            hour: draft.period.hour,
            level: draft.level,
            rows: 0,
            ts: (0, 0),
            ingest: (0, 0),
            seq: draft.seq,
            group: draft.group,
            flushes: draft.flushes,
            replaces: draft.replaces,
            replaced_before: draft.replaced_before,
            datasets: TextSet::List(Vec::new()),
            services: TextSet::List(Vec::new()),
            overflow: TextSet::List(Vec::new()),
            fills: Vec::new(),
            unit_rate: true,
            purged_ms: draft.purged_ms,
            sort: SORT.to_owned(),
        };
        let path = self.part_path(&facts)?;
        let dir = path.parent().unwrap_or(&path);
        self.step("part.begin")?;
        let root = &self.options.data_dir;
        disk::create_dirs(self.disk.as_ref(), root, dir, disk::SyncPoint::PartDir)
            .map_err(|e| Error::io(dir.display(), &e))?;
        let temporary = path.with_extension("parquet.tmp");
        let written = rows(&temporary, facts, &draft.columns).inspect_err(|_| {
            // What is left is swept at the next start, should this fail too.
            let _ = self.disk.remove(&temporary);
        })?;
        self.step("part.synced")?;
        if let Some(bytes) = &written.index {
            self.write_index(&path.with_extension("tix"), bytes)?;
        }
        let typed = |list: &mut dyn Iterator<Item = (&str, event::Type)>| -> Box<[u32]> {
            let mut all: Vec<u32> = list.map(|(k, ty)| self.keys.typed(k, ty)).collect();
            all.sort_unstable();
            all.into()
        };
        let columns = &draft.columns;
        let overflow = match &written.facts.overflow {
            TextSet::Bloom(bloom) => Overflow::Bloom(bloom.clone()),
            TextSet::List(_) => Overflow::List(typed(
                &mut columns.overflow.iter().map(|(k, ty)| (&**k, *ty)),
            )),
        };
        Ok(NewPart {
            row: PartRow {
                columns: typed(&mut columns.attrs.iter().map(|a| (&*a.key, a.ty))),
                overflow,
                bytes: written.bytes,
                crcs: written.crcs,
                facts: written.facts,
            },
            path,
        })
    }

    /// Writes a trace index. Never synced: a torn one is seen by its checksum.
    pub(crate) fn write_index(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let failed = |e: std::io::Error| Error::io(path.display(), &e);
        let temporary = path.with_extension("tix.tmp");
        let mut file = self.disk.create(&temporary).map_err(failed)?;
        file.write_all_at(bytes, 0).map_err(failed)?;
        self.disk.rename(&temporary, path).map_err(failed)
    }

    /// Removes what was written of parts that are not published, after a failure that is no doubt
    /// about the manifest. What cannot be removed is swept at a later start.
    pub(crate) fn discard(&self, parts: &[NewPart]) {
        for part in parts {
            for path in [
                part.temporary(),
                part.path.clone(),
                part.path.with_extension("tix"),
            ] {
                let _ = self.disk.remove(&path);
            }
        }
    }

    /// Gives parts their names, for good.
    pub(crate) fn install(&self, parts: &[NewPart]) -> Result<(), Error> {
        let mut dirs = BTreeSet::new();
        for part in parts {
            self.step("part.rename")?;
            self.disk
                .rename(&part.temporary(), &part.path)
                .map_err(|e| Error::io(part.path.display(), &e))?;
            dirs.extend(part.path.parent().map(Path::to_owned));
        }
        for dir in dirs {
            self.step("part.sync_dir")?;
            self.disk
                .sync_dir(&dir, disk::SyncPoint::PartName)
                .map_err(|e| {
                    let why = format!("sync of {}: {e}", dir.display());
                    self.status.poison(&why);
                    Error::Poisoned(why)
                })?;
        }
        Ok(())
    }

    /// The part that a manifest row stands for.
    pub(crate) fn part_of(&self, row: &PartRow) -> Result<Arc<Part>, Error> {
        let file = PartFile::new(
            self.part_path(&row.facts)?,
            row.bytes,
            row.crcs.clone(),
            Arc::clone(&self.disk),
            Arc::clone(&self.footers),
        );
        Part::new(
            &row.facts,
            row.columns.clone(),
            row.overflow.clone(),
            Arc::clone(&self.keys),
            file,
        )
        .map(Arc::new)
    }
}
