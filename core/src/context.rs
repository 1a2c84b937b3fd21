//! The context: what a piece of work carries along (OpenTelemetry context API).

use crate::{Baggage, SpanContext, SpanId};
use alloc::{sync::Arc, vec::Vec};
use core::{any::Any, fmt, num::NonZeroU64};

/// A key of a context value. Two keys are different even when their names are equal.
///
/// The number is given by whoever makes keys (`spanline::context::key`), from one counter per process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct ContextKey {
    number: u64,
    name: &'static str,
}

impl ContextKey {
    /// A key with this number, which the caller never gives twice, and this name for debugging.
    pub const fn from_number(number: u64, name: &'static str) -> Self {
        Self { number, name }
    }

    /// The name it was made with.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A value that a context holds.
pub type ContextValue = Arc<dyn Any + Send + Sync>;

/// Names a recording span of this process; opaque to core. A handle may be stale, then it stands for nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct SpanHandle(pub NonZeroU64);

/// Debug, deferred and suppression marks.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Marks(u8);

const SUPPRESSED: u8 = 1;
const DEFERRED: u8 = 2;
const DEBUG: u8 = 4;

#[derive(Clone, Default)]
struct Extra {
    baggage: Baggage,
    /// Few formats write it, so it does not make every context larger. Zero: not known.
    parent_span_id: SpanId,
    values: Vec<(ContextKey, ContextValue)>,
}

/// An immutable set of what a piece of work carries: a span context, baggage, marks and values under keys.
///
/// Every `with_` call gives a new context; clones share what they can.
///
/// ```
/// use spanline_core::{Context, SpanContext};
/// let context = Context::EMPTY.with_suppressed(true);
/// assert!(context.is_suppressed() && !Context::EMPTY.is_suppressed());
/// assert_eq!(context.span_context(), &SpanContext::INVALID);
/// ```
#[derive(Clone, Default)]
pub struct Context {
    span_context: SpanContext,
    handle: Option<SpanHandle>,
    marks: Marks,
    extra: Option<Arc<Extra>>,
}

impl Context {
    /// The context that carries nothing.
    pub const EMPTY: Self = Self {
        span_context: SpanContext::INVALID,
        handle: None,
        marks: Marks(0),
        extra: None,
    };

    /// The context of the span it carries; invalid when it carries none.
    #[inline]
    pub const fn span_context(&self) -> &SpanContext {
        &self.span_context
    }

    /// The recording span of this process that it carries, when it carries one.
    #[inline]
    pub const fn span_handle(&self) -> Option<SpanHandle> {
        self.handle
    }

    /// The same with this span. The deferred and debug marks describe a received context: a span that is not remote
    /// has a decision of its own and clears the deferred mark, and one of another trace clears the debug mark.
    #[must_use]
    pub fn with_span(mut self, span_context: SpanContext, handle: Option<SpanHandle>) -> Self {
        if !span_context.is_remote() {
            self.marks.0 &= !DEFERRED;
        }
        if span_context.trace_id() != self.span_context.trace_id() {
            self.marks.0 &= !DEBUG;
        }
        if span_context.span_id() != self.span_context.span_id() {
            self = self.with_parent_span_id(SpanId::INVALID);
        }
        self.span_context = span_context;
        self.handle = handle;
        self
    }

    /// The same with a span context received from another process.
    #[must_use]
    pub fn with_remote_span_context(mut self, span_context: SpanContext) -> Self {
        self.marks.0 &= !(DEFERRED | DEBUG);
        self = self.with_parent_span_id(SpanId::INVALID);
        self.span_context = span_context;
        self.handle = None;
        self
    }

    /// Whether it carries baggage, values under keys or the id of its span's parent.
    #[inline]
    pub const fn carries_more(&self) -> bool {
        self.extra.is_some()
    }

    /// The baggage.
    pub fn baggage(&self) -> &Baggage {
        self.extra
            .as_ref()
            .map_or(const { &Baggage::EMPTY }, |extra| &extra.baggage)
    }

    /// The same with this baggage.
    #[must_use]
    pub fn with_baggage(mut self, baggage: Baggage) -> Self {
        if self.extra.is_none() && baggage.is_empty() {
            return self;
        }
        Arc::make_mut(self.extra.get_or_insert_with(Arc::default)).baggage = baggage;
        self
    }

    /// The id of the parent of the span it carries; invalid when there is none or it is not known. Another span
    /// clears it. Only formats that [ask for it](crate::propagate::TextMapPropagator::needs_parent_span_id) write it.
    #[inline]
    pub fn parent_span_id(&self) -> SpanId {
        match &self.extra {
            None => SpanId::INVALID,
            Some(extra) => extra.parent_span_id,
        }
    }

    /// The same, with this id of the parent of the span it carries.
    #[must_use]
    pub fn with_parent_span_id(mut self, parent: SpanId) -> Self {
        if self.parent_span_id() != parent {
            Arc::make_mut(self.extra.get_or_insert_with(Arc::default)).parent_span_id = parent;
        }
        self
    }

    /// The value under this key.
    pub fn get(&self, key: ContextKey) -> Option<&ContextValue> {
        self.extra
            .as_ref()?
            .values
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// The same with this value under this key.
    #[must_use]
    pub fn with_value(mut self, key: ContextKey, value: ContextValue) -> Self {
        let extra = Arc::make_mut(self.extra.get_or_insert_with(Arc::default));
        match extra.values.iter_mut().find(|(known, _)| *known == key) {
            Some((_, slot)) => *slot = value,
            None => extra.values.push((key, value)),
        }
        self
    }

    /// Whether tracing is suppressed below: no span is recorded and nothing is injected.
    #[inline]
    pub const fn is_suppressed(&self) -> bool {
        self.marks.0 & SUPPRESSED != 0
    }

    /// The same, suppressing tracing or not.
    #[must_use]
    pub const fn with_suppressed(self, on: bool) -> Self {
        self.with_mark(SUPPRESSED, on)
    }

    /// Whether the received context carried no sampling decision.
    #[inline]
    pub const fn is_deferred(&self) -> bool {
        self.marks.0 & DEFERRED != 0
    }

    /// The same, marked as received without a sampling decision or not.
    #[must_use]
    pub const fn with_deferred(self, on: bool) -> Self {
        self.with_mark(DEFERRED, on)
    }

    /// Whether the sender asked for debugging (B3, Jaeger).
    #[inline]
    pub const fn is_debug(&self) -> bool {
        self.marks.0 & DEBUG != 0
    }

    /// The same, with the debug mark set or not.
    #[must_use]
    pub const fn with_debug(self, on: bool) -> Self {
        self.with_mark(DEBUG, on)
    }

    const fn with_mark(mut self, mark: u8, on: bool) -> Self {
        self.marks.0 = if on {
            self.marks.0 | mark
        } else {
            self.marks.0 & !mark
        };
        self
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self
            .extra
            .iter()
            .flat_map(|extra| extra.values.iter().map(|(key, _)| key.name));
        f.debug_struct("Context")
            .field("span_context", &self.span_context)
            .field("suppressed", &self.is_suppressed())
            .field("deferred", &self.is_deferred())
            .field("debug", &self.is_debug())
            .field("baggage", self.baggage())
            .field("values", &keys.collect::<Vec<_>>())
            .finish()
    }
}
