//! Datagrams of X-Ray: any bytes are a document or a refusal, and what is read becomes rows.
#![no_main]

use aws::xray::{daemon, document, translate};
use event::{BatchBuilder, RowPolicy, TableKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let start = daemon::after_header(data).unwrap_or(0);
    let text = String::from_utf8_lossy(&data[start..]);
    let Ok(documents) = document::split(&text) else {
        return;
    };
    let mut batch = BatchBuilder::new(
        TableKind::Spans,
        RowPolicy::unlimited(1_700_000_000_000_000_000),
    );
    let mut rows = 0;
    for text in documents {
        if let Ok(document) = document::read(text) {
            assert!(
                translate::rows(&mut batch, "fuzz", &document, text),
                "no row is too old here"
            );
            rows += document.parts.len();
        }
    }
    assert_eq!(batch.finish().rows(), rows);
});
