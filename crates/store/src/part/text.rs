//! Writes a text column of a row group from the codes it comes as.
//!
//! The Parquet library's own writer looks every text of every row up in a hash table, to find the
//! dictionary that [`gather`](crate::part::lane::gather) has just made. Here the codes go to the file as
//! they are: one dictionary page, then data pages of the first version, each with presence bits
//! (where the column can be null) and bit-packed codes; or the texts themselves, when they are plain.

use crate::Error;
use crate::part::encoding::{Layout, STATISTICS_BYTES, ZSTD_LEVEL};
use arrow_array::types::UInt32Type;
use arrow_array::{Array, DictionaryArray, StringArray};
use arrow_buffer::NullBuffer;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;

/// The texts of a column in a row group, and how they are written.
pub(crate) struct TextChunk<'a> {
    codes: &'a [u32],
    nulls: Option<&'a NullBuffer>,
    texts: &'a StringArray,
    layout: Layout,
    page_rows: usize,
    page_bytes: usize,
    statistics: bool,
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

impl<'a> TextChunk<'a> {
    /// `None` when the array's values are no plain texts. `page_rows`: a multiple of 8.
    pub(crate) fn of(
        array: &'a DictionaryArray<UInt32Type>,
        layout: Layout,
        (page_rows, page_bytes): (usize, usize),
        statistics: bool,
    ) -> Option<Self> {
        debug_assert!(
            page_rows.is_multiple_of(8),
            "presence is cut at whole bytes"
        );
        Some(Self {
            codes: array.keys().values(),
            nulls: array.keys().nulls().filter(|n| n.null_count() > 0),
            texts: array.values().as_any().downcast_ref()?,
            layout,
            page_rows,
            page_bytes,
            statistics,
        })
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
                self.texts
                    .iter()
                    .flatten()
                    .for_each(|t| push_text(&mut raw, t));
                let page = Page::DictionaryPage {
                    buf: pack(&raw)?,
                    num_values: count(self.texts.len())?,
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
                bloom_filter: None,
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
                    bytes += self
                        .texts
                        .value_length(self.codes[row] as usize)
                        .unsigned_abs() as usize;
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
            there.for_each(|c| push_text(out, self.texts.value(c as usize)));
            return;
        }
        let width = width(self.texts.len());
        out.push(width);
        push_codes(out, &there.collect::<Vec<u32>>(), width);
    }

    /// How many are null, and where wanted the extremes: every entry is used, so theirs are the column's.
    /// Long ones are left out, as they would only be bounds when cut.
    fn statistics(&self) -> Statistics {
        let fits = |t: &&str| self.statistics && t.len() <= STATISTICS_BYTES;
        let bytes = |t: &str| ByteArray::from(t.as_bytes().to_vec());
        let least = self.texts.iter().flatten().min().filter(fits).map(bytes);
        let most = self.texts.iter().flatten().max().filter(fits).map(bytes);
        let nulls = self.nulls.map_or(0, |n| n.null_count() as u64);
        Statistics::ByteArray(ValueStatistics::new(least, most, None, Some(nulls), false))
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

fn push_text(out: &mut Vec<u8>, text: &str) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an array of texts has 32-bit offsets"
    )]
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
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

    /// The column as the Parquet library reads it back, from a file of it alone.
    fn read_back(array: &DictionaryArray<UInt32Type>, layout: Layout, nullable: bool) -> ArrayRef {
        let schema = Schema::new(vec![Field::new("t", DataType::Utf8, nullable)]);
        let descriptor = ArrowSchemaConverter::new().convert(&schema).unwrap();
        let mut file = SerializedFileWriter::new(
            Vec::new(),
            descriptor.root_schema_ptr(),
            Arc::new(WriterProperties::default()),
        )
        .unwrap();
        let chunk = TextChunk::of(array, layout, (64, 300), true).unwrap();
        let written = chunk.write(descriptor.column(0)).unwrap();
        let mut group = file.next_row_group().unwrap();
        group.append_column(&written.bytes, written.close).unwrap();
        group.close().unwrap();
        let bytes: Bytes = file.into_inner().unwrap().into();
        let mut batches = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .unwrap()
            .with_batch_size(array.len().max(1))
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
    fn a_run_and_the_group_it_completes() {
        // By the grammar of Parquet's hybrid encoding: one packed group of 1,2,3,3,3,3,3,3 at width 2
        // (least bits first: 0b11_11_10_01, 0b11…), then a run of ten threes.
        let mut out = Vec::new();
        let codes: Vec<u32> = [1, 2].into_iter().chain([3; 16]).collect();
        push_codes(&mut out, &codes, 2);
        assert_eq!(out, [3, 0b1111_1001, 0xff, 20, 3]);
    }
}
