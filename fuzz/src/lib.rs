//! What each fuzz target does with its input: it must neither panic nor break what holds for every input. Apart from
//! the targets themselves, so that corpora are replayed as plain tests, without a fuzzer.

mod answers;
mod baggage;
mod config;
mod environment;
mod formats;
mod otlp;
mod process;
mod requests;
mod sanitize;
mod spool;
mod sql;
mod strategy;
mod tail;
mod traceparent;

pub use answers::answers;
pub use baggage::baggage;
pub use config::config;
pub use environment::environment;
pub use formats::{b3, grpc, jaeger, plain};
pub use otlp::otlp;
pub use process::process;
pub use requests::requests;
pub use sanitize::sanitize;
pub use spool::spool;
pub use sql::sql;
pub use strategy::strategy;
pub use tail::tail;
pub use traceparent::traceparent;

/// As [`lines`], of text; what is no UTF-8 is empty.
fn texts(input: &[u8]) -> impl Iterator<Item = &str> + Clone {
    lines(input).map(|line| str::from_utf8(line).unwrap_or_default())
}

/// The lines of an input: each is one header value.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    input.split(|&c| c == b'\n')
}
