//! B3, the format of Zipkin: one header or several.

use super::{Getter, Setter, TextMapPropagator, ids};
use crate::{Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState, hex};
use alloc::{vec, vec::Vec};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";
/// The longest value: two ids, the decision and the parent, with dashes between them.
const LONGEST: usize = 32 + 1 + 16 + 1 + 1 + 1 + 16;

/// Reads and writes B3: the header `b3`, or `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled` and `x-b3-flags`.
///
/// Both are read, `b3` first, whichever is written. Trace ids of 64 bits are padded with zeros. A context that came
/// without a sampling decision is marked [deferred](Context::is_deferred), one that asks for debugging is
/// [sampled and marked](Context::is_debug), and written as such again. The parent's id is neither used nor written.
/// Neither are trace state and the random flag: B3 has no place for them.
///
/// ```
/// use spanline_core::{Context, propagate::{B3Propagator, TextMapPropagator}};
/// let carrier = [("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1")];
/// let context = B3Propagator::single().extract(Context::EMPTY, &carrier);
/// assert!(context.span_context().is_sampled());
/// let mut written = Vec::new();
/// B3Propagator::multi().inject(&context, &mut written);
/// assert_eq!(written[2], ("x-b3-sampled".to_string(), "1".to_string()));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct B3Propagator {
    multi: bool,
}

/// What is said of sampling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Deny,
    Accept,
    Debug,
    Deferred,
}

impl Decision {
    fn of(context: &Context) -> Self {
        if context.is_debug() {
            Self::Debug
        } else if context.is_deferred() {
            Self::Deferred
        } else if context.span_context().is_sampled() {
            Self::Accept
        } else {
            Self::Deny
        }
    }
}

impl B3Propagator {
    /// Writes the single header, `b3`.
    pub const fn single() -> Self {
        Self { multi: false }
    }

    /// Writes several headers, `x-b3-traceid` and so on.
    pub const fn multi() -> Self {
        Self { multi: true }
    }

    /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
    #[inline]
    pub fn inject_into<S: Setter + ?Sized>(self, context: &Context, carrier: &mut S) {
        let span = context.span_context();
        if !span.is_valid() || context.is_suppressed() {
            return;
        }
        let decision = Decision::of(context);
        if self.multi {
            write_several(span, decision, carrier);
            return;
        }
        let mut text = *b"00000000000000000000000000000000-0000000000000000-0";
        hex::write_lower(span.trace_id().as_bytes(), &mut text[..32]);
        hex::write_lower(span.span_id().as_bytes(), &mut text[33..49]);
        let written = match decision {
            Decision::Deferred => &text[..49],
            Decision::Deny => &text[..],
            Decision::Accept => {
                text[50] = b'1';
                &text[..]
            }
            Decision::Debug => {
                text[50] = b'd';
                &text[..]
            }
        };
        if let Ok(written) = core::str::from_utf8(written) {
            carrier.set(SINGLE, written);
        }
    }

    /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
    #[inline]
    pub fn extract_from<G: Getter + ?Sized>(context: Context, carrier: &G) -> Context {
        let single = ids::first(carrier, SINGLE, LONGEST).and_then(read_single);
        let Some((trace_id, span_id, decision)) = single.or_else(|| read_several(carrier)) else {
            return context;
        };
        let sampled = matches!(decision, Decision::Accept | Decision::Debug);
        let flags = TraceFlags::NONE.with_sampled(sampled);
        context
            .with_remote_span_context(SpanContext::new(
                trace_id,
                span_id,
                flags,
                true,
                TraceState::EMPTY,
            ))
            .with_debug(decision == Decision::Debug)
            .with_deferred(decision == Decision::Deferred)
    }
}

impl TextMapPropagator for B3Propagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        self.inject_into(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        Self::extract_from(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        match self.multi {
            false => vec![SINGLE],
            true => vec![TRACE_ID, SPAN_ID, SAMPLED, FLAGS],
        }
    }
}

fn write_several<S: Setter + ?Sized>(span: &SpanContext, decision: Decision, carrier: &mut S) {
    if let Ok(trace_id) = core::str::from_utf8(&span.trace_id().to_hex()) {
        carrier.set(TRACE_ID, trace_id);
    }
    if let Ok(span_id) = core::str::from_utf8(&span.span_id().to_hex()) {
        carrier.set(SPAN_ID, span_id);
    }
    match decision {
        Decision::Deferred => {}
        Decision::Deny => carrier.set(SAMPLED, "0"),
        Decision::Accept => carrier.set(SAMPLED, "1"),
        // Says that it is sampled, too.
        Decision::Debug => carrier.set(FLAGS, "1"),
    }
}

/// `trace-span`, and behind it a decision, a parent or both.
fn read_single(value: &[u8]) -> Option<(TraceId, SpanId, Decision)> {
    let mut parts = value.split(|&c| c == b'-');
    let trace_id = ids::trace_id(parts.next()?)?;
    let span_id = ids::span_id(parts.next()?)?;
    let decision = match (parts.next(), parts.next()) {
        (None, _) => Decision::Deferred,
        (Some(parent), None) if is_parent(parent) => Decision::Deferred,
        (Some(state), None) => read_state(state)?,
        (Some(state), Some(parent)) if is_parent(parent) => read_state(state)?,
        _ => return None,
    };
    parts.next().is_none().then_some((trace_id, span_id, decision))
}

fn read_state(state: &[u8]) -> Option<Decision> {
    match state {
        b"0" => Some(Decision::Deny),
        b"1" => Some(Decision::Accept),
        b"d" => Some(Decision::Debug),
        _ => None,
    }
}

fn is_parent(text: &[u8]) -> bool {
    SpanId::from_hex_any_case(text).is_some()
}

fn read_several<G: Getter + ?Sized>(carrier: &G) -> Option<(TraceId, SpanId, Decision)> {
    let trace_id = ids::first(carrier, TRACE_ID, 32).and_then(ids::trace_id)?;
    let span_id = ids::first(carrier, SPAN_ID, 16).and_then(ids::span_id)?;
    if ids::first(carrier, FLAGS, 1) == Some(b"1") {
        return Some((trace_id, span_id, Decision::Debug));
    }
    let decision = match carrier.get(SAMPLED) {
        None => Decision::Deferred,
        Some(_) => match ids::first(carrier, SAMPLED, 5)? {
            b"1" => Decision::Accept,
            b"0" => Decision::Deny,
            word if word.eq_ignore_ascii_case(b"true") => Decision::Accept,
            word if word.eq_ignore_ascii_case(b"false") => Decision::Deny,
            _ => return None,
        },
    };
    Some((trace_id, span_id, decision))
}
