//! Tags, and the framing of messages inside a request.

use crate::wire::proto::{self, Reader, Sink, Slice};

/// Tag of `ExportTraceServiceRequest.resource_spans`.
pub const RESOURCE_SPANS: u8 = 0x0a;
/// Tag of `ResourceSpans.scope_spans`.
pub const SCOPE_SPANS: u8 = 0x12;
/// Tag of `ScopeSpans.spans`.
pub const SPANS: u8 = 0x12;
/// Tag of `Span.attributes`.
pub const SPAN_ATTRIBUTES: u8 = 0x4a;
/// Tag of `Span.events`.
pub const SPAN_EVENTS: u8 = 0x5a;
/// Tag of `Span.links`.
pub const SPAN_LINKS: u8 = 0x6a;
/// Tag of `Event.attributes`.
pub const EVENT_ATTRIBUTES: u8 = 0x1a;
/// Tag of `Link.attributes`.
pub const LINK_ATTRIBUTES: u8 = 0x22;
/// Tag of `Resource.attributes`.
pub const RESOURCE_ATTRIBUTES: u8 = 0x0a;
/// Tag of `InstrumentationScope.attributes`.
pub const SCOPE_ATTRIBUTES: u8 = 0x1a;

/// Bytes of an embedded message of this length together with its tag and length.
///
/// ```
/// use spanline_core::wire::otlp;
/// assert_eq!(otlp::framed_len(5), 7);
/// assert_eq!(otlp::framed_len(200), 203);
/// ```
#[inline]
pub const fn framed_len(message: usize) -> usize {
    proto::framed_len(message)
}

/// Writes tag and length of an embedded message at this place of `body` and gives the place behind them. What does
/// not fit is not written.
#[inline]
pub fn write_frame(body: &mut [u8], at: usize, tag: u8, length: usize) -> usize {
    let mut out = Slice::new(body.get_mut(at..).unwrap_or_default());
    out.frame(tag, length);
    at + out.written()
}

/// The messages of consecutive framed fields, as the spans stand in a `ScopeSpans`.
pub fn framed_spans(fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    Reader::new(fields).filter_map(|field| field.bytes().ok())
}
