//! Tables as people keep them. The properties are in `crates/usher-properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_properties::table(bytes));
