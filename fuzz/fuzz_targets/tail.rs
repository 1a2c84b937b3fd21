//! Reads: policies of tail sampling, and spans that nobody checked.
//! Holds: every span gets a decision; a good span that is stamped is a good span.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::tail(input));
