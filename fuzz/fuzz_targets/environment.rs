//! Reads: the variables of the environment: all options, resource, entities, headers, endpoints, proxies; the kernel's files about a container.
//! Holds: the environment is never an error; resource and endpoint are read again as they were resolved; headers can be sent; secrets are not shown.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| spanline_fuzz::environment(input));
