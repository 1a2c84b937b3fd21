//! `jaeger.api_v2` in protobuf.

use super::process::{TagValue, each_span, flags, links, log};
use crate::wire::nested::nested;
use crate::wire::otlp::{ResourceSpansView, ResourceView, SpanView};
use crate::wire::proto::Sink;
use crate::wire::tags::{Tags, service_name};
use crate::{SpanId, TraceId};
use alloc::{string::String, vec::Vec};

/// `SpanRefType.CHILD_OF`.
const CHILD_OF: u64 = 0;
/// `SpanRefType.FOLLOWS_FROM`.
const FOLLOWS_FROM: u64 = 1;

/// Appends what one resource produced as one `PostSpansRequest`, the message of
/// `jaeger.api_v2.CollectorService/PostSpans`.
///
/// ```
/// use spanline_core::wire::{jaeger::encode_post_spans, otlp::RequestView};
/// // A request with a resource that says nothing and no spans.
/// let request = [0x0a, 2, 0x0a, 0];
/// let group = RequestView::ours(&request).resource_spans().next().unwrap();
/// let mut message = Vec::new();
/// encode_post_spans(group, &mut message);
/// assert_eq!(message, b"\x0a\x13\x12\x11\x0a\x0funknown_service");
/// ```
pub fn encode_post_spans(group: ResourceSpansView<'_>, out: &mut Vec<u8>) {
    let resource = group.resource();
    let resource = ResourceView::ours(&resource);
    let mut text = String::new();
    nested(out, 0x0a, |out| {
        each_span(group, |span, tags| {
            nested(out, 0x0a, |out| put_span(span, tags, &mut text, out));
        });
        nested(out, 0x12, |out| {
            let mut tags = Tags::default();
            tags.resource(resource);
            out.framed(0x0a, service_name(resource).as_bytes());
            put_tags(&tags, 0x12, &mut text, out);
        });
    });
}

fn put_span(span: SpanView<'_>, tags: &Tags<'_>, text: &mut String, out: &mut Vec<u8>) {
    out.framed(0x0a, &span.trace_id().to_bytes());
    out.framed(0x12, &span.span_id().to_bytes());
    out.optional(0x1a, span.name().as_bytes());
    if span.parent_span_id().is_valid() {
        put_reference(span.trace_id(), span.parent_span_id(), CHILD_OF, out);
    }
    for link in links(span) {
        put_reference(link.trace_id(), link.span_id(), FOLLOWS_FROM, out);
    }
    out.optional_varint(0x28, flags(span).into());
    let (start, end) = (span.start_unix_nano(), span.end_unix_nano());
    put_time(0x32, start, out);
    put_time(0x3a, end.saturating_sub(start), out);
    put_tags(tags, 0x42, text, out);
    let mut fields = Tags::default();
    for event in span.events() {
        log(event, &mut fields);
        nested(out, 0x4a, |out| {
            put_time(0x0a, event.time_unix_nano(), out);
            put_tags(&fields, 0x12, text, out);
        });
    }
}

fn put_reference(trace_id: TraceId, span_id: SpanId, kind: u64, out: &mut Vec<u8>) {
    nested(out, 0x22, |out| {
        out.framed(0x0a, &trace_id.to_bytes());
        out.framed(0x12, &span_id.to_bytes());
        out.optional_varint(0x18, kind);
    });
}

/// A timestamp or duration; written also when it is zero, as Jaeger counts on it.
fn put_time(tag: u8, nanos: u64, out: &mut Vec<u8>) {
    nested(out, tag, |out| {
        out.optional_varint(0x08, nanos / 1_000_000_000);
        out.optional_varint(0x10, nanos % 1_000_000_000);
    });
}

fn put_tags(tags: &Tags<'_>, tag: u8, text: &mut String, out: &mut Vec<u8>) {
    for (key, value) in tags.unique() {
        nested(out, tag, |out| {
            out.framed(0x0a, key.as_bytes());
            // Not the numbers that Thrift has; STRING is 0 and so not written.
            match TagValue::of(value, text) {
                TagValue::Str(value) => out.optional(0x1a, value.as_bytes()),
                TagValue::Bool(value) => {
                    out.fixed([0x10, 1]);
                    out.optional_varint(0x20, value.into());
                }
                TagValue::I64(value) => {
                    out.fixed([0x10, 2]);
                    out.optional_varint(0x28, value.cast_unsigned());
                }
                TagValue::F64(value) => {
                    out.fixed([0x10, 3]);
                    out.optional_fixed64(0x31, value.to_bits());
                }
                TagValue::Bytes(value) => {
                    out.fixed([0x10, 4]);
                    out.optional(0x3a, value);
                }
            }
        });
    }
}
