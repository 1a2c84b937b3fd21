//! Reads: answers of receivers: gRPC's trailers and message, statuses with RetryInfo, `Retry-After`, partial successes.
//! Holds: nothing over the limit is held; pauses stay within their bounds; answers and statuses are written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::answers(input));
