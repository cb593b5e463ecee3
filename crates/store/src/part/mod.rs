//! A part: one immutable Parquet file and its side files.
//!
//! Reading order: [`keys`] (which keys are where), `facts` (what the footer says), `lane` (values
//! of one column, on their way from batches or parts into a part), `encoding`, `chunk`,
//! `hybrid` and `writer`, `join`, `reader`, `tix`.

mod chunk;
mod encoding;
mod facts;
mod hybrid;
mod join;
pub mod keys;
mod lane;
mod reader;
mod source;
mod tix;
mod writer;

use crate::Error;
use crate::time::Period;
use event::{TableId, TraceId, Type};
use parking_lot::RwLock;
use parquet::file::metadata::ParquetMetaData;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use facts::{Facts, FlushRef, Group, VERSION};
pub(crate) use join::join;
pub(crate) use keys::{KeyTable, TextSet};
pub(crate) use lane::Lane;
pub use reader::PartReader;
pub(crate) use reader::{FooterCache, PartFile, block_crcs};
pub(crate) use source::{GroupSource, OpenPart, for_each_entry, untag};
pub(crate) use tix::{find_trace, write_bytes as tix_bytes};
pub(crate) use writer::{AttrColumn, Columns, Pick, Slice, Source, Written, write};

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

/// The keys of a part that have no column of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Overflow {
    /// Typed key numbers, sorted.
    List(Box<[u32]>),
    /// Over physical column names.
    Bloom(keys::Bloom),
}

/// The trace index, opened when first asked.
#[derive(Default)]
enum Index {
    #[default]
    Unopened,
    Missing,
    Open(Arc<tix::Tix>),
}

/// One part. Its unlink waits until the last reader lets go.
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
    pub(crate) table: TableId,
    pub(crate) period: Period,
    /// Smallest and greatest receipt time, milliseconds.
    pub(crate) ingest: (i64, i64),
    pub(crate) seq: (u64, u64),
    pub(crate) purged_ms: i64,
    pub(crate) columns: Box<[u32]>,
    pub(crate) overflow: Overflow,
    pub(crate) dataset_set: TextSet,
    pub(crate) services: TextSet,
    pub(crate) keys: Arc<KeyTable>,
    pub(crate) file: Arc<PartFile>,
    index: RwLock<Index>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("id", &self.id)
            .field("path", &self.path)
            .field("rows", &self.rows)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl Part {
    /// A part from what its footer and the manifest say.
    pub(crate) fn new(
        facts: &Facts,
        columns: Box<[u32]>,
        overflow: Overflow,
        keys: Arc<KeyTable>,
        file: Arc<PartFile>,
    ) -> Result<Self, Error> {
        Ok(Self {
            id: facts.id.clone(),
            path: file.path().to_owned(),
            rows: facts.rows,
            bytes: file.bytes(),
            ts_min: facts.ts.0,
            ts_max: facts.ts.1,
            level: facts.level,
            datasets: facts.datasets.list().map(<[String]>::to_vec),
            unit_rate: facts.unit_rate,
            table: facts.table()?,
            period: facts.period(),
            ingest: facts.ingest,
            seq: facts.seq,
            purged_ms: facts.purged_ms,
            columns,
            overflow,
            dataset_set: facts.datasets.clone(),
            services: facts.services.clone(),
            keys,
            file,
            index: RwLock::default(),
        })
    }

    /// Where attributes of that key and type are.
    #[must_use]
    pub fn placement(&self, key: &str, ty: Type) -> Placement {
        let Some(typed) = self.keys.find_typed(key, ty) else {
            // Every listed key is in the table; a Bloom filter's keys need not be.
            return self.overflow_placement(key, ty, None);
        };
        if self.columns.binary_search(&typed).is_ok() {
            return Placement::Column;
        }
        self.overflow_placement(key, ty, Some(typed))
    }

    fn overflow_placement(&self, key: &str, ty: Type, typed: Option<u32>) -> Placement {
        let there = match &self.overflow {
            Overflow::List(list) => typed.is_some_and(|t| list.binary_search(&t).is_ok()),
            Overflow::Bloom(bloom) => {
                bloom.may_contain(event::field::attribute_column(key, ty).as_bytes())
            }
        };
        if there {
            Placement::Overflow(keys::overflow_bucket(key))
        } else {
            Placement::Absent
        }
    }

    /// Every (key, type) with a column of its own or a listed place in overflow; not complete when
    /// the overflow list is a Bloom filter ([`Self::lists_all_keys`]).
    pub fn for_each_key(&self, mut f: impl FnMut(&str, Type, Placement)) {
        for typed in &self.columns {
            if let Some((key, ty)) = self.keys.untyped(*typed) {
                f(&key, ty, Placement::Column);
            }
        }
        if let Overflow::List(list) = &self.overflow {
            for typed in list {
                if let Some((key, ty)) = self.keys.untyped(*typed) {
                    f(&key, ty, Placement::Overflow(keys::overflow_bucket(&key)));
                }
            }
        }
    }

    /// Whether [`Self::for_each_key`] names every key of the part.
    #[must_use]
    pub fn lists_all_keys(&self) -> bool {
        matches!(self.overflow, Overflow::List(_))
    }

    /// Whether rows of the dataset may be in it; `false` is certain.
    #[must_use]
    pub fn may_have_dataset(&self, dataset: &str) -> bool {
        self.dataset_set.may_contain(dataset)
    }

    /// Whether rows of the service may be in it; `false` is certain.
    #[must_use]
    pub fn may_have_service(&self, service: &str) -> bool {
        self.services.may_contain(service)
    }

    /// Whether a block of it was read that does not match its checksum.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.file.is_damaged()
    }

    /// Looks the trace up in the part's index.
    #[must_use]
    pub fn trace(&self, id: TraceId) -> TraceHit {
        match self.open_index() {
            Some(index) => index.find(id),
            None => TraceHit::Unknown,
        }
    }

    /// The trace index, opened once; `None` when it is missing or damaged.
    pub(crate) fn open_index(&self) -> Option<Arc<tix::Tix>> {
        match &*self.index.read() {
            Index::Open(index) => return Some(Arc::clone(index)),
            Index::Missing => return None,
            Index::Unopened => {}
        }
        let opened = tix::Tix::open(self.file.disk(), &self.tix_path()).map(Arc::new);
        *self.index.write() = opened.clone().map_or(Index::Missing, Index::Open);
        opened
    }

    /// Whether the index was looked for and is missing or damaged.
    pub(crate) fn lacks_index(&self) -> bool {
        matches!(*self.index.read(), Index::Missing)
    }

    /// Whether the trace index is there and whole.
    pub(crate) fn has_index(&self) -> bool {
        self.open_index().is_some()
    }

    /// The index is there again.
    pub(crate) fn forget_index(&self) {
        *self.index.write() = Index::Unopened;
    }

    /// When it was begun, nanoseconds: its id says so.
    pub(crate) fn made(&self) -> i64 {
        let ms = self
            .id
            .parse()
            .map_or(0, |id: ulid::Ulid| id.timestamp_ms());
        i64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000)
    }

    pub(crate) fn tix_path(&self) -> PathBuf {
        self.path.with_extension("tix")
    }

    /// The file's footer, with page indexes; cached.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn metadata(&self) -> Result<Arc<ParquetMetaData>, Error> {
        self.file.metadata()
    }

    /// A reader that checks each 256 KiB block against its checksum on first use.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn reader(&self) -> Result<PartReader, Error> {
        self.file.reader()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
