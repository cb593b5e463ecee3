//! How a column of a row group is written: its encoding and its pages, chosen from its values.
//!
//! What repeats gets a dictionary, whatever its type. Text that seldom repeats is written plain: a
//! dictionary would be as long as the column, and would have to be read whole for a single row.
//! Whole numbers that wander are split into their bytes, those that creep are kept as differences.
//! Readers need not know: each column chunk says what it is.

use crate::Error;
use crate::part::chunk::Chunk;
use ahash::RandomState;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float64Type, Int64Type, TimestampMillisecondType, TimestampNanosecondType, UInt32Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{FieldRef, Schema, SchemaRef, TimeUnit};
use hashbrown::HashSet;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::SchemaDescriptor;
use std::hash::Hash;
use std::io::Write;
use std::sync::Arc;

/// Rows of a data page of codes.
const PAGE_ROWS: usize = 8_192;
/// Rows of a data page of values of eight bytes and more: a trace's few rows lie in as many pages.
const WIDE_PAGE_ROWS: usize = PAGE_ROWS / 4;
/// Rows of a data page of a column that takes next to no room.
const THIN_PAGE_ROWS: usize = 4 * PAGE_ROWS;
/// Bytes of a page of [`PAGE_ROWS`] below which a column is thin.
const THIN_PAGE_BYTES: usize = 2_048;
/// Bytes of a data page, about.
const PAGE_BYTES: usize = 1 << 20;
/// Bytes of a page of plain text, about: one row should not cost the reading of thousands.
const TEXT_PAGE_BYTES: usize = 64 << 10;
/// Bytes of a dictionary page, at most.
const DICTIONARY_BYTES: usize = 4 << 20;
/// Of every page.
pub(crate) const ZSTD_LEVEL: i32 = 1;
/// Text is cut to this in statistics; longer than any dataset slug.
pub(crate) const STATISTICS_BYTES: usize = 255;
/// Distinct whole numbers up to which they get a dictionary.
const INTS_LIMIT: usize = 1_024;
/// Distinct doubles up to which they get a dictionary.
const FLOATS_LIMIT: usize = 16_384;

/// How the values of a column chunk are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Codes into a dictionary of so many entries.
    Dictionary(usize),
    Plain,
    /// Differences between neighbours, bit-packed.
    Delta,
    /// First bytes of all values, then second bytes, and so on.
    Split,
}

/// What a column notes of itself beside its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notes {
    /// Smallest and greatest value: of pages, of the chunk, or not at all.
    pub statistics: EnabledStatistics,
    /// A Bloom filter for about so many distinct values.
    pub bloom: Option<u64>,
}

/// Writes a column of a row group.
pub(crate) fn write<W: Write + Send>(
    field: &FieldRef,
    array: &ArrayRef,
    notes: Notes,
    group: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), Error> {
    let schema = Arc::new(Schema::new(vec![Arc::clone(field)]));
    let descriptor = ArrowSchemaConverter::new().convert(&schema)?;
    let chunk = chunk(array, notes);
    if let Some(chunk) = chunk {
        let page_rows = page_rows(array, chunk.layout());
        let written = chunk
            .in_pages(page_rows, TEXT_PAGE_BYTES)
            .write(descriptor.column(0))?;
        return Ok(group.append_column(&written.bytes, written.close)?);
    }
    let leaves = compute_leaves(field, array)?;
    let writers = writers(array, notes, schema, &descriptor)?;
    for (leaf, mut writer) in leaves.iter().zip(writers) {
        writer.write(leaf)?;
        writer.close()?.append_to_row_group(group)?;
    }
    Ok(())
}

/// The column as codes, where it is one of ours to write.
fn chunk(array: &ArrayRef, notes: Notes) -> Option<Chunk<'_>> {
    // Statistics of pages are the library's business.
    if notes.statistics == EnabledStatistics::Page {
        return None;
    }
    if let Some(codes) = array.as_dictionary_opt::<UInt32Type>() {
        return Chunk::of_texts(codes, layout(array), notes);
    }
    if let Some(ids) = array.as_fixed_size_binary_opt() {
        return Chunk::of_ids(ids, notes);
    }
    let limit = ints_limit(array);
    if let Some(times) = array.as_primitive_opt::<TimestampMillisecondType>() {
        return Chunk::of_ints(times, limit, notes);
    }
    Chunk::of_ints(array.as_primitive_opt::<Int64Type>()?, limit, notes)
}

/// The library's writers for the leaves of a column.
fn writers(
    array: &ArrayRef,
    notes: Notes,
    schema: SchemaRef,
    descriptor: &SchemaDescriptor,
) -> Result<Vec<ArrowColumnWriter>, Error> {
    // Only a file's writer hands out the writers of its columns: this one goes nowhere.
    let nowhere = SerializedFileWriter::new(
        std::io::sink(),
        descriptor.root_schema_ptr(),
        Arc::new(properties(array, notes)),
    )?;
    Ok(ArrowRowGroupWriterFactory::new(&nowhere, schema).create_column_writers(0)?)
}

fn properties(array: &ArrayRef, notes: Notes) -> WriterProperties {
    let layout = layout(array);
    let mut b = WriterProperties::builder()
        .set_compression(if array.null_count() == array.len() {
            Compression::UNCOMPRESSED
        } else {
            Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default())
        })
        .set_data_page_row_count_limit(page_rows(array, layout))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_statistics_truncate_length(Some(STATISTICS_BYTES))
        .set_column_index_truncate_length(Some(STATISTICS_BYTES))
        .set_statistics_enabled(notes.statistics)
        .set_dictionary_enabled(matches!(layout, Layout::Dictionary(_)));
    b = match layout {
        Layout::Dictionary(_) | Layout::Plain => b,
        Layout::Delta => b.set_encoding(Encoding::DELTA_BINARY_PACKED),
        Layout::Split => b.set_encoding(Encoding::BYTE_STREAM_SPLIT),
    };
    b.build()
}

fn layout(array: &ArrayRef) -> Layout {
    use arrow_schema::DataType as T;
    let count = array.len() - array.null_count();
    match array.data_type() {
        T::Dictionary(..) => match array.as_dictionary_opt::<UInt32Type>() {
            Some(d) if d.values().len() * 3 > count * 2 => Layout::Plain,
            Some(d) => Layout::Dictionary(d.values().len()),
            None => Layout::Plain,
        },
        T::Int64 => ints(array.as_primitive::<Int64Type>().iter().flatten(), count),
        T::Timestamp(TimeUnit::Nanosecond, _) => ints(
            array
                .as_primitive::<TimestampNanosecondType>()
                .iter()
                .flatten(),
            count,
        ),
        T::Timestamp(TimeUnit::Millisecond, _) => ints(
            array
                .as_primitive::<TimestampMillisecondType>()
                .iter()
                .flatten(),
            count,
        ),
        T::Float64 => {
            let values = array.as_primitive::<Float64Type>().iter().flatten();
            repeats(values.map(f64::to_bits), FLOATS_LIMIT.min(count / 2))
        }
        // Weights, and the keys and values of overflow maps.
        T::Int32 | T::Map(..) => Layout::Dictionary(count),
        _ => Layout::Plain,
    }
}

/// A dictionary for at most so many distinct values, else plain.
fn repeats<T: Hash + Eq>(values: impl Iterator<Item = T>, limit: usize) -> Layout {
    distinct(values, limit).map_or(Layout::Plain, Layout::Dictionary)
}

/// How many values differ; `None` when more than `limit`.
fn distinct<T: Hash + Eq>(values: impl Iterator<Item = T>, limit: usize) -> Option<usize> {
    let mut seen: HashSet<T, RandomState> = HashSet::default();
    for v in values {
        seen.insert(v);
        if seen.len() > limit {
            return None;
        }
    }
    Some(seen.len())
}

/// Distinct values up to which whole numbers get a dictionary.
fn ints_limit(array: &dyn Array) -> usize {
    INTS_LIMIT.min((array.len() - array.null_count()) / 4)
}

fn ints(values: impl Iterator<Item = i64> + Clone, count: usize) -> Layout {
    if let Some(n) = distinct(values.clone(), INTS_LIMIT.min(count / 4)) {
        return Layout::Dictionary(n);
    }
    let bits = |x: u64| u64::from(u64::BITS - x.leading_zeros());
    let least = values.clone().min().unwrap_or(0);
    let own: u64 = values.clone().map(|v| bits(v.abs_diff(least))).sum();
    let steps: u64 = values
        .clone()
        .zip(values.skip(1))
        .map(|(a, b)| bits(b.abs_diff(a)) + 1)
        .sum();
    // Zstandard takes the empty bytes of split values, so differences have to save two bits.
    if steps + 2 * count as u64 <= own {
        Layout::Delta
    } else {
        Layout::Split
    }
}

/// Rows of a page: more where [`PAGE_ROWS`] of them would hardly fill one.
fn page_rows(array: &ArrayRef, layout: Layout) -> usize {
    let rows = array.len().max(1);
    let filled = rows - array.null_count();
    let bits = match layout {
        _ if filled == 0 => 0,
        Layout::Dictionary(entries) => (usize::BITS - entries.leading_zeros()) as usize,
        _ if array.as_boolean_opt().is_some() => 1,
        _ => return WIDE_PAGE_ROWS,
    };
    let presence = usize::from(filled > 0 && filled < rows);
    if PAGE_ROWS * (bits * filled + presence * rows) / rows / 8 <= THIN_PAGE_BYTES {
        THIN_PAGE_ROWS
    } else {
        PAGE_ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Float64Array, Int64Array};

    fn of_ints(values: impl Iterator<Item = i64>) -> Layout {
        layout(&(Arc::new(values.collect::<Int64Array>()) as ArrayRef))
    }

    #[test]
    fn numbers_are_laid_out_by_how_they_run() {
        // A multiplicative scramble: neighbours have nothing to do with each other.
        let scramble = |i: i64| (i * 2_654_435_761) % 1_000_003;
        assert_eq!(
            of_ints((0..9_000).map(|i| i % 600)),
            Layout::Dictionary(600)
        );
        assert_eq!(of_ints((0..9_000).map(scramble)), Layout::Split);
        assert_eq!(
            of_ints((0..9_000).map(|i| 1_700_000_000_000 + i * 1_000)),
            Layout::Delta
        );
        let prices: Float64Array = (0..9_000).map(|i| Some(f64::from(i % 50) / 4.0)).collect();
        assert_eq!(
            layout(&(Arc::new(prices) as ArrayRef)),
            Layout::Dictionary(50)
        );
    }

    #[test]
    fn text_gets_a_dictionary_only_when_it_repeats() {
        let text = |distinct: usize| -> ArrayRef {
            Arc::new(
                (0..9_000)
                    .map(|i| Some(format!("t{}", i % distinct)))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(|t| t.as_deref())
                    .collect::<DictionaryArray<UInt32Type>>(),
            )
        };
        assert_eq!(layout(&text(3_000)), Layout::Dictionary(3_000));
        assert_eq!(layout(&text(8_000)), Layout::Plain);
    }

    #[test]
    fn thin_columns_have_long_pages() {
        let column =
            |n: i64| -> ArrayRef { Arc::new((0..40_000).map(|i| i % n).collect::<Int64Array>()) };
        for (n, rows) in [(2, THIN_PAGE_ROWS), (900, PAGE_ROWS)] {
            let array = column(n);
            assert_eq!(page_rows(&array, layout(&array)), rows, "{n}");
        }
    }
}
