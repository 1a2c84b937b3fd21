//! Reads: what HTTP requests bring: target, host, `Forwarded`, `X-Forwarded-*`, URL, captured headers.
//! Holds: no attribute comes twice, is empty or larger than the input; only the client is taken from proxies that are not trusted; passwords and signatures in URLs never come through.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::requests(input));
