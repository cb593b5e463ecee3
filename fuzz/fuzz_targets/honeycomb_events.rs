//! Bodies of the Events API: any bytes are events or a refusal, and what is read becomes rows.
#![no_main]

use event::{BatchBuilder, RowPolicy, TableKind};
use honeycomb::translate::{self, Target};
use honeycomb::wire::{self, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for format in [Format::Json, Format::Msgpack] {
        let _ = wire::parse_event(format, data);
        let Ok(items) = wire::parse_batch(format, data) else {
            continue;
        };
        let mut batch = BatchBuilder::new(
            TableKind::Spans,
            RowPolicy::unlimited(1_700_000_000_000_000_000),
        );
        let target = Target {
            dataset: "fuzz",
            expand_json_depth: 10,
        };
        let mut rows = 0;
        for item in items.iter().flatten() {
            assert!(translate::event(&mut batch, &target, item), "no row is too old here");
            rows += 1;
        }
        assert_eq!(batch.finish().rows(), rows);
    }
});
