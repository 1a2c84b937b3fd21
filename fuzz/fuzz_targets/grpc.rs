//! Reads: the metadata `grpc-trace-bin`.
//! Holds: a value that is accepted is written as it was.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::grpc(input));
