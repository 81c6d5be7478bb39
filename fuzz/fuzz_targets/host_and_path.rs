//! Hosts and paths as gateways report them. The properties are in `crates/usher-properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| usher_properties::host_and_path(bytes));
