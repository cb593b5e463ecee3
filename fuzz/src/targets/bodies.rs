//! Bodies of requests: packed ones, and those of the Events API.

use engine::intake::Encoding;
use event::{BatchBuilder, RowPolicy, TableKind};
use honeycomb::translate::{self, Target};
use honeycomb::wire::{self, Format};
use std::io::Write as _;

/// Compressed bytes unpack to at most the limit, or are refused.
pub fn inflate(data: &[u8]) {
    const LIMIT: usize = 1 << 20;
    for encoding in [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Deflate,
    ] {
        if let Ok(out) = engine::intake::inflate(encoding, data.to_vec().into(), LIMIT) {
            assert!(
                out.len() <= LIMIT,
                "{encoding:?} unpacked to {} bytes",
                out.len()
            );
        }
    }
}

/// A text and two mebibytes of zeros, packed in each way.
#[must_use]
pub fn inflate_seeds() -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for plain in [b"hello hello hello".to_vec(), vec![0; 2 << 20]] {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        let packed = [
            gzip.write_all(&plain).and_then(|()| gzip.finish()),
            zlib.write_all(&plain).and_then(|()| zlib.finish()),
            raw.write_all(&plain).and_then(|()| raw.finish()),
            zstd::encode_all(plain.as_slice(), 1),
        ];
        out.extend(packed.into_iter().flatten());
    }
    out
}

/// Bodies of the Events API: any bytes are events or a refusal, and what is read becomes rows.
pub fn honeycomb_events(data: &[u8]) {
    for format in [Format::Json, Format::Msgpack] {
        // Only whether it panics is asked.
        let _ = wire::parse_event(format, data);
        let Ok(items) = wire::parse_batch(format, data) else {
            continue;
        };
        let policy = RowPolicy::unlimited(1_700_000_000_000_000_000);
        let mut batch = BatchBuilder::new(TableKind::Spans, policy);
        let target = Target {
            dataset: "fuzz",
            expand_json_depth: 10,
        };
        let mut rows = 0;
        for item in items.iter().flatten() {
            assert!(
                translate::event(&mut batch, &target, item),
                "no row is too old here"
            );
            rows += 1;
        }
        assert_eq!(batch.finish().rows(), rows);
    }
}

/// Single events and batches, in both formats.
#[must_use]
pub fn honeycomb_seeds() -> Vec<Vec<u8>> {
    let event = serde_json::json!({"a": 1, "b": {"c": [1.5, null, true], "d": {"e": "ß"}}, "trace.trace_id": "0af7", "duration_ms": 1.5});
    let batch = serde_json::json!([
        {"time": "2026-01-02T03:04:05.678Z", "samplerate": 3, "data": event},
        {"time": 1_767_323_045, "data": {"x": "y"}}, {"data": {}}, 7,
    ]);
    let mut out = vec![
        event.to_string().into_bytes(),
        batch.to_string().into_bytes(),
    ];
    out.extend(
        [&event, &batch]
            .into_iter()
            .filter_map(|v| rmp_serde::to_vec_named(v).ok()),
    );
    out
}
