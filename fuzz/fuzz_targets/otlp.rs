//! Reads: requests, spans, answers and statuses of OTLP in protobuf and JSON.
//! Holds: what was accepted is read again after JSON and back; edits keep a span good; a request in protobuf is at most four times its JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::otlp(input));
