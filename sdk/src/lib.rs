//! Placeholder crate documentation, replaced with the first module.

// Nobody calls these modules yet: the provider that does is the next to land.
#[allow(dead_code)]
mod clock;
#[allow(dead_code, unreachable_pub, unused_imports)]
mod detect;
#[allow(dead_code)]
mod exit;
#[allow(dead_code, unreachable_pub, unused_imports)]
mod exporters;
#[allow(dead_code)]
mod fork;
#[allow(dead_code, unreachable_pub, unused_imports)]
mod log;
#[allow(dead_code, unused_imports)]
mod transport;
