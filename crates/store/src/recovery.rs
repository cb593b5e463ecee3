//! Start: what the last run left becomes a store again, without a human (storage.md §7).

use crate::disk::{self, SyncPoint};
use crate::inner::Inner;
use crate::manifest::{Contents, Manifest};
use crate::part::{KeyTable, Part};
use crate::snapshot::BufferedBatch;
use crate::wal::format::{self, Header};
use crate::wal::reader::{self, Found};
use crate::wal::writer::WalFile;
use crate::{Error, Recovery, ingest};
use event::{EventBatch, TableId};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Files that no manifest lists are removed once they are this old, milliseconds.
const SWEEP_AFTER_MS: i64 = 600_000;

/// The manifest of a directory, opened; set aside and begun anew when damaged.
pub(crate) struct OpenedManifest {
    pub manifest: Manifest,
    pub contents: Contents,
    pub keys: Arc<KeyTable>,
    /// Why it has to be rebuilt from the parts' footers.
    pub rebuild: Option<String>,
}

pub(crate) fn open_manifest(
    data_dir: &Path,
    disk: &Arc<dyn disk::Disk>,
    has_data: bool,
) -> Result<OpenedManifest, Error> {
    let path = data_dir.join("manifest.sqlite");
    let open = || {
        let keys = Arc::new(KeyTable::default());
        let mut manifest = Manifest::open(&path, Arc::clone(disk), Arc::clone(&keys), has_data)?;
        let contents = manifest.load()?;
        Ok((manifest, contents, keys))
    };
    let why = match open() {
        Ok((manifest, contents, keys)) => {
            let missing = manifest.needs_rebuild()?;
            let rebuild = missing.then(|| "the manifest was missing".to_owned());
            return Ok(OpenedManifest {
                manifest,
                contents,
                keys,
                rebuild,
            });
        }
        Err(Error::Damaged(why)) => why,
        Err(e) => return Err(e),
    };
    let aside = data_dir.join("quarantine");
    let failed = |e: std::io::Error| Error::io("manifest: set aside", &e);
    disk::create_dirs(disk.as_ref(), data_dir, &aside, SyncPoint::ManifestAsideDir)
        .map_err(failed)?;
    let stamp = ulid::Ulid::generate();
    for suffix in ["", "-wal", "-shm"] {
        let from = data_dir.join(format!("manifest.sqlite{suffix}"));
        let to = aside.join(format!("manifest-{stamp}.sqlite{suffix}"));
        match disk.rename(&from, &to) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
    }
    disk.sync_dir(&aside, SyncPoint::ManifestAsideName)
        .map_err(failed)?;
    let (manifest, contents, keys) = open()?;
    Ok(OpenedManifest {
        manifest,
        contents,
        keys,
        rebuild: Some(why),
    })
}

/// Fails when a newer version wrote a WAL file: asked before anything is done to the directory.
pub(crate) fn refuse_newer_wal(disk: &dyn disk::Disk, files: &[WalFile]) -> Result<(), Error> {
    for file in files {
        let failed = |e: std::io::Error| Error::io(file.path.display(), &e);
        let mut magic = [0; format::MAGIC.len()];
        let open = disk.open(&file.path).map_err(failed)?;
        match open.read_exact_at(&mut magic, 0) {
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => continue,
            read => read.map_err(failed)?,
        }
        if Header::is_newer(&magic) {
            return Err(Error::NewerFormat(format!(
                "{} was written by a newer version: start that one",
                file.path.display()
            )));
        }
    }
    Ok(())
}

/// A file below `data/`.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub path: PathBuf,
    pub bytes: u64,
}

/// Every file below `data/`.
pub(crate) fn data_files(disk: &dyn disk::Disk, root: &Path) -> Result<Vec<DataFile>, Error> {
    let mut out = Vec::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in disk.list(&dir).map_err(|e| Error::io(dir.display(), &e))? {
            if entry.is_dir {
                dirs.push(entry.path);
            } else {
                out.push(DataFile {
                    path: entry.path,
                    bytes: entry.bytes,
                });
            }
        }
    }
    Ok(out)
}

/// When a part of that file name was begun, milliseconds.
fn made_ms(path: &Path) -> Option<i64> {
    let stem = path.file_name()?.to_str()?.split('.').next()?;
    let id: ulid::Ulid = stem.parse().ok()?;
    i64::try_from(id.timestamp_ms()).ok()
}

impl Inner {
    /// Takes the manifest's parts over, those whose files are there and whole.
    pub(crate) fn adopt_parts(
        &self,
        contents: &Contents,
        files: &[DataFile],
        recovery: &mut Recovery,
    ) -> Result<(), Error> {
        let sizes: BTreeMap<&Path, u64> = files.iter().map(|f| (&*f.path, f.bytes)).collect();
        let mut tables: BTreeMap<TableId, Vec<Arc<Part>>> = BTreeMap::new();
        for row in &contents.parts {
            let part = self.part_of(row)?;
            let found = sizes.get(part.path()).copied();
            if found != Some(part.bytes) {
                let what = format!(
                    "part {} is {} on disk and {} bytes in the manifest",
                    part.path.display(),
                    found.map_or("missing".to_owned(), |n| format!("{n} bytes")),
                    part.bytes
                );
                tracing::error!(what, "part left out");
                recovery.quarantined.push(what);
                self.status
                    .health
                    .lock()
                    .damaged_parts
                    .push(part.id.clone());
                continue;
            }
            self.ingest_ms.fetch_max(part.ingest.1, Ordering::SeqCst);
            recovery.parts += 1;
            tables.entry(part.table).or_default().push(part);
        }
        let mut state = self.state.lock();
        for (table, parts) in tables {
            state
                .tables
                .entry(table)
                .or_default()
                .swap_parts(&[], parts);
        }
        Ok(())
    }

    /// Removes temporary files, and files that no manifest lists and that are old enough.
    pub(crate) fn sweep(&self, files: &[DataFile], recovery: &mut Recovery) -> Result<(), Error> {
        let listed: HashSet<PathBuf> = {
            let state = self.state.lock();
            let parts = state.tables.values().flat_map(|t| t.parts.iter());
            parts.map(|p| p.path.with_extension("")).collect()
        };
        let damaged = self.status.health.lock().damaged_parts.clone();
        let now_ms = self.clock.now() / 1_000_000;
        for file in files {
            let temporary = file.path.extension().is_some_and(|e| e == "tmp");
            let stem = file.path.with_extension("");
            let kept = listed.contains(&stem)
                || damaged.iter().any(|id| stem.ends_with(id))
                || made_ms(&file.path).is_none_or(|made| now_ms - made < SWEEP_AFTER_MS);
            if temporary || !kept {
                self.step("recovery.sweep")?;
                self.disk
                    .remove(&file.path)
                    .map_err(|e| Error::io(file.path.display(), &e))?;
                recovery.swept += 1;
            }
        }
        Ok(())
    }

    /// Reads the WAL back into the buffer. Returns the greatest sequence acknowledged.
    pub(crate) fn replay(
        &self,
        contents: &Contents,
        salt: u32,
        recovery: &mut Recovery,
    ) -> Result<u64, Error> {
        let files = self.wal_files.list();
        let mut replay = Replay {
            marks: contents.marks.iter().copied().collect(),
            skips: &contents.skips,
            last_seq: 0,
        };
        let mut headers = Vec::new();
        for file in &files {
            // The headers alone: each tells how far the file before it was acknowledged.
            let bytes = disk::read(self.disk.as_ref(), &file.path)
                .map_err(|e| Error::io(file.path.display(), &e))?;
            headers.push(Header::decode(&bytes));
        }
        for (i, file) in files.iter().enumerate() {
            let next = files.get(i + 1);
            self.replay_floor
                .store(next.map_or(u64::MAX, |n| n.first_seq), Ordering::SeqCst);
            let acked = headers.get(i + 1).copied().flatten().map(|h| h.after_seq);
            self.replay_file(file, salt, acked, &mut replay, recovery)?;
            if self.buffer_is_filling() {
                self.replay_floor.store(file.first_seq, Ordering::SeqCst);
                let tables: Vec<TableId> = self.state.lock().tables.keys().copied().collect();
                self.flush(&tables)?;
            }
        }
        self.replay_floor.store(u64::MAX, Ordering::SeqCst);
        Ok(replay.last_seq)
    }

    fn replay_file(
        &self,
        file: &WalFile,
        salt: u32,
        acked_by_next: Option<u64>,
        replay: &mut Replay<'_>,
        recovery: &mut Recovery,
    ) -> Result<(), Error> {
        let bytes = disk::read(self.disk.as_ref(), &file.path)
            .map_err(|e| Error::io(file.path.display(), &e))?;
        let scan = reader::scan(&bytes, salt);
        let groups = scan
            .found
            .iter()
            .filter(|f| matches!(f, Found::Group { .. }))
            .count();
        if scan.header.is_none() && groups > 0 {
            self.quarantine(file, &bytes, 0..format::HEADER_BYTES, recovery)?;
        }
        let mut last_in_file = file.first_seq.saturating_sub(1);
        for found in &scan.found {
            match found {
                Found::Group { first_seq, records } => {
                    last_in_file =
                        self.replay_group(file, &bytes, *first_seq, records, replay, recovery)?;
                }
                Found::Damage(range) => self.quarantine(file, &bytes, range.clone(), recovery)?,
                Found::Tail(range) => {
                    // A later file says how far this one was acknowledged.
                    if acked_by_next.is_some_and(|acked| acked > last_in_file) {
                        self.quarantine(file, &bytes, range.clone(), recovery)?;
                    } else {
                        recovery.torn_bytes += range.len() as u64;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the group's last sequence.
    fn replay_group(
        &self,
        file: &WalFile,
        bytes: &[u8],
        first_seq: u64,
        records: &Range<usize>,
        replay: &mut Replay<'_>,
        recovery: &mut Recovery,
    ) -> Result<u64, Error> {
        let group = bytes.get(records.clone()).unwrap_or_default();
        let mut sequence = first_seq;
        for record in format::records(group) {
            let Some(record) = record else {
                self.quarantine(file, bytes, records.clone(), recovery)?;
                break;
            };
            if record.version > event::codec::VERSION || record.kind != format::KIND_BATCH {
                return Err(Error::NewerFormat(format!(
                    "record {sequence} was written by a newer version: start that one"
                )));
            }
            self.ingest_ms.fetch_max(record.ingest_ms, Ordering::SeqCst);
            if let Some(identity) = record.identity {
                let mut seen = self.seen.lock();
                if !seen.has(&identity, sequence) {
                    seen.insert(identity, sequence, record.ingest_ms);
                }
            }
            // What is in parts already may still be news to the follower.
            let wanted = replay.wants(record.table, sequence);
            let follower = self.follower.as_ref().filter(|f| {
                sequence > self.applied_seq.load(Ordering::SeqCst) && f.follows(record.table)
            });
            if wanted || follower.is_some() {
                match decode(record.batch, sequence, record.ingest_ms) {
                    Ok(batch) => {
                        if let Some(follower) = follower {
                            follower.record(record.table, sequence, &batch.batch);
                        }
                        if wanted {
                            recovery.replayed_records += 1;
                            recovery.replayed_rows += batch.batch.rows() as u64;
                            self.push(vec![(record.table, batch)], record.ingest_ms);
                        }
                    }
                    Err(why) => {
                        tracing::error!(sequence, why, "record set aside");
                        self.quarantine(file, bytes, records.clone(), recovery)?;
                    }
                }
            }
            sequence += 1;
        }
        replay.last_seq = replay.last_seq.max(sequence - 1);
        Ok(sequence - 1)
    }

    /// Copies damaged bytes aside. Told once: the copy's name says what it is of.
    fn quarantine(
        &self,
        file: &WalFile,
        bytes: &[u8],
        range: Range<usize>,
        recovery: &mut Recovery,
    ) -> Result<(), Error> {
        let name = format!("wal-{:020}-{}.bin", file.first_seq, range.start);
        let copied = self.set_aside(&name, bytes.get(range.clone()).unwrap_or_default())?;
        if copied {
            let what = format!(
                "{} bytes at {} of {} are damaged",
                range.len(),
                range.start,
                file.path.display()
            );
            tracing::error!(what, "set aside");
            recovery.quarantined.push(what);
        }
        Ok(())
    }

    /// Writes a file into the quarantine, to stay. Says whether it was not there yet.
    pub(crate) fn set_aside(&self, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        let dir = self.quarantine_dir();
        let path = dir.join(name);
        let failed = |e: std::io::Error| Error::io(path.display(), &e);
        let root = &self.options.data_dir;
        disk::create_dirs(self.disk.as_ref(), root, &dir, SyncPoint::QuarantineDir)
            .map_err(failed)?;
        let missing = self.disk.open(&path).is_err();
        if missing {
            // Under its name it is whole: a copy half written by a crash is made again.
            let temporary = path.with_extension("tmp");
            let mut copy = self.disk.create(&temporary).map_err(failed)?;
            copy.write_all_at(bytes, 0).map_err(failed)?;
            copy.sync(SyncPoint::QuarantineBytes).map_err(failed)?;
            self.disk.rename(&temporary, &path).map_err(failed)?;
        }
        // Again for one that is there: the start that wrote it may have ended before this.
        self.disk
            .sync_dir(&dir, SyncPoint::QuarantineName)
            .map_err(failed)?;
        self.step("quarantine.copied")?;
        Ok(missing)
    }
}

/// Which records are still to be read back.
struct Replay<'a> {
    marks: BTreeMap<TableId, u64>,
    skips: &'a [(TableId, u64, u64)],
    last_seq: u64,
}

impl Replay<'_> {
    fn wants(&self, table: TableId, sequence: u64) -> bool {
        sequence > self.marks.get(&table).copied().unwrap_or(0)
            && !self
                .skips
                .iter()
                .any(|(t, first, last)| *t == table && (*first..=*last).contains(&sequence))
    }
}

/// A record whose decoding fails, or panics twice, is set aside; the start goes on.
fn decode(bytes: &[u8], sequence: u64, ingest_ms: i64) -> Result<BufferedBatch, String> {
    let tried = || {
        std::panic::catch_unwind(|| {
            EventBatch::decode(bytes).map(|batch| ingest::buffered(batch, sequence, ingest_ms))
        })
    };
    match tried().or_else(|_| tried()) {
        Ok(Ok(batch)) => Ok(batch),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err("decoding panicked".into()),
    }
}

/// The WAL files of a directory, oldest first.
pub(crate) fn wal_files(disk: &dyn disk::Disk, dir: &Path) -> Result<Vec<WalFile>, Error> {
    let mut out = Vec::new();
    for entry in disk.list(dir).map_err(|e| Error::io(dir.display(), &e))? {
        let number = entry.name.strip_suffix(".wal").and_then(|n| n.parse().ok());
        if let Some(first_seq) = number {
            out.push(WalFile {
                path: entry.path,
                first_seq,
                bytes: entry.bytes,
            });
        }
    }
    out.sort_by_key(|f| f.first_seq);
    Ok(out)
}
