//! Copies a span with changes.

use super::frame::SPAN_ATTRIBUTES;
use super::span::ids;
use super::value::{UNLIMITED, push_attribute};
use super::value_view::pair;
use super::view::SpanView;
use crate::wire::proto::{Field, Reader, Sink, optional_len};
use crate::{OwnedValue, SpanId, SpanKind, StatusCode, TraceId, Value, ValueLimits};
use alloc::{string::String, vec::Vec};

/// A copy of a span, except for what is set or removed. Everything else is kept byte for byte, also fields that this
/// library does not know.
///
/// ```
/// use spanline_core::{SpanId, TraceId, wire::otlp::{SpanEdit, SpanParts, SpanView}};
/// let parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
/// let mut message = vec![0; parts.encoded_len()];
/// parts.write_to(&mut message);
/// let mut edit = SpanEdit::new(SpanView::ours(&message));
/// edit.set_name("renamed").set_attribute("tenant", 7.into());
/// let edited = edit.finish();
/// let view = SpanView::check(&edited).unwrap();
/// assert_eq!((view.name(), view.attribute("tenant").unwrap().as_i64()), ("renamed", Some(7)));
/// ```
#[derive(Clone, Debug)]
pub struct SpanEdit<'a> {
    source: SpanView<'a>,
    limits: ValueLimits,
    /// Replaced fields: number, and what stands in their place; ascending.
    fields: Vec<(u32, Vec<u8>)>,
    /// Keys that are set or (without a value) removed.
    attributes: Vec<(String, Option<OwnedValue>)>,
}

const ATTRIBUTES: u32 = 9;

impl<'a> SpanEdit<'a> {
    /// Begins with an unchanged copy.
    pub const fn new(source: SpanView<'a>) -> Self {
        Self {
            source,
            limits: UNLIMITED,
            fields: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Limits of the values that are set from here on. Default: none but a depth of 100.
    pub fn set_value_limits(&mut self, limits: ValueLimits) -> &mut Self {
        self.limits = limits;
        self
    }

    fn replace(&mut self, number: u32, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        let mut field = Vec::new();
        write(&mut field);
        match self.fields.binary_search_by_key(&number, |field| field.0) {
            Ok(at) => self.fields[at].1 = field,
            Err(at) => self.fields.insert(at, (number, field)),
        }
        self
    }

    /// Sets the trace id and the span id.
    pub fn set_ids(&mut self, trace_id: TraceId, span_id: SpanId) -> &mut Self {
        let ids = ids(trace_id, span_id);
        let (trace_id, span_id) = ids.split_at(18);
        self.replace(1, |out| out.put(trace_id));
        self.replace(2, |out| out.put(span_id))
    }

    /// Sets the trace state (W3C header text); the empty text removes it.
    pub fn set_trace_state(&mut self, text: &str) -> &mut Self {
        self.replace(3, |out| out.optional(0x1a, text.as_bytes()))
    }

    /// Sets the parent; an invalid id makes it a root.
    pub fn set_parent_span_id(&mut self, parent: SpanId) -> &mut Self {
        self.replace(4, |out| {
            if parent.is_valid() {
                out.framed(0x22, parent.as_bytes());
            }
        })
    }

    /// Sets the name.
    pub fn set_name(&mut self, name: &str) -> &mut Self {
        self.replace(5, |out| out.optional(0x2a, name.as_bytes()))
    }

    /// Sets the kind.
    pub fn set_kind(&mut self, kind: SpanKind) -> &mut Self {
        self.replace(6, |out| out.fixed([0x30, kind as u8]))
    }

    /// Sets start and end, in nanoseconds since the Unix epoch.
    pub fn set_times(&mut self, start_unix_nano: u64, end_unix_nano: u64) -> &mut Self {
        self.replace(7, |out| out.optional_fixed64(0x39, start_unix_nano));
        self.replace(8, |out| out.optional_fixed64(0x41, end_unix_nano))
    }

    /// Sets the counts of dropped attributes, events and links.
    pub fn set_dropped(&mut self, attributes: u32, events: u32, links: u32) -> &mut Self {
        self.replace(10, |out| out.optional_varint(0x50, attributes.into()));
        self.replace(12, |out| out.optional_varint(0x60, events.into()));
        self.replace(14, |out| out.optional_varint(0x70, links.into()))
    }

    /// Sets the status, whatever it was; the message is kept only with [`StatusCode::Error`].
    pub fn set_status(&mut self, code: StatusCode, message: &str) -> &mut Self {
        let message = if code == StatusCode::Error { message } else { "" };
        self.replace(15, |out| {
            if code != StatusCode::Unset {
                out.frame(0x7a, 2 + optional_len(message.len()));
                out.optional(0x12, message.as_bytes());
                out.fixed([0x18, code as u8]);
            }
        })
    }

    /// Sets the flags, as [`SpanView::flags`] gives them.
    pub fn set_flags(&mut self, flags: u32) -> &mut Self {
        self.replace(16, |out| {
            if flags != 0 {
                out.fixed([0x85, 0x01]);
                out.fixed(flags.to_le_bytes());
            }
        })
    }

    /// Sets an attribute: a known key keeps its place, a new one goes to the end. An empty key is ignored.
    pub fn set_attribute(&mut self, key: &str, value: Value<'_>) -> &mut Self {
        if key.is_empty() {
            return self;
        }
        self.attribute(key, Some(value.into()))
    }

    /// Removes an attribute.
    pub fn remove_attribute(&mut self, key: &str) -> &mut Self {
        self.attribute(key, None)
    }

    fn attribute(&mut self, key: &str, value: Option<OwnedValue>) -> &mut Self {
        match self.attributes.iter_mut().find(|(known, _)| known == key) {
            Some(known) => known.1 = value,
            None => self.attributes.push((key.into(), value)),
        }
        self
    }

    /// The new message.
    pub fn finish(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.finish_into(&mut out);
        out
    }

    /// Appends the new message.
    pub fn finish_into(&self, out: &mut Vec<u8>) {
        let source = self.source.as_bytes();
        let mut copy = Copy {
            edit: self,
            next: 0,
            written: alloc::vec![false; self.attributes.len()],
            out,
        };
        copy.out
            .reserve(source.len() + self.fields.iter().map(|field| field.1.len()).sum::<usize>());
        for field in Reader::new(source) {
            copy.field(&field);
        }
        copy.new_fields_before(u32::MAX);
    }
}

struct Copy<'e> {
    edit: &'e SpanEdit<'e>,
    /// The first of the replaced fields that is not written yet.
    next: usize,
    /// Which of the set attributes are written.
    written: Vec<bool>,
    out: &'e mut Vec<u8>,
}

impl Copy<'_> {
    fn field(&mut self, field: &Field<'_>) {
        self.new_fields_before(field.number.saturating_add(u32::from(field.number != ATTRIBUTES)));
        if field.number == ATTRIBUTES {
            self.attribute(field);
        } else if self
            .edit
            .fields
            .binary_search_by_key(&field.number, |field| field.0)
            .is_err()
        {
            self.out.put(field.raw);
        }
    }

    fn attribute(&mut self, field: &Field<'_>) {
        let (key, _) = pair(field.bytes().unwrap_or_default());
        match self.edit.attributes.iter().position(|(known, _)| known == key) {
            Some(at) => self.set(at),
            None => self.out.put(field.raw),
        }
    }

    /// Writes a set attribute, once.
    fn set(&mut self, at: usize) {
        if let Some((key, Some(value))) = self.edit.attributes.get(at)
            && let Some(written @ false) = self.written.get_mut(at)
        {
            *written = true;
            push_attribute(
                SPAN_ATTRIBUTES,
                key,
                value.as_value(),
                &self.edit.limits,
                self.out,
            );
        }
    }

    /// Writes what is new and belongs before a field of this number. In a message with ascending fields it comes to
    /// stand in its place.
    fn new_fields_before(&mut self, number: u32) {
        while let Some((known, field)) = self.edit.fields.get(self.next)
            && *known < number.min(ATTRIBUTES)
        {
            self.out.put(field);
            self.next += 1;
        }
        if number > ATTRIBUTES + 1 || number == u32::MAX {
            (0..self.written.len()).for_each(|at| self.set(at));
        }
        while let Some((known, field)) = self.edit.fields.get(self.next)
            && *known < number
        {
            self.out.put(field);
            self.next += 1;
        }
    }
}
