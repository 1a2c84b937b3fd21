//! How a span begins: parent, sampling decision, ids, slot (OpenTelemetry SDK "Span creation").

use crate::guard;
use crate::local::{self, Dice, Frame, Lane, Local, NoLane};
use crate::provider::Shared;
use crate::span::{CurrentSpan, Span};
use spanline_core::sample::{AttributeSource, Decision, Quick, SamplingRequest, SamplingResult};
use spanline_core::{Context, Link, SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState, Value};
use spanline_engine::{Anchor, Life, NewSpan, SpanRef, StartTime};
use std::sync::Arc;

/// Which span a new one belongs under.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Parent<'a> {
    /// The current one.
    #[default]
    Current,
    /// None: a new trace.
    Root,
    /// The one in this context.
    Of(&'a Context),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: SpanKind,
    pub(crate) parent: Parent<'a>,
    pub(crate) scope: u16,
    pub(crate) attributes: &'a [(&'a str, Value<'a>)],
    pub(crate) links: &'a [Link<'a>],
    /// Nanoseconds since the Unix epoch; the clock's now when not given.
    pub(crate) start_time: Option<u64>,
}

struct Attributes<'a>(&'a [(&'a str, Value<'a>)]);

impl AttributeSource for Attributes<'_> {
    fn visit(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for &(key, value) in self.0 {
            visit(key, value);
        }
    }
}

/// Starts a span of this provider.
#[inline]
pub(crate) fn start(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    let quick = local.frame(|frame| {
        let (context, anchor) = match start.parent {
            Parent::Current | Parent::Root => (&frame.context, frame.anchor),
            Parent::Of(context) => (context, Anchor::default()),
        };
        local.lane(provider, |lane, dice| lane.start(dice, context, anchor, start))
    });
    match quick {
        Some(Ok(Some(span))) => span,
        Some(Ok(None)) => ask(local, provider, start),
        Some(Err(NoLane::Gone)) => without_provider(local, start),
        Some(Err(NoLane::Reentrant)) | None => {
            local::count_outside(provider, &[Life::RefusedReentrant]);
            Span::none()
        }
    }
}

/// The span of a provider that is gone or switched off: the parent's context goes on, nothing is recorded.
#[cold]
fn without_provider(local: &Local, start: &Start<'_>) -> Span {
    let context = parent_context(local, start).0;
    Span::propagating(match start.parent {
        Parent::Root => SpanContext::INVALID,
        _ => context.span_context().clone(),
    })
}

fn parent_context(local: &Local, start: &Start<'_>) -> (Context, Anchor) {
    match start.parent {
        Parent::Of(context) => (context.clone(), Anchor::default()),
        _ => local
            .frame(|frame| (frame.context.clone(), frame.anchor))
            .unwrap_or_default(),
    }
}

/// Ids and decision of a span to be.
struct Decided {
    trace_id: TraceId,
    span_id: SpanId,
    random: bool,
    decision: Decision,
    trace_state: TraceState,
}

impl Lane {
    /// Starts a span when nobody has to be asked. `None`: the sampler, the id generator or a processor must be called,
    /// and foreign code is never called in here.
    #[inline]
    fn start(
        &mut self,
        dice: &mut Dice<'_>,
        context: &Context,
        anchor: Anchor,
        start: &Start<'_>,
    ) -> Option<Span> {
        let shared = &*self.shared;
        if shared.needs_calls || context.is_suppressed() || context.is_deferred() {
            return None;
        }
        let parent = context.span_context();
        let has_parent = parent.is_valid() && !matches!(start.parent, Parent::Root);
        let plan = &shared.plan;
        let quick = match (has_parent, parent.is_remote(), parent.is_sampled()) {
            (false, ..) => plan.root,
            (true, false, true) => plan.local_sampled,
            (true, false, false) => plan.local_not_sampled,
            (true, true, true) => plan.remote_sampled,
            (true, true, false) => plan.remote_not_sampled,
        };
        let trace_id = if has_parent {
            parent.trace_id()
        } else {
            dice.trace_id(shared.clock)
        };
        let sampled = match quick {
            Quick::Sample => true,
            Quick::Drop => false,
            // New trace ids of the built-in generator are random.
            Quick::Threshold(threshold) if !threshold.keeps(trace_id.randomness()) => false,
            Quick::Threshold(_) | Quick::Ask => return None,
        };
        let span_id = dice.span_id(shared.clock);
        let random = if has_parent {
            parent.flags().is_random()
        } else {
            true
        };
        let trace_state = if has_parent {
            parent.trace_state().clone()
        } else {
            TraceState::EMPTY
        };
        if !sampled {
            self.producer.count(Life::SampledOut);
            let flags = TraceFlags::NONE.with_random(random);
            let context = SpanContext::new(trace_id, span_id, flags, false, trace_state);
            return Some(Span::not_recording(context, shared.id));
        }
        let decided = Decided {
            trace_id,
            span_id,
            random,
            decision: Decision::RecordAndSample,
            trace_state,
        };
        Some(self.open(context, anchor, start, decided))
    }

    /// Opens the slot of a span that is to be recorded.
    #[inline]
    fn open(&mut self, context: &Context, anchor: Anchor, start: &Start<'_>, decided: Decided) -> Span {
        let parent = context.span_context();
        let has_parent = parent.is_valid() && !matches!(start.parent, Parent::Root);
        let clock = self.shared.clock;
        let is_local_child = has_parent && !parent.is_remote() && anchor.raw != 0;
        let (time, anchor) = match start.start_time {
            Some(given) => (
                StartTime::Given(given),
                if is_local_child { anchor } else { Anchor::default() },
            ),
            None if is_local_child => {
                let raw = clock.now_raw();
                let unix_nano = clock.at(&anchor, raw);
                (StartTime::Clock(Anchor { raw, unix_nano }), anchor)
            }
            None => {
                let now = clock.anchor();
                (StartTime::Clock(now), now)
            }
        };
        let sampled = decided.decision == Decision::RecordAndSample;
        let flags = TraceFlags::NONE.with_random(decided.random).with_sampled(sampled);
        let new = NewSpan {
            trace_id: decided.trace_id,
            span_id: decided.span_id,
            flags,
            parent_span_id: if has_parent {
                parent.span_id()
            } else {
                SpanId::INVALID
            },
            parent_is_remote: has_parent && parent.is_remote(),
            trace_state: decided.trace_state.clone(),
            scope: start.scope,
            name: start.name,
            kind: start.kind,
            start: time,
            sampled,
        };
        let id = self.shared.id;
        let opened = self.producer.open(new, start.attributes, start.links);
        let flags = if opened.is_some() {
            flags
        } else {
            flags.with_sampled(false)
        };
        let context = SpanContext::new(
            decided.trace_id,
            decided.span_id,
            flags,
            false,
            decided.trace_state,
        );
        match opened {
            Some(span) => Span::recording(context, id, span, anchor),
            None => Span::not_recording(context, id),
        }
    }
}

/// Starts a span for which foreign code has to be called: sampler, id generator, processors. Nothing is borrowed while
/// it runs.
#[cold]
fn ask(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    let Ok(shared) = local.lane(provider, |lane, _| lane.shared.clone()) else {
        local::count_outside(provider, &[Life::RefusedReentrant]);
        return Span::none();
    };
    let (context, anchor) = parent_context(local, start);
    if context.is_suppressed() || shared.disabled {
        return without_provider(local, start);
    }
    let root = Context::EMPTY;
    let parent = if matches!(start.parent, Parent::Root) {
        &root
    } else {
        &context
    };
    let has_parent = parent.span_context().is_valid();
    let Some((trace_id, span_id, random)) = ids(local, &shared, parent) else {
        return Span::none();
    };
    let result = decide(local, &shared, parent, trace_id, random, start);
    let inherited = || {
        if has_parent {
            parent.span_context().trace_state().clone()
        } else {
            TraceState::EMPTY
        }
    };
    let decided = Decided {
        trace_id,
        span_id,
        random,
        decision: result.decision,
        trace_state: result.trace_state.unwrap_or_else(inherited),
    };
    if decided.decision == Decision::Drop {
        let _ = local.lane(provider, |lane, _| lane.producer.count(Life::SampledOut));
        let flags = TraceFlags::NONE.with_random(random);
        let context = SpanContext::new(trace_id, span_id, flags, false, decided.trace_state);
        return Span::not_recording(context, provider);
    }
    let opened = local.lane(provider, |lane, _| {
        let span = lane.open(parent, anchor, start, decided);
        if let Some(handle) = span.slot() {
            for attribute in &result.attributes {
                lane.producer
                    .engine()
                    .set(handle, 0, &attribute.key, attribute.value.as_value());
            }
        }
        span
    });
    let Ok(span) = opened else { return Span::none() };
    if span.is_recording() {
        for processor in &shared.processors {
            guard::foreign(&shared.caught, "processor", || {
                processor.on_start(&span, &context)
            });
        }
    }
    span
}

/// The ids of a new span: the user's where there is a generator, else ours.
fn ids(local: &Local, shared: &Shared, parent: &Context) -> Option<(TraceId, SpanId, bool)> {
    let parent = parent.span_context();
    let own = local
        .lane(shared.id, |_, dice| {
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
    local: &Local,
    shared: &Arc<Shared>,
    parent: &Context,
    trace_id: TraceId,
    random: bool,
    start: &Start<'_>,
) -> SamplingResult {
    let attributes = Attributes(start.attributes);
    let mut request = SamplingRequest::new(
        parent,
        trace_id,
        random,
        start.name,
        start.kind,
        &attributes,
        start.links,
    );
    if !random && let Ok(bits) = local.lane(shared.id, |_, dice| dice.next_u64(shared.clock)) {
        request = request.with_random(bits);
    }
    guard::foreign(&shared.caught, "sampler", || {
        shared.sampler.should_sample(&request)
    })
    .unwrap_or(SamplingResult::of(Decision::Drop))
}

/// Makes a span current: the frame of what it carries, given the frame before.
#[inline]
pub(crate) fn frame_of(before: &Frame, span: &CurrentSpan) -> Frame {
    Frame {
        context: before
            .context
            .clone()
            .with_span(span.context().clone(), span.slot().map(SpanRef::handle)),
        provider: span.provider(),
        anchor: span.anchor(),
        depth: before.depth + 1,
    }
}
