//! Messages, read in place.

use super::check;
use super::value_view::{Attributes, ValueView};
use crate::wire::proto::{Content, Reader, WireError};
use crate::{SpanId, SpanKind, StatusCode, TraceId};
use core::str;

/// The last field of this number: of repeated scalars the last counts.
fn last(message: &[u8], number: u32) -> Option<Content<'_>> {
    Reader::new(message)
        .filter(|field| field.number == number)
        .last()
        .map(|field| field.content)
}

fn bytes(message: &[u8], number: u32) -> &[u8] {
    match last(message, number) {
        Some(Content::Bytes(bytes)) => bytes,
        _ => &[],
    }
}

pub(super) fn text(message: &[u8], number: u32) -> &str {
    str::from_utf8(bytes(message, number)).unwrap_or_default()
}

fn varint(message: &[u8], number: u32) -> u64 {
    match last(message, number) {
        Some(Content::Varint(value)) => value,
        _ => 0,
    }
}

fn fixed64(message: &[u8], number: u32) -> u64 {
    match last(message, number) {
        Some(Content::Fixed64(value)) => value,
        _ => 0,
    }
}

fn fixed32(message: &[u8], number: u32) -> u32 {
    match last(message, number) {
        Some(Content::Fixed32(value)) => value,
        _ => 0,
    }
}

fn trace_id(message: &[u8], number: u32) -> TraceId {
    bytes(message, number)
        .try_into()
        .map(TraceId::from_bytes)
        .unwrap_or_default()
}

fn span_id(message: &[u8], number: u32) -> SpanId {
    bytes(message, number)
        .try_into()
        .map(SpanId::from_bytes)
        .unwrap_or_default()
}

macro_rules! message_view {
    ($(#[$doc:meta])* $name:ident, $attributes:literal, $dropped:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(&'a [u8]);

        impl<'a> $name<'a> {
            /// Reads bytes that this library wrote, or that were checked before. Never panics: whatever is not as it
            /// should be reads as empty.
            #[inline]
            pub const fn ours(message: &'a [u8]) -> Self {
                Self(message)
            }

            /// The encoded message.
            #[inline]
            pub const fn as_bytes(self) -> &'a [u8] {
                self.0
            }

            /// The attributes, in order.
            pub const fn attributes(self) -> Attributes<'a> {
                Attributes::new(self.0, $attributes)
            }

            /// The value of this attribute; of a repeated key the last.
            pub fn attribute(self, key: &str) -> Option<ValueView<'a>> {
                self.attributes().get(key)
            }

            /// How many attributes were dropped where it was made.
            pub fn dropped_attributes(self) -> u32 {
                varint(self.0, $dropped) as u32
            }
        }
    };
}

message_view! {
    /// An encoded `Span`, read in place: each call looks for its field.
    ///
    /// Reading follows protobuf: fields may stand in any order, of repeated scalars the last counts, a repeated
    /// status is merged, unknown fields are skipped. Of a value that is given twice the last one counts; arrays and
    /// maps are not joined.
    SpanView, 9, 10
}
message_view! {
    /// An encoded `Span.Event`, read in place.
    EventView, 3, 4
}
message_view! {
    /// An encoded `Span.Link`, read in place.
    LinkView, 4, 5
}
message_view! {
    /// An encoded `Resource`, read in place.
    ResourceView, 1, 2
}
message_view! {
    /// An encoded `InstrumentationScope`, read in place.
    ScopeView, 3, 4
}

impl<'a> SpanView<'a> {
    /// Checks a foreign span once: its structure, the wire types of known fields, that strings are UTF-8, that values
    /// are not nested deeper than 100, and its ids (trace and span id of the right length and not zero, a parent's
    /// empty or 8 bytes, a link's of the right length or empty).
    ///
    /// ```
    /// use spanline_core::wire::otlp::{SpanView, WireErrorKind};
    /// assert_eq!(SpanView::check(b"").unwrap_err().kind, WireErrorKind::TraceId);
    /// assert_eq!(SpanView::check(b"\x0a\x10short").unwrap_err().kind, WireErrorKind::Truncated);
    /// ```
    pub fn check(message: &'a [u8]) -> Result<Self, WireError> {
        check::span(Reader::new(message))?;
        Ok(Self(message))
    }

    /// The trace id.
    pub fn trace_id(self) -> TraceId {
        trace_id(self.0, 1)
    }

    /// The span id.
    pub fn span_id(self) -> SpanId {
        span_id(self.0, 2)
    }

    /// The trace state as W3C header text, as it was sent.
    pub fn trace_state(self) -> &'a str {
        text(self.0, 3)
    }

    /// The parent's id; invalid for a root.
    pub fn parent_span_id(self) -> SpanId {
        span_id(self.0, 4)
    }

    /// The name.
    pub fn name(self) -> &'a str {
        text(self.0, 5)
    }

    /// The kind; `None` when unspecified or unknown.
    pub fn kind(self) -> Option<SpanKind> {
        SpanKind::from_otlp(self.kind_number().into())
    }

    /// The kind's number on the wire.
    pub fn kind_number(self) -> i32 {
        varint(self.0, 6) as i32
    }

    /// Start, in nanoseconds since the Unix epoch.
    pub fn start_unix_nano(self) -> u64 {
        fixed64(self.0, 7)
    }

    /// End, likewise.
    pub fn end_unix_nano(self) -> u64 {
        fixed64(self.0, 8)
    }

    /// The events, in order.
    pub fn events(self) -> impl Iterator<Item = EventView<'a>> + Clone {
        messages(self.0, 11).map(EventView)
    }

    /// How many events were dropped where it was made.
    pub fn dropped_events(self) -> u32 {
        varint(self.0, 12) as u32
    }

    /// The links, in order.
    pub fn links(self) -> impl Iterator<Item = LinkView<'a>> + Clone {
        messages(self.0, 13).map(LinkView)
    }

    /// How many links were dropped where it was made.
    pub fn dropped_links(self) -> u32 {
        varint(self.0, 14) as u32
    }

    /// Status and its message; unset when absent or unknown.
    pub fn status(self) -> (StatusCode, &'a str) {
        let (code, message) = self.status_number();
        (StatusCode::from_otlp(code.into()).unwrap_or_default(), message)
    }

    /// The status's number on the wire, and its message.
    pub fn status_number(self) -> (i32, &'a str) {
        let (mut code, mut message) = (0, "");
        for field in messages(self.0, 15).flat_map(Reader::new) {
            match (field.number, field.content) {
                (2, Content::Bytes(bytes)) => message = str::from_utf8(bytes).unwrap_or_default(),
                (3, Content::Varint(number)) => code = number as i32,
                _ => {}
            }
        }
        (code, message)
    }

    /// The flags: bits 0 to 7 are W3C's, `0x100` says that `0x200` (the parent is remote) is meant.
    pub fn flags(self) -> u32 {
        fixed32(self.0, 16)
    }
}

/// The messages in the fields of this number.
pub(super) fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> + Clone {
    Reader::new(message)
        .filter(move |field| field.number == number)
        .filter_map(|field| field.bytes().ok())
}

impl<'a> EventView<'a> {
    /// When it happened, in nanoseconds since the Unix epoch.
    pub fn time_unix_nano(self) -> u64 {
        fixed64(self.0, 1)
    }

    /// The name.
    pub fn name(self) -> &'a str {
        text(self.0, 2)
    }
}

impl<'a> LinkView<'a> {
    /// The linked trace.
    pub fn trace_id(self) -> TraceId {
        trace_id(self.0, 1)
    }

    /// The linked span.
    pub fn span_id(self) -> SpanId {
        span_id(self.0, 2)
    }

    /// The linked span's trace state as W3C header text, as it was sent.
    pub fn trace_state(self) -> &'a str {
        text(self.0, 3)
    }

    /// The linked span's flags, as [`SpanView::flags`].
    pub fn flags(self) -> u32 {
        fixed32(self.0, 6)
    }
}

impl<'a> ResourceView<'a> {
    /// Checks a foreign resource as [`SpanView::check`] does a span.
    pub fn check(message: &'a [u8]) -> Result<Self, WireError> {
        check::resource(Reader::new(message))?;
        Ok(Self(message))
    }
}

impl<'a> ScopeView<'a> {
    /// Checks a foreign scope as [`SpanView::check`] does a span.
    pub fn check(message: &'a [u8]) -> Result<Self, WireError> {
        check::scope(Reader::new(message))?;
        Ok(Self(message))
    }

    /// The name.
    pub fn name(self) -> &'a str {
        text(self.0, 1)
    }

    /// The version; may be empty.
    pub fn version(self) -> &'a str {
        text(self.0, 2)
    }
}
