//! Units of a part: DataFusion's Parquet scan over the columns the part has.

use super::batch::Columns;
use super::guard::{Guard, normal};
use super::resolve::is_narrow;
use super::{Batch, Extent, Origin, Output, Reading, Scan};
use crate::Error;
use crate::fields::{Source, View};
use crate::predicate::bounds::{Place, Verdict, binary, join, judge};
use crate::predicate::{Condition, Predicate};
use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, MapArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use datafusion::common::ScalarValue;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, lit};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::prelude::SessionConfig;
use event::{Fixed, Type};
use futures::StreamExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::part::{Part, PartReader, Placement};

/// Rows of one unit: two row groups, so that threads share a large part.
const UNIT_ROWS: i64 = 262_144;
/// Rows of a decoded batch.
const BATCH_ROWS: usize = 8_192;

/// Some row groups of a part.
#[derive(Debug)]
pub(crate) struct PartUnit {
    part: Arc<Part>,
    /// Where the row groups lie in the file; `None`: all of them.
    range: Option<(i64, i64)>,
    plan: Arc<PartPlan>,
}

impl PartUnit {
    /// Its row groups.
    fn groups<'a>(
        &self,
        metadata: &'a ParquetMetaData,
    ) -> impl Iterator<Item = &'a RowGroupMetaData> + use<'a> {
        let range = self.range;
        metadata.row_groups().iter().filter(move |g| {
            let c = g.column(0);
            let at = c
                .dictionary_page_offset()
                .unwrap_or_else(|| c.data_page_offset());
            range.is_none_or(|(start, end)| at >= start && at < end)
        })
    }

    /// Rows that have a value in a column of the file, by the footer; `None` when it does not say. Only maps
    /// have more than one leaf, and they come last.
    fn present(&self, column: usize) -> Option<usize> {
        let metadata = self.part.metadata().ok()?;
        let mut rows = 0;
        for group in self.groups(&metadata) {
            let nulls = group.column(column).statistics()?.null_count_opt()?;
            rows += u64::try_from(group.num_rows()).ok()?.checked_sub(nulls)?;
        }
        usize::try_from(rows).ok()
    }

    /// The part it reads.
    pub(crate) fn part(&self) -> &Arc<Part> {
        &self.part
    }
}

/// How the rows of one part are read.
#[derive(Debug)]
struct PartPlan {
    guard: Guard,
    /// By source: where this part has it.
    wheres: Vec<Where>,
    /// The columns read: a subset of the file's.
    read: SchemaRef,
    /// The whole file, with the types the columns are read in.
    file: SchemaRef,
    predicate: Option<Arc<dyn PhysicalExpr>>,
    push_down: bool,
    /// The only thing asked is how many rows have this column of the file.
    counted: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
enum Where {
    Column(usize),
    Overflow(usize),
    Absent,
}

/// The units of a part; none when no row of it can pass.
pub(super) fn units(
    scan: &Scan,
    part: &Arc<Part>,
    guard: &Guard,
) -> Result<Vec<(Extent, PartUnit)>, Error> {
    let metadata = part.metadata().map_err(internal)?;
    let Some(plan) = plan(scan, part, &metadata, guard)? else {
        scan.counters.parts_skipped.fetch_add(1, Ordering::Relaxed);
        return Ok(Vec::new());
    };
    let plan = Arc::new(plan);
    let unit = |range| PartUnit {
        part: Arc::clone(part),
        range,
        plan: Arc::clone(&plan),
    };
    let groups = metadata.row_groups();
    if groups.iter().map(|g| g.num_rows()).sum::<i64>() <= UNIT_ROWS {
        let extent = Extent {
            oldest: part.ts_min,
            newest: part.ts_max,
            rows: part.rows,
        };
        return Ok(vec![(extent, unit(None))]);
    }
    // A range holds the row groups whose first page begins in it.
    let begins = |g: usize| {
        let c = groups[g].column(0);
        c.dictionary_page_offset()
            .unwrap_or_else(|| c.data_page_offset())
    };
    let (mut out, mut first, mut rows) = (Vec::new(), 0, 0);
    for g in 0..groups.len() {
        rows += groups[g].num_rows();
        let last = g + 1 == groups.len();
        if rows >= UNIT_ROWS || last {
            let end = if last { i64::MAX } else { begins(g + 1) };
            let times = groups[first..=g].iter().map(|g| times(g, part));
            let extent = Extent {
                oldest: times.clone().map(|t| t.0).min().unwrap_or(part.ts_min),
                newest: times.map(|t| t.1).max().unwrap_or(part.ts_max),
                rows: rows.unsigned_abs(),
            };
            let (start, to) = scan.ask.range;
            if extent.newest >= start && extent.oldest < to {
                out.push((extent, unit(Some((begins(first), end)))));
            }
            (first, rows) = (g + 1, 0);
        }
    }
    Ok(out)
}

/// Smallest and greatest event time of a row group; those of the part when it does not say.
fn times(group: &RowGroupMetaData, part: &Part) -> (i64, i64) {
    let ts = group
        .columns()
        .iter()
        .find(|c| c.column_path().string() == Fixed::Ts.column_name());
    match ts.and_then(|c| c.statistics()) {
        Some(Statistics::Int64(s)) => (
            s.min_opt().copied().unwrap_or(part.ts_min),
            s.max_opt().copied().unwrap_or(part.ts_max),
        ),
        _ => (part.ts_min, part.ts_max),
    }
}

fn plan(
    scan: &Scan,
    part: &Part,
    metadata: &ParquetMetaData,
    guard: &Guard,
) -> Result<Option<PartPlan>, Error> {
    let descr = metadata.file_metadata().schema_descr();
    let plain = parquet::arrow::parquet_to_arrow_schema(descr, None).map_err(internal)?;
    let mut types: Vec<DataType> = plain
        .fields()
        .iter()
        .map(|f| f.data_type().clone())
        .collect();
    let mut read: Vec<usize> = Vec::new();
    let mut take = |file_index: usize, ty: Option<DataType>| -> usize {
        if let Some(ty) = ty {
            types[file_index] = ty;
        }
        read.iter()
            .position(|i| *i == file_index)
            .unwrap_or_else(|| {
                read.push(file_index);
                read.len() - 1
            })
    };
    let needed = guard.needs();
    let mut wheres = Vec::with_capacity(scan.sources.len());
    for (i, source) in scan.sources.iter().enumerate() {
        let text = || {
            if scan.dictionary[i] {
                DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
            } else {
                DataType::Utf8View
            }
        };
        wheres.push(match source {
            Source::Fixed(f) => {
                let wanted = super::batch::needs(&scan.ask, *f)
                    || needed.contains(f)
                    || scan
                        .fields
                        .values()
                        .any(|field| field.siblings.iter().any(|r| r.sources().any(|s| s == i)));
                match plain.index_of(f.column_name()) {
                    Ok(at) if wanted => {
                        let ty = match f.data_type() {
                            DataType::Utf8View => Some(text()),
                            _ => None,
                        };
                        Where::Column(take(at, ty))
                    }
                    _ => Where::Absent,
                }
            }
            Source::Overflow(n) => match plain.index_of(&format!("ovf_{n}")) {
                Ok(at) => Where::Column(take(at, None)),
                Err(_) => Where::Absent,
            },
            Source::Attr(key, ty) => match part.placement(key, *ty) {
                Placement::Absent => Where::Absent,
                Placement::Column => {
                    match plain.index_of(&event::field::attribute_column(key, *ty)) {
                        Ok(at) => Where::Column(take(at, (*ty == Type::Str).then(text))),
                        Err(_) => Where::Absent,
                    }
                }
                Placement::Overflow(n) => match plain.index_of(&format!("ovf_{n}")) {
                    Ok(at) => Where::Overflow(take(at, None)),
                    Err(_) => Where::Absent,
                },
            },
        });
    }
    let file: SchemaRef = Arc::new(Schema::new(
        plain
            .fields()
            .iter()
            .zip(&types)
            .map(|(f, ty)| f.as_ref().clone().with_data_type(ty.clone()))
            .collect::<Vec<Field>>(),
    ));
    let schema: SchemaRef = Arc::new(file.project(&read).map_err(internal)?);
    let places = |name: &str| places(scan, &schema, &wheres, name);
    let filter = match judge(&scan.ask.filter, &places) {
        Verdict::Never => return Ok(None),
        Verdict::Always => None,
        Verdict::Maybe(e) => e,
    };
    let filter_columns = filter.as_ref().map_or(0, count_columns);
    let counted = match &wheres[..] {
        _ if filter.is_none() || !needed.is_empty() => None,
        wheres => counted(scan, &read, wheres),
    };
    let push_down = scan.ask.push_down
        || filter.is_some() && (is_narrow(&scan.ask.filter) || read.len() >= filter_columns + 5);
    let mut exprs: Vec<Arc<dyn PhysicalExpr>> = filter.into_iter().collect();
    exprs.extend(root_filters(&schema, guard));
    Ok(Some(PartPlan {
        guard: guard.clone(),
        wheres,
        read: Arc::clone(&schema),
        file,
        predicate: join(exprs, Operator::And),
        push_down,
        counted,
    }))
}

/// The column whose presence is all that is asked: rows pass where it has a value, and weigh 1.
fn counted(scan: &Scan, read: &[usize], wheres: &[Where]) -> Option<usize> {
    let Predicate::All(list) = &scan.ask.filter else {
        return None;
    };
    let [Predicate::Test(test)] = list.as_slice() else {
        return None;
    };
    let exists = matches!(test.condition, Condition::Exists) && !test.negated;
    let own = |reading: &Reading| matches!(reading, Reading::Stored(_, view) if view.is_none_or(|v| v == View::Text));
    let weighed = |o: &Output| matches!(o, Output::Weight);
    let [only] = read else { return None };
    let columns = wheres.iter().all(|w| !matches!(w, Where::Overflow(_)));
    let whole = exists
        && columns
        && scan.field(&test.field).iter().all(own)
        && scan.ask.outputs.iter().all(weighed)
        && scan
            .index
            .get(&Source::Fixed(Fixed::SampleRate))
            .is_none_or(|i| matches!(wheres[*i], Where::Absent));
    whole.then_some(*only)
}

fn count_columns(e: &Arc<dyn PhysicalExpr>) -> usize {
    datafusion::physical_expr::utils::collect_columns(e).len()
}

/// Range and dataset, for pruning.
fn root_filters(schema: &SchemaRef, guard: &Guard) -> Vec<Arc<dyn PhysicalExpr>> {
    let mut out = Vec::new();
    let column = |f: Fixed| -> Option<Arc<dyn PhysicalExpr>> {
        let name = f.column_name();
        let i = schema.index_of(name).ok()?;
        Some(Arc::new(Column::new(name, i)))
    };
    if let (Some((start, end)), Some(ts)) = (guard.times(), column(Fixed::Ts)) {
        let tz = match schema
            .field_with_name(Fixed::Ts.column_name())
            .map(Field::data_type)
        {
            Ok(DataType::Timestamp(TimeUnit::Nanosecond, tz)) => tz.clone(),
            _ => return out,
        };
        let at = |ns: i64| lit(ScalarValue::TimestampNanosecond(Some(ns), tz.clone()));
        out.push(binary(Arc::clone(&ts), Operator::GtEq, at(start)));
        out.push(binary(ts, Operator::Lt, at(end)));
    }
    if let (Some(d), Some(column)) = (guard.dataset(), column(Fixed::Dataset)) {
        let value = text_literal(schema, Fixed::Dataset.column_name(), d);
        out.push(binary(column, Operator::Eq, value));
    }
    out
}

/// A text in the type the column is read in.
fn text_literal(schema: &SchemaRef, column: &str, value: &str) -> Arc<dyn PhysicalExpr> {
    match schema.field_with_name(column).map(Field::data_type) {
        Ok(DataType::Dictionary(..)) => lit(ScalarValue::Utf8(Some(value.to_owned()))),
        _ => lit(ScalarValue::Utf8View(Some(value.to_owned()))),
    }
}

/// A field's sources as this part has them.
fn places(scan: &Scan, schema: &SchemaRef, wheres: &[Where], name: &str) -> Vec<Place> {
    scan.field(name)
        .iter()
        .filter_map(|reading| {
            let (source, view) = match reading {
                Reading::Stored(source, view) => (source, view),
                // What is made of columns is known only when they are read; of none, nothing is.
                Reading::Made(_, parts) => {
                    let mut sources = parts.iter().flatten();
                    let is_here = sources.any(|s| !matches!(wheres[*s], Where::Absent));
                    return is_here.then_some(Place::Overflow);
                }
            };
            // A missing weight is 1, so nothing can be said of it.
            if *view == Some(View::Rate) {
                return Some(Place::Overflow);
            }
            match wheres[*source] {
                Where::Absent => None,
                Where::Overflow(_) => Some(Place::Overflow),
                Where::Column(at) => Some(Place::Column {
                    column: Arc::new(Column::new(schema.field(at).name(), at)),
                    dictionary: matches!(schema.field(at).data_type(), DataType::Dictionary(..)),
                    ty: match &scan.sources[*source] {
                        Source::Attr(_, ty) => *ty,
                        Source::Fixed(Fixed::DurationNs | Fixed::SampleRate) => Type::Int,
                        Source::Fixed(_) | Source::Overflow(_) => Type::Str,
                    },
                    view: *view,
                }),
            }
        })
        .collect()
}

impl Scan {
    pub(super) async fn read_part(
        &self,
        index: usize,
        unit: &PartUnit,
        each: &mut (dyn FnMut(Batch) -> Result<bool, Error> + Send),
    ) -> Result<(), Error> {
        let plan = &unit.plan;
        if plan.read.fields().is_empty() {
            return self.read_bare(index, unit, each);
        }
        if let Some(rows) = plan.counted.and_then(|column| unit.present(column)) {
            return self.read_counted(index, rows, each);
        }
        let mut stream = self.open(unit)?;
        let mut row = 0;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(internal)?;
            let origin = Origin { unit: index, row };
            row += batch.num_rows() as u64;
            let columns = Columns {
                rows: batch.num_rows(),
                arrays: self
                    .sources
                    .iter()
                    .zip(&plan.wheres)
                    .map(|(source, place)| match *place {
                        Where::Absent => None,
                        Where::Column(i) => Some(normal(Arc::clone(batch.column(i)))),
                        Where::Overflow(i) => overflow(source, batch.column(i)),
                    })
                    .collect(),
            };
            if let Some(out) = self.project(columns, &plan.guard, origin)?
                && !each(out)?
            {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// So many rows of which nothing is wanted but their weight of 1.
    fn read_counted(
        &self,
        index: usize,
        rows: usize,
        each: &mut (dyn FnMut(Batch) -> Result<bool, Error> + Send),
    ) -> Result<(), Error> {
        self.counters
            .rows_examined
            .fetch_add(self.extents[index].rows, Ordering::Relaxed);
        let mut row = 0;
        while row < rows {
            let n = (rows - row).min(BATCH_ROWS);
            let weight: ArrayRef = Arc::new(Int64Array::from(vec![1]));
            let batch = Batch {
                rows: n,
                columns: vec![weight; self.ask.outputs.len()],
                origin: Origin {
                    unit: index,
                    row: row as u64,
                },
                kept: None,
            };
            if !each(batch)? {
                break;
            }
            row += n;
        }
        Ok(())
    }

    /// Rows of which no column is wanted: their number is in the footer.
    fn read_bare(
        &self,
        index: usize,
        unit: &PartUnit,
        each: &mut (dyn FnMut(Batch) -> Result<bool, Error> + Send),
    ) -> Result<(), Error> {
        let metadata = unit.part.metadata().map_err(internal)?;
        let rows: i64 = unit.groups(&metadata).map(|g| g.num_rows()).sum();
        let mut left = usize::try_from(rows).unwrap_or(0);
        let mut row = 0;
        while left > 0 {
            let rows = left.min(BATCH_ROWS);
            let columns = Columns {
                rows,
                arrays: vec![None; self.sources.len()],
            };
            let origin = Origin { unit: index, row };
            if let Some(out) = self.project(columns, &unit.plan.guard, origin)?
                && !each(out)?
            {
                break;
            }
            row += rows as u64;
            left -= rows;
        }
        Ok(())
    }

    fn open(
        &self,
        unit: &PartUnit,
    ) -> Result<datafusion::execution::SendableRecordBatchStream, Error> {
        let plan = &unit.plan;
        let mut source = ParquetSource::new(Arc::clone(&plan.read))
            .with_enable_page_index(true)
            .with_pushdown_filters(plan.push_down)
            .with_bloom_filter_on_read(plan.push_down)
            .with_parquet_file_reader_factory(Arc::new(Readers {
                part: Arc::clone(&unit.part),
                bytes: Arc::clone(&self.counters.bytes_scanned),
            }));
        if let Some(p) = &plan.predicate {
            source = source.with_predicate(Arc::clone(p));
        }
        let mut file = PartitionedFile::new(unit.part.id.clone(), unit.part.bytes);
        file.arrow_schema = Some(Arc::clone(&plan.file));
        file.range = unit.range.map(|(start, end)| FileRange { start, end });
        let url = ObjectStoreUrl::local_filesystem();
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file(file)
            .build();
        let context = TaskContext::default()
            .with_session_config(SessionConfig::new().with_batch_size(BATCH_ROWS));
        DataSourceExec::from_data_source(config)
            .execute(0, Arc::new(context))
            .map_err(internal)
    }
}

/// The values of one key and type in an overflow map; `None` when there are none.
fn overflow(source: &Source, array: &ArrayRef) -> Option<ArrayRef> {
    let (Source::Attr(key, ty), Some(map)) = (source, array.as_map_opt()) else {
        return None;
    };
    let rows = map.len();
    Some(match ty {
        Type::Str => {
            let mut b = StringViewBuilder::with_capacity(rows);
            for_each_entry(map, key, *ty, |v| b.append_option(v));
            Arc::new(b.finish())
        }
        Type::Int => {
            let mut b = Int64Builder::with_capacity(rows);
            for_each_entry(map, key, *ty, |v| {
                b.append_option(v.and_then(|v| v.parse().ok()));
            });
            Arc::new(b.finish())
        }
        Type::Float => {
            let mut b = Float64Builder::with_capacity(rows);
            for_each_entry(map, key, *ty, |v| {
                b.append_option(v.and_then(|v| v.parse().ok()));
            });
            Arc::new(b.finish())
        }
        Type::Bool => {
            let mut b = BooleanBuilder::with_capacity(rows);
            for_each_entry(map, key, *ty, |v| b.append_option(v.map(|v| v == "true")));
            Arc::new(b.finish())
        }
    })
}

/// Calls `f` once per row with the text behind the type's letter, `None` where the row has no such
/// entry.
fn for_each_entry(map: &MapArray, key: &str, ty: Type, mut f: impl FnMut(Option<&str>)) {
    let (keys, values) = (map.keys().as_ref(), map.values().as_ref());
    for (row, ends) in map.offsets().windows(2).enumerate() {
        let mut hit = None;
        if map.is_valid(row) {
            #[expect(clippy::cast_sign_loss, reason = "offsets are never negative")]
            for i in ends[0] as usize..ends[1] as usize {
                if event::column::text_at(keys, i) == Some(key)
                    && let Some(v) = event::column::text_at(values, i)
                    && let Some(v) = v.strip_prefix(ty.tag())
                {
                    hit = Some(v);
                    break;
                }
            }
        }
        f(hit);
    }
}

/// Makes readers of one part that count the bytes they read.
#[derive(Debug)]
struct Readers {
    part: Arc<Part>,
    bytes: Arc<AtomicU64>,
}

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition: usize,
        _file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::common::Result<Box<dyn AsyncFileReader + Send>> {
        let external = |e: store::Error| datafusion::common::DataFusionError::External(Box::new(e));
        Ok(Box::new(Reader {
            inner: self.part.reader().map_err(external)?,
            metadata: self.part.metadata().map_err(external)?,
            bytes: Arc::clone(&self.bytes),
        }))
    }
}

struct Reader {
    inner: PartReader,
    metadata: Arc<ParquetMetaData>,
    bytes: Arc<AtomicU64>,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        self.bytes
            .fetch_add(range.end - range.start, Ordering::Relaxed);
        self.inner.get_bytes(range)
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let bytes: u64 = ranges.iter().map(|r| r.end - r.start).sum();
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.inner.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let metadata = Arc::clone(&self.metadata);
        Box::pin(async move { Ok(metadata) })
    }
}

fn internal(e: impl std::fmt::Display) -> Error {
    Error::Internal(e.to_string())
}
