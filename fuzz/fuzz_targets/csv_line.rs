//! Files of past accesses. The properties are in `crates/usher-properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_properties::csv_line(bytes));
