//! Reads: answers of a sampling server.
//! Holds: rates and limits are within their bounds, and can be sampled by.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::strategy(input));
