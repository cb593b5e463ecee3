//! Writes a column of texts or ids of a row group, from codes into a list of its values.
//!
//! The Parquet library's own writer looks every text of every row up in a hash table, to find the
//! dictionary that [`gather`](crate::part::lane::gather) has just made, and takes memory for every id.
//! Here the codes go to the file as they are: one dictionary page, then data pages of the first
//! version, each with presence bits (where the column can be null) and bit-packed codes; or the values
//! themselves, when they are plain.

use crate::Error;
use crate::part::encoding::{Layout, Notes, STATISTICS_BYTES, ZSTD_LEVEL};
use ahash::RandomState;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, DictionaryArray, FixedSizeBinaryArray, StringArray};
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
use std::ops::Range;

/// Wrong hits of a Bloom filter.
const BLOOM_FPP: f64 = 0.01;

/// Values that codes stand for.
enum Entries<'a> {
    Texts(&'a StringArray),
    /// One after another, so many bytes each.
    Ids(Cow<'a, [u8]>, usize),
}

impl Entries<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Ids(bytes, each) => bytes.len() / each,
        }
    }

    fn get(&self, code: usize) -> &[u8] {
        match self {
            Self::Texts(texts) => texts.value(code).as_bytes(),
            Self::Ids(bytes, each) => &bytes[code * each..(code + 1) * each],
        }
    }

    /// As Parquet has plain values: texts behind their length, ids bare.
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

    /// Encodes and compresses it.
    pub(crate) fn write(&self, column: ColumnDescPtr) -> Result<Written, Error> {
        let nullable = column.max_def_level() > 0;
        let mut zstd =
            zstd::bulk::Compressor::new(ZSTD_LEVEL).map_err(|e| Error::Io(format!("zstd: {e}")))?;
        let mut pack = |raw: &[u8]| {
            zstd.compress(raw)
                .map(Bytes::from)
                .map_err(|e| Error::Io(format!("zstd: {e}")))
        };
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut sizes = Sizes::default();
        let mut raw = Vec::new();
        let mut dictionary_at = None;
        let encoding = match self.layout {
            Layout::Dictionary(_) => {
                (0..self.entries.len()).for_each(|code| self.entries.push(&mut raw, code));
                let page = Page::DictionaryPage {
                    buf: pack(&raw)?,
                    num_values: count(self.entries.len())?,
                    encoding: Encoding::PLAIN,
                    is_sorted: false,
                };
                let spec = pages.write_page(CompressedPage::new(page, raw.len()))?;
                dictionary_at = Some(offset(spec.offset)?);
                sizes.add(&spec);
                Encoding::RLE_DICTIONARY
            }
            _ => Encoding::PLAIN,
        };
        let mut data_at = None;
        let mut index = OffsetIndexBuilder::new();
        for rows in self.pages() {
            raw.clear();
            if nullable {
                self.push_presence(&mut raw, rows.clone());
            }
            self.push_values(&mut raw, rows.clone());
            let page = Page::DataPage {
                buf: pack(&raw)?,
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
        let level = ZstdLevel::try_new(ZSTD_LEVEL)?;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::ZSTD(level))
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
        let nulls = Some(self.nulls.map_or(0, |n| n.null_count() as u64));
        match self.entries {
            Entries::Texts(_) => {
                Statistics::ByteArray(ValueStatistics::new(least, most, None, nulls, false))
            }
            Entries::Ids(..) => {
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

/// Bits of a code into so many entries.
#[expect(clippy::cast_possible_truncation, reason = "at most 64")]
fn width(entries: usize) -> u8 {
    (usize::BITS - entries.saturating_sub(1).leading_zeros()) as u8
}

fn push_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits and the mark")]
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
    out.push(n as u8);
}

/// A run of `rows` equal values.
fn push_run(out: &mut Vec<u8>, rows: usize, value: &[u8]) {
    push_varint(out, rows << 1);
    out.extend_from_slice(value);
}

/// Single bits of `rows` rows, by bytes: alike ones as runs, others packed as they are.
fn push_bits(out: &mut Vec<u8>, bytes: &[u8], rows: usize) {
    // Shorter runs cost more than they save.
    const RUN: usize = 4;
    let mut at = 0;
    let mut packed = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        // The bits after the last row are not looked at: a byte that holds any is packed.
        let whole = rows / 8;
        let alike = if byte == 0 || byte == 0xff {
            bytes[at..whole.max(at)]
                .iter()
                .take_while(|b| **b == byte)
                .count()
        } else {
            0
        };
        if alike >= RUN {
            push_packed(out, &bytes[packed..at]);
            push_run(out, alike * 8, &[byte & 1]);
            at += alike;
            packed = at;
        } else {
            at += alike.max(1);
        }
    }
    push_packed(out, &bytes[packed..]);
}

/// Groups of eight values of one bit each.
fn push_packed(out: &mut Vec<u8>, bytes: &[u8]) {
    if !bytes.is_empty() {
        push_varint(out, bytes.len() << 1 | 1);
        out.extend_from_slice(bytes);
    }
}

/// Codes of `width` bits, as runs of at least eight equal ones and groups of eight packed ones.
fn push_codes(out: &mut Vec<u8>, codes: &[u32], width: u8) {
    let run_bytes = usize::from(width).div_ceil(8);
    let mut packed = 0;
    let mut at = 0;
    while at < codes.len() {
        let code = codes[at];
        let alike = codes[at..].iter().take_while(|c| **c == code).count();
        // What is packed before a run are whole groups: the run lends the rest of the last one.
        let lent = (at - packed).next_multiple_of(8) - (at - packed);
        if alike >= 8 + lent {
            pack_codes(out, &codes[packed..at + lent], width);
            push_run(out, alike - lent, &code.to_le_bytes()[..run_bytes]);
            at += alike;
            packed = at;
        } else {
            at += alike;
        }
    }
    pack_codes(out, &codes[packed..], width);
}

/// Groups of eight codes; the last is filled up with zeros.
fn pack_codes(out: &mut Vec<u8>, codes: &[u32], width: u8) {
    if codes.is_empty() {
        return;
    }
    push_varint(out, codes.len().div_ceil(8) << 1 | 1);
    let (mut held, mut bits) = (0u64, 0u32);
    let zeros = codes.len().next_multiple_of(8) - codes.len();
    for code in codes.iter().copied().chain(std::iter::repeat_n(0, zeros)) {
        held |= u64::from(code) << bits;
        bits += u32::from(width);
        if bits >= 32 {
            #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
            out.extend_from_slice(&(held as u32).to_le_bytes());
            held >>= 32;
            bits -= 32;
        }
    }
    // Eight codes are whole bytes.
    let bytes = bits.div_ceil(8) as usize;
    out.extend_from_slice(&held.to_le_bytes()[..bytes]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::ArrayRef;
    use arrow_array::cast::AsArray as _;
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
    fn a_run_and_the_group_it_completes() {
        // By the grammar of Parquet's hybrid encoding: one packed group of 1,2,3,3,3,3,3,3 at width 2
        // (least bits first: 0b11_11_10_01, 0b11…), then a run of ten threes.
        let mut out = Vec::new();
        let codes: Vec<u32> = [1, 2].into_iter().chain([3; 16]).collect();
        push_codes(&mut out, &codes, 2);
        assert_eq!(out, [3, 0b1111_1001, 0xff, 20, 3]);
    }
}
