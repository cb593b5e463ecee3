//! What a part's footer says of it: enough to rebuild the manifest. Grammar: `docs/formats/part.md`.

use crate::Error;
use crate::part::keys::TextSet;
use crate::time::Period;
use event::{EnvId, TableId, TableKind};
use parquet::file::metadata::ParquetMetaData;
use serde::{Deserialize, Serialize};

/// Key of the footer's key-value metadata under which the facts lie, as JSON.
pub(crate) const FOOTER_KEY: &str = "foursight";
/// Version of the part format.
pub(crate) const VERSION: u32 = 1;

/// A set of parts that one manifest transaction published: those of a flush or of a merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// ULID.
    pub id: String,
    /// How many parts it has.
    pub parts: u32,
}

/// A flush whose rows are in a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FlushRef {
    pub id: String,
    /// How many parts the flush wrote.
    pub parts: u32,
    /// How many of them are in this part.
    pub here: u32,
    /// First and last sequence the flush took from its table.
    pub seq: (u64, u64),
}

/// Everything a manifest entry says, but block checksums, size and column keys (those are the
/// file's own schema).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub version: u32,
    pub id: String,
    pub env: u32,
    pub kind: String,
    /// Days since 1970.
    pub day: i64,
    pub hour: Option<u8>,
    pub level: u8,
    pub rows: u64,
    /// Smallest and greatest event time, nanoseconds.
    pub ts: (i64, i64),
    /// Smallest and greatest receipt time, milliseconds.
    pub ingest: (i64, i64),
    /// Smallest and greatest sequence.
    pub seq: (u64, u64),
    pub group: Group,
    /// The flush of a level-0 part; of a merged part, the flushes that the WAL still held.
    pub flushes: Vec<FlushRef>,
    /// Ids of the parts it was merged from.
    pub replaces: Vec<String>,
    /// Ids of the parts that those were merged from, and so on.
    pub replaced_before: Vec<String>,
    pub datasets: TextSet,
    pub services: TextSet,
    /// Physical names of the keys in overflow maps.
    pub overflow: TextSet,
    /// Rows that have each attribute column, in the order of the file's columns.
    pub fills: Vec<u64>,
    /// Whether every row weighs 1.
    pub unit_rate: bool,
    /// Tombstones made up to this time (ms) are applied in it.
    pub purged_ms: i64,
    /// Order of the rows, for readers that are not ours.
    pub sort: String,
}

impl Facts {
    pub(crate) fn table(&self) -> Result<TableId, Error> {
        let kind: TableKind = self
            .kind
            .parse()
            .map_err(|()| Error::Damaged(format!("part {}: kind {:?}", self.id, self.kind)))?;
        Ok(TableId {
            env: EnvId(self.env),
            kind,
        })
    }

    pub(crate) fn period(&self) -> Period {
        Period {
            day: self.day,
            hour: self.hour,
        }
    }

    /// Reads the facts of a footer.
    pub(crate) fn of(metadata: &ParquetMetaData) -> Result<Self, Error> {
        let json = metadata
            .file_metadata()
            .key_value_metadata()
            .and_then(|all| all.iter().find(|kv| kv.key == FOOTER_KEY))
            .and_then(|kv| kv.value.as_deref())
            .ok_or_else(|| Error::Damaged("a Parquet file that is no part of ours".into()))?;
        Self::parse(json)
    }

    /// Reads the text of a footer.
    pub(crate) fn parse(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let damaged = |e: serde_json::Error| Error::Damaged(format!("facts of a part: {e}"));
        let version = serde_json::from_str::<Version>(json)
            .map_err(damaged)?
            .version;
        if version > VERSION {
            return Err(Error::NewerFormat(format!(
                "part format {version} is newer than {VERSION}, the newest this version reads"
            )));
        }
        serde_json::from_str(json).map_err(damaged)
    }
}
