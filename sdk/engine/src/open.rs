//! An open span and everything that may be done to it before it ends.

use crate::attributes::Attributes;
use alloc::{string::String, vec::Vec};
use spanline_core::{
    Link, SpanId, SpanKind, SpanLimits, StatusCode, TraceFlags, TraceId, TraceState, Value, wire::otlp,
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
    /// Whether the parent is in another process.
    pub parent_is_remote: bool,
    /// The span's own trace state.
    pub trace_state: TraceState,
    /// Number of the instrumentation scope.
    pub scope: u16,
    /// Name; copied.
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
    parent_span_id: SpanId,
    parent_is_remote: bool,
    pub(crate) sampled: bool,
    pub(crate) scope: u16,
    kind: SpanKind,
    status: StatusCode,
    pub(crate) start: StartTime,
    /// While processors are told that the span ends: the end time, and who may still change the span.
    pub(crate) ending: Option<Ending>,
    name: String,
    pub(crate) trace_state: TraceState,
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
            parent_span_id: SpanId::INVALID,
            parent_is_remote: false,
            sampled: false,
            scope: 0,
            kind: SpanKind::Internal,
            status: StatusCode::Unset,
            start: StartTime::Given(0),
            ending: None,
            name: String::new(),
            trace_state: TraceState::EMPTY,
            attributes: Attributes::new(),
            events: Collection::new(),
            links: Collection::new(),
            status_message: String::new(),
        }
    }

    /// Fills a cleared slot.
    #[inline]
    pub(crate) fn begin(&mut self, new: NewSpan<'_>) {
        self.trace_id = new.trace_id;
        self.span_id = new.span_id;
        self.flags = new.flags;
        self.parent_span_id = new.parent_span_id;
        self.parent_is_remote = new.parent_is_remote;
        self.sampled = new.sampled;
        self.scope = new.scope;
        self.kind = new.kind;
        self.start = new.start;
        self.trace_state = new.trace_state;
        self.name.push_str(new.name);
    }

    #[inline]
    pub(crate) fn set(&mut self, key: &str, value: Value<'_>, limits: &SpanLimits) {
        self.attributes.set(key, value, limits.attributes, &limits.value);
    }

    pub(crate) fn add_event(
        &mut self,
        name: &str,
        unix_nano: u64,
        attributes: &[(&str, Value<'_>)],
        limits: &SpanLimits,
    ) {
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

    /// Adds a link. One without ids is kept only when it says something else.
    pub(crate) fn add_link(&mut self, link: Link<'_>, limits: &SpanLimits) {
        let context = link.context;
        if !context.is_valid() && link.attributes.is_empty() && context.trace_state().is_empty() {
            return;
        }
        if let Some(region) = self.links.admit(limits.links) {
            otlp::push_link(link, limits.link_attributes, &limits.value, region);
        }
    }

    /// `Ok` is final; `Error` replaces `Error`; `Unset` changes nothing. Only `Error` has a message.
    pub(crate) fn set_status(&mut self, status: StatusCode, message: &str) {
        if self.status == StatusCode::Ok || status == StatusCode::Unset {
            return;
        }
        self.status = status;
        self.status_message.clear();
        if status == StatusCode::Error {
            self.status_message.push_str(message);
        }
    }

    pub(crate) fn update_name(&mut self, name: &str) {
        self.name.clear();
        self.name.push_str(name);
    }

    /// The finished message's parts.
    #[inline]
    pub(crate) fn parts(&mut self, end_unix_nano: u64) -> otlp::SpanParts<'_> {
        otlp::SpanParts {
            trace_id: self.trace_id,
            span_id: self.span_id,
            trace_state: self.trace_state.as_str(),
            parent_span_id: self.parent_span_id,
            parent_is_remote: self.parent_is_remote,
            flags: self.flags,
            name: &self.name,
            kind: self.kind,
            start_unix_nano: self.start.unix_nano(),
            end_unix_nano,
            dropped_attributes: self.attributes.dropped(),
            attributes: self.attributes.encoded(),
            events: &self.events.region,
            dropped_events: self.events.dropped,
            links: &self.links.region,
            dropped_links: self.links.dropped,
            status: self.status,
            status_message: &self.status_message,
        }
    }

    /// Makes the slot ready for its next span; keeps small buffers.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.name.clear();
        if self.name.capacity() > KEEP {
            self.name.shrink_to(KEEP);
        }
        self.attributes.clear();
        if self.events.count | self.events.dropped != 0 {
            self.events.clear();
        }
        if self.links.count | self.links.dropped != 0 {
            self.links.clear();
        }
        if self.status != StatusCode::Unset {
            self.status = StatusCode::Unset;
            self.status_message = String::new();
        }
        self.trace_state = TraceState::EMPTY;
        self.ending = None;
    }
}
