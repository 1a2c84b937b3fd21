//! `jaeger.thrift` in Thrift's binary protocol.

use super::process::{TagValue, each_span, flags, links, log};
use crate::wire::otlp::{ResourceSpansView, ResourceView, SpanView};
use crate::wire::proto::Sink;
use crate::wire::tags::{Tags, micros, service_name};
use crate::{SpanId, TraceId};
use alloc::{string::String, vec::Vec};

/// The types of the binary protocol, as fields name them.
mod wire_type {
    pub(super) const BOOL: u8 = 2;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const I32: u8 = 8;
    pub(super) const I64: u8 = 10;
    pub(super) const STRING: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const LIST: u8 = 15;
}

/// Appends what one resource produced as one `Batch` struct, without a message around it: the body of Jaeger's
/// `POST /api/traces`.
///
/// ```
/// use spanline_core::wire::{jaeger::encode_batch, otlp::RequestView};
/// // A request with a resource that says nothing and no spans.
/// let request = [0x0a, 2, 0x0a, 0];
/// let group = RequestView::ours(&request).resource_spans().next().unwrap();
/// let mut batch = Vec::new();
/// encode_batch(group, &mut batch);
/// assert!(batch.starts_with(b"\x0c\x00\x01\x0b\x00\x01\x00\x00\x00\x0funknown_service"));
/// ```
pub fn encode_batch(group: ResourceSpansView<'_>, out: &mut Vec<u8>) {
    let resource = group.resource();
    let resource = ResourceView::ours(&resource);
    let mut text = String::new();
    let mut tags = Tags::default();
    tags.resource(resource);
    field(out, wire_type::STRUCT, 1);
    string(out, 1, service_name(resource).as_bytes());
    put_tags(&tags, 2, &mut text, out);
    stop(out);
    required_list(out, 2, |out| {
        let mut spans = 0;
        each_span(group, |span, tags| {
            put_span(span, tags, &mut text, out);
            spans += 1;
        });
        spans
    });
    stop(out);
}

/// The 8 bytes of a span id as the number that Jaeger has for it.
///
/// ```
/// use spanline_core::{SpanId, wire::jaeger::span_id_to_i64};
/// assert_eq!(span_id_to_i64(SpanId::from_bytes([255; 8])), -1);
/// ```
pub const fn span_id_to_i64(id: SpanId) -> i64 {
    i64::from_be_bytes(id.to_bytes())
}

/// The two halves of a trace id, the lower first.
fn halves(id: TraceId) -> [i64; 2] {
    let whole = u128::from_be_bytes(id.to_bytes());
    [whole as u64 as i64, (whole >> 64) as i64]
}

fn put_span(span: SpanView<'_>, tags: &Tags<'_>, text: &mut String, out: &mut Vec<u8>) {
    let [low, high] = halves(span.trace_id());
    i64(out, 1, low);
    i64(out, 2, high);
    i64(out, 3, span_id_to_i64(span.span_id()));
    // Zero is none.
    i64(out, 4, span_id_to_i64(span.parent_span_id()));
    string(out, 5, span.name().as_bytes());
    // The parent has a field of its own.
    list(out, 6, |out| {
        let mut count = 0;
        for link in links(span) {
            let [low, high] = halves(link.trace_id());
            i32(out, 1, FOLLOWS_FROM);
            i64(out, 2, low);
            i64(out, 3, high);
            i64(out, 4, span_id_to_i64(link.span_id()));
            stop(out);
            count += 1;
        }
        count
    });
    i32(out, 7, flags(span).cast_signed());
    let (start, end) = (span.start_unix_nano(), span.end_unix_nano());
    i64(out, 8, micros(start).cast_signed());
    i64(out, 9, micros(end.saturating_sub(start)).cast_signed());
    put_tags(tags, 10, text, out);
    let mut fields = Tags::default();
    list(out, 11, |out| {
        let mut count = 0;
        for event in span.events() {
            log(event, &mut fields);
            i64(out, 1, micros(event.time_unix_nano()).cast_signed());
            put_tags(&fields, 2, text, out);
            stop(out);
            count += 1;
        }
        count
    });
    stop(out);
}

/// `SpanRefType.FOLLOWS_FROM`.
const FOLLOWS_FROM: i32 = 1;

fn put_tags(tags: &Tags<'_>, id: i16, text: &mut String, out: &mut Vec<u8>) {
    list(out, id, |out| {
        let mut count = 0;
        for (key, value) in tags.unique() {
            string(out, 1, key.as_bytes());
            // Not the numbers that api_v2 has.
            match TagValue::of(value, text) {
                TagValue::Str(value) => {
                    i32(out, 2, 0);
                    string(out, 3, value.as_bytes());
                }
                TagValue::F64(value) => {
                    i32(out, 2, 1);
                    field(out, wire_type::DOUBLE, 4);
                    out.fixed(value.to_be_bytes());
                }
                TagValue::Bool(value) => {
                    i32(out, 2, 2);
                    field(out, wire_type::BOOL, 5);
                    out.fixed([value.into()]);
                }
                TagValue::I64(value) => {
                    i32(out, 2, 3);
                    i64(out, 6, value);
                }
                TagValue::Bytes(value) => {
                    i32(out, 2, 4);
                    string(out, 7, value);
                }
            }
            stop(out);
            count += 1;
        }
        count
    });
}

fn field(out: &mut Vec<u8>, kind: u8, id: i16) {
    out.fixed([kind]);
    out.fixed(id.to_be_bytes());
}

/// The end of a struct.
fn stop(out: &mut Vec<u8>) {
    out.fixed([0]);
}

fn i32(out: &mut Vec<u8>, id: i16, value: i32) {
    field(out, wire_type::I32, id);
    out.fixed(value.to_be_bytes());
}

fn i64(out: &mut Vec<u8>, id: i16, value: i64) {
    field(out, wire_type::I64, id);
    out.fixed(value.to_be_bytes());
}

/// Text or bytes. What is longer than the format can say is cut: no request is that long.
fn string(out: &mut Vec<u8>, id: i16, value: &[u8]) {
    field(out, wire_type::STRING, id);
    let value = value.get(..i32::MAX as usize).unwrap_or(value);
    out.fixed((value.len() as u32).to_be_bytes());
    out.put(value);
}

/// A list of structs, which `write` appends and counts; nothing when there are none.
fn list(out: &mut Vec<u8>, id: i16, write: impl FnOnce(&mut Vec<u8>) -> u32) {
    let start = out.len();
    if required_list(out, id, write) == 0 {
        out.truncate(start);
    }
}

/// The same, also when there are none.
fn required_list(out: &mut Vec<u8>, id: i16, write: impl FnOnce(&mut Vec<u8>) -> u32) -> u32 {
    field(out, wire_type::LIST, id);
    out.fixed([wire_type::STRUCT]);
    let place = out.len();
    out.fixed([0; 4]);
    let count = write(out);
    if let Some(place) = out.get_mut(place..).and_then(<[u8]>::first_chunk_mut) {
        *place = count.to_be_bytes();
    }
    count
}
