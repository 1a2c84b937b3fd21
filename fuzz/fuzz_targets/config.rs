//! Reads: configuration files in both forms, with variables.
//! Holds: a tree is bounded; what is refused has a message.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::config(input));
