//! Starting a span that foreign code has a say in.

use super::{Decided, Parent, Start, Under, without_lane, without_provider};
use crate::local::{self, Local};
use crate::processors::Operation;
use crate::provider::Shared;
use crate::span::Span;
use crate::{fork, guard};
use spanline_core::sample::{AttributeSource, Decision, SamplingRequest, SamplingResult};
use spanline_core::{Context, SpanContext, SpanId, TraceFlags, TraceId, Value};
use spanline_engine::{Anchor, Life, ParentOrigin};
use std::sync::Arc;

struct Attributes<'a>(&'a [(&'a str, Value<'a>)]);

impl AttributeSource for Attributes<'_> {
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for &(key, value) in self.0 {
            visit(key, value);
        }
    }
}

/// Starts a span for which foreign code has to be called: sampler, id generator, processors. Nothing is borrowed while
/// it runs.
#[cold]
pub(super) fn ask(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    let (shared, due) = match local::lane(provider, |lane, dice| {
        (lane.shared.clone(), lane.shared.is_watched() && lane.is_due(dice))
    }) {
        Ok(found) => found,
        Err(error) => return without_lane(local, provider, start, error),
    };
    let _timed = if due { shared.time(Operation::Start) } else { None };
    let given = match start.parent {
        Parent::Of(context) => context.clone(),
        Parent::Current | Parent::Root => local.context(),
    };
    if shared.is_shut_down() {
        // As without a provider; a span id of our own would be a parent that nobody ever sees.
        let parent = match start.parent {
            Parent::Root => ParentOrigin::None,
            _ => Under::of(&given, Anchor::default()).origin(),
        };
        let _ = local::lane(provider, |lane, _| {
            lane.producer.refuse(parent, Life::RefusedAfterShutdown);
        });
        return without_provider(local, start);
    }
    if given.is_suppressed() || shared.disabled {
        return without_provider(local, start);
    }
    let anchor = match start.parent {
        Parent::Current => local.head.get().anchor,
        _ => Anchor::default(),
    };
    // A root keeps baggage and values, but has no parent.
    let parent = match start.parent {
        Parent::Root => given.with_span(SpanContext::INVALID, None),
        _ => given,
    };
    // The debug mark is one of the parent's trace.
    let is_debug = parent.is_debug() && parent.span_context().is_valid();
    let parent = parent.with_debug(is_debug);
    let under = Under::of(&parent, anchor);
    let epoch = fork::current_epoch();
    let Some((trace_id, span_id, random)) = ids(&shared, &parent) else {
        return Span::none();
    };
    let result = decide(&shared, &parent, trace_id, random, start);
    let is_child = fork::current_epoch() != epoch;
    let trace_state = result.trace_state.unwrap_or_else(|| under.trace_state.clone());
    if result.decision == Decision::Drop && !is_child {
        let started = Life::started(under.origin(), Decision::Drop);
        let _ = local::lane(provider, |lane, _| lane.producer.count(started));
        let flags = TraceFlags::NONE.with_random(random);
        return Span::not_recording(
            SpanContext::new(trace_id, span_id, flags, false, trace_state),
            provider,
        );
    }
    if is_child {
        // The sampler forked, and this is the child: its parent records the span under these ids. Here it is a parent
        // of others only.
        let flags = TraceFlags::NONE
            .with_random(random)
            .with_sampled(result.decision == Decision::RecordAndSample);
        let context = SpanContext::new(trace_id, span_id, flags, false, trace_state);
        return Span::not_recording(context, provider);
    }
    let decided = Decided {
        trace_id,
        span_id,
        random,
        decision: result.decision,
        trace_state,
    };
    let opened = local::lane(provider, |lane, _| {
        let span = lane.open(&under, start, decided);
        if let Some(slot) = span.slot() {
            for attribute in &result.attributes {
                lane.producer
                    .engine()
                    .set(slot, 0, &attribute.key, attribute.value.as_value());
            }
        }
        span
    });
    let Ok(span) = opened else { return Span::none() };
    if span.is_recording() {
        for processor in &shared.processors {
            guard::foreign(&shared.caught, "processor", || processor.on_start(&span, &parent));
        }
    }
    span
}

/// The ids of a new span: the user's where there is a generator, else ours.
fn ids(shared: &Shared, parent: &Context) -> Option<(TraceId, SpanId, bool)> {
    let parent = parent.span_context();
    let own = local::lane(shared.id, |_, dice| {
        (dice.trace_id(shared.clock), dice.span_id(shared.clock))
    })
    .ok()?;
    let Some(generator) = &shared.id_generator else {
        return Some(match parent.is_valid() {
            true => (parent.trace_id(), own.1, parent.flags().is_random()),
            false => (own.0, own.1, true),
        });
    };
    let span_id = guard::foreign(&shared.caught, "id generator", || generator.span_id())
        .filter(|id| id.is_valid())
        .unwrap_or(own.1);
    if parent.is_valid() {
        return Some((parent.trace_id(), span_id, parent.flags().is_random()));
    }
    let made = guard::foreign(&shared.caught, "id generator", || {
        (generator.trace_id(), generator.is_random())
    })
    .filter(|(id, _)| id.is_valid());
    let (trace_id, random) = made.unwrap_or((own.0, true));
    Some((trace_id, span_id, random))
}

fn decide(
    shared: &Arc<Shared>,
    parent: &Context,
    trace_id: TraceId,
    random: bool,
    start: &Start<'_>,
) -> SamplingResult {
    let attributes = Attributes(start.attributes);
    let request = SamplingRequest::new(
        parent,
        trace_id,
        random,
        start.name,
        start.kind,
        &attributes,
        start.links,
    );
    let mut request = request.with_now(shared.clock.monotonic());
    if let Ok(bits) = local::lane(shared.id, |_, dice| dice.next_u64(shared.clock)) {
        request = request.with_random(bits);
    }
    guard::foreign(&shared.caught, "sampler", || {
        shared.sampler.should_sample(&request)
    })
    .unwrap_or(SamplingResult::of(Decision::Drop))
}
