//! The part of a span that travels (OpenTelemetry trace API "SpanContext").

use crate::{SpanId, TraceFlags, TraceId, TraceState, Value};

/// What identifies a span across processes. Immutable.
///
/// ```
/// use spanline_core::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
/// let context = SpanContext::new(
///     TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]), TraceFlags::SAMPLED, false, TraceState::EMPTY,
/// );
/// assert!(context.is_valid() && !context.is_remote());
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SpanContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
    remote: bool,
    trace_state: TraceState,
}

impl SpanContext {
    /// The context of no span: both ids zero.
    pub const INVALID: Self = Self {
        trace_id: TraceId::INVALID,
        span_id: SpanId::INVALID,
        flags: TraceFlags::NONE,
        remote: false,
        trace_state: TraceState::EMPTY,
    };

    /// A context of these parts. `remote` says that it came from another process.
    pub const fn new(
        trace_id: TraceId,
        span_id: SpanId,
        flags: TraceFlags,
        remote: bool,
        trace_state: TraceState,
    ) -> Self {
        Self {
            trace_id,
            span_id,
            flags,
            remote,
            trace_state,
        }
    }

    /// The trace id.
    #[inline]
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span id.
    #[inline]
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The trace flags.
    #[inline]
    pub const fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// Whether the sampled flag is set.
    #[inline]
    pub const fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// Whether this context was received from another process; false for every span started here.
    #[inline]
    pub const fn is_remote(&self) -> bool {
        self.remote
    }

    /// The trace state.
    #[inline]
    pub const fn trace_state(&self) -> &TraceState {
        &self.trace_state
    }

    /// Whether both ids differ from zero.
    #[inline]
    pub const fn is_valid(&self) -> bool {
        self.trace_id.is_valid() && self.span_id.is_valid()
    }
}

/// A reference from one span to another, with attributes of its own.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The span that is linked.
    pub context: &'a SpanContext,
    /// What is said of the link.
    pub attributes: &'a [(&'a str, Value<'a>)],
}
