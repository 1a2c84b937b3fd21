//! Reads: `uber-trace-id` and `uberctx-*`.
//! Holds: context and baggage are written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::jaeger(input));
