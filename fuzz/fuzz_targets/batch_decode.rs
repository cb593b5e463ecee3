//! The payload of a WAL record: any bytes are a batch or an error, and a batch is whole.
#![no_main]

use event::EventBatch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(batch) = EventBatch::decode(data) {
        for row in 0..batch.rows().min(1_000) {
            batch.for_each_attr(row, |key, value| {
                std::hint::black_box((key.len(), value));
            });
            std::hint::black_box(batch.event_id(row));
        }
        let again = EventBatch::decode(&batch.encode()).expect("what was read can be written and read");
        assert_eq!(again, batch);
    }
});
