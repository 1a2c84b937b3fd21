//! Reads: a spool that another process left: header, table, records, resource and scopes.
//! Holds: each byte of a slot is a span's or counted as damaged; what is taken is whole and within what was published; header, resource and scopes are written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::spool(input));
