//! How a span begins: parent, sampling decision, ids, slot (OpenTelemetry SDK "Span creation").

use crate::clock::Clock;
use crate::frame::Head;
use crate::local::{self, Dice, Lane, Local, NoLane};
use crate::processors::Operation;
use crate::provider::{calls, registry};
use crate::scope::Scope;
use crate::span::Span;
use spanline_core::sample::{Decision, Plan, Quick};
use spanline_core::{Context, Link, SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState, Value};
use spanline_engine::{Anchor, Life, NewSpan, ParentOrigin, StartTime};
use std::sync::atomic::Ordering;

mod ask;
use ask::ask;

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

/// What a new span needs to know of its parent.
struct Under {
    trace_id: TraceId,
    /// Invalid for a root.
    span_id: SpanId,
    flags: TraceFlags,
    remote: bool,
    /// Of the local root, when the parent is in this process; `raw` 0 for none.
    anchor: Anchor,
    trace_state: TraceState,
}

impl Under {
    const ROOT: Self = Self {
        trace_id: TraceId::INVALID,
        span_id: SpanId::INVALID,
        flags: TraceFlags::NONE,
        remote: false,
        anchor: Anchor { raw: 0, unix_nano: 0 },
        trace_state: TraceState::EMPTY,
    };

    #[inline]
    fn current(local: &Local, head: &Head) -> Self {
        if !head.has_span() {
            return Self::ROOT;
        }
        Self {
            trace_id: head.trace_id(),
            span_id: head.span_id,
            flags: head.flags,
            remote: head.is_remote(),
            anchor: head.anchor,
            trace_state: local.trace_state(head),
        }
    }

    fn of(context: &Context, anchor: Anchor) -> Self {
        let span = context.span_context();
        if !span.is_valid() {
            return Self::ROOT;
        }
        Self {
            trace_id: span.trace_id(),
            span_id: span.span_id(),
            flags: span.flags(),
            remote: span.is_remote(),
            anchor,
            trace_state: span.trace_state().clone(),
        }
    }

    #[inline]
    fn exists(&self) -> bool {
        self.span_id.is_valid()
    }

    fn origin(&self) -> ParentOrigin {
        match (self.exists(), self.remote) {
            (false, _) => ParentOrigin::None,
            (true, false) => ParentOrigin::Local,
            (true, true) => ParentOrigin::Remote,
        }
    }
}

/// Starts a span the usual way: below the current one of this process, at this moment, where the plan alone decides
/// and nothing but the head is carried on. Gives its head. `None`, and nothing was done, where more has to be looked
/// at: see [`slow`].
///
/// Inlined, and without anything that has to be dropped: what a span costs that is not sampled is little more than the
/// instructions of this function.
#[inline(always)]
pub(crate) fn quick(local: &Local, provider: u32, start: Start<'_>) -> Option<Head> {
    let head = local.head.get();
    let is_usual = matches!(start.parent, Parent::Current) && start.start_time.is_none();
    if !is_usual || !head.is_plain() || head.provider != provider {
        return None;
    }
    let child = local::lane(provider, |lane, dice| {
        let answer = match head.flags.is_sampled() {
            true => &lane.shared.plan.local_sampled,
            false => &lane.shared.plan.local_not_sampled,
        };
        lane.quick(dice, &head, *answer, ParentOrigin::Local, start)
    });
    child.unwrap_or(None)
}

/// As [`quick`] where nothing is current: the span begins a trace.
fn quick_root(local: &Local, provider: u32, start: &Start<'_>) -> Option<Head> {
    let head = local.head.get();
    let is_usual = matches!(start.parent, Parent::Current) && start.start_time.is_none();
    if !is_usual || !head.is_empty() {
        return None;
    }
    let root = local::lane(provider, |lane, dice| {
        let answer = lane.shared.plan.root;
        if !matches!(answer, Quick::Sample | Quick::Drop) {
            return None;
        }
        let above = head.above_root(dice.trace_id(lane.shared.clock), provider);
        lane.quick(dice, &above, answer, ParentOrigin::None, *start)
    });
    root.unwrap_or(None)
}

/// Starts a span of this provider.
#[inline]
pub(crate) fn start(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    match quick(local, provider, *start) {
        Some(head) => Span::of_head(&head),
        None => slow(local, provider, start),
    }
}

/// As [`slow`], and makes the span current.
#[inline(never)]
pub(crate) fn enter(provider: u32, start: &Start<'_>) -> Scope {
    let root = local::with(|local| {
        let root = quick_root(local, provider, start)?;
        Some((local.attach_head(root), root))
    });
    match root {
        Some((attached, root)) => Scope::of(attached, Span::of_head(&root)),
        None => Scope::below(start.parent, local::with(|local| slow(local, provider, start))),
    }
}

/// Starts a span of this provider, whatever has to be looked at for it.
#[inline(never)]
fn slow(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    let head = local.head.get();
    if head.is_between() {
        return without_lane(local, provider, start, NoLane::Reentrant);
    }
    let under = match start.parent {
        Parent::Current if !head.is_special() => Under::current(local, &head),
        Parent::Root if !head.is_special() => Under::ROOT,
        Parent::Of(context) if !(context.is_suppressed() || context.is_deferred()) => {
            Under::of(context, Anchor::default())
        }
        _ => return ask(local, provider, start),
    };
    match local::lane(provider, |lane, dice| lane.start(dice, under, start)) {
        Ok(Some(span)) => span,
        Ok(None) => ask(local, provider, start),
        Err(error) => without_lane(local, provider, start, error),
    }
}

#[cold]
fn without_lane(local: &Local, provider: u32, start: &Start<'_>, error: NoLane) -> Span {
    match error {
        NoLane::Gone => match registry::with_disabled_scope(provider) {
            Some(provider) => of_disabled_scope(local, provider, start),
            None => without_provider(local, start),
        },
        NoLane::Dead | NoLane::Reentrant => {
            let parent = match start.parent {
                Parent::Root => ParentOrigin::None,
                Parent::Of(context) => Under::of(context, Anchor::default()).origin(),
                Parent::Current => origin(&local.head.get()),
            };
            let lives = [Life::started(parent, Decision::Drop), Life::RefusedReentrant];
            local::count_outside(provider, &lives);
            without_provider(local, start)
        }
    }
}

/// Where the parent of a span below this head is; touches nothing that may be in use.
fn origin(head: &Head) -> ParentOrigin {
    match (head.has_span(), head.is_remote()) {
        (false, _) => ParentOrigin::None,
        (true, false) => ParentOrigin::Local,
        (true, true) => ParentOrigin::Remote,
    }
}

/// The span of a provider that is gone or switched off: the parent's context goes on, nothing is recorded.
#[cold]
fn without_provider(local: &Local, start: &Start<'_>) -> Span {
    Span::propagating(carried_on(local, start))
}

/// The span of a scope that makes none. What is started below it belongs to the provider and stands in time as if this
/// span were not there.
#[cold]
fn of_disabled_scope(local: &Local, provider: u32, start: &Start<'_>) -> Span {
    let anchor = match start.parent {
        Parent::Current => local.head.get().anchor,
        Parent::Root | Parent::Of(_) => Anchor::default(),
    };
    Span::passed_over(carried_on(local, start), provider, anchor)
}

/// The context of the span that a new one would be below.
fn carried_on(local: &Local, start: &Start<'_>) -> SpanContext {
    match start.parent {
        Parent::Root => SpanContext::INVALID,
        Parent::Of(context) => context.span_context().clone(),
        Parent::Current => local.context().span_context().clone(),
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

/// Now, placed by the anchor of the local root; and that anchor. A local root takes one itself.
#[inline(always)]
fn start_time(clock: &Clock, anchor: &Anchor) -> (Anchor, Anchor) {
    if anchor.raw == 0 {
        let now = clock.anchor();
        return (now, now);
    }
    let raw = clock.now_raw();
    let unix_nano = clock.at(anchor, raw);
    (Anchor { raw, unix_nano }, *anchor)
}

/// The plan's answer for a span below such a parent.
#[inline(always)]
fn planned(plan: &Plan, has_parent: bool, remote: bool, flags: TraceFlags) -> &Quick {
    match (has_parent, remote, flags.is_sampled()) {
        (false, ..) => &plan.root,
        (true, false, true) => &plan.local_sampled,
        (true, false, false) => &plan.local_not_sampled,
        (true, true, true) => &plan.remote_sampled,
        (true, true, false) => &plan.remote_not_sampled,
    }
}

impl Lane {
    /// See [`quick`].
    #[inline(always)]
    fn quick(
        &mut self,
        dice: &mut Dice<'_>,
        head: &Head,
        answer: Quick,
        parent: ParentOrigin,
        start: Start<'_>,
    ) -> Option<Head> {
        let shared = &*self.shared;
        match answer {
            Quick::Drop if shared.calls.load(Ordering::Relaxed) == 0 => {
                let span_id = dice.span_id(shared.clock);
                self.producer.count(Life::started(parent, Decision::Drop));
                Some(head.unrecorded_child(span_id))
            }
            Quick::Sample if shared.calls.load(Ordering::Relaxed) == 0 => {
                let span_id = dice.span_id(shared.clock);
                Some(self.open_quick(head, span_id, parent, start))
            }
            _ => None,
        }
    }

    /// Opens the slot of a span that [`Self::quick`] has drawn.
    #[inline(always)]
    fn open_quick(&mut self, head: &Head, span_id: SpanId, parent: ParentOrigin, start: Start<'_>) -> Head {
        let clock = self.shared.clock;
        let (time, anchor) = start_time(clock, &head.anchor);
        let new = NewSpan {
            trace_id: head.trace_id(),
            span_id,
            flags: head.flags.with_sampled(true),
            parent_span_id: head.span_id,
            parent,
            trace_state: TraceState::EMPTY,
            scope: start.scope,
            name: start.name,
            kind: start.kind,
            start: StartTime::Clock(time),
            sampled: true,
        };
        match self.producer.open(&new, start.attributes, start.links) {
            Some(slot) => head.recorded_child(span_id, slot, anchor),
            None => head.unrecorded_child(span_id),
        }
    }

    /// Starts a span when nobody has to be asked. `None`: the sampler, the id generator or a processor must be called,
    /// and foreign code is never called in here.
    fn start(&mut self, dice: &mut Dice<'_>, under: Under, start: &Start<'_>) -> Option<Span> {
        match self.shared.calls.load(Ordering::Relaxed) {
            0 => self.start_planned(dice, under, start),
            calls::TIMED => self.start_watched(dice, under, start),
            _ => None,
        }
    }

    /// As [`Self::start_planned`], timed now and then.
    #[cold]
    fn start_watched(&mut self, dice: &mut Dice<'_>, under: Under, start: &Start<'_>) -> Option<Span> {
        if !self.is_due(dice) {
            return self.start_planned(dice, under, start);
        }
        let shared = self.shared.clone();
        let _timed = shared.time(Operation::Start);
        self.start_planned(dice, under, start)
    }

    /// Starts a span where no foreign code sees all of them.
    #[inline]
    fn start_planned(&mut self, dice: &mut Dice<'_>, under: Under, start: &Start<'_>) -> Option<Span> {
        let shared = &*self.shared;
        let quick = *planned(&shared.plan, under.exists(), under.remote, under.flags);
        let (trace_id, random) = match under.exists() {
            true => (under.trace_id, under.flags.is_random()),
            // New trace ids of the built-in generator are random.
            false => (dice.trace_id(shared.clock), true),
        };
        let decision = match quick {
            Quick::Sample => Decision::RecordAndSample,
            Quick::Drop => Decision::Drop,
            Quick::Threshold(threshold) if !threshold.keeps(trace_id.randomness()) => Decision::Drop,
            Quick::Threshold(_) | Quick::Ask => return None,
        };
        let span_id = dice.span_id(shared.clock);
        if decision == Decision::Drop {
            self.producer.count(Life::started(under.origin(), Decision::Drop));
            let flags = TraceFlags::NONE.with_random(random);
            let context = SpanContext::new(trace_id, span_id, flags, false, under.trace_state);
            return Some(Span::not_recording(context, shared.id));
        }
        let trace_state = under.trace_state.clone();
        let decided = Decided {
            trace_id,
            span_id,
            random,
            decision,
            trace_state,
        };
        Some(self.open(&under, start, decided))
    }

    /// Opens the slot of a span that is to be recorded.
    fn open(&mut self, under: &Under, start: &Start<'_>, decided: Decided) -> Span {
        let clock = self.shared.clock;
        let (time, anchor) = match start.start_time {
            Some(given) => (StartTime::Given(given), under.anchor),
            None => {
                let (now, anchor) = start_time(clock, &under.anchor);
                (StartTime::Clock(now), anchor)
            }
        };
        let sampled = decided.decision == Decision::RecordAndSample;
        let flags = TraceFlags::NONE.with_random(decided.random).with_sampled(sampled);
        let new = NewSpan {
            trace_id: decided.trace_id,
            span_id: decided.span_id,
            flags,
            parent_span_id: under.span_id,
            parent: under.origin(),
            trace_state: decided.trace_state.clone(),
            scope: start.scope,
            name: start.name,
            kind: start.kind,
            start: time,
            sampled,
        };
        let id = self.shared.id;
        let opened = self.producer.open(&new, start.attributes, start.links);
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
