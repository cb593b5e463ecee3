//! Filter expressions of X-Ray: any text is an expression or told wrong at a place in it.
#![no_main]

use aws::xray::filter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match filter::parse(text) {
        Ok(expr) => drop(filter::sieve(&expr)),
        Err(wrong) => assert!(wrong.column >= 1 && wrong.column <= text.chars().count() + 1),
    }
});
