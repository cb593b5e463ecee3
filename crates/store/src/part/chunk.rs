//! Writes a column of texts, ids or whole numbers of a row group, from codes into a list of its values.
//!
//! The Parquet library's own writer looks every text of every row up in a hash table, to find the
//! dictionary that [`gather`](crate::part::lane::gather) has just made, and takes memory for every id.
//! Here the codes go to the file as they are: one dictionary page, then data pages of the first
//! version, each with presence bits (where the column can be null) and bit-packed codes; or the values
//! themselves, when they are plain.
//!
//! What Zstandard hardly makes smaller lies bare: reading a column takes a Zstandard context, which costs
//! more than the pages of most columns, and whoever reads a trace reads all of them.

use crate::Error;
use crate::part::encoding::{Layout, Notes, STATISTICS_BYTES, ZSTD_LEVEL};
use crate::part::hybrid::{push_bits, push_codes, push_run, width};
use ahash::RandomState;
use arrow_array::types::UInt32Type;
use arrow_array::{
    Array, ArrowPrimitiveType, DictionaryArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow_buffer::NullBuffer;
use bytes::Bytes;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::properties::EnabledStatistics;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::borrow::Cow;
use std::io;
use std::ops::Range;

/// Wrong hits of a Bloom filter.
const BLOOM_FPP: f64 = 0.01;

/// Bytes of a column chunk that Zstandard has to save, and which part of all.
const LEAST_SAVED_BYTES: usize = 1_024;
const LEAST_SAVED_PART: usize = 8;
/// One page of so many is tried.
const SAMPLED_PAGE: usize = 4;

/// Values that codes stand for.
enum Entries<'a> {
    Texts(&'a StringArray),
    /// One after another, so many bytes each.
    Ids(Cow<'a, [u8]>, usize),
    /// Whole numbers as Parquet has them: eight bytes, least first.
    Ints(Vec<[u8; 8]>),
}

impl Entries<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Ids(bytes, each) => bytes.len() / each,
            Self::Ints(ints) => ints.len(),
        }
    }

    fn get(&self, code: usize) -> &[u8] {
        match self {
            Self::Texts(texts) => texts.value(code).as_bytes(),
            Self::Ids(bytes, each) => &bytes[code * each..(code + 1) * each],
            Self::Ints(ints) => &ints[code],
        }
    }

    /// As Parquet has plain values: texts behind their length, others bare.
    fn push(&self, out: &mut Vec<u8>, code: usize) {
        let value = self.get(code);
        if matches!(self, Self::Texts(_)) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "an array of texts has 32-bit offsets"
            )]
            out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(value);
    }
}

/// The values of a column in a row group, and how they are written.
pub(crate) struct Chunk<'a> {
    codes: Cow<'a, [u32]>,
    nulls: Option<&'a NullBuffer>,
    /// With a dictionary each is in use.
    entries: Entries<'a>,
    layout: Layout,
    page_rows: usize,
    page_bytes: usize,
    notes: Notes,
}

/// A column chunk as it lies in a file, and what the file's footer says of it.
pub(crate) struct Written {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

/// Sizes of the pages so far.
#[derive(Default)]
struct Sizes {
    raw: usize,
    packed: usize,
}

impl Sizes {
    fn add(&mut self, page: &PageWriteSpec) {
        self.raw += page.uncompressed_size;
        self.packed += page.compressed_size;
    }
}

/// How the pages of a chunk lie in the file.
enum Codec {
    Bare,
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Codec {
    fn zstd() -> Result<Self, Error> {
        let zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(zstd_failed)?;
        Ok(Self::Zstd(zstd))
    }

    fn pack(&mut self, raw: &[u8]) -> Result<Bytes, Error> {
        match self {
            Self::Bare => Ok(Bytes::copy_from_slice(raw)),
            Self::Zstd(zstd) => zstd.compress(raw).map(Bytes::from).map_err(zstd_failed),
        }
    }

    fn name(&self) -> Result<Compression, Error> {
        Ok(match self {
            Self::Bare => Compression::UNCOMPRESSED,
            Self::Zstd(_) => Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?),
        })
    }
}

fn zstd_failed(e: io::Error) -> Error {
    Error::Io(format!("zstd: {e}"))
}

/// Ids as codes, when at most half of them are distinct: the distinct ones, by first appearance.
fn coded(ids: &FixedSizeBinaryArray) -> Option<(Vec<u8>, Vec<u32>)> {
    let limit = (ids.len() - ids.null_count()) / 2;
    let mut known: HashMap<&[u8], u32, RandomState> = HashMap::default();
    let (mut entries, mut codes) = (Vec::new(), Vec::with_capacity(ids.len()));
    for id in ids {
        let Some(id) = id else {
            codes.push(0);
            continue;
        };
        let next = u32::try_from(known.len()).ok()?;
        codes.push(match known.entry(id) {
            Entry::Occupied(e) => *e.get(),
            Entry::Vacant(_) if next as usize >= limit => return None,
            Entry::Vacant(e) => {
                entries.extend_from_slice(id);
                *e.insert(next)
            }
        });
    }
    Some((entries, codes))
}

/// Whole numbers as codes, when at most `limit` of them are distinct: those, by first appearance.
fn coded_ints<T: ArrowPrimitiveType<Native = i64>>(
    ints: &PrimitiveArray<T>,
    limit: usize,
) -> Option<(Vec<[u8; 8]>, Vec<u32>)> {
    let mut known: HashMap<i64, u32, RandomState> = HashMap::default();
    let (mut entries, mut codes) = (Vec::new(), Vec::with_capacity(ints.len()));
    // Neighbours are often alike.
    let mut last = None;
    for int in ints {
        let code = match (int, last) {
            (None, _) => 0,
            (Some(int), Some((same, code))) if int == same => code,
            (Some(int), _) => {
                let next = u32::try_from(known.len()).ok()?;
                let code = match known.entry(int) {
                    Entry::Occupied(e) => *e.get(),
                    Entry::Vacant(_) if next as usize >= limit => return None,
                    Entry::Vacant(e) => {
                        entries.push(int.to_le_bytes());
                        *e.insert(next)
                    }
                };
                last = Some((int, code));
                code
            }
        };
        codes.push(code);
    }
    Some((entries, codes))
}

impl<'a> Chunk<'a> {
    /// `None` when the array's values are no plain texts.
    pub(crate) fn of_texts(
        array: &'a DictionaryArray<UInt32Type>,
        layout: Layout,
        notes: Notes,
    ) -> Option<Self> {
        let codes: &[u32] = array.keys().values();
        Some(Self {
            codes: codes.into(),
            nulls: array.keys().nulls().filter(|n| n.null_count() > 0),
            entries: Entries::Texts(array.values().as_any().downcast_ref()?),
            layout,
            page_rows: 0,
            page_bytes: 0,
            notes,
        })
    }

    /// `None` of ids without bytes.
    pub(crate) fn of_ids(array: &'a FixedSizeBinaryArray, notes: Notes) -> Option<Self> {
        let each = usize::try_from(array.value_length())
            .ok()
            .filter(|n| *n > 0)?;
        let (layout, codes, bytes): (_, Vec<u32>, Cow<'a, [u8]>) = match coded(array) {
            Some((entries, codes)) => {
                let layout = Layout::Dictionary(entries.len() / each);
                (layout, codes, entries.into())
            }
            None => {
                let all = 0..u32::try_from(array.len()).ok()?;
                (Layout::Plain, all.collect(), array.value_data().into())
            }
        };
        Some(Self {
            codes: codes.into(),
            nulls: array.nulls().filter(|n| n.null_count() > 0),
            entries: Entries::Ids(bytes, each),
            layout,
            page_rows: 0,
            page_bytes: 0,
            notes,
        })
    }

    /// `None` of more than `limit` distinct ones.
    pub(crate) fn of_ints<T: ArrowPrimitiveType<Native = i64>>(
        array: &'a PrimitiveArray<T>,
        limit: usize,
        notes: Notes,
    ) -> Option<Self> {
        let (entries, codes) = coded_ints(array, limit)?;
        Some(Self {
            codes: codes.into(),
            nulls: array.nulls().filter(|n| n.null_count() > 0),
            layout: Layout::Dictionary(entries.len()),
            entries: Entries::Ints(entries),
            page_rows: 0,
            page_bytes: 0,
            notes,
        })
    }

    /// In pages of so many rows, a multiple of 8; plain values also in pages of so many bytes, about.
    pub(crate) fn in_pages(self, page_rows: usize, page_bytes: usize) -> Self {
        debug_assert!(
            page_rows.is_multiple_of(8),
            "presence is cut at whole bytes"
        );
        Self {
            page_rows,
            page_bytes,
            ..self
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Encodes it, and compresses it where that pays.
    pub(crate) fn write(&self, column: ColumnDescPtr) -> Result<Written, Error> {
        let nullable = column.max_def_level() > 0;
        let ranges = self.pages();
        let dictionary = self.dictionary();
        let mut codec = self.codec(&dictionary, &ranges, nullable)?;
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut sizes = Sizes::default();
        let mut dictionary_at = None;
        let mut encoding = Encoding::PLAIN;
        if self.has_dictionary() {
            let page = Page::DictionaryPage {
                buf: codec.pack(&dictionary)?,
                num_values: count(self.entries.len())?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let spec = pages.write_page(CompressedPage::new(page, dictionary.len()))?;
            dictionary_at = Some(offset(spec.offset)?);
            sizes.add(&spec);
            encoding = Encoding::RLE_DICTIONARY;
        }
        let mut data_at = None;
        let mut index = OffsetIndexBuilder::new();
        let mut raw = Vec::new();
        for rows in ranges {
            raw.clear();
            self.push_page(&mut raw, rows.clone(), nullable);
            let page = Page::DataPage {
                buf: codec.pack(&raw)?,
                num_values: count(rows.len())?,
                encoding,
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            };
            let spec = pages.write_page(CompressedPage::new(page, raw.len()))?;
            let at = offset(spec.offset)?;
            data_at.get_or_insert(at);
            sizes.add(&spec);
            index.append_row_count(offset(rows.len() as u64)?);
            index.append_offset_and_size(
                at,
                i32::try_from(spec.compressed_size).map_err(too_large)?,
            );
        }
        pages.close()?;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(codec.name()?)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, encoding])
            .set_total_compressed_size(offset(sizes.packed as u64)?)
            .set_total_uncompressed_size(offset(sizes.raw as u64)?)
            .set_num_values(offset(self.codes.len() as u64)?)
            .set_data_page_offset(data_at.unwrap_or_default())
            .set_dictionary_page_offset(dictionary_at)
            .set_statistics(self.statistics());
        Ok(Written {
            close: ColumnCloseResult {
                bytes_written: sink.bytes_written() as u64,
                rows_written: self.codes.len() as u64,
                metadata: metadata.build()?,
                bloom_filter: self.bloom()?,
                column_index: None,
                offset_index: Some(index.build()),
            },
            bytes: sink.into_inner()?.into(),
        })
    }

    fn has_dictionary(&self) -> bool {
        matches!(self.layout, Layout::Dictionary(_))
    }

    /// The page of the values that codes stand for; empty without a dictionary.
    fn dictionary(&self) -> Vec<u8> {
        let mut raw = Vec::new();
        if self.has_dictionary() {
            (0..self.entries.len()).for_each(|code| self.entries.push(&mut raw, code));
        }
        raw
    }

    fn push_page(&self, out: &mut Vec<u8>, rows: Range<usize>, nullable: bool) {
        if nullable {
            self.push_presence(out, rows.clone());
        }
        self.push_values(out, rows);
    }

    /// By what Zstandard makes of the dictionary and some of the pages. Rows are ordered by name, so
    /// that neighbouring pages have more in common than those farther off.
    fn codec(
        &self,
        dictionary: &[u8],
        pages: &[Range<usize>],
        nullable: bool,
    ) -> Result<Codec, Error> {
        // Random by nature.
        if matches!(self.entries, Entries::Ids(..)) {
            return Ok(Codec::Bare);
        }
        let sample: Vec<_> = pages.iter().skip(1).step_by(SAMPLED_PAGE).collect();
        let sample = if sample.is_empty() {
            pages.iter().collect()
        } else {
            sample
        };
        let mut raw = Vec::new();
        for rows in &sample {
            self.push_page(&mut raw, (*rows).clone(), nullable);
        }
        let of_all = |bytes: usize| bytes * pages.len() / sample.len().max(1);
        let whole = dictionary.len() + of_all(raw.len());
        if whole <= LEAST_SAVED_BYTES {
            return Ok(Codec::Bare);
        }
        let mut codec = Codec::zstd()?;
        let packed = codec.pack(dictionary)?.len() + of_all(codec.pack(&raw)?.len());
        let pays = packed + LEAST_SAVED_BYTES.max(whole / LEAST_SAVED_PART) <= whole;
        Ok(if pays { codec } else { Codec::Bare })
    }

    fn is_valid(&self, row: usize) -> bool {
        self.nulls.is_none_or(|n| n.is_valid(row))
    }

    /// Rows by page: so many, or fewer when plain texts are long.
    fn pages(&self) -> Vec<Range<usize>> {
        let rows = self.codes.len();
        let mut out = Vec::new();
        let mut from = 0;
        while from < rows || out.is_empty() {
            let mut to = (from + self.page_rows).min(rows);
            if self.layout == Layout::Plain {
                let mut bytes = 0;
                for row in (from..to).filter(|r| self.is_valid(*r)) {
                    bytes += self.entries.get(self.codes[row] as usize).len();
                    let next = row + 1;
                    if bytes > self.page_bytes && next.is_multiple_of(8) && next < to {
                        to = next;
                        break;
                    }
                }
            }
            out.push(from..to);
            from = to;
        }
        out
    }

    /// The presence bits as definition levels: their length, then runs of alike bytes and bytes as they are.
    fn push_presence(&self, out: &mut Vec<u8>, rows: Range<usize>) {
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        match self.nulls {
            None => push_run(out, rows.len(), &[1]),
            Some(nulls) => {
                let bits = nulls.inner().slice(rows.start, rows.len()).sliced();
                push_bits(out, bits.as_slice(), rows.len());
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "some bits of a page's rows"
        )]
        let len = (out.len() - at - 4) as u32;
        out[at..at + 4].copy_from_slice(&len.to_le_bytes());
    }

    fn push_values(&self, out: &mut Vec<u8>, rows: Range<usize>) {
        let there = rows.filter(|r| self.is_valid(*r)).map(|r| self.codes[r]);
        if self.layout == Layout::Plain {
            there.for_each(|c| self.entries.push(out, c as usize));
            return;
        }
        let width = width(self.entries.len());
        out.push(width);
        push_codes(out, &there.collect::<Vec<u32>>(), width);
    }

    /// Codes of the values that rows have, each at least once.
    fn in_use(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        match self.layout {
            Layout::Dictionary(_) => Box::new(0..self.entries.len()),
            _ => {
                let rows = (0..self.codes.len()).filter(|r| self.is_valid(*r));
                Box::new(rows.map(|r| self.codes[r] as usize))
            }
        }
    }

    /// How many are null, and where wanted the extremes. Long ones are left out, as they would only be
    /// bounds when cut.
    fn statistics(&self) -> Statistics {
        let nulls = Some(self.nulls.map_or(0, |n| n.null_count() as u64));
        if let Entries::Ints(ints) = &self.entries {
            let ints = || ints.iter().map(|i| i64::from_le_bytes(*i));
            let wanted = self.notes.statistics != EnabledStatistics::None;
            let (least, most) = (ints().min(), ints().max());
            return Statistics::Int64(ValueStatistics::new(
                least.filter(|_| wanted),
                most.filter(|_| wanted),
                None,
                nulls,
                false,
            ));
        }
        let (mut least, mut most): (Option<&[u8]>, Option<&[u8]>) = (None, None);
        if self.notes.statistics != EnabledStatistics::None {
            for value in self.in_use().map(|c| self.entries.get(c)) {
                least = Some(least.map_or(value, |l| l.min(value)));
                most = Some(most.map_or(value, |m| m.max(value)));
            }
        }
        let fits = |v: &&[u8]| v.len() <= STATISTICS_BYTES;
        let bytes = |v: &[u8]| ByteArray::from(v.to_vec());
        let (least, most) = (least.filter(fits).map(bytes), most.filter(fits).map(bytes));
        match self.entries {
            Entries::Texts(_) => {
                Statistics::ByteArray(ValueStatistics::new(least, most, None, nulls, false))
            }
            _ => {
                let id = FixedLenByteArray::from;
                let (least, most) = (least.map(id), most.map(id));
                Statistics::FixedLenByteArray(ValueStatistics::new(least, most, None, nulls, false))
            }
        }
    }

    fn bloom(&self) -> Result<Option<Sbbf>, Error> {
        let Some(distinct) = self.notes.bloom else {
            return Ok(None);
        };
        let mut bloom = Sbbf::new_with_ndv_fpp(distinct, BLOOM_FPP)?;
        self.in_use()
            .for_each(|c| bloom.insert(self.entries.get(c)));
        Ok(Some(bloom))
    }
}

fn too_large(e: std::num::TryFromIntError) -> Error {
    Error::Io(format!("a column of a row group is too large: {e}"))
}

fn count(n: usize) -> Result<u32, Error> {
    u32::try_from(n).map_err(too_large)
}

fn offset(n: u64) -> Result<i64, Error> {
    i64::try_from(n).map_err(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array};
    use arrow_schema::{DataType, Field, Schema};
    use parquet::arrow::ArrowSchemaConverter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use proptest::prelude::*;
    use std::sync::Arc;

    const NOTES: Notes = Notes {
        statistics: EnabledStatistics::Chunk,
        bloom: None,
    };

    fn read_back(array: &DictionaryArray<UInt32Type>, layout: Layout, nullable: bool) -> ArrayRef {
        let chunk = Chunk::of_texts(array, layout, NOTES).unwrap();
        read_chunk_back(chunk, DataType::Utf8, nullable)
    }

    /// The column as the Parquet library reads it back, from a file of it alone.
    fn read_chunk_back(chunk: Chunk<'_>, ty: DataType, nullable: bool) -> ArrayRef {
        let rows = chunk.codes.len();
        let schema = Schema::new(vec![Field::new("t", ty, nullable)]);
        let descriptor = ArrowSchemaConverter::new().convert(&schema).unwrap();
        let mut file = SerializedFileWriter::new(
            Vec::new(),
            descriptor.root_schema_ptr(),
            Arc::new(WriterProperties::default()),
        )
        .unwrap();
        let written = chunk.in_pages(64, 300).write(descriptor.column(0)).unwrap();
        let mut group = file.next_row_group().unwrap();
        group.append_column(&written.bytes, written.close).unwrap();
        group.close().unwrap();
        let bytes: Bytes = file.into_inner().unwrap().into();
        let mut batches = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .unwrap()
            .with_batch_size(rows.max(1))
            .build()
            .unwrap();
        Arc::clone(batches.next().unwrap().unwrap().column(0))
    }

    fn texts(array: &ArrayRef) -> Vec<Option<String>> {
        let texts = array.as_string::<i32>();
        texts.iter().map(|t| t.map(str::to_owned)).collect()
    }

    fn dictionary(rows: &[Option<String>]) -> DictionaryArray<UInt32Type> {
        rows.iter().map(Option::as_deref).collect()
    }

    proptest! {
        /// Runs and mixtures of texts, few and many, with and without nulls.
        #[test]
        fn the_parquet_library_reads_what_was_written(
            runs in proptest::collection::vec((proptest::option::of(0usize..40), 1usize..90), 1..40)
        ) {
            let rows: Vec<Option<String>> = runs
                .iter()
                .flat_map(|(text, n)| {
                    let text = text.map(|t| "x".repeat(t) + &t.to_string());
                    // Every third run alternates.
                    let other = if n % 3 == 0 { None } else { text.clone() };
                    (0..*n).map(move |i| if i % 2 == 0 { text.clone() } else { other.clone() })
                })
                .collect();
            let array = dictionary(&rows);
            prop_assume!(array.null_count() < array.len());
            for layout in [Layout::Dictionary(array.values().len()), Layout::Plain] {
                prop_assert_eq!(texts(&read_back(&array, layout, true)), rows.clone());
            }
            let there: Vec<Option<String>> = rows.into_iter().filter(Option::is_some).collect();
            let array = dictionary(&there);
            for layout in [Layout::Dictionary(array.values().len()), Layout::Plain] {
                prop_assert_eq!(texts(&read_back(&array, layout, false)), there.clone());
            }
        }

        #[test]
        fn codes_of_any_width_read_back(codes in proptest::collection::vec(0u32..70_000, 1..300)) {
            let mut names: Vec<u32> = Vec::new();
            let rows: Vec<Option<String>> = codes
                .iter()
                .map(|c| {
                    names.push(*c);
                    Some(c.to_string())
                })
                .collect();
            let array = dictionary(&rows);
            let layout = Layout::Dictionary(array.values().len());
            prop_assert_eq!(texts(&read_back(&array, layout, true)), rows);
        }
    }

    #[test]
    fn ids_read_back_and_are_in_the_bloom_filter() {
        for distinct in [7, 100, 1_000] {
            let id = |i: u128| (i % distinct).wrapping_mul(u128::MAX / 977).to_be_bytes();
            let ids: Vec<Option<[u8; 16]>> =
                (0..1_000).map(|i| (i % 11 != 3).then(|| id(i))).collect();
            let each = ids.iter().copied();
            let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(each, 16).unwrap();
            let bloom = Notes {
                bloom: Some(1_000),
                ..NOTES
            };
            let chunk = Chunk::of_ids(&array, bloom).unwrap();
            assert_eq!(chunk.layout() == Layout::Plain, distinct == 1_000);
            let filter = chunk.bloom().unwrap().unwrap();
            assert!(ids.iter().flatten().all(|id| filter.check(&id[..])));
            let back = read_chunk_back(chunk, DataType::FixedSizeBinary(16), true);
            assert_eq!(back.as_fixed_size_binary(), &array);
        }
    }

    #[test]
    fn whole_numbers_read_back_with_their_extremes() {
        let rows: Vec<Option<i64>> = (0..1_000)
            .map(|i| (i % 7 != 2).then_some([i64::MIN, -5, 443, i64::MAX][i / 3 % 4]))
            .collect();
        let array = Int64Array::from(rows);
        assert!(Chunk::of_ints(&array, 3, NOTES).is_none(), "four differ");
        let chunk = Chunk::of_ints(&array, 4, NOTES).unwrap();
        let Statistics::Int64(extremes) = chunk.statistics() else {
            panic!("of another type");
        };
        assert_eq!(extremes.min_opt(), Some(&i64::MIN));
        assert_eq!(extremes.max_opt(), Some(&i64::MAX));
        assert_eq!(extremes.null_count_opt(), Some(143));
        let back = read_chunk_back(chunk, DataType::Int64, true);
        assert_eq!(back.as_primitive::<Int64Type>(), &array);
    }

    #[test]
    fn what_zstandard_hardly_shrinks_lies_bare() {
        let descriptor = |ty: DataType| {
            let schema = Schema::new(vec![Field::new("t", ty, true)]);
            let descriptor = ArrowSchemaConverter::new().convert(&schema).unwrap();
            descriptor.column(0)
        };
        let is_bare = |chunk: Chunk<'_>, ty: DataType| {
            let written = chunk.in_pages(2_048, 1 << 20).write(descriptor(ty));
            let metadata = written.unwrap().close.metadata;
            metadata.compression() == Compression::UNCOMPRESSED
        };
        // The multiples of an odd number do not repeat.
        let id = |i: u128| (i + 1).wrapping_mul(u128::MAX / 977).to_be_bytes();
        let ids = (0..9_000).map(|i| Some(id(i)));
        let ids = FixedSizeBinaryArray::try_from_sparse_iter_with_size(ids, 16).unwrap();
        let of_ids = Chunk::of_ids(&ids, NOTES).unwrap();
        assert!(is_bare(of_ids, DataType::FixedSizeBinary(16)));
        let same = dictionary(&vec![Some("eu-west-1".to_owned()); 9_000]);
        let of_same = Chunk::of_texts(&same, Layout::Dictionary(1), NOTES).unwrap();
        assert!(is_bare(of_same, DataType::Utf8));
        // Codes of eight bits that follow no order, by the last step of SplitMix64.
        let mix = |i: u64| (i ^ i >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56;
        let mixed: Vec<_> = (0..60_000)
            .map(|i| Some(mix(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(i)).to_string()))
            .collect();
        let mixed = dictionary(&mixed);
        let layout = Layout::Dictionary(mixed.values().len());
        let of_mixed = Chunk::of_texts(&mixed, layout, NOTES).unwrap();
        assert!(is_bare(of_mixed, DataType::Utf8));
        let words: Vec<_> = (0..9_000).map(|i| Some(format!("GET /item/{i}"))).collect();
        let words = dictionary(&words);
        let of_words = Chunk::of_texts(&words, Layout::Plain, NOTES).unwrap();
        assert!(!is_bare(of_words, DataType::Utf8));
    }
}
