//! Jaeger's own formats: batches in Thrift's binary protocol, and `api_v2` in protobuf.
//!
//! Jaeger from version 1.35 on takes OTLP, which loses nothing; `docs/exporters.md` says what these formats lose.

mod process;
mod proto;
mod thrift;

pub use proto::encode_post_spans;
pub use thrift::{encode_batch, span_id_to_i64};
