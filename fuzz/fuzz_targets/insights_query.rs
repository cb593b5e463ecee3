//! Text as Logs Insights QL: a query or a fault inside of it; a query prints as one that means the same.
#![no_main]

use aws::cloudwatch::insights;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match insights::parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            // Printing adds parentheses and spaces, so only the limits on length and depth may object.
            if let Ok(again) = insights::parse(&printed) {
                assert!(again == query, "{printed}");
            }
            let _ = insights::lower(text, &query, "000000000000", None);
        }
        Err(fault) => {
            assert!(text.get(fault.at.clone()).is_some(), "{fault:?}");
            let (start, end) = fault.chars(text);
            assert!(start <= end);
        }
    }
});
