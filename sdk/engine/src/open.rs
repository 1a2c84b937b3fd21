//! An open span and everything that may be done to it before it ends.

mod rewriting;

use crate::{
    attributes::{Attributes, MOST_NAME},
    stats::ParentOrigin,
};
use alloc::{string::String, vec::Vec};
use spanline_core::{
    Link, SpanId, SpanKind, SpanLimits, StatusCode, TraceFlags, TraceId, TraceState, Value,
    wire::otlp::{self, SpanHead, SpanTail, SpanView},
};

/// A moment by the host's clock: its raw reading, and the wall time that stands for it.
///
/// A trace's local descendants take the anchor of their local root, so that their times agree with each other also
/// across a step of the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Anchor {
    /// The clock's own reading, in its own unit.
    pub raw: u64,
    /// Nanoseconds since the Unix epoch.
    pub unix_nano: u64,
}

/// When a span started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartTime {
    /// By the host's clock: the end can be told by elapsed time.
    Clock(Anchor),
    /// Given by the user, in nanoseconds since the Unix epoch; exported as given.
    Given(u64),
}

impl StartTime {
    /// Nanoseconds since the Unix epoch.
    pub fn unix_nano(self) -> u64 {
        match self {
            Self::Clock(anchor) => anchor.unix_nano,
            Self::Given(time) => time,
        }
    }
}

/// What a new span is made of, besides attributes and links.
#[derive(Clone, Debug)]
pub struct NewSpan<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The span's own id.
    pub span_id: SpanId,
    /// The span's own flags.
    pub flags: TraceFlags,
    /// The parent's span id; invalid for a root.
    pub parent_span_id: SpanId,
    /// Where the parent is.
    pub parent: ParentOrigin,
    /// The span's own trace state.
    pub trace_state: TraceState,
    /// Number of the instrumentation scope.
    pub scope: u16,
    /// Name; copied. One of 2 GiB or more is left out.
    pub name: &'a str,
    /// Kind.
    pub kind: SpanKind,
    /// Start.
    pub start: StartTime,
    /// False: for processors only, never exported.
    pub sampled: bool,
}

#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) flags: TraceFlags,
    parent_is_remote: bool,
    pub(crate) sampled: bool,
    pub(crate) scope: u16,
    status: StatusCode,
    pub(crate) start: StartTime,
    /// There is more than a head, attributes and flags: see [`Self::finish`]. Else nothing of it was touched.
    rich: bool,
    /// While processors are told that the span ends: the end time, and who may still change the span.
    ending: Option<Ending>,
    pub(crate) trace_state: TraceState,
    /// Where the name stands in the message.
    name_at: usize,
    attributes: Attributes,
    events: Collection,
    links: Collection,
    status_message: String,
}

/// The state between the first of the end callbacks and the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) end: u64,
    pub(crate) owner: u64,
}

/// Encoded events or links.
#[derive(Debug, Default)]
struct Collection {
    region: Vec<u8>,
    count: u32,
    dropped: u32,
}

const KEEP: usize = 4096;

impl Collection {
    const fn new() -> Self {
        Self {
            region: Vec::new(),
            count: 0,
            dropped: 0,
        }
    }

    /// Makes room for one more; the newcomer is dropped and counted when there is none.
    fn admit(&mut self, limit: u32) -> Option<&mut Vec<u8>> {
        if self.count >= limit {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        }
        self.count += 1;
        Some(&mut self.region)
    }

    fn clear(&mut self) {
        self.region.clear();
        if self.region.capacity() > KEEP {
            self.region.shrink_to(KEEP);
        }
        self.count = 0;
        self.dropped = 0;
    }
}

impl OpenSpan {
    pub(crate) const fn new() -> Self {
        Self {
            trace_id: TraceId::INVALID,
            span_id: SpanId::INVALID,
            flags: TraceFlags::NONE,
            parent_is_remote: false,
            sampled: false,
            scope: 0,
            status: StatusCode::Unset,
            start: StartTime::Given(0),
            rich: false,
            ending: None,
            name_at: 0,
            trace_state: TraceState::EMPTY,
            attributes: Attributes::new(),
            events: Collection::new(),
            links: Collection::new(),
            status_message: String::new(),
        }
    }

    /// Fills a cleared slot.
    #[inline(always)]
    pub(crate) fn begin(&mut self, new: &NewSpan<'_>) {
        self.trace_id = new.trace_id;
        self.span_id = new.span_id;
        self.flags = new.flags;
        self.parent_is_remote = matches!(new.parent, ParentOrigin::Remote);
        self.sampled = new.sampled;
        self.scope = new.scope;
        self.start = new.start;
        let head = SpanHead {
            trace_id: new.trace_id,
            span_id: new.span_id,
            trace_state: new.trace_state.as_str(),
            parent_span_id: new.parent_span_id,
            // Such a span is never sent; without its name it is one that can be kept.
            name: if new.name.len() <= MOST_NAME { new.name } else { "" },
            kind: new.kind,
            start_unix_nano: new.start.unix_nano(),
        };
        if !new.trace_state.is_empty() || head.start_unix_nano == 0 {
            self.rich = true;
            self.trace_state = new.trace_state.clone();
        }
        self.name_at = head.name_at();
        self.attributes.begin(&head);
    }

    /// The parent's id, read from the message; invalid for a root.
    pub(crate) fn parent_span_id(&self) -> SpanId {
        SpanView::ours(self.attributes.head()).parent_span_id()
    }

    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, limits: &SpanLimits) {
        self.attributes.set(key, value, limits.attributes, &limits.value);
    }

    /// Sets several attributes.
    #[inline]
    pub(crate) fn set_all(&mut self, attributes: &[(&str, Value<'_>)], limits: &SpanLimits) {
        self.attributes
            .set_all(attributes, limits.attributes, &limits.value);
    }

    pub(crate) fn add_event(
        &mut self,
        name: &str,
        unix_nano: u64,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
        self.rich = true;
        if let Some(region) = self.events.admit(limits.events) {
            otlp::push_event(
                name,
                unix_nano,
                attributes,
                limits.event_attributes,
                &limits.value,
                region,
            );
        }
    }

    #[inline(never)]
    pub(crate) fn add_links(&mut self, links: &[Link<'_>], limits: &SpanLimits) {
        for link in links {
            self.add_link(*link, limits);
        }
    }

    /// Adds a link. One without ids is kept only when it says something else.
    pub(crate) fn add_link(&mut self, link: Link<'_>, limits: &SpanLimits) {
        let context = link.context;
        if !context.is_valid() && link.attributes.is_empty() && context.trace_state().is_empty() {
            return;
        }
        self.rich = true;
        if let Some(region) = self.links.admit(limits.links) {
            otlp::push_link(link, limits.link_attributes, &limits.value, region);
        }
    }

    /// `Ok` is final; `Error` replaces `Error`; `Unset` changes nothing. Only `Error` has a message.
    pub(crate) fn set_status(&mut self, status: StatusCode, message: &str) {
        if self.status == StatusCode::Ok || status == StatusCode::Unset {
            return;
        }
        self.rich = true;
        self.status = status;
        self.status_message.clear();
        if status == StatusCode::Error {
            self.status_message.push_str(message);
        }
    }

    pub(crate) fn update_name(&mut self, name: &str) {
        if name.len() > MOST_NAME {
            return;
        }
        let field = SpanHead::name_field(name);
        self.attributes.change_head(self.name_at, SpanHead::TIMES, &field);
    }

    /// Says who alone may change the span from now on, and when it ended.
    pub(crate) fn begin_end(&mut self, ending: Ending) {
        self.rich = true;
        self.ending = Some(ending);
    }

    #[inline]
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// The finished message of the usual span: head, attributes and flags. `None`: there is more, or a zero to leave
    /// out, see [`Self::finish`].
    #[inline]
    pub(crate) fn finish_plain(&mut self, end_unix_nano: u64) -> Option<PlainMessage<'_>> {
        if self.rich || end_unix_nano == 0 || !self.attributes.is_plain() {
            return None;
        }
        *self.attributes.head_end()? = end_unix_nano.to_le_bytes();
        Some(PlainMessage {
            flags: otlp::span_flags(self.flags, self.parent_is_remote),
            front: self.attributes.encoded(),
        })
    }

    /// The finished message, which takes nothing any more but its bytes.
    pub(crate) fn finish(&mut self, end_unix_nano: u64) -> Message<'_> {
        if let Some(place) = self.attributes.head_end() {
            *place = end_unix_nano.to_le_bytes();
        }
        if end_unix_nano == 0 || self.start.unix_nano() == 0 {
            self.leave_out_zero_times(end_unix_nano);
        }
        self.message()
    }

    /// What there is, as a message.
    fn message(&mut self) -> Message<'_> {
        let tail = SpanTail {
            dropped_attributes: self.attributes.dropped(),
            events: &self.events.region,
            dropped_events: self.events.dropped,
            links: &self.links.region,
            dropped_links: self.links.dropped,
            status: self.status,
            status_message: &self.status_message,
            flags: self.flags,
            parent_is_remote: self.parent_is_remote,
        };
        Message {
            front: self.attributes.encoded(),
            tail,
        }
    }

    /// Protobuf does not write zeros.
    #[cold]
    fn leave_out_zero_times(&mut self, end: u64) {
        let mut fields = Vec::new();
        for (tag, time) in [(0x39, self.start.unix_nano()), (0x41, end)] {
            if time != 0 {
                fields.push(tag);
                fields.extend_from_slice(&time.to_le_bytes());
            }
        }
        let from = self.attributes.head_len().saturating_sub(18);
        self.attributes.change_head(from, 0, &fields);
    }

    /// Makes the slot ready for its next span; keeps small buffers.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.attributes.clear();
        if self.rich {
            self.clear_rich();
        }
    }

    #[inline(never)]
    fn clear_rich(&mut self) {
        self.events.clear();
        self.links.clear();
        self.status = StatusCode::Unset;
        self.status_message = String::new();
        self.trace_state = TraceState::EMPTY;
        self.ending = None;
        self.rich = false;
    }
}

/// A finished message, about to be written.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Everything up to the last attribute.
    front: &'a [u8],
    tail: SpanTail<'a>,
}

impl Message<'_> {
    pub(crate) fn encoded_len(&self) -> usize {
        self.front.len() + self.tail.encoded_len()
    }

    /// Fills a place of exactly [`Self::encoded_len`] bytes.
    pub(crate) fn write_to(&self, place: &mut [u8]) {
        if let Some((front, tail)) = place.split_at_mut_checked(self.front.len()) {
            front.copy_from_slice(self.front);
            self.tail.write_to(tail);
        }
    }
}

/// The finished message of a usual span.
#[derive(Debug)]
pub(crate) struct PlainMessage<'a> {
    front: &'a [u8],
    flags: [u8; 6],
}

impl PlainMessage<'_> {
    #[inline]
    pub(crate) fn encoded_len(&self) -> usize {
        self.front.len() + self.flags.len()
    }

    /// Fills a place of exactly [`Self::encoded_len`] bytes.
    #[inline]
    pub(crate) fn write_to(&self, place: &mut [u8]) {
        if let Some((front, flags)) = place.split_last_chunk_mut::<6>()
            && front.len() == self.front.len()
        {
            front.copy_from_slice(self.front);
            *flags = self.flags;
        }
    }
}
