//! The writers of events and links.

use super::frame::{EVENT_ATTRIBUTES, LINK_ATTRIBUTES, SPAN_EVENTS, SPAN_LINKS};
use super::keys::{Entries, Keys, Occurrences};
use super::span::{fixed64_len, ids, wire_flags};
use super::value::{attribute_len, put_attribute};
use crate::wire::proto::{Sink, Slice, framed_len, optional_len, optional_varint_len};
use crate::{SpanId, TraceFlags, TraceId, Value, ValueLimits};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// An event of a span.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventParts<'a> {
    /// When it happened, in nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Name.
    pub name: &'a str,
    /// Attributes; of equal keys the last wins at the position of the first, empty keys are ignored.
    pub attributes: &'a [(&'a str, Value<'a>)],
    /// Attributes that were dropped before; those that the limit drops are added.
    pub dropped_attributes: u32,
}

/// A link of a span to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkParts<'a> {
    /// The trace of the linked span.
    pub trace_id: TraceId,
    /// The linked span.
    pub span_id: SpanId,
    /// Its trace state as W3C header text; may be empty.
    pub trace_state: &'a str,
    /// Its flags.
    pub flags: TraceFlags,
    /// Whether it is in another process.
    pub is_remote: bool,
    /// Attributes, as those of an event.
    pub attributes: &'a [(&'a str, Value<'a>)],
    /// Attributes that were dropped before; those that the limit drops are added.
    pub dropped_attributes: u32,
}

/// The attributes of an event or link under a count limit.
struct Limited<'a, 'l> {
    occurrences: Occurrences<'a, [(&'a str, Value<'a>)]>,
    entries: &'a [(&'a str, Value<'a>)],
    /// Keys that stand first at this place or behind it are dropped.
    end: usize,
    dropped: u32,
    value: &'l ValueLimits,
}

impl<'a, 'l> Limited<'a, 'l> {
    fn new(entries: &'a [(&'a str, Value<'a>)], count: u32, dropped: u32, value: &'l ValueLimits) -> Self {
        let occurrences = Occurrences::new(entries);
        let counts = |at: usize| !entries.key(at).is_empty();
        let mut firsts = (0..entries.len()).filter(|&at| counts(at) && occurrences.first(at) == at);
        let end = firsts.nth(count as usize).unwrap_or(entries.len());
        let refused = (end..entries.len())
            .filter(|&at| counts(at) && occurrences.first(at) >= end)
            .count();
        let refused = u32::try_from(refused).unwrap_or(u32::MAX);
        Self {
            occurrences,
            entries,
            end,
            dropped: dropped.saturating_add(refused),
            value,
        }
    }

    fn kept(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let Self {
            occurrences, entries, ..
        } = self;
        (0..self.end)
            .filter(|&at| !entries.key(at).is_empty() && occurrences.first(at) == at)
            .map(|at| (entries.key(at), entries.value(occurrences.last(at))))
    }

    fn len(&self) -> usize {
        self.kept()
            .map(|(key, value)| attribute_len(key, value, self.value))
            .sum()
    }

    fn put(&self, tag: u8, out: &mut impl Sink) {
        self.kept()
            .for_each(|(key, value)| put_attribute(tag, key, value, self.value, out));
    }
}

impl EventParts<'_> {
    /// Exact length of the event as a complete field of a span, with at most `count` attributes.
    pub fn encoded_len(&self, count: u32, limits: &ValueLimits) -> usize {
        framed_len(self.body_len(&self.limited(count, limits)))
    }

    /// Writes the event as a complete field of a span and gives its length. Writes nothing and gives 0 when `out` is
    /// shorter than [`Self::encoded_len`].
    pub fn write_to(&self, count: u32, limits: &ValueLimits, out: &mut [u8]) -> usize {
        let attributes = self.limited(count, limits);
        if out.len() < framed_len(self.body_len(&attributes)) {
            return 0;
        }
        let mut out = Slice::new(out);
        self.put(&attributes, &mut out);
        out.written()
    }

    fn limited<'l>(&self, count: u32, limits: &'l ValueLimits) -> Limited<'_, 'l> {
        Limited::new(self.attributes, count, self.dropped_attributes, limits)
    }

    fn body_len(&self, attributes: &Limited<'_, '_>) -> usize {
        fixed64_len(self.time_unix_nano)
            + optional_len(self.name.len())
            + attributes.len()
            + optional_varint_len(attributes.dropped.into())
    }

    fn put(&self, attributes: &Limited<'_, '_>, out: &mut impl Sink) {
        out.frame(SPAN_EVENTS, self.body_len(attributes));
        out.optional_fixed64(0x09, self.time_unix_nano);
        out.optional(0x12, self.name.as_bytes());
        attributes.put(EVENT_ATTRIBUTES, out);
        out.optional_varint(0x20, attributes.dropped.into());
    }
}

impl LinkParts<'_> {
    /// Exact length of the link as a complete field of a span, with at most `count` attributes.
    pub fn encoded_len(&self, count: u32, limits: &ValueLimits) -> usize {
        framed_len(self.body_len(&self.limited(count, limits)))
    }

    /// Writes the link as a complete field of a span and gives its length. Writes nothing and gives 0 when `out` is
    /// shorter than [`Self::encoded_len`].
    pub fn write_to(&self, count: u32, limits: &ValueLimits, out: &mut [u8]) -> usize {
        let attributes = self.limited(count, limits);
        if out.len() < framed_len(self.body_len(&attributes)) {
            return 0;
        }
        let mut out = Slice::new(out);
        self.put(&attributes, &mut out);
        out.written()
    }

    fn limited<'l>(&self, count: u32, limits: &'l ValueLimits) -> Limited<'_, 'l> {
        Limited::new(self.attributes, count, self.dropped_attributes, limits)
    }

    fn body_len(&self, attributes: &Limited<'_, '_>) -> usize {
        // 28 bytes of ids, flags in 5.
        33 + optional_len(self.trace_state.len())
            + attributes.len()
            + optional_varint_len(attributes.dropped.into())
    }

    fn put(&self, attributes: &Limited<'_, '_>, out: &mut impl Sink) {
        out.frame(SPAN_LINKS, self.body_len(attributes));
        out.fixed(ids(self.trace_id, self.span_id));
        out.optional(0x1a, self.trace_state.as_bytes());
        attributes.put(LINK_ATTRIBUTES, out);
        out.optional_varint(0x28, attributes.dropped.into());
        out.fixed([0x35]);
        out.fixed(wire_flags(self.flags, self.is_remote).to_le_bytes());
    }
}

/// Appends an event as a complete field of a span; of its attributes, `count` keys at most are kept.
#[cfg(feature = "alloc")]
pub fn push_event(
    name: &str,
    time_unix_nano: u64,
    attributes: &[(&str, Value<'_>)],
    count: u32,
    limits: &ValueLimits,
    out: &mut Vec<u8>,
) {
    let event = EventParts {
        time_unix_nano,
        name,
        attributes,
        dropped_attributes: 0,
    };
    event.put(&event.limited(count, limits), out);
}

/// Appends a link as a complete field of a span; of its attributes, `count` keys at most are kept.
#[cfg(feature = "alloc")]
pub fn push_link(link: crate::Link<'_>, count: u32, limits: &ValueLimits, out: &mut Vec<u8>) {
    let context = link.context;
    let link = LinkParts {
        trace_id: context.trace_id(),
        span_id: context.span_id(),
        trace_state: context.trace_state().as_str(),
        flags: context.flags(),
        is_remote: context.is_remote(),
        attributes: link.attributes,
        dropped_attributes: 0,
    };
    link.put(&link.limited(count, limits), out);
}
