//! The life of a span as state machines, without I/O: options, errors and retry.
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod error;

pub mod options;
pub mod retry;

pub use error::{Error, ErrorKind};
