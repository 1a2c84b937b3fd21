//! Zipkin v2: lists of spans, in JSON and in protobuf.
//!
//! Zipkin's spans know less than OpenTelemetry's: `docs/exporters.md` says what is lost.

mod endpoint;
mod json;
mod proto;
mod span;

pub use json::write_json_list;
pub use proto::encode_list;
