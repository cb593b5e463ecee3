//! Tables of hand-made rows, for tests beside the code.

use crate::Querier;
use crate::run::Tables;
use crate::scan::Table;
use event::{BatchBuilder, EnvId, RowPolicy, TableId, TableKind, Type, ValueRef};
use serde_json::{Value, json};
use std::sync::Arc;
use store::snapshot::{BufferedBatch, Expiry};
use store::{FieldStat, Snapshot};

/// The time rows count from: 2025-10-09T09:00:00Z, nanoseconds.
pub(crate) const T0: i64 = 1_760_000_400_000_000_000;

/// A range around all rows of a test.
pub(crate) const RANGE: (i64, i64) = (T0 - 3_600_000_000_000, T0 + 7_200_000_000_000);

/// A span: ids as numbers (0: none), milliseconds after [`T0`], fields as a JSON object. The fields
/// `@table`, `@dataset`, `@rate`, `@status`, `@ms` (duration) set what only intake can set.
pub(crate) fn span(trace: u64, span: u64, parent: u64, at_ms: i64, mut fields: Value) -> Value {
    let o = fields.as_object_mut().unwrap();
    o.insert("@ts".into(), json!(T0 + at_ms * 1_000_000));
    for (name, id, wide) in [
        ("trace.trace_id", trace, true),
        ("trace.span_id", span, false),
        ("trace.parent_id", parent, false),
    ] {
        if id != 0 {
            let text = if wide {
                format!("{id:032x}").replacen('0', "f", 1)
            } else {
                format!("{id:016x}")
            };
            o.insert(name.into(), text.into());
        }
    }
    fields
}

/// One buffered table per kind that has rows.
pub(crate) fn tables(rows: &[Value]) -> Vec<Table> {
    let kind_of = |r: &Value| {
        r["@table"]
            .as_str()
            .unwrap_or("spans")
            .parse::<TableKind>()
            .unwrap()
    };
    let mut out = Vec::new();
    for kind in TableKind::ALL {
        let mut b = BatchBuilder::new(kind, RowPolicy::unlimited(RANGE.1));
        for row in rows.iter().filter(|r| kind_of(r) == kind) {
            assert!(b.begin_row(row["@ts"].as_i64().unwrap()));
            b.set_dataset(row["@dataset"].as_str().unwrap_or("app"));
            for (name, value) in row.as_object().unwrap() {
                match (name.as_str(), value) {
                    ("@rate", v) => b.set_sample_rate(v.as_i64().unwrap()),
                    ("@status", v) => b.set_status(v.as_str().unwrap()),
                    ("@ms", v) => b.set_duration(v.as_i64().unwrap() * 1_000_000),
                    (name, _) if name.starts_with('@') => {}
                    (name, Value::String(s)) => b.put_named(name, ValueRef::Str(s)),
                    (name, Value::Bool(x)) => b.put_named(name, ValueRef::Bool(*x)),
                    (name, v) => match v.as_i64() {
                        Some(i) => b.put_named(name, ValueRef::Int(i)),
                        None => b.put_named(name, ValueRef::Float(v.as_f64().unwrap())),
                    },
                }
            }
            b.end_row();
        }
        let mut batch = b.finish();
        let Some(ts_range) = batch.ts_range() else {
            continue;
        };
        batch.set_ingest_ts(RANGE.1 / 1_000_000);
        batch.fill_event_ids(7);
        let bytes = batch.memory_bytes();
        let batches = vec![Arc::new(BufferedBatch {
            batch,
            sequences: (7, 7),
            ts_range,
            bytes,
        })];
        out.push(Table {
            kind,
            snapshot: Snapshot { batches, ..empty() },
            visible: None,
        });
    }
    out
}

/// The fields of tables, as the store would list them.
pub(crate) fn known(tables: &[Table]) -> Vec<FieldStat> {
    let mut out: Vec<FieldStat> = Vec::new();
    for b in tables.iter().flat_map(|t| &t.snapshot.batches) {
        for a in b.batch.attrs() {
            for dataset in b.batch.datasets() {
                let ty: Type = a.ty();
                let rows = a.column.presence.count(b.batch.rows()) as u64;
                if let Some(known) = out
                    .iter_mut()
                    .find(|f| *f.key == *a.key && *f.dataset == *dataset)
                {
                    known.types.push(ty);
                    known.rows += rows;
                    continue;
                }
                out.push(FieldStat {
                    dataset: dataset.into(),
                    key: Arc::clone(&a.key),
                    types: vec![ty],
                    first_seen: b.ts_range.0,
                    last_seen: b.ts_range.1,
                    rows,
                });
            }
        }
    }
    out
}

/// The environment that [`querier`] answers for.
pub(crate) const ENV: EnvId = EnvId(3);

/// Tables in memory.
struct Memory(Vec<Table>);

impl Tables for Memory {
    fn snapshot(&self, table: TableId) -> Snapshot {
        let of_kind = self.0.iter().find(|t| t.kind == table.kind);
        of_kind.map_or_else(empty, |t| t.snapshot.clone())
    }
    fn fields(&self, _: EnvId) -> Vec<FieldStat> {
        known(&self.0)
    }
    fn note_queried(&self, _: EnvId, _: &[&str]) {}
}

fn empty() -> Snapshot {
    Snapshot {
        parts: Vec::new(),
        batches: Vec::new(),
        tombstones: Arc::new([]),
        expired_before: Arc::new(Expiry::default()),
    }
}

struct Fixed(i64);

impl store::Clock for Fixed {
    fn now(&self) -> i64 {
        self.0
    }
}

/// Answers over rows in memory; the clock stands at the end of [`RANGE`].
pub(crate) fn querier(rows: &[Value]) -> Querier {
    Querier::over(Arc::new(Memory(tables(rows))), Arc::new(Fixed(RANGE.1)), 2)
}

/// Runs a future to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}
