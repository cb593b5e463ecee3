//! Bodies of posted occurrences: any bytes are payloads or a refusal, and what is read becomes one row.
#![no_main]

use event::{BatchBuilder, RowPolicy, TableKind};
use libfuzzer_sys::fuzz_target;
use rollbar::translate::{self, Target, frames};
use rollbar::{scrub, trim, wire};

fuzz_target!(|data: &[u8]| {
    for content_type in [
        None,
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
    ] {
        let Ok(body) = wire::parse(content_type, data) else {
            continue;
        };
        for mut payload in body.payloads.into_iter().flatten() {
            let Ok(kind) = wire::check(&payload.data) else {
                continue;
            };
            frames::resolve_address(&mut payload.data, [127, 0, 0, 1].into());
            frames::order(&mut payload.data);
            scrub::scrub(&mut payload.data);
            trim::trim(&mut payload.data);
            let reading = translate::read(&payload.data, kind);
            assert_eq!(reading, translate::read(&payload.data, kind), "grouping is a function");
            let policy = RowPolicy::unlimited(1_700_000_000_000_000_000);
            let mut batch = BatchBuilder::new(TableKind::Errors, policy);
            let target = Target {
                dataset: "rollbar-fuzz",
                project: "fuzz",
                id: 1,
                uuid: "u",
                event_id: [1; 16],
            };
            let raw = payload.data.to_string();
            translate::occurrence(&mut batch, &target, &payload.data, &reading, &raw);
            assert_eq!(batch.finish().rows(), 1);
        }
    }
});
