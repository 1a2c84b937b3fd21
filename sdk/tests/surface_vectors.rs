//! The conformance vectors through the public API alone, as a program would use it. The ops about the environment are
//! in `environment_vectors.rs`.

mod common;
#[path = "surface/encoding.rs"]
mod encoding;
#[path = "surface/formats.rs"]
mod formats;
#[path = "surface/limits.rs"]
mod limits;
#[path = "surface/propagation.rs"]
mod propagation;
#[path = "surface/sampling.rs"]
mod sampling;
