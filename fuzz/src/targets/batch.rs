//! The payload of a WAL record: a batch.

use event::{BatchBuilder, EventBatch, RowPolicy, SpanId, TableKind, TraceId, ValueRef};

/// Any bytes are a batch or an error, and a batch is whole: every value can be read, and it can be
/// written and read again.
pub fn decode(data: &[u8]) {
    if let Ok(batch) = EventBatch::decode(data) {
        read(&batch);
        let again = EventBatch::decode(&batch.encode());
        assert_eq!(
            again.as_ref(),
            Ok(&batch),
            "what was read is written and read back"
        );
    }
}

/// Reads every value of a batch.
pub(crate) fn read(batch: &EventBatch) {
    for row in 0..batch.rows().min(1_000) {
        batch.for_each_attr(row, |key, value| {
            std::hint::black_box((key.len(), value));
        });
        std::hint::black_box(batch.event_id(row));
    }
}

/// `rows` spans with every fixed column and a key in each type.
#[must_use]
pub fn batch(rows: u32) -> EventBatch {
    let now = 1_700_000_000_000_000_000;
    let mut b = BatchBuilder::new(TableKind::Spans, RowPolicy::unlimited(now));
    for i in 0..rows {
        if !b.begin_row(now + i64::from(i)) {
            continue;
        }
        b.set_dataset("shop");
        b.set_service("shop");
        b.set_name(["GET /a", "GET /b"][i as usize % 2]);
        b.set_trace_id(TraceId([3; 16]));
        b.set_span_id(SpanId(u64::from(i).to_be_bytes()));
        b.set_duration(i64::from(i) * 1_000);
        b.set_sample_rate(i64::from(i % 3 + 1));
        b.set_body("text");
        b.put_named("n", ValueRef::Int(i64::from(i)));
        b.put_named("ratio", ValueRef::Float(f64::from(i) / 4.0));
        if i % 2 == 0 {
            b.put_named("even", ValueRef::Bool(true));
            b.put_named("n.text", ValueRef::Str("zwölf"));
        }
        b.end_row();
    }
    b.finish()
}

/// One row, some rows, so many that they are compressed.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [0, 1, 7, 300]
        .into_iter()
        .map(|n| batch(n).encode())
        .collect()
}
