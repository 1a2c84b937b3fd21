//! Wire formats.

#[cfg(feature = "alloc")]
mod base64;
mod json;
mod proto;

pub mod otlp;
