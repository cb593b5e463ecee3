//! Compressed bodies: any bytes unpack to at most the limit, or are refused.
#![no_main]

use engine::intake::{Encoding, inflate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    const LIMIT: usize = 1 << 20;
    for encoding in [
        Encoding::Identity,
        Encoding::Gzip,
        Encoding::Zstd,
        Encoding::Deflate,
    ] {
        if let Ok(out) = inflate(encoding, data.to_vec().into(), LIMIT) {
            assert!(out.len() <= LIMIT);
        }
    }
});
