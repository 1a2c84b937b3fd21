//! A `Span` message in two pieces: what is known at its start, and what only its end tells. Attributes go between.

use super::span::{ids, wire_flags};
use crate::wire::proto::{Sink, Slice, copy, framed_len, optional_len, optional_varint_len};
use crate::{SpanId, SpanKind, StatusCode, TraceFlags, TraceId};

/// The fields in front of a span's attributes. The end time is left zero, in the last 8 bytes.
///
/// ```
/// use spanline_core::{SpanId, SpanKind, TraceId, wire::otlp::{SpanHead, SpanView}};
/// let head = SpanHead {
///     trace_id: TraceId::from_bytes([1; 16]),
///     span_id: SpanId::from_bytes([2; 8]),
///     trace_state: "",
///     parent_span_id: SpanId::INVALID,
///     name: "op",
///     kind: SpanKind::Server,
///     start_unix_nano: 1,
/// };
/// let mut message = vec![0; head.encoded_len()];
/// assert_eq!(head.write_to(&mut message), message.len());
/// assert_eq!(SpanView::check(&message).unwrap().name(), "op");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpanHead<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The trace state as W3C header text; may be empty.
    pub trace_state: &'a str,
    /// The parent; invalid for a root.
    pub parent_span_id: SpanId,
    /// Name.
    pub name: &'a str,
    /// Kind.
    pub kind: SpanKind,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
}

impl SpanHead<'_> {
    /// Bytes of kind, start and end, with which every head ends.
    pub const TIMES: usize = 20;

    /// Exact length.
    #[inline]
    pub const fn encoded_len(&self) -> usize {
        self.name_at() + optional_len(self.name.len()) + Self::TIMES
    }

    /// Where the field of the name begins; the times follow it.
    #[inline]
    pub const fn name_at(&self) -> usize {
        let parent = if self.parent_span_id.is_valid() { 10 } else { 0 };
        28 + optional_len(self.trace_state.len()) + parent
    }

    /// The field of a name; nothing for the empty name.
    #[cfg(feature = "alloc")]
    pub fn name_field(name: &str) -> alloc::vec::Vec<u8> {
        let mut field = alloc::vec::Vec::with_capacity(optional_len(name.len()));
        field.optional(NAME, name.as_bytes());
        field
    }

    /// Writes the fields in ascending order and gives their length. In a place shorter than [`Self::encoded_len`] they
    /// are cut.
    #[inline(always)]
    pub fn write_to(&self, out: &mut [u8]) -> usize {
        match self.write_usual(out) {
            Some(written) => written,
            None => (*self).write_any(out),
        }
    }

    /// Writes the head of the usual span, in few steps: it has a parent, no trace state and a name of less than 128 bytes.
    #[inline(always)]
    fn write_usual(&self, out: &mut [u8]) -> Option<usize> {
        let name = self.name.as_bytes();
        let usual = self.parent_span_id.is_valid() && self.trace_state.is_empty();
        if !usual || name.is_empty() || name.len() >= 0x80 {
            return None;
        }
        let mut front = [0; 40];
        front[..28].copy_from_slice(&ids(self.trace_id, self.span_id));
        front[28..38].copy_from_slice(&parent(self.parent_span_id));
        front[38..].copy_from_slice(&[NAME, name.len() as u8]);
        let (place, rest) = out.split_first_chunk_mut()?;
        *place = front;
        let (place, rest) = rest.split_at_mut_checked(name.len())?;
        copy(place, name);
        *rest.first_chunk_mut()? = times(self.kind, self.start_unix_nano, 0);
        Some(front.len() + name.len() + Self::TIMES)
    }

    #[inline(never)]
    fn write_any(self, out: &mut [u8]) -> usize {
        let mut out = Slice::new(out);
        out.fixed(ids(self.trace_id, self.span_id));
        out.optional(0x1a, self.trace_state.as_bytes());
        if self.parent_span_id.is_valid() {
            out.fixed(parent(self.parent_span_id));
        }
        out.optional(NAME, self.name.as_bytes());
        out.fixed(times(self.kind, self.start_unix_nano, 0));
        out.written()
    }
}

/// The fields behind a span's attributes.
#[derive(Clone, Copy, Debug)]
pub struct SpanTail<'a> {
    /// Attributes that the limits dropped.
    pub dropped_attributes: u32,
    /// Encoded events.
    pub events: &'a [u8],
    /// Events that the limits dropped.
    pub dropped_events: u32,
    /// Encoded links.
    pub links: &'a [u8],
    /// Links that the limits dropped.
    pub dropped_links: u32,
    /// Status; not written when unset.
    pub status: StatusCode,
    /// Its message; written only with [`StatusCode::Error`].
    pub status_message: &'a str,
    /// The span's own flags.
    pub flags: TraceFlags,
    /// Whether the parent is in another process.
    pub parent_is_remote: bool,
}

impl SpanTail<'_> {
    /// Exact length.
    #[inline]
    pub const fn encoded_len(&self) -> usize {
        let status = match self.status {
            StatusCode::Unset => 0,
            _ => framed_len(self.status_len()),
        };
        FLAGS
            + optional_varint_len(self.dropped_attributes as u64)
            + self.events.len()
            + optional_varint_len(self.dropped_events as u64)
            + self.links.len()
            + optional_varint_len(self.dropped_links as u64)
            + status
    }

    /// Writes the fields in ascending order and gives their length. In a place shorter than [`Self::encoded_len`] they
    /// are cut.
    pub fn write_to(&self, out: &mut [u8]) -> usize {
        let mut out = Slice::new(out);
        self.put(&mut out);
        out.written()
    }

    #[inline]
    pub(super) fn put(&self, out: &mut impl Sink) {
        out.optional_varint(0x50, self.dropped_attributes.into());
        out.put(self.events);
        out.optional_varint(0x60, self.dropped_events.into());
        out.put(self.links);
        out.optional_varint(0x70, self.dropped_links.into());
        if self.status != StatusCode::Unset {
            out.frame(0x7a, self.status_len());
            out.optional(0x12, self.message().as_bytes());
            out.fixed([0x18, self.status as u8]);
        }
        out.fixed(span_flags(self.flags, self.parent_is_remote));
    }

    /// The status message that is written.
    const fn message(&self) -> &str {
        match self.status {
            StatusCode::Error => self.status_message,
            _ => "",
        }
    }

    const fn status_len(&self) -> usize {
        2 + optional_len(self.message().len())
    }
}

const NAME: u8 = 0x2a;
const FLAGS: usize = 6;

/// The flags of a span as its last field: all that a tail consists of when nothing was dropped and there are neither
/// events nor links nor a status.
#[inline]
pub fn span_flags(flags: TraceFlags, parent_is_remote: bool) -> [u8; FLAGS] {
    let flags = wire_flags(flags, parent_is_remote).to_le_bytes();
    [0x85, 0x01, flags[0], flags[1], flags[2], flags[3]]
}

/// The parent's id as a field.
#[inline]
pub(super) fn parent(id: SpanId) -> [u8; 10] {
    let mut parent = [0; 10];
    parent[..2].copy_from_slice(&[0x22, 8]);
    parent[2..].copy_from_slice(id.as_bytes());
    parent
}

/// Kind, start and end as fields.
#[inline]
pub(super) fn times(kind: SpanKind, start: u64, end: u64) -> [u8; SpanHead::TIMES] {
    let mut times = [0; SpanHead::TIMES];
    times[..3].copy_from_slice(&[0x30, kind as u8, 0x39]);
    times[3..11].copy_from_slice(&start.to_le_bytes());
    times[11] = 0x41;
    times[12..].copy_from_slice(&end.to_le_bytes());
    times
}
