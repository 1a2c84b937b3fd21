//! Reads: the header `baggage`.
//! Holds: at most 180 entries and 8192 bytes of printable ASCII are written, and read again as they were.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::baggage(input));
