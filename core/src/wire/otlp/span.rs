//! The writer of a `Span` message.

use super::pieces::{SpanTail, parent, times};
use crate::wire::proto::{Sink, Slice, optional_len};
use crate::{SpanId, SpanKind, StatusCode, TraceFlags, TraceId};

/// Everything a finished span consists of. Attributes, events and links are complete encoded fields, one after the
/// other, as [`super::push_attribute`], [`super::push_event`] and [`super::push_link`] make them.
///
/// ```
/// use spanline_core::{SpanId, TraceFlags, TraceId, wire::otlp::{SpanParts, SpanView}};
/// let parts = SpanParts {
///     name: "op",
///     flags: TraceFlags::SAMPLED,
///     ..SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]))
/// };
/// let mut message = vec![0; parts.encoded_len()];
/// assert_eq!(parts.write_to(&mut message), message.len());
/// assert_eq!(SpanView::check(&message).unwrap().name(), "op");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpanParts<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The trace state as W3C header text; may be empty.
    pub trace_state: &'a str,
    /// The parent; invalid for a root.
    pub parent_span_id: SpanId,
    /// Whether the parent is in another process.
    pub parent_is_remote: bool,
    /// The span's own flags.
    pub flags: TraceFlags,
    /// Name.
    pub name: &'a str,
    /// Kind.
    pub kind: SpanKind,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// End, likewise.
    pub end_unix_nano: u64,
    /// Encoded attributes.
    pub attributes: &'a [u8],
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
}

impl SpanParts<'_> {
    /// A span with these ids and otherwise nothing.
    pub const fn new(trace_id: TraceId, span_id: SpanId) -> Self {
        Self {
            trace_id,
            span_id,
            trace_state: "",
            parent_span_id: SpanId::INVALID,
            parent_is_remote: false,
            flags: TraceFlags::NONE,
            name: "",
            kind: SpanKind::Internal,
            start_unix_nano: 0,
            end_unix_nano: 0,
            attributes: &[],
            dropped_attributes: 0,
            events: &[],
            dropped_events: 0,
            links: &[],
            dropped_links: 0,
            status: StatusCode::Unset,
            status_message: "",
        }
    }

    /// Exact length of the message.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        let parent = if self.parent_span_id.is_valid() { 10 } else { 0 };
        // 28 bytes of ids, kind in 2.
        30 + optional_len(self.trace_state.len())
            + parent
            + optional_len(self.name.len())
            + fixed64_len(self.start_unix_nano)
            + fixed64_len(self.end_unix_nano)
            + self.attributes.len()
            + self.tail().encoded_len()
    }

    /// Writes the message, fields in ascending order, and gives its length. Writes nothing and gives 0 when `out` is
    /// shorter than [`Self::encoded_len`].
    #[inline]
    pub fn write_to(&self, out: &mut [u8]) -> usize {
        if out.len() < self.encoded_len() {
            return 0;
        }
        self.fill(out)
    }

    /// Writes the message into a place that was made for it and gives its length; [`Self::encoded_len`] is not asked
    /// again. In a shorter place the message is cut.
    #[inline]
    pub fn fill(&self, out: &mut [u8]) -> usize {
        let mut out = Slice::new(out);
        self.put(&mut out);
        out.written()
    }

    #[inline]
    fn put(&self, out: &mut impl Sink) {
        out.fixed(ids(self.trace_id, self.span_id));
        out.optional(0x1a, self.trace_state.as_bytes());
        if self.parent_span_id.is_valid() {
            out.fixed(parent(self.parent_span_id));
        }
        out.optional(0x2a, self.name.as_bytes());
        if self.start_unix_nano != 0 && self.end_unix_nano != 0 {
            out.fixed(times(self.kind, self.start_unix_nano, self.end_unix_nano));
        } else {
            out.fixed([0x30, self.kind as u8]);
            out.optional_fixed64(0x39, self.start_unix_nano);
            out.optional_fixed64(0x41, self.end_unix_nano);
        }
        out.put(self.attributes);
        self.tail().put(out);
    }

    /// What stands behind the attributes.
    #[inline]
    const fn tail(&self) -> SpanTail<'_> {
        SpanTail {
            dropped_attributes: self.dropped_attributes,
            events: self.events,
            dropped_events: self.dropped_events,
            links: self.links,
            dropped_links: self.dropped_links,
            status: self.status,
            status_message: self.status_message,
            flags: self.flags,
            parent_is_remote: self.parent_is_remote,
        }
    }
}

#[inline]
pub(super) const fn fixed64_len(value: u64) -> usize {
    if value == 0 { 0 } else { 9 }
}

/// Trace id and span id as fields 1 and 2.
#[inline]
pub(super) fn ids(trace_id: TraceId, span_id: SpanId) -> [u8; 28] {
    let mut ids = [0; 28];
    ids[..2].copy_from_slice(&[0x0a, 16]);
    ids[2..18].copy_from_slice(trace_id.as_bytes());
    ids[18..20].copy_from_slice(&[0x12, 8]);
    ids[20..].copy_from_slice(span_id.as_bytes());
    ids
}

/// W3C flags with `0x100` (it is known whether the other side is remote) and `0x200` (it is).
#[inline]
pub(super) const fn wire_flags(flags: TraceFlags, remote: bool) -> u32 {
    flags.bits() as u32 | 0x100 | (remote as u32) << 9
}
