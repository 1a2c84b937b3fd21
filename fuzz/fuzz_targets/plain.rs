//! Reads: plain ids in headers, message properties and environment variables.
//! Holds: the context is written and read again; names of variables are the same there and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::plain(input));
