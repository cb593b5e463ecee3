//! A row group of a part as a source of rows: each column is decoded when asked for.

use crate::Error;
use crate::part::join::{StoredBytes, StoredChunk};
use crate::part::keys::{overflow_bucket, overflow_column};
use crate::part::lane::Lane;
use crate::part::writer::{Columns, Source};
use crate::part::{Part, PartFile, PartReader};
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringDictionaryBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int32Type, Int64Type, TimestampMillisecondType, TimestampNanosecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef, Int64Array, MapArray, StringArray};
use arrow_schema::{DataType, Field, Schema};
use event::field::{attribute_column, parse_attribute_column};
use event::{Fixed, Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use std::cell::RefCell;
use std::sync::Arc;

/// A part opened to be read whole.
#[derive(Clone)]
pub(crate) struct OpenPart {
    reader: PartReader,
    metadata: ArrowReaderMetadata,
}

impl OpenPart {
    pub(crate) fn open(part: &Part) -> Result<Self, Error> {
        Self::of_file(&part.file)
    }

    pub(crate) fn of_file(part: &Arc<PartFile>) -> Result<Self, Error> {
        let metadata = part.metadata()?;
        let options = ArrowReaderOptions::new();
        let plain = ArrowReaderMetadata::try_new(Arc::clone(&metadata), options.clone())?;
        // Text stays in its dictionary.
        let fields: Vec<Field> = plain
            .schema()
            .fields()
            .iter()
            .map(|f| match f.data_type() {
                DataType::Utf8View => {
                    let text = DataType::Dictionary(DataType::UInt32.into(), DataType::Utf8.into());
                    Field::new(f.name(), text, f.is_nullable())
                }
                _ => f.as_ref().clone(),
            })
            .collect();
        let options = options.with_schema(Arc::new(Schema::new(fields)));
        Ok(Self {
            reader: part.reader()?,
            metadata: ArrowReaderMetadata::try_new(metadata, options)?,
        })
    }

    pub(crate) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of a group, and their bytes before compression.
    pub(crate) fn group_size(&self, group: usize) -> (u64, u64) {
        let group = self.metadata.metadata().row_group(group);
        let size = |n: i64| u64::try_from(n).unwrap_or(0);
        (size(group.num_rows()), size(group.total_byte_size()))
    }

    /// Whether the column notes its smallest and greatest value.
    pub(crate) fn has_statistics(&self, name: &str) -> bool {
        let Ok(column) = self.metadata.schema().index_of(name) else {
            return false;
        };
        let groups = self.metadata.metadata().row_groups();
        groups
            .first()
            .and_then(|g| g.columns().get(column))
            .and_then(|c| c.statistics())
            .is_some_and(|s| s.min_bytes_opt().is_some())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.metadata
            .schema()
            .fields()
            .iter()
            .map(|f| f.name().as_str())
    }

    pub(crate) fn column(&self, group: usize, name: &str) -> Result<Option<ArrayRef>, Error> {
        let Ok(column) = self.metadata.schema().index_of(name) else {
            return Ok(None);
        };
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [column]);
        let rows = self.group_rows(group)?;
        let mut batches = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.reader.clone(),
            self.metadata.clone(),
        )
        .with_row_groups(vec![group])
        .with_projection(mask)
        .with_batch_size(rows)
        .build()?;
        let batch = batches
            .next()
            .ok_or_else(|| Error::Damaged(format!("column {name} has no rows")))??;
        if batch.num_rows() != rows {
            return Err(Error::Damaged(format!(
                "column {name} has {} rows of {rows}",
                batch.num_rows()
            )));
        }
        Ok(Some(Arc::clone(batch.column(0))))
    }

    /// Rows of a group.
    pub(crate) fn group_rows(&self, group: usize) -> Result<usize, Error> {
        usize::try_from(self.group_size(group).0).map_err(|e| Error::Damaged(e.to_string()))
    }

    /// The chunk of a column as it lies in the file; `None` where the part has no such column. Not
    /// for overflow maps, which are two chunks and lie behind all others.
    pub(crate) fn chunk(&self, group: usize, name: &str) -> Result<Option<StoredChunk>, Error> {
        let Ok(column) = self.metadata.schema().index_of(name) else {
            return Ok(None);
        };
        let metadata = self.metadata.metadata();
        let chunk = metadata.row_group(group).column(column);
        let (from, length) = chunk.byte_range();
        let bytes = self
            .reader
            .read(from..from + length)
            .map_err(|e| Error::io(format!("column {name}"), &e))?;
        let index = metadata.column_index().map(|all| &all[group][column]);
        let close = ColumnCloseResult {
            bytes_written: length,
            rows_written: self.group_size(group).0,
            metadata: chunk.clone(),
            bloom_filter: Sbbf::read_from_column_chunk(chunk, &self.reader)?,
            column_index: index
                .filter(|i| !matches!(i, ColumnIndexMetaData::NONE))
                .cloned(),
            offset_index: metadata
                .offset_index()
                .map(|all| all[group][column].clone()),
        };
        let bytes = StoredBytes { from, bytes };
        Ok(Some(StoredChunk { bytes, close }))
    }

    pub(crate) fn overflow_map(&self, group: usize, bucket: u8) -> Result<Option<MapArray>, Error> {
        let array = self.column(group, &overflow_column(bucket))?;
        Ok(array.and_then(|a| a.as_map_opt().cloned()))
    }
}

/// One row group.
pub(crate) struct GroupSource {
    part: OpenPart,
    group: usize,
    rows: usize,
    /// Overflow maps in use by the slice being written.
    maps: RefCell<[Option<Option<MapArray>>; 8]>,
}

impl GroupSource {
    pub(crate) fn new(part: OpenPart, group: usize) -> Result<Self, Error> {
        let rows = part.group_rows(group)?;
        Ok(Self {
            part,
            group,
            rows,
            maps: RefCell::default(),
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Estimated bytes of a row before compression.
    pub(crate) fn row_bytes(&self) -> u64 {
        let (rows, bytes) = self.part.group_size(self.group);
        bytes / rows.max(1)
    }

    fn map(&self, bucket: u8) -> Result<Option<MapArray>, Error> {
        let slot = usize::from(bucket);
        if let Some(map) = &self.maps.borrow()[slot] {
            return Ok(map.clone());
        }
        let map = self.part.overflow_map(self.group, bucket)?;
        self.maps.borrow_mut()[slot] = Some(map.clone());
        Ok(map)
    }
}

/// Calls `f` with row, key and tagged value of each entry of a map column.
pub(crate) fn for_each_entry(
    map: &MapArray,
    mut f: impl FnMut(u32, &str, &str),
) -> Result<(), Error> {
    let texts = |a: &ArrayRef| a.as_string_opt::<i32>().cloned();
    let (Some(keys), Some(values)): (Option<StringArray>, Option<StringArray>) =
        (texts(map.keys()), texts(map.values()))
    else {
        return Err(Error::Damaged("an overflow map of another type".into()));
    };
    for (row, range) in map.offsets().windows(2).enumerate() {
        let row = u32::try_from(row).map_err(|e| Error::Damaged(e.to_string()))?;
        for entry in range[0]..range[1] {
            let entry = usize::try_from(entry).map_err(|e| Error::Damaged(e.to_string()))?;
            f(row, keys.value(entry), values.value(entry));
        }
    }
    Ok(())
}

/// Splits a tagged value into its type and its text.
pub(crate) fn untag(tagged: &str) -> Option<(Type, &str)> {
    let mut chars = tagged.chars();
    Some((Type::from_tag(chars.next()?)?, chars.as_str()))
}

impl Source for GroupSource {
    fn fixed(&self, column: Fixed) -> Result<Option<Lane>, Error> {
        let Some(array) = self.part.column(self.group, column.column_name())? else {
            return Ok(None);
        };
        let wrong = || Error::Damaged(format!("column {} has another type", column.column_name()));
        let ints: ArrayRef = match column {
            Fixed::Ts => Arc::new(
                array
                    .as_primitive_opt::<TimestampNanosecondType>()
                    .ok_or_else(wrong)?
                    .reinterpret_cast::<Int64Type>(),
            ),
            Fixed::IngestTs => Arc::new(
                array
                    .as_primitive_opt::<TimestampMillisecondType>()
                    .ok_or_else(wrong)?
                    .reinterpret_cast::<Int64Type>(),
            ),
            Fixed::SampleRate => {
                let rates = array.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
                Arc::new(
                    rates
                        .iter()
                        .map(|v| v.map(i64::from))
                        .collect::<Int64Array>(),
                )
            }
            _ => array,
        };
        Ok(Some(Lane::of_array(ints)))
    }

    fn attr(&self, key: &str, ty: Type) -> Result<Option<Lane>, Error> {
        if let Some(array) = self.part.column(self.group, &attribute_column(key, ty))? {
            return Ok(Some(Lane::of_array(array)));
        }
        let Some(map) = self.map(overflow_bucket(key))? else {
            return Ok(None);
        };
        promoted(&map, key, ty, self.rows)
    }

    fn overflow(
        &self,
        bucket: u8,
        columns: &Columns,
        f: &mut dyn FnMut(u32, &str, &str),
    ) -> Result<(), Error> {
        if let Some(map) = self.map(bucket)? {
            for_each_entry(&map, |row, key, tagged| {
                let keeps = untag(tagged).is_some_and(|(ty, _)| !columns.has_attr(key, ty));
                if keeps {
                    f(row, key, tagged);
                }
            })?;
        }
        // Columns of this part that have none in the new one.
        let demoted: Vec<String> = self
            .part
            .names()
            .filter(|name| {
                parse_attribute_column(name).is_some_and(|(key, ty)| {
                    overflow_bucket(key) == bucket && !columns.has_attr(key, ty)
                })
            })
            .map(str::to_owned)
            .collect();
        for name in demoted {
            if let (Some((key, ty)), Some(array)) = (
                parse_attribute_column(&name),
                self.part.column(self.group, &name)?,
            ) {
                tag_all(&array, ty, |row, tagged| f(row, key, tagged))?;
            }
        }
        Ok(())
    }

    fn release(&self) {
        *self.maps.borrow_mut() = Default::default();
    }
}

/// The values of one key of a map column, as a lane of their own. `None` when it has none.
fn promoted(map: &MapArray, key: &str, ty: Type, rows: usize) -> Result<Option<Lane>, Error> {
    let mut found: Vec<(u32, String)> = Vec::new();
    for_each_entry(map, |row, k, tagged| {
        if k == key
            && let Some((t, text)) = untag(tagged)
            && t == ty
        {
            found.push((row, text.to_owned()));
        }
    })?;
    if found.is_empty() {
        return Ok(None);
    }
    let bad = |text: &str| Error::Damaged(format!("overflow value {text:?} of {key}"));
    let mut by_row: Vec<Option<String>> = vec![None; rows];
    for (row, text) in found {
        if let Some(slot) = by_row.get_mut(row as usize) {
            *slot = Some(text);
        }
    }
    macro_rules! parsed {
        ($builder:expr) => {{
            let mut b = $builder;
            for text in &by_row {
                match text {
                    Some(text) => b.append_value(text.parse().map_err(|_| bad(text))?),
                    None => b.append_null(),
                }
            }
            Arc::new(b.finish()) as ArrayRef
        }};
    }
    let array: ArrayRef = match ty {
        Type::Str => {
            let mut b = StringDictionaryBuilder::<UInt32Type>::new();
            for text in &by_row {
                b.append_option(text.as_deref());
            }
            Arc::new(b.finish())
        }
        Type::Int => parsed!(Int64Builder::new()),
        Type::Float => parsed!(Float64Builder::new()),
        Type::Bool => parsed!(BooleanBuilder::new()),
    };
    Ok(Some(Lane::of_array(array)))
}

/// Every value of an attribute column as type letter and canonical text.
fn tag_all(array: &ArrayRef, ty: Type, mut f: impl FnMut(u32, &str)) -> Result<(), Error> {
    use event::ValueRef;
    use std::fmt::Write as _;
    let wrong = || Error::Damaged("an attribute column of another type".into());
    let mut text = String::new();
    for i in (0..array.len()).filter(|i| array.is_valid(*i)) {
        let value = match ty {
            Type::Str => event::column::text_at(array.as_ref(), i).map(ValueRef::Str),
            Type::Int => array
                .as_primitive_opt::<Int64Type>()
                .map(|a| ValueRef::Int(a.value(i))),
            Type::Float => array
                .as_primitive_opt::<arrow_array::types::Float64Type>()
                .map(|a| ValueRef::Float(a.value(i))),
            Type::Bool => array.as_boolean_opt().map(|a| ValueRef::Bool(a.value(i))),
        };
        text.clear();
        text.push(ty.tag());
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", value.ok_or_else(wrong)?);
        f(
            u32::try_from(i).map_err(|e| Error::Damaged(e.to_string()))?,
            &text,
        );
    }
    Ok(())
}
