//! Parents and links of what processes messages.

use crate::{context, propagation};
use spanline_core::propagate::Getter;
use spanline_core::{Context, Link, SpanContext};

/// What one message gives.
pub(super) struct Received {
    /// What is to be current: its span is the parent.
    pub(super) base: Context,
    /// What is linked.
    pub(super) link: Option<SpanContext>,
}

/// Whether messages carry context.
pub(super) fn is_on() -> bool {
    propagation::with_options(|options| options.propagate.messaging).unwrap_or(true)
}

/// One message.
pub(super) fn one(message: &dyn Getter) -> Received {
    let ambient = context::current();
    if !is_on() {
        return Received {
            base: ambient,
            link: None,
        };
    }
    let links_only = propagation::with_options(|options| options.links_only).unwrap_or(false);
    let above = ambient.span_context();
    let carried = read(&ambient, message);
    let found = carried.span_context().is_valid();
    // The message may have been sent below the span that is current here: a parent is not linked, too.
    let is_above = is_same(carried.span_context(), above);
    if found && !links_only {
        return Received {
            link: Some(above.clone()).filter(|above| above.is_valid() && !is_above),
            base: carried,
        };
    }
    // Baggage and values of the message count in any case.
    Received {
        link: (found && !is_above).then(|| carried.span_context().clone()),
        base: carried
            .with_span(above.clone(), ambient.span_handle())
            .with_debug(ambient.is_debug())
            .with_deferred(ambient.is_deferred()),
    }
}

/// Whether both are of one span.
fn is_same(one: &SpanContext, other: &SpanContext) -> bool {
    one.trace_id() == other.trace_id() && one.span_id() == other.span_id()
}

/// The span contexts of those that have one, in their order.
pub(super) fn several<C: Getter>(messages: impl Iterator<Item = C>) -> Vec<SpanContext> {
    if !is_on() {
        messages.for_each(drop);
        return Vec::new();
    }
    messages.filter_map(|message| context_of(&message)).collect()
}

/// The span context that a message carries.
pub(super) fn context_of(message: &dyn Getter) -> Option<SpanContext> {
    let carried = read(&Context::EMPTY, message);
    Some(carried.span_context().clone()).filter(SpanContext::is_valid)
}

/// This context with what the message carries in place of its span.
fn read(ambient: &Context, message: &dyn Getter) -> Context {
    let blank = ambient
        .clone()
        .with_span(SpanContext::INVALID, None)
        .with_debug(false);
    propagation::extract_into(blank, message)
}

pub(super) fn plain_link(context: &SpanContext) -> Link<'_> {
    Link {
        context,
        attributes: &[],
    }
}
