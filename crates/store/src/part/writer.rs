//! Writes a part: slice of time after slice of time, in each one column after another.

use crate::Error;
use crate::disk::{Disk, SyncPoint, WriteFile};
use crate::part::encoding::{self, Notes, STATISTICS_BYTES};
use crate::part::facts::{FOOTER_KEY, Facts};
use crate::part::keys::{self, TextSet};
use crate::part::lane::{self, Lane, LaneType};
use crate::part::reader::BLOCK_BYTES;
use crate::part::tix;
use arrow_array::builder::{MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, PrimitiveArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use event::field::{attribute_column, attribute_data_type};
use event::{Fixed, TraceId, Type};
use parquet::arrow::ArrowSchemaConverter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

pub(crate) use crate::part::lane::Pick;

/// Bytes gathered before they go to the disk.
const WRITE_BYTES: usize = 1 << 20;

/// Rows of a row group: a slice of time, ordered inside by dataset, name, time, trace.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    pub picks: Vec<Pick>,
}

/// A batch, or a row group of a part: rows to be written.
pub(crate) trait Source {
    /// A fixed column; `None` when no row has a value.
    fn fixed(&self, column: Fixed) -> Result<Option<Lane>, Error>;

    /// An attribute, wherever the source has it.
    fn attr(&self, key: &str, ty: Type) -> Result<Option<Lane>, Error>;

    /// Every value of the attributes of one overflow bucket that `columns` has no column for:
    /// row, physical column name, key, tagged text.
    fn overflow(
        &self,
        bucket: u8,
        columns: &Columns,
        f: &mut dyn FnMut(u32, &str, &str),
    ) -> Result<(), Error>;

    /// The slice is written: what was kept for it may go.
    fn release(&self) {}
}

/// An attribute that gets a column of its own.
#[derive(Clone, Debug)]
pub(crate) struct AttrColumn {
    pub key: Arc<str>,
    pub ty: Type,
    /// Whether its smallest and greatest value are worth noting.
    pub statistics: bool,
}

/// Which columns a part has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    /// In order of [`Fixed::ALL`].
    pub fixed: Vec<Fixed>,
    /// By key, then type.
    pub attrs: Vec<AttrColumn>,
    /// Typed keys without a column of their own, sorted by physical name.
    pub overflow: Vec<(Arc<str>, Type)>,
}

impl Columns {
    pub(crate) fn has_attr(&self, key: &str, ty: Type) -> bool {
        self.attrs
            .binary_search_by(|a| (&*a.key, a.ty).cmp(&(key, ty)))
            .is_ok()
    }

    fn buckets(&self) -> BTreeSet<u8> {
        self.overflow
            .iter()
            .map(|(key, _)| keys::overflow_bucket(key))
            .collect()
    }
}

/// A part as written: on disk under its temporary name, synced.
pub(crate) struct Written {
    pub facts: Facts,
    pub bytes: u64,
    pub crcs: Box<[u32]>,
    /// The bytes of its trace index; `None` when times are too far apart for one.
    pub index: Option<Vec<u8>>,
}

/// Writes `slices` of `sources` to `path` and syncs it. `facts` come with what only the caller
/// knows; rows, times, datasets and services are filled in here.
pub(crate) fn write(
    disk: &dyn Disk,
    path: &Path,
    mut facts: Facts,
    columns: &Columns,
    slices: &[Slice],
    sources: &[&dyn Source],
) -> Result<Written, Error> {
    let (schema, mut file) = create(disk, path, columns)?;
    let rows: usize = slices.iter().map(|s| s.picks.len()).sum();
    let mut seen = Seen::new(columns.attrs.len());
    for slice in slices {
        disk.step("part.slice").map_err(|e| Error::io("part", &e))?;
        let mut group = file.next_row_group()?;
        write_slice(columns, &schema, slice, sources, &mut group, &mut seen)?;
        group.close()?;
    }
    facts.rows = rows as u64;
    facts.ts = seen.ts;
    facts.ingest = seen.ingest;
    facts.datasets = TextSet::new(seen.datasets.into_iter().collect());
    facts.services = TextSet::new(seen.services.into_iter().collect());
    facts.fills = seen.fills;
    facts.unit_rate = !columns.fixed.contains(&Fixed::SampleRate);
    let mut names: Vec<String> = columns
        .overflow
        .iter()
        .map(|(k, ty)| attribute_column(k, *ty))
        .collect();
    names.sort_unstable();
    facts.overflow = TextSet::new(names);
    let (bytes, crcs) = finish(path, file, &facts)?;
    Ok(Written {
        facts,
        bytes,
        crcs,
        index: tix::write_bytes(seen.traces.into_iter()),
    })
}

/// Begins a part's file.
pub(super) fn create(
    disk: &dyn Disk,
    path: &Path,
    columns: &Columns,
) -> Result<(SchemaRef, SerializedFileWriter<Sequential>), Error> {
    let file = disk
        .create(path)
        .map_err(|e| Error::io(path.display(), &e))?;
    let schema = schema(columns);
    let descriptor = ArrowSchemaConverter::new().convert(&schema)?;
    let mut properties = properties();
    parquet::arrow::add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
    let file = SerializedFileWriter::new(
        Sequential::new(file),
        descriptor.root_schema_ptr(),
        Arc::new(properties),
    )?;
    Ok((schema, file))
}

/// Writes the footer and syncs the file: its size, and the checksums of its blocks.
pub(super) fn finish(
    path: &Path,
    mut file: SerializedFileWriter<Sequential>,
    facts: &Facts,
) -> Result<(u64, Box<[u32]>), Error> {
    let json =
        serde_json::to_string(facts).map_err(|e| Error::Io(format!("facts of a part: {e}")))?;
    file.append_key_value_metadata(KeyValue::new(FOOTER_KEY.to_owned(), json));
    file.into_inner()?
        .finish()
        .map_err(|e| Error::io(path.display(), &e))
}

/// What is learnt of the rows while they are written.
struct Seen {
    ts: (i64, i64),
    ingest: (i64, i64),
    datasets: BTreeSet<String>,
    services: BTreeSet<String>,
    traces: Vec<(TraceId, i64)>,
    /// Rows that have each attribute column.
    fills: Vec<u64>,
}

impl Seen {
    fn new(attrs: usize) -> Self {
        Self {
            ts: (i64::MAX, i64::MIN),
            ingest: (i64::MAX, i64::MIN),
            datasets: BTreeSet::new(),
            services: BTreeSet::new(),
            traces: Vec::new(),
            fills: vec![0; attrs],
        }
    }
}

impl Seen {
    fn note(&mut self, column: Fixed, array: &ArrayRef, times: &mut Option<ArrayRef>) {
        let range = |array: &ArrayRef, r: &mut (i64, i64)| {
            for v in array.as_primitive::<Int64Type>().iter().flatten() {
                *r = (r.0.min(v), r.1.max(v));
            }
        };
        match column {
            Fixed::Ts => {
                range(array, &mut self.ts);
                *times = Some(Arc::clone(array));
            }
            Fixed::IngestTs => range(array, &mut self.ingest),
            Fixed::Dataset => note_texts(array, &mut self.datasets),
            Fixed::Service => note_texts(array, &mut self.services),
            Fixed::TraceId => {
                let ids = array.as_fixed_size_binary();
                let Some(ts) = times else { return };
                let ts = ts.as_primitive::<Int64Type>();
                for row in (0..ids.len()).filter(|r| ids.is_valid(*r)) {
                    if let Ok(id) = ids.value(row).try_into() {
                        self.traces.push((TraceId(id), ts.value(row)));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The entries of a gathered dictionary: each is used.
fn note_texts(array: &ArrayRef, into: &mut BTreeSet<String>) {
    let lane = Lane::of_array(Arc::clone(array));
    let Some((_, values)) = lane.text() else {
        return;
    };
    for text in values.iter().flatten() {
        if !into.contains(text) {
            into.insert(text.to_owned());
        }
    }
}

fn write_slice<W: Write + Send>(
    columns: &Columns,
    schema: &SchemaRef,
    slice: &Slice,
    sources: &[&dyn Source],
    group: &mut SerializedRowGroupWriter<'_, W>,
    seen: &mut Seen,
) -> Result<(), Error> {
    let local = Local::new(slice, sources.len());
    let mut fields = schema.fields().iter();
    let mut times = None;
    let mut put = |array: ArrayRef, notes: Notes| -> Result<(), Error> {
        let field = fields
            .next()
            .ok_or_else(|| Error::Damaged("more columns than fields".into()))?;
        encoding::write(field, &array, notes, group)
    };
    let rows = slice.picks.len();
    for column in &columns.fixed {
        let lanes = local.lanes(sources, |s| s.fixed(*column))?;
        let array = lane::gather(fixed_lane(*column), &lanes, &local.picks)?;
        if let Some(array) = &array {
            seen.note(*column, array, &mut times);
        }
        put(
            finish_fixed(*column, array, rows),
            fixed_notes(*column, rows),
        )?;
    }
    for (i, attr) in columns.attrs.iter().enumerate() {
        let lanes = local.lanes(sources, |s| s.attr(&attr.key, attr.ty))?;
        let array = lane::gather(attr_lane(attr.ty), &lanes, &local.picks)?;
        seen.fills[i] += array
            .as_ref()
            .map_or(0, |a| (a.len() - a.null_count()) as u64);
        let array = array
            .unwrap_or_else(|| arrow_array::new_null_array(&attribute_data_type(attr.ty), rows));
        put(array, attr_notes(attr))?;
    }
    for bucket in columns.buckets() {
        put(
            overflow_array(bucket, columns, &local, sources)?,
            PLAIN_NOTES,
        )?;
    }
    for source in &local.used {
        sources[*source].release();
    }
    Ok(())
}

/// The sources a slice draws on, renumbered: a slice of time touches few of many batches.
struct Local {
    /// Global numbers of the sources.
    used: Vec<usize>,
    /// The slice's picks, by local number.
    picks: Vec<Pick>,
}

impl Local {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sources are numbered in u32"
    )]
    fn new(slice: &Slice, sources: usize) -> Self {
        let mut number = vec![u32::MAX; sources];
        let mut used = Vec::new();
        let picks = slice
            .picks
            .iter()
            .map(|p| {
                let n = &mut number[p.source as usize];
                if *n == u32::MAX {
                    *n = used.len() as u32;
                    used.push(p.source as usize);
                }
                Pick {
                    source: *n,
                    row: p.row,
                }
            })
            .collect();
        Self { used, picks }
    }

    fn lanes(
        &self,
        sources: &[&dyn Source],
        lane: impl Fn(&dyn Source) -> Result<Option<Lane>, Error>,
    ) -> Result<Vec<Option<Lane>>, Error> {
        self.used.iter().map(|i| lane(sources[*i])).collect()
    }
}

/// The values of one bucket's keys, gathered as maps: `key → type letter + canonical text`.
fn overflow_array(
    bucket: u8,
    columns: &Columns,
    local: &Local,
    sources: &[&dyn Source],
) -> Result<ArrayRef, Error> {
    // (source, row) → place in the slice; rows of the source that lie in other slices are skipped.
    let mut places: Vec<BTreeMap<u32, usize>> = vec![BTreeMap::new(); local.used.len()];
    for (i, pick) in local.picks.iter().enumerate() {
        places[pick.source as usize].insert(pick.row, i);
    }
    let mut entries: Vec<(usize, String, String)> = Vec::new();
    for (places, source) in places.iter().zip(&local.used) {
        sources[*source].overflow(bucket, columns, &mut |row, key, tagged| {
            if let Some(place) = places.get(&row) {
                entries.push((*place, key.to_owned(), tagged.to_owned()));
            }
        })?;
    }
    entries.sort_unstable();
    let mut map = MapBuilder::with_capacity(
        Some(map_names()),
        StringBuilder::new(),
        StringBuilder::new(),
        local.picks.len(),
    )
    .with_keys_field(Field::new("key", DataType::Utf8, false))
    .with_values_field(Field::new("value", DataType::Utf8, false));
    let mut entries = entries.into_iter().peekable();
    for row in 0..local.picks.len() {
        let mut any = false;
        while let Some((_, key, value)) = entries.next_if(|e| e.0 == row) {
            map.keys().append_value(key);
            map.values().append_value(value);
            any = true;
        }
        map.append(any)?;
    }
    Ok(Arc::new(map.finish()))
}

fn map_names() -> MapFieldNames {
    MapFieldNames {
        entry: "key_value".into(),
        key: "key".into(),
        value: "value".into(),
    }
}

fn fixed_lane(column: Fixed) -> LaneType {
    match column.data_type() {
        DataType::FixedSizeBinary(n) => LaneType::Id(n),
        DataType::Utf8View => LaneType::Text,
        _ => LaneType::Int,
    }
}

fn attr_lane(ty: Type) -> LaneType {
    match ty {
        Type::Str => LaneType::Text,
        Type::Int => LaneType::Int,
        Type::Float => LaneType::Float,
        Type::Bool => LaneType::Bool,
    }
}

/// Integers become what the column is.
pub(super) fn finish_fixed(column: Fixed, array: Option<ArrayRef>, rows: usize) -> ArrayRef {
    let ints = || {
        array.as_ref().map_or_else(
            || PrimitiveArray::<Int64Type>::new_null(rows),
            |a| a.as_primitive::<Int64Type>().clone(),
        )
    };
    match column {
        Fixed::Ts => Arc::new(
            TimestampNanosecondArray::new(ints().values().clone(), None).with_timezone("UTC"),
        ),
        Fixed::IngestTs => {
            let ints = ints();
            Arc::new(
                TimestampMillisecondArray::new(ints.values().clone(), ints.nulls().cloned())
                    .with_timezone("UTC"),
            )
        }
        // A row without a weight weighs 1.
        Fixed::SampleRate => Arc::new(PrimitiveArray::<Int32Type>::from_iter_values(
            ints()
                .iter()
                .map(|v| i32::try_from(v.unwrap_or(1)).unwrap_or(i32::MAX)),
        )),
        _ => array.unwrap_or_else(|| arrow_array::new_null_array(&column.data_type(), rows)),
    }
}

fn schema(columns: &Columns) -> SchemaRef {
    let mut fields = Vec::new();
    for f in &columns.fixed {
        let nullable = !matches!(f, Fixed::Ts | Fixed::Dataset | Fixed::SampleRate);
        fields.push(Field::new(f.column_name(), f.data_type(), nullable));
    }
    for a in &columns.attrs {
        let name = attribute_column(&a.key, a.ty);
        fields.push(Field::new(name, attribute_data_type(a.ty), true));
    }
    for bucket in columns.buckets() {
        let names = map_names();
        fields.push(Field::new_map(
            keys::overflow_column(bucket),
            names.entry,
            Field::new(names.key, DataType::Utf8, false),
            Field::new(names.value, DataType::Utf8, false),
            false,
            true,
        ));
    }
    Arc::new(Schema::new(fields))
}

/// Of the file; each column has its own as well.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(concat!("foursight ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(None)
        .set_statistics_truncate_length(Some(STATISTICS_BYTES))
        .set_column_index_truncate_length(Some(STATISTICS_BYTES))
        .build()
}

const PLAIN_NOTES: Notes = Notes {
    statistics: EnabledStatistics::None,
    bloom: None,
};

/// storage.md §2.2.5, §3.4.
pub(super) fn fixed_notes(column: Fixed, rows: usize) -> Notes {
    Notes {
        statistics: match column {
            Fixed::Ts | Fixed::Dataset | Fixed::DurationNs => EnabledStatistics::Page,
            Fixed::Raw => EnabledStatistics::None,
            _ => EnabledStatistics::Chunk,
        },
        bloom: (column == Fixed::TraceId).then_some((rows as u64 / 8).max(64)),
    }
}

pub(super) fn attr_notes(attr: &AttrColumn) -> Notes {
    Notes {
        statistics: if attr.statistics {
            EnabledStatistics::Chunk
        } else {
            EnabledStatistics::None
        },
        bloom: None,
    }
}

/// Writes on from the beginning, in large pieces, and keeps a checksum per block.
pub(super) struct Sequential {
    file: Box<dyn WriteFile>,
    pending: Vec<u8>,
    written: u64,
    crcs: Vec<u32>,
}

impl Sequential {
    fn new(file: Box<dyn WriteFile>) -> Self {
        Self {
            file,
            pending: Vec::with_capacity(WRITE_BYTES),
            written: 0,
            crcs: Vec::new(),
        }
    }

    /// `pending` begins at a block's border, as [`WRITE_BYTES`] is a multiple of a block.
    fn drain(&mut self, bytes: usize) -> io::Result<()> {
        let block = usize::try_from(BLOCK_BYTES).map_err(io::Error::other)?;
        let out = &self.pending[..bytes];
        self.file.write_all_at(out, self.written)?;
        self.crcs.extend(out.chunks(block).map(crc32c::crc32c));
        self.written += bytes as u64;
        self.pending.drain(..bytes);
        Ok(())
    }

    fn finish(mut self) -> io::Result<(u64, Box<[u32]>)> {
        self.drain(self.pending.len())?;
        self.file.sync(SyncPoint::PartBytes)?;
        Ok((self.written, self.crcs.into()))
    }
}

impl Write for Sequential {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / WRITE_BYTES * WRITE_BYTES;
        if whole > 0 {
            self.drain(whole)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
