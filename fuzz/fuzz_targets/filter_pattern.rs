//! Filter patterns: any text is a pattern or an error with its place, and a pattern judges any line.
#![no_main]

use aws::cloudwatch::pattern::{Pattern, search};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (pattern, line) = text.split_once('\n').unwrap_or((&text, "{\"a\":[1,\"x\"]}"));
    match Pattern::parse(pattern) {
        Ok(read) => {
            std::hint::black_box(read.matches(line));
        }
        Err(invalid) => assert!(invalid.at <= pattern.chars().count() + 1, "{invalid}"),
    }
    if let Ok(matches) = search(pattern) {
        std::hint::black_box(matches(line));
    }
});
