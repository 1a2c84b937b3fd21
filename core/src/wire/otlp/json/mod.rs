//! The JSON mapping of OTLP: a strict reader that makes protobuf of it, and a writer.

mod cursor;
mod decode;
mod number;
mod skip;
mod value;
mod write;

pub(crate) use cursor::Json;
pub use decode::{JsonRequest, decode_request_json};
pub use write::{write_json_request, write_json_span};
