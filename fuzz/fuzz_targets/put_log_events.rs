//! Bodies of PutLogEvents: any bytes are lines or an error, and every line is a row with its text whole.
#![no_main]

use aws::cloudwatch::translate::{Target, lines};
use aws::cloudwatch::wire::PutLogEvents;
use aws::wire::json::read_in_place;
use event::Fixed;
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_800_000_000_000_000_000;

fuzz_target!(|data: &[u8]| {
    let Ok(input) = read_in_place::<PutLogEvents<'_>>(data) else {
        return;
    };
    let target = Target {
        dataset: "logs-g".into(),
        group: "g".into(),
        stream: "s".into(),
        region: "us-east-1".into(),
        service: None,
    };
    let events = input.log_events.unwrap_or_default();
    let texts: Vec<&str> = events.iter().filter_map(|e| e.message.as_deref()).collect();
    let now = NOW / 1_000_000;
    let batch = lines(&target, NOW, texts.iter().map(|text| (now, *text)));
    assert_eq!(batch.rows(), texts.len());
    for (row, text) in texts.iter().enumerate().filter(|(_, t)| t.len() <= 1 << 20) {
        let body = batch.fixed(Fixed::Body).and_then(|c| c.value(row));
        assert_eq!(body, Some(event::ValueRef::Str(text)));
    }
});
