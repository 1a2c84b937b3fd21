//! Reads: SQL texts in six dialects.
//! Holds: a text that was sanitized stays as it is; no number behind a text comes through; lengths are kept.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::sanitize(input));
