//! Zipkin v2 in protobuf.

use super::endpoint::Remote;
use super::span::{ZipkinSpan, annotation, each_span};
use crate::SpanKind;
use crate::wire::nested::nested;
use crate::wire::otlp::{RequestView, ValueText, ValueView};
use crate::wire::proto::Sink;
use crate::wire::tags::micros;
use alloc::{string::String, vec::Vec};
use core::convert::Infallible;
use core::fmt::Write;
use core::net::IpAddr;

/// Appends the spans of a request as one `ListOfSpans`.
///
/// ```
/// use spanline_core::wire::{otlp::RequestView, zipkin::encode_list};
/// let mut list = Vec::new();
/// encode_list(RequestView::ours(&[]), &mut list);
/// assert!(list.is_empty());
/// ```
pub fn encode_list(request: RequestView<'_>, out: &mut Vec<u8>) {
    let mut text = String::new();
    let Ok(()) = each_span(request, |span| {
        nested(out, 0x0a, |out| put_span(span, &mut text, out));
        Ok::<(), Infallible>(())
    });
}

/// Fields in ascending order; `text` is for what has to be put into words.
fn put_span(zipkin: &ZipkinSpan<'_, '_>, text: &mut String, out: &mut Vec<u8>) {
    let span = zipkin.span;
    out.framed(0x0a, &span.trace_id().to_bytes());
    if span.parent_span_id().is_valid() {
        out.framed(0x12, &span.parent_span_id().to_bytes());
    }
    out.framed(0x1a, &span.span_id().to_bytes());
    // Not the numbers that OTLP has.
    let kind = match span.kind() {
        Some(SpanKind::Client) => 1,
        Some(SpanKind::Server) => 2,
        Some(SpanKind::Producer) => 3,
        Some(SpanKind::Consumer) => 4,
        Some(SpanKind::Internal) | None => 0,
    };
    out.optional_varint(0x20, kind);
    out.optional(0x2a, span.name().as_bytes());
    out.optional_fixed64(0x31, zipkin.timestamp());
    out.optional_varint(0x38, zipkin.duration());
    nested(out, 0x42, |out| out.framed(0x0a, zipkin.service.as_bytes()));
    if let Some(remote) = zipkin.remote {
        nested(out, 0x4a, |out| put_remote(remote, out));
    }
    for event in span.events() {
        text.clear();
        // Writing to a String never fails.
        let _ = annotation(event, text);
        nested(out, 0x52, |out| {
            out.optional_fixed64(0x09, micros(event.time_unix_nano()));
            out.optional(0x12, text.as_bytes());
        });
    }
    for (key, value) in zipkin.tags.unique() {
        let value = match value {
            ValueView::Str(value) => value,
            value => {
                text.clear();
                let _ = write!(text, "{}", ValueText(value));
                &*text
            }
        };
        nested(out, 0x5a, |out| {
            out.framed(0x0a, key.as_bytes());
            out.framed(0x12, value.as_bytes());
        });
    }
}

fn put_remote(remote: Remote<'_>, out: &mut Vec<u8>) {
    match remote {
        Remote::Service(name) => out.framed(0x0a, name.as_bytes()),
        Remote::Address(address, port) => {
            match address {
                IpAddr::V4(address) => out.framed(0x12, &address.octets()),
                IpAddr::V6(address) => out.framed(0x1a, &address.octets()),
            }
            out.optional_varint(0x20, port.unwrap_or(0).into());
        }
    }
}
