//! What becomes of spans when a receiver misbehaves.
//!
//! Each fault is a receiver with a script, and a *host*: this same test program run again, which is set up by its
//! environment, makes spans and tells its statistics. So a test sees what a user sees: what arrives, what the statistics
//! say, the lines on standard error, and the memory of the process. `cargo xtask test faults` writes what was seen into
//! `docs/faults.md`.
#![cfg(target_os = "linux")]

mod answers;
mod child;
mod collector;
mod connections;
#[cfg(feature = "grpc")]
mod grpc;
mod host;
mod in_process;
mod outages;
#[path = "../process/mod.rs"]
mod process;
mod scenario;
mod several;
#[cfg(feature = "tls")]
mod tls;
