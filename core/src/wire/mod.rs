//! Wire formats.

pub mod otlp;
