//! `ExportTraceServiceResponse`: what a receiver did with a request.

use super::json::Json;
use super::request::DecodeError;
use crate::wire::json::string;
use crate::wire::proto::{Reader, Sink, framed_len, optional_len, optional_varint_len};
use alloc::{format, string::String, vec::Vec};

/// What a receiver says of a request that it answered with success.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum ExportOutcome {
    /// Everything was taken.
    #[default]
    Success,
    /// Everything was taken, and the receiver has something to say.
    Warning(String),
    /// Some spans were refused. They must not be sent again.
    Partial {
        /// How many; above zero.
        rejected_spans: i64,
        /// Why; may be empty.
        error_message: String,
    },
}

impl ExportOutcome {
    fn new(rejected_spans: i64, error_message: String) -> Self {
        match (rejected_spans > 0, error_message.is_empty()) {
            (true, _) => Self::Partial {
                rejected_spans,
                error_message,
            },
            (false, false) => Self::Warning(error_message),
            (false, true) => Self::Success,
        }
    }

    fn parts(&self) -> (i64, &str) {
        match self {
            Self::Success => (0, ""),
            Self::Warning(message) => (0, message),
            Self::Partial {
                rejected_spans,
                error_message,
            } => (*rejected_spans, error_message),
        }
    }
}

/// Reads a response in protobuf. An error means that the body cannot be read; with a success status the request was
/// delivered all the same.
///
/// ```
/// use spanline_core::wire::otlp::{ExportOutcome, decode_response};
/// assert_eq!(decode_response(b""), Ok(ExportOutcome::Success));
/// assert_eq!(decode_response(b"\x0a\x04\x12\x02hi"), Ok(ExportOutcome::Warning("hi".into())));
/// ```
pub fn decode_response(body: &[u8]) -> Result<ExportOutcome, DecodeError> {
    let (mut rejected, mut message) = (0, "");
    let mut fields = Reader::new(body);
    while let Some(field) = fields.next_field()? {
        if field.number != 1 {
            continue;
        }
        let mut fields = field.message()?;
        while let Some(field) = fields.next_field()? {
            match field.number {
                1 => rejected = field.varint()? as i64,
                2 => message = field.str()?,
                _ => {}
            }
        }
    }
    Ok(ExportOutcome::new(rejected, message.into()))
}

/// Reads a response in JSON; as [`decode_response`].
pub fn decode_response_json(body: &[u8]) -> Result<ExportOutcome, DecodeError> {
    let (mut rejected, mut message) = (0, String::new());
    let root = Json::parse(body)?;
    let [partial] = root.members(["partialSuccess"])?;
    if let Some(partial) = partial {
        let [count, text] = partial.members(["rejectedSpans", "errorMessage"])?;
        rejected = count.map_or(Ok(0), Json::i64)?;
        message = text.map_or(Ok(String::new()), |text| text.str().map(String::from))?;
    }
    Ok(ExportOutcome::new(rejected, message))
}

/// Writes a response in protobuf.
pub fn encode_response(outcome: &ExportOutcome) -> Vec<u8> {
    let (rejected, message) = outcome.parts();
    let length = optional_varint_len(rejected as u64) + optional_len(message.len());
    let mut out = Vec::new();
    if length > 0 {
        out.reserve(framed_len(length));
        out.frame(0x0a, length);
        out.optional_varint(0x08, rejected as u64);
        out.optional(0x12, message.as_bytes());
    }
    out
}

/// Writes a response in JSON.
pub fn encode_response_json(outcome: &ExportOutcome) -> String {
    let (rejected, message) = outcome.parts();
    if (rejected, message) == (0, "") {
        return "{}".into();
    }
    let mut members = Vec::new();
    if rejected != 0 {
        members.push(format!("\"rejectedSpans\":\"{rejected}\""));
    }
    if !message.is_empty() {
        let mut member = String::from("\"errorMessage\":");
        // Writing to a String never fails.
        let _ = string(&mut member, message);
        members.push(member);
    }
    format!("{{\"partialSuccess\":{{{}}}}}", members.join(","))
}
