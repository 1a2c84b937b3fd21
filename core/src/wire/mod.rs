//! Wire formats.

#[cfg(feature = "alloc")]
pub(crate) mod base64;
pub(crate) mod json;
#[cfg(feature = "alloc")]
mod nested;
pub(crate) mod proto;
#[cfg(feature = "alloc")]
mod tags;

#[cfg(feature = "alloc")]
pub mod jaeger;
pub mod otlp;
#[cfg(feature = "alloc")]
pub mod zipkin;
