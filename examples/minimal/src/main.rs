//! The smallest program that is traced: one span, sent to wherever the environment says.

/// Starts, records and ends.
#[cfg(feature = "traced")]
fn main() -> Result<(), spanline::Error> {
    let _spanline = spanline::init().service_name("minimal").start()?;
    spanline::span!("hello", "answer" = 42).set("who", "world");
    Ok(())
}

/// Nothing: what a program weighs without us.
#[cfg(not(feature = "traced"))]
fn main() {}
