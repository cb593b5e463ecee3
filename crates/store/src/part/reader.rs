//! Reads a part, each block checked once against its checksum.
//!
//! The pinned parquet writes no page checksums, so they are ours: crc32c of each 256 KiB of the
//! file, kept in the manifest. A process checks a block when it first reads from it.

use crate::Error;
use crate::disk::{Disk, ReadFile};
use bytes::{Buf, Bytes};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes that share one checksum.
pub(crate) const BLOCK_BYTES: u64 = 256 << 10;

/// The checksums of a whole file.
pub(crate) fn block_crcs(bytes: &[u8]) -> Box<[u32]> {
    let block = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
    bytes.chunks(block).map(crc32c::crc32c).collect()
}

/// A part's file: where it is and what its blocks must be.
#[derive(Debug)]
pub(crate) struct PartFile {
    path: PathBuf,
    bytes: u64,
    crcs: Box<[u32]>,
    /// One bit a block: checked in this process.
    checked: Box<[AtomicU64]>,
    damaged: AtomicBool,
    disk: Arc<dyn Disk>,
    footers: Arc<FooterCache>,
}

impl PartFile {
    pub(crate) fn new(
        path: PathBuf,
        bytes: u64,
        crcs: Box<[u32]>,
        disk: Arc<dyn Disk>,
        footers: Arc<FooterCache>,
    ) -> Arc<Self> {
        let checked = (0..crcs.len().div_ceil(64))
            .map(|_| AtomicU64::new(0))
            .collect();
        Arc::new(Self {
            path,
            bytes,
            crcs,
            checked,
            damaged: AtomicBool::new(false),
            disk,
            footers,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn crcs(&self) -> &[u32] {
        &self.crcs
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Whether a block of it did not match.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    pub(crate) fn reader(self: &Arc<Self>) -> Result<PartReader, Error> {
        let file = self
            .disk
            .open(&self.path)
            .map_err(|e| Error::io(self.path.display(), &e))?;
        Ok(PartReader {
            part: Arc::clone(self),
            file,
        })
    }

    pub(crate) fn metadata(self: &Arc<Self>) -> Result<Arc<ParquetMetaData>, Error> {
        if let Some(found) = self.footers.get(&self.path) {
            return Ok(found);
        }
        let reader = self.reader()?;
        Ok(reader.load_metadata()?)
    }

    /// Reads every block again, whether it was checked before or not.
    pub(crate) fn scrub(&self) -> Result<(), Error> {
        let failed = |e: io::Error| match e.downcast::<Error>() {
            Ok(ours) => ours,
            Err(e) => Error::io(self.path.display(), &e),
        };
        let file = self.disk.open(&self.path).map_err(failed)?;
        let mut bytes = vec![0; to_usize(BLOCK_BYTES).map_err(failed)?];
        let mut at = 0;
        while at < self.bytes {
            let len = to_usize((self.bytes - at).min(BLOCK_BYTES)).map_err(failed)?;
            file.read_exact_at(&mut bytes[..len], at).map_err(failed)?;
            self.check(at / BLOCK_BYTES, &bytes[..len])
                .map_err(failed)?;
            at += BLOCK_BYTES;
        }
        Ok(())
    }

    fn is_checked(&self, block: u64) -> bool {
        let (word, bit) = place(block);
        self.checked
            .get(word)
            .is_some_and(|w| w.load(Ordering::Relaxed) & bit != 0)
    }

    fn check(&self, block: u64, bytes: &[u8]) -> io::Result<()> {
        let (word, bit) = place(block);
        let want = usize::try_from(block).ok().and_then(|b| self.crcs.get(b));
        if want.copied() != Some(crc32c::crc32c(bytes)) {
            self.damaged.store(true, Ordering::Relaxed);
            return Err(io::Error::other(Error::Damaged(format!(
                "block {block} of {} does not match its checksum",
                self.path.display()
            ))));
        }
        if let Some(w) = self.checked.get(word) {
            w.fetch_or(bit, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn place(block: u64) -> (usize, u64) {
    ((block / 64) as usize, 1 << (block % 64))
}

/// Reads ranges of a part: `parquet::file::reader::ChunkReader` and
/// `parquet::arrow::async_reader::AsyncFileReader`. Cheap to clone; keeps the file open.
#[derive(Clone, Debug)]
pub struct PartReader {
    part: Arc<PartFile>,
    file: Arc<dyn ReadFile>,
}

impl PartReader {
    /// The bytes of a range, checked.
    ///
    /// # Errors
    /// `UnexpectedEof` past the end; `Other` holding [`Error::Damaged`] for a block that does not
    /// match its checksum.
    pub fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.start >= range.end {
            return Ok(Bytes::new());
        }
        if range.end > self.part.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let blocks = range.start / BLOCK_BYTES..range.end.div_ceil(BLOCK_BYTES);
        if blocks.clone().all(|b| self.part.is_checked(b)) {
            return self.fetch(range);
        }
        let from = blocks.start * BLOCK_BYTES;
        let whole = self.fetch(from..(blocks.end * BLOCK_BYTES).min(self.part.bytes))?;
        for (block, bytes) in blocks.zip(whole.chunks(to_usize(BLOCK_BYTES)?)) {
            if !self.part.is_checked(block) {
                self.part.check(block, bytes)?;
            }
        }
        Ok(whole.slice(to_usize(range.start - from)?..to_usize(range.end - from)?))
    }

    fn fetch(&self, range: Range<u64>) -> io::Result<Bytes> {
        let mut bytes = vec![0; to_usize(range.end - range.start)?];
        self.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    }

    fn load_metadata(&self) -> ParquetResult<Arc<ParquetMetaData>> {
        if let Some(found) = self.part.footers.get(&self.part.path) {
            return Ok(found);
        }
        let read = ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Optional)
            .parse_and_finish(self)?;
        let read = Arc::new(read);
        self.part.footers.put(&self.part.path, Arc::clone(&read));
        Ok(read)
    }
}

fn to_usize(n: u64) -> io::Result<usize> {
    usize::try_from(n).map_err(io::Error::other)
}

fn external(e: io::Error) -> ParquetError {
    // Ours is unwrapped, so that a caller finds `Error::Damaged` at one depth.
    match e.downcast::<Error>() {
        Ok(ours) => ParquetError::External(Box::new(ours)),
        Err(e) => ParquetError::External(Box::new(e)),
    }
}

impl Length for PartReader {
    fn len(&self) -> u64 {
        self.part.bytes
    }
}

impl ChunkReader for PartReader {
    type T = BlockRead;

    fn get_read(&self, start: u64) -> ParquetResult<BlockRead> {
        Ok(BlockRead {
            reader: self.clone(),
            next: start,
            buffered: Bytes::new(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.read(start..start + length as u64).map_err(external)
    }
}

/// Reads on from a place, one block at a time.
#[derive(Debug)]
pub struct BlockRead {
    reader: PartReader,
    next: u64,
    buffered: Bytes,
}

impl Read for BlockRead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.buffered.is_empty() {
            let end = ((self.next / BLOCK_BYTES + 1) * BLOCK_BYTES).min(self.reader.part.bytes);
            if self.next >= end {
                return Ok(0);
            }
            self.buffered = self.reader.read(self.next..end)?;
            self.next = end;
        }
        let n = out.len().min(self.buffered.len());
        self.buffered.copy_to_slice(&mut out[..n]);
        Ok(n)
    }
}

impl AsyncFileReader for PartReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let bytes = self.read(range).map_err(external);
        futures::future::ready(bytes).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        futures::future::ready(self.load_metadata()).boxed()
    }
}

/// Parsed footers, the most recently used ones within a budget of memory. Never invalidated: files
/// are immutable.
#[derive(Debug)]
pub(crate) struct FooterCache {
    limit_bytes: usize,
    inner: Mutex<Footers>,
}

#[derive(Debug, Default)]
struct Footers {
    entries: HashMap<PathBuf, (Arc<ParquetMetaData>, usize, u64)>,
    bytes: usize,
    tick: u64,
}

impl FooterCache {
    pub(crate) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            inner: Mutex::default(),
        })
    }

    fn get(&self, path: &Path) -> Option<Arc<ParquetMetaData>> {
        let mut inner = self.inner.lock();
        inner.tick += 1;
        let tick = inner.tick;
        let entry = inner.entries.get_mut(path)?;
        entry.2 = tick;
        Some(Arc::clone(&entry.0))
    }

    fn put(&self, path: &Path, metadata: Arc<ParquetMetaData>) {
        let bytes = metadata.memory_size() + path.as_os_str().len() + 64;
        let mut inner = self.inner.lock();
        inner.tick += 1;
        let tick = inner.tick;
        let old = inner
            .entries
            .insert(path.to_owned(), (metadata, bytes, tick));
        inner.bytes = inner.bytes + bytes - old.map_or(0, |o| o.1);
        while inner.bytes > self.limit_bytes && inner.entries.len() > 1 {
            let oldest = inner.entries.iter().min_by_key(|(_, e)| e.2);
            let Some(path) = oldest.map(|(p, _)| p.clone()) else {
                break;
            };
            inner.remove(&path);
        }
    }

    pub(crate) fn forget(&self, path: &Path) {
        self.inner.lock().remove(path);
    }
}

impl Footers {
    fn remove(&mut self, path: &Path) {
        if let Some((_, bytes, _)) = self.entries.remove(path) {
            self.bytes -= bytes;
        }
    }
}
