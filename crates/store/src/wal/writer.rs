//! Appends groups to WAL files.

use super::format::{HEADER_BYTES, Header};
use crate::Error;
use crate::disk::{self, Disk, SyncPoint, WriteFile};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A WAL file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WalFile {
    pub path: PathBuf,
    pub first_seq: u64,
    /// Bytes in use; the file itself may be larger.
    pub bytes: u64,
}

/// The WAL files there are, oldest first. The last one may be open.
#[derive(Debug, Default)]
pub(crate) struct WalFiles(Mutex<Vec<WalFile>>);

impl WalFiles {
    pub(crate) fn new(files: Vec<WalFile>) -> Self {
        Self(Mutex::new(files))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.0.lock().iter().map(|f| f.bytes).sum()
    }

    /// The lowest sequence that may be in a file; `None` when there is no file.
    pub(crate) fn first_seq(&self) -> Option<u64> {
        self.0.lock().first().map(|f| f.first_seq)
    }

    fn push(&self, file: WalFile) {
        self.0.lock().push(file);
    }

    fn grow(&self, bytes: u64) {
        if let Some(last) = self.0.lock().last_mut() {
            last.bytes = bytes;
        }
    }

    /// All of them, oldest first.
    pub(crate) fn list(&self) -> Vec<WalFile> {
        self.0.lock().clone()
    }

    pub(crate) fn forget(&self, path: &Path) {
        self.0.lock().retain(|f| f.path != path);
    }
}

/// The one writer of the log.
pub(crate) struct WalWriter {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    file_bytes: u64,
    salt: u32,
    files: Arc<WalFiles>,
    open: Option<Open>,
    last_seq: u64,
}

struct Open {
    file: Box<dyn WriteFile>,
    offset: u64,
}

impl WalWriter {
    /// A writer that begins a new file with its first group. `last_seq`: the greatest sequence
    /// acknowledged so far.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        file_bytes: u64,
        salt: u32,
        files: Arc<WalFiles>,
        last_seq: u64,
    ) -> Self {
        Self {
            disk,
            dir,
            file_bytes,
            salt,
            files,
            open: None,
            last_seq,
        }
    }

    pub(crate) fn salt(&self) -> u32 {
        self.salt
    }

    /// Writes a group of sequences `first_seq..=last_seq` and syncs it.
    ///
    /// `ReadOnly`: there was no room; nothing is lost and a later group may be tried. Any other
    /// error poisons: whether the group is on disk is unknown.
    pub(crate) fn append(
        &mut self,
        group: &[u8],
        first_seq: u64,
        last_seq: u64,
    ) -> Result<(), Error> {
        let room = |o: &Open| o.offset + group.len() as u64 <= self.file_bytes;
        if !self.open.as_ref().is_some_and(room) {
            self.open = None;
            self.open = Some(self.begin(first_seq, group.len() as u64)?);
        }
        let Some(open) = &mut self.open else {
            return Err(Error::Closed);
        };
        // A failed write leaves the offset: the next group covers what it left, and a crash before
        // that finds a torn tail.
        open.file
            .write_all_at(group, open.offset)
            .map_err(|e| Error::io("wal: write", &e))?;
        open.file
            .sync(SyncPoint::WalGroup)
            .map_err(|e| Error::Poisoned(format!("wal: sync: {e}")))?;
        open.offset += group.len() as u64;
        self.files.grow(open.offset);
        self.last_seq = last_seq;
        Ok(())
    }

    /// Begins a file. Its header is synced with its first group; its directory entry at once.
    fn begin(&self, first_seq: u64, group_bytes: u64) -> Result<Open, Error> {
        let path = self.dir.join(format!("{first_seq:020}.wal"));
        let failed = |e: std::io::Error| {
            if disk::is_full(&e) {
                // Best effort: an empty file is no harm, and is swept with its neighbours.
                let _ = self.disk.remove(&path);
            }
            Error::io(path.display(), &e)
        };
        let mut file = self.disk.create(&path).map_err(failed)?;
        let bytes = self.file_bytes.max(HEADER_BYTES as u64 + group_bytes);
        file.reserve(bytes).map_err(failed)?;
        let header = Header {
            first_seq,
            after_seq: self.last_seq,
            salt: self.salt,
        };
        file.write_all_at(&header.encode(), 0).map_err(failed)?;
        self.disk
            .sync_dir(&self.dir, SyncPoint::WalName)
            .map_err(|e| Error::Poisoned(format!("wal: sync of the directory: {e}")))?;
        self.files.push(WalFile {
            path,
            first_seq,
            bytes: HEADER_BYTES as u64,
        });
        Ok(Open {
            file,
            offset: HEADER_BYTES as u64,
        })
    }
}
