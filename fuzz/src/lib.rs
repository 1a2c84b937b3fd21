//! What each fuzz target does with its input: it must neither panic nor break what holds for every input. Apart from
//! the targets themselves, so that corpora are replayed as plain tests, without a fuzzer.

mod baggage;
mod config;
mod formats;
mod otlp;
mod sanitize;
mod sql;
mod strategy;
mod tail;
mod traceparent;

pub use baggage::baggage;
pub use config::config;
pub use formats::{b3, grpc, jaeger, plain};
pub use otlp::otlp;
pub use sanitize::sanitize;
pub use sql::sql;
pub use strategy::strategy;
pub use tail::tail;
pub use traceparent::traceparent;

/// The lines of an input: each is one header value.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    input.split(|&c| c == b'\n')
}
