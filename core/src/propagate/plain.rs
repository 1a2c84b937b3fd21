//! Ids in plain fields: the headers X-Trace-ID, X-Span-ID and X-Parent-ID, and the message properties trace_id, span_id
//! and parent_id.

use super::{Getter, Setter, TextMapPropagator, ids, token::is_token};
use crate::{Context, SpanContext, TraceFlags, TraceState};
use alloc::{borrow::Cow, vec, vec::Vec};

/// Reads and writes the headers `X-Trace-ID`, `X-Span-ID` and `X-Parent-ID`, or others of your names.
///
/// The trace id has 32 or 16 hex digits of either case or is a UUID, the span id has 16 digits. A field that is there
/// twice is none. The parent's id is written when it is known, and never read.
///
/// These headers say nothing about sampling: a context that is read is sampled and marked
/// [deferred](Context::is_deferred), so that parent-based samplers decide as they do for a root, and nobody outside can
/// force a trace to be recorded; see [`Self::deferred_as_root`]. Put it before `tracecontext` in a composite, so that
/// W3C's headers win where both are there.
///
/// ```
/// use spanline_core::{Context, propagate::{XTracePropagator, TextMapPropagator}};
/// let carrier = [("X-Trace-ID", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"), ("X-Span-ID", "00f067aa0ba902b7")];
/// let context = XTracePropagator::new().extract(Context::EMPTY, &carrier);
/// assert!(context.span_context().is_valid() && context.is_deferred());
/// let renamed = XTracePropagator::new().with_names("X-Request-Trace", "X-Request-Span", "X-Request-Parent").unwrap();
/// assert_eq!(renamed.fields(), ["X-Request-Trace", "X-Request-Span", "X-Request-Parent"]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XTracePropagator(Plain);

/// Reads and writes the message properties `trace_id`, `span_id` and `parent_id`.
///
/// As [`XTracePropagator`], but the names are compared exactly: message properties are no HTTP headers. Where the choice
/// is free, W3C's fields are better properties, as they carry the sampling decision.
///
/// ```
/// use spanline_core::{Context, propagate::{MessagingPropagator, TextMapPropagator}};
/// let message = [("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), ("span_id", "00f067aa0ba902b7")];
/// let context = MessagingPropagator::new().extract(Context::EMPTY, &message);
/// assert!(context.span_context().is_remote());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessagingPropagator(Plain);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Plain {
    trace_id: Cow<'static, str>,
    span_id: Cow<'static, str>,
    parent_id: Cow<'static, str>,
    /// Names are compared as they are spelt.
    exact: bool,
    deferred_as_root: bool,
}

impl XTracePropagator {
    /// The header of the trace id, by default.
    pub const TRACE_ID: &'static str = "X-Trace-ID";
    /// The header of the span id, by default.
    pub const SPAN_ID: &'static str = "X-Span-ID";
    /// The header of the id of the span's parent, by default.
    pub const PARENT_ID: &'static str = "X-Parent-ID";

    /// With the names `X-Trace-ID`, `X-Span-ID` and `X-Parent-ID`.
    pub const fn new() -> Self {
        Self(Plain::named(
            Self::TRACE_ID,
            Self::SPAN_ID,
            Self::PARENT_ID,
            false,
        ))
    }

    /// The same with these names of headers; they are read without regard to case and written as they are given. `None`
    /// when one of them cannot be the name of a header (letters, digits and ``!#$%&'*+-.^_`|~``), or when two of them are
    /// equal but for their case: nothing that is read or written with those would be right.
    pub fn with_names(
        mut self,
        trace_id: impl Into<Cow<'static, str>>,
        span_id: impl Into<Cow<'static, str>>,
        parent_id: impl Into<Cow<'static, str>>,
    ) -> Option<Self> {
        let (trace_id, span_id, parent_id) = (trace_id.into(), span_id.into(), parent_id.into());
        let names = [&trace_id, &span_id, &parent_id];
        let differ = |one: &str, other: &str| !one.eq_ignore_ascii_case(other);
        let is_good = names.iter().all(|name| is_token(name.as_bytes()))
            && differ(&trace_id, &span_id)
            && differ(&trace_id, &parent_id)
            && differ(&span_id, &parent_id);
        self.0.trace_id = trace_id;
        self.0.span_id = span_id;
        self.0.parent_id = parent_id;
        is_good.then_some(self)
    }
}

impl MessagingPropagator {
    /// With the names `trace_id`, `span_id` and `parent_id`.
    pub const fn new() -> Self {
        Self(Plain::named("trace_id", "span_id", "parent_id", true))
    }
}

macro_rules! plain {
    ($($name:ident),*) => {$(
        impl $name {
            /// Whether a context that is read is marked as one without a sampling decision, which parent-based samplers
            /// treat like a root; else it counts as sampled. Default: true.
            #[must_use]
            pub const fn deferred_as_root(mut self, on: bool) -> Self {
                self.0.deferred_as_root = on;
                self
            }

            /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
            #[inline]
            pub fn inject_into<S: Setter + ?Sized>(&self, context: &Context, carrier: &mut S) {
                self.0.inject(context, carrier);
            }

            /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
            #[inline]
            pub fn extract_from<G: Getter + ?Sized>(&self, context: Context, carrier: &G) -> Context {
                self.0.extract(context, carrier)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl TextMapPropagator for $name {
            fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
                self.0.inject(context, carrier);
            }

            fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
                self.0.extract(context, carrier)
            }

            fn fields(&self) -> Vec<&str> {
                vec![&self.0.trace_id, &self.0.span_id, &self.0.parent_id]
            }

            fn needs_parent_span_id(&self) -> bool {
                true
            }
        }
    )*};
}

plain!(XTracePropagator, MessagingPropagator);

impl Plain {
    const fn named(
        trace_id: &'static str,
        span_id: &'static str,
        parent_id: &'static str,
        exact: bool,
    ) -> Self {
        Self {
            trace_id: Cow::Borrowed(trace_id),
            span_id: Cow::Borrowed(span_id),
            parent_id: Cow::Borrowed(parent_id),
            exact,
            deferred_as_root: true,
        }
    }

    #[inline]
    fn inject<S: Setter + ?Sized>(&self, context: &Context, carrier: &mut S) {
        let span = context.span_context();
        if !span.is_valid() || context.is_suppressed() {
            return;
        }
        if let Ok(trace_id) = core::str::from_utf8(&span.trace_id().to_hex()) {
            carrier.set(&self.trace_id, trace_id);
        }
        if let Ok(span_id) = core::str::from_utf8(&span.span_id().to_hex()) {
            carrier.set(&self.span_id, span_id);
        }
        let parent = context.parent_span_id();
        if parent.is_valid()
            && let Ok(parent) = core::str::from_utf8(&parent.to_hex())
        {
            carrier.set(&self.parent_id, parent);
        }
    }

    #[inline]
    fn extract<G: Getter + ?Sized>(&self, context: Context, carrier: &G) -> Context {
        let trace_id = ids::only(carrier, &self.trace_id, self.exact, 36).and_then(ids::trace_id_or_uuid);
        let Some(trace_id) = trace_id else {
            return context;
        };
        let span_id = ids::only(carrier, &self.span_id, self.exact, 16).and_then(ids::span_id);
        let Some(span_id) = span_id else {
            return context;
        };
        let span = SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, true, TraceState::EMPTY);
        context
            .with_remote_span_context(span)
            .with_deferred(self.deferred_as_root)
    }
}
