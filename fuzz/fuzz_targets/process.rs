//! Reads: rules of filters and enrichment, patterns for keys, and texts that are redacted.
//! Holds: `keep` and `drop` take the same conditions; a quoted value is read as it was written; a secret behind any text is found; a good span that was redacted is a good span.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::process(input));
