//! The fuzzer: libFuzzer over the target that the variable `FUZZ_TARGET` names. See
//! `xtask/src/long.rs` for how it is built and run.
#![no_main]
#![allow(
    unsafe_code,
    reason = "libFuzzer looks its entry up by an unmangled name"
)]

use std::sync::OnceLock;

static TARGET: OnceLock<&fuzz::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        fuzz::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name}: there is no such target"))
    });
    (target.run)(data);
});
