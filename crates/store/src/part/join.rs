//! Joins parts into one: their row groups are copied as they lie, compressed.

use crate::Error;
use crate::disk::Disk;
use crate::part::facts::Facts;
use crate::part::source::OpenPart;
use crate::part::writer::{self, Columns, Written};
use crate::part::{encoding, tix};
use arrow_array::ArrayRef;
use bytes::{Buf, Bytes};
use event::field::attribute_data_type;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};
use std::path::Path;
use std::sync::Arc;

/// A column chunk as it lies in a part.
pub(crate) struct StoredChunk {
    pub bytes: StoredBytes,
    /// What the part's footer says of it.
    pub close: ColumnCloseResult,
}

/// A range of a file, at the places it has there.
pub(crate) struct StoredBytes {
    pub from: u64,
    pub bytes: Bytes,
}

impl Length for StoredBytes {
    fn len(&self) -> u64 {
        self.from + self.bytes.len() as u64
    }
}

impl ChunkReader for StoredBytes {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        let whole = self.bytes.len();
        let at = start
            .checked_sub(self.from)
            .and_then(|at| usize::try_from(at).ok())
            .map_or(whole, |at| at.min(whole));
        Ok(self.bytes.slice(at..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.bytes
            .get_bytes(start.saturating_sub(self.from), length)
    }
}

/// Copies the row groups of `parts`, in this order, to `path` and syncs it. `facts` are complete.
/// Every column of the parts is among `columns`; none of them has overflow maps.
pub(crate) fn join(
    disk: &dyn Disk,
    path: &Path,
    facts: Facts,
    columns: &Columns,
    parts: &[&OpenPart],
    indexes: &[Arc<tix::Tix>],
) -> Result<Written, Error> {
    let (schema, mut file) = writer::create(disk, path, columns)?;
    for part in parts {
        for group in 0..part.groups() {
            disk.step("part.slice").map_err(|e| Error::io("part", &e))?;
            let rows = part.group_rows(group)?;
            let mut out = file.next_row_group()?;
            let mut fields = schema.fields().iter();
            let mut put = |absent: &dyn Fn() -> ArrayRef, notes| -> Result<(), Error> {
                let field = fields
                    .next()
                    .ok_or_else(|| Error::Damaged("more columns than fields".into()))?;
                match part.chunk(group, field.name())? {
                    Some(chunk) => Ok(out.append_column(&chunk.bytes, chunk.close)?),
                    None => encoding::write(field, &absent(), notes, &mut out),
                }
            };
            for column in &columns.fixed {
                let absent = || writer::finish_fixed(*column, None, rows);
                put(&absent, writer::fixed_notes(*column, rows))?;
            }
            for attr in &columns.attrs {
                let absent = || arrow_array::new_null_array(&attribute_data_type(attr.ty), rows);
                put(&absent, writer::attr_notes(attr))?;
            }
            out.close()?;
        }
    }
    let (bytes, crcs) = writer::finish(path, file, &facts)?;
    Ok(Written {
        facts,
        bytes,
        crcs,
        index: tix::join_bytes(indexes),
    })
}
