//! Query strings of the two Feishu calls. The properties are in `crates/usher-properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_properties::query(bytes));
