//! Tests that find at run time that they cannot be run here.

use std::io::Write;

/// Says that the calling test is not run, and why, so that `cargo xtask test` counts it as skipped and not as passed. The
/// test returns after it. Past the capture of the test harness, which shows nothing of tests that pass.
pub fn skip(why: &str) {
    let thread = std::thread::current();
    // With one thread tests run on the main thread, and the harness has begun a line.
    let name = thread.name().unwrap_or("main");
    let line = format!("\nskipped: {name}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
