//! W3C Trace Context: `traceparent` and `tracestate`.

use super::{Getter, Setter, TextMapPropagator, TraceParent, values::Values};
use crate::{Context, SpanContext, TraceState};
use alloc::{vec, vec::Vec};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Reads and writes `traceparent` and `tracestate` (W3C Trace Context level 2).
///
/// A carrier with two values of `traceparent`, even equal ones, has none. `tracestate` is looked at only beside a
/// valid `traceparent`; several are joined; an invalid one is dropped and the ids are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceContextPropagator;

impl TraceContextPropagator {
    /// The propagator; it has no options.
    pub const fn new() -> Self {
        Self
    }

    /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
    #[inline]
    pub fn inject_into<S: Setter + ?Sized>(context: &Context, carrier: &mut S) {
        let span = context.span_context();
        let Some(parent) = TraceParent::new(span.trace_id(), span.span_id(), span.flags()) else {
            return;
        };
        if context.is_suppressed() {
            return;
        }
        if let Ok(text) = core::str::from_utf8(&parent.format()) {
            carrier.set(TRACEPARENT, text);
        }
        if !span.trace_state().is_empty() {
            carrier.set(TRACESTATE, span.trace_state().as_str());
        }
    }

    /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
    #[inline]
    pub fn extract_from<G: Getter + ?Sized>(context: Context, carrier: &G) -> Context {
        match read(carrier) {
            Some(span_context) => context.with_remote_span_context(span_context),
            None => context,
        }
    }
}

impl TextMapPropagator for TraceContextPropagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        Self::inject_into(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        Self::extract_from(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

#[inline]
fn read<G: Getter + ?Sized>(carrier: &G) -> Option<SpanContext> {
    let mut values = Values::None;
    carrier.get_all(TRACEPARENT, &mut |value| values.add(value));
    let Values::One(value) = values else {
        return None;
    };
    let parent = TraceParent::parse(value)?;
    let mut values = Values::None;
    carrier.get_all(TRACESTATE, &mut |value| values.add(value));
    let trace_state = match values {
        Values::None => TraceState::EMPTY,
        Values::One(value) => TraceState::parse(value).unwrap_or_default(),
        Values::Many(joined) => TraceState::parse(&joined).unwrap_or_default(),
    };
    let (trace_id, span_id, flags) = (parent.trace_id(), parent.span_id(), parent.flags());
    Some(SpanContext::new(trace_id, span_id, flags, true, trace_state))
}
