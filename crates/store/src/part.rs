//! A part: one immutable Parquet file and its side files.

use event::{TraceId, Type};
use parquet::file::metadata::ParquetMetaData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a part has an attribute of one key and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// A column of its own, named [`event::field::attribute_column`].
    Column,
    /// In the overflow map `ovf_<n>` (or possibly: a Bloom filter said so).
    Overflow(u8),
    /// Nowhere.
    Absent,
}

/// What the trace index says of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceHit {
    /// Not in this part.
    Absent,
    /// In this part, within these event times (nanoseconds, inclusive, rounded outward).
    Range(i64, i64),
    /// There is no index: scan.
    Unknown,
}

/// One part. Its unlink waits until the last reader lets go.
#[derive(Debug)]
pub struct Part {
    /// ULID.
    pub id: String,
    /// The Parquet file.
    pub path: PathBuf,
    /// Rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Smallest event time, nanoseconds.
    pub ts_min: i64,
    /// Greatest event time, nanoseconds.
    pub ts_max: i64,
    /// 0 from a flush, 1 from a compaction.
    pub level: u8,
    /// Datasets in it, sorted; `None` when too many to list.
    pub datasets: Option<Vec<String>>,
    /// Whether every row weighs 1 (then there is no `sample_rate` column).
    pub unit_rate: bool,
}

impl Part {
    /// Where attributes of that key and type are.
    #[must_use]
    pub fn placement(&self, key: &str, ty: Type) -> Placement {
        let _ = (key, ty);
        crate::store::unimplemented_yet()
    }

    /// Every (key, type) with a column of its own or a listed place in overflow; not complete when
    /// the overflow list is a Bloom filter.
    pub fn for_each_key(&self, f: impl FnMut(&str, Type, Placement)) {
        let _ = f;
        crate::store::unimplemented_yet()
    }

    /// Looks the trace up in the part's index.
    #[must_use]
    pub fn trace(&self, id: TraceId) -> TraceHit {
        let _ = id;
        crate::store::unimplemented_yet()
    }

    /// The file's footer, with page indexes; cached.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn metadata(&self) -> Result<Arc<ParquetMetaData>, crate::Error> {
        crate::store::unimplemented_yet()
    }

    /// A reader that checks each 256 KiB block against its checksum on first use.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn reader(&self) -> Result<PartReader, crate::Error> {
        crate::store::unimplemented_yet()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads ranges of a part: `parquet::file::reader::ChunkReader` and
/// `parquet::arrow::async_reader::AsyncFileReader` (both to be implemented here).
#[derive(Clone, Debug)]
pub struct PartReader {}
