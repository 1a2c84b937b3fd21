//! Spans as they are when they have ended.

use spanline_core::wire::otlp::{self, SpanParts};
use spanline_core::{SpanId, SpanKind, StatusCode, TraceId, Value, ValueLimits};

/// What a test says of a span; the rest is plain.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: SpanKind,
    pub(crate) status: StatusCode,
    pub(crate) nanos: u64,
    pub(crate) attributes: &'a [(&'a str, Value<'a>)],
    /// The types of exceptions.
    pub(crate) exceptions: &'a [&'a str],
}

pub(crate) const SPAN: Span<'static> = Span {
    name: "op",
    kind: SpanKind::Internal,
    status: StatusCode::Unset,
    nanos: 1_000_000,
    attributes: &[],
    exceptions: &[],
};

const LIMITS: ValueLimits = ValueLimits {
    length: None,
    depth: 8,
};

impl Span<'_> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (mut attributes, mut events) = (Vec::new(), Vec::new());
        for (key, value) in self.attributes {
            otlp::push_attribute(otlp::SPAN_ATTRIBUTES, key, *value, &LIMITS, &mut attributes);
        }
        for kind in self.exceptions {
            let attributes = [("exception.type", Value::Str(kind))];
            otlp::push_event("exception", 5, &attributes, 8, &LIMITS, &mut events);
        }
        let parts = SpanParts {
            name: self.name,
            kind: self.kind,
            status: self.status,
            start_unix_nano: 1_000,
            end_unix_nano: 1_000 + self.nanos,
            attributes: &attributes,
            events: &events,
            ..SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]))
        };
        let mut message = vec![0; parts.encoded_len()];
        parts.write_to(&mut message);
        message
    }
}
