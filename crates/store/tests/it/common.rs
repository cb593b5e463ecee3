//! A store in a temporary directory, a clock that is turned by hand, and rows read back whole.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use event::{
    BatchBuilder, EnvId, EventBatch, Fixed, RowPolicy, SpanId, TableId, TableKind, TraceId,
    ValueRef,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use store::disk::{Disk, RealDisk};
use store::{Append, Appended, Clock, Error, Options, Part, Recovery, Snapshot, Store};

/// 2024-10-04T05:30:00Z.
pub(crate) const NOW: i64 = 1_728_019_800_000_000_000;
pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) const SPANS: TableId = TableId {
    env: EnvId(1),
    kind: TableKind::Spans,
};

#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(NOW)))
    }

    pub(crate) fn advance(&self, nanos: i64) {
        self.0.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Small limits, nothing by itself.
pub(crate) fn options(dir: &Path) -> Options {
    Options {
        wal_file_bytes: 256 << 10,
        reserve_bytes: 0,
        background: false,
        ..Options::new(dir)
    }
}

pub(crate) struct Ground {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) options: Options,
    pub(crate) disk: Arc<dyn Disk>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            options: options(dir.path()),
            clock: TestClock::new(),
            disk: Arc::new(RealDisk),
            dir,
        }
    }

    pub(crate) fn open(&self) -> (Store, Recovery) {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<(Store, Recovery), Error> {
        Store::open(
            self.options.clone(),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
            Arc::clone(&self.disk),
        )
    }
}

/// Appends and waits.
pub(crate) fn append(store: &Store, batch: EventBatch) -> Result<Appended, Error> {
    append_as(store, SPANS, batch, None)
}

pub(crate) fn append_as(
    store: &Store,
    table: TableId,
    batch: EventBatch,
    identity: Option<[u8; 16]>,
) -> Result<Appended, Error> {
    let (tx, rx) = mpsc::channel();
    let request = Append {
        table,
        batch,
        identity,
    };
    store.append(request, Box::new(move |r| tx.send(r).unwrap()));
    rx.recv().unwrap()
}

/// `rows` spans numbered from `first`, at `ts` and a millisecond apart, eight to a trace.
pub(crate) fn spans(first: u64, rows: u64, ts: i64) -> EventBatch {
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(NOW));
    let n = b.field("n");
    let route = b.field("http.route");
    let mixed = b.field("mixed");
    for i in first..first + rows {
        assert!(b.begin_row(ts + (i - first) as i64 * 1_000_000));
        b.set_dataset(if i % 5 == 0 { "frontend" } else { "backend" });
        b.set_service("shop");
        b.set_name("GET");
        let mut trace = [3; 16];
        trace[8..].copy_from_slice(&(i / 8).to_be_bytes());
        b.set_trace_id(TraceId(trace));
        b.set_span_id(SpanId(i.to_be_bytes()));
        b.set_duration(i as i64 * 1_000);
        if i % 7 == 0 {
            b.set_sample_rate(3);
        }
        b.put(n, ValueRef::Int(i as i64));
        if i % 3 == 0 {
            b.put(route, ValueRef::Str(["/a", "/b", "/c"][i as usize / 3 % 3]));
        }
        match i % 4 {
            0 => b.put(mixed, ValueRef::Str("text")),
            1 => b.put(mixed, ValueRef::Float(i as f64 / 2.0)),
            2 => b.put(mixed, ValueRef::Bool(i % 8 == 2)),
            _ => b.put(mixed, ValueRef::Int(-(i as i64))),
        }
        b.end_row();
    }
    b.finish()
}

/// A row as text by column name; overflow entries under their physical attribute names.
pub(crate) type Row = BTreeMap<String, String>;

/// All rows of a snapshot, sorted.
pub(crate) fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let mut out = Vec::new();
    for b in &snapshot.batches {
        out.extend(buffered_rows(&b.batch));
    }
    for p in &snapshot.parts {
        out.extend(part_rows(p));
    }
    out.sort();
    out
}

/// The numbers of the rows of [`spans`], sorted.
pub(crate) fn numbers(snapshot: &Snapshot) -> Vec<u64> {
    let mut out: Vec<u64> = rows(snapshot)
        .iter()
        .map(|r| r["n#i"].parse().unwrap())
        .collect();
    out.sort_unstable();
    out
}

pub(crate) fn buffered_rows(batch: &EventBatch) -> Vec<Row> {
    let mut out = vec![Row::new(); batch.rows()];
    for f in Fixed::ALL {
        let Some(c) = batch.fixed(f) else { continue };
        put_column(&mut out, f.column_name(), &c.to_array(batch.rows()));
    }
    for a in batch.attrs() {
        let name = event::field::attribute_column(&a.key, a.ty());
        put_column(&mut out, &name, &a.column.to_array(batch.rows()));
    }
    for row in &mut out {
        row.entry("sample_rate".into()).or_insert("1".into());
    }
    out
}

pub(crate) fn part_batches(part: &Part) -> Vec<RecordBatch> {
    let reader = part.reader().unwrap();
    ParquetRecordBatchReaderBuilder::try_new(reader)
        .unwrap()
        .with_batch_size(1_000)
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

pub(crate) fn part_rows(part: &Part) -> Vec<Row> {
    let mut out = Vec::new();
    for batch in part_batches(part) {
        let mut rows = vec![Row::new(); batch.num_rows()];
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            put_column(&mut rows, field.name(), array);
        }
        for row in &mut rows {
            row.entry("sample_rate".into()).or_insert("1".into());
        }
        out.extend(rows);
    }
    out
}

fn put_column(rows: &mut [Row], name: &str, array: &ArrayRef) {
    for (i, row) in rows.iter_mut().enumerate() {
        if array.is_null(i) {
            continue;
        }
        let text = match array.data_type() {
            DataType::Int64 => array.as_primitive::<Int64Type>().value(i).to_string(),
            DataType::Int32 => array.as_primitive::<Int32Type>().value(i).to_string(),
            DataType::Float64 => array.as_primitive::<Float64Type>().value(i).to_string(),
            DataType::Boolean => array.as_boolean().value(i).to_string(),
            DataType::Utf8View => array.as_string_view().value(i).to_owned(),
            DataType::FixedSizeBinary(_) => format!("{:?}", array.as_fixed_size_binary().value(i)),
            DataType::Timestamp(unit, _) => match unit {
                arrow_schema::TimeUnit::Nanosecond => array
                    .as_primitive::<arrow_array::types::TimestampNanosecondType>()
                    .value(i)
                    .to_string(),
                _ => array
                    .as_primitive::<arrow_array::types::TimestampMillisecondType>()
                    .value(i)
                    .to_string(),
            },
            DataType::Map(_, _) => {
                let entries = array.as_map().value(i);
                let (keys, values) = (entries.column(0), entries.column(1));
                for e in 0..entries.len() {
                    let key = event::column::text_at(keys, e).unwrap();
                    let value = event::column::text_at(values, e).unwrap();
                    let (tag, value) = value.split_at(1);
                    let old = row.insert(format!("{key}#{tag}"), value.to_owned());
                    assert_eq!(old, None, "{key} is twice in one row");
                }
                continue;
            }
            other => panic!("column {name} of type {other}"),
        };
        let old = row.insert(name.to_owned(), text);
        assert_eq!(old, None, "{name} is twice in one row");
    }
}
