//! Reads: SQL statements with comments.
//! Holds: exactly one comment is added, nothing in it ends it, and its pairs are read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::sql(input));
