//! Reads: the headers `traceparent` and `tracestate`, and the member `ot` of the latter.
//! Holds: a valid context is written as it was read; a trace state keeps its members through set, delete and truncation.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::traceparent(input));
