//! Reads: the headers of B3, single and several.
//! Holds: the context found is the same in both forms, is written, and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::b3(input));
