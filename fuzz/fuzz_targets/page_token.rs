//! Page tokens, ours and altered ones. The properties are in `crates/usher-properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_properties::page_token(bytes));
