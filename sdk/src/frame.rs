//! What is current on a thread: a small head that is copied, and behind it what only some contexts carry.

use crate::local::{self, Local};
use crate::log;
use crate::span::CurrentSpan;
use spanline_core::{Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use spanline_engine::{Anchor, SpanRef, StartTime};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

mod cell;
pub(crate) use cell::HeadCell;

/// The part of the current context that every span changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// The trace id's bytes, as words: bytes would be copied in odd pieces, and reading them back whole would wait.
    trace: [u64; 2],
    pub(crate) span_id: SpanId,
    /// The anchor of the current span's local root; `raw` 0 for none.
    pub(crate) anchor: Anchor,
    /// Where it is recorded.
    pub(crate) slot: Option<SpanRef>,
    /// The provider of the current span; 0 for none.
    pub(crate) provider: u32,
    /// How many frames lie below; tells a detach in the wrong order.
    depth: u16,
    pub(crate) flags: TraceFlags,
    bits: u8,
}

const REMOTE: u8 = 1;
const SUPPRESSED: u8 = 2;
const DEFERRED: u8 = 4;
const DEBUG: u8 = 8;
/// There is a trace state, baggage or a value: see [`Local::carried`].
const CARRIES: u8 = 16;
/// The ids are those of a span.
const HAS_SPAN: u8 = 32;
/// Nothing is known: the head is being replaced, and this is a signal handler.
const BETWEEN: u8 = 64;

impl Head {
    pub(crate) const EMPTY: Self = Self {
        trace: [0; 2],
        span_id: SpanId::INVALID,
        anchor: Anchor { raw: 0, unix_nano: 0 },
        slot: None,
        provider: 0,
        depth: 0,
        flags: TraceFlags::NONE,
        bits: 0,
    };

    /// What a signal handler sees of a head that is being replaced.
    const BETWEEN: Self = Self {
        bits: BETWEEN,
        ..Self::EMPTY
    };

    /// The head of a context that came by value; what its span knows is looked up.
    pub(crate) fn of(context: &Context) -> Self {
        let slot = context.span_handle().and_then(SpanRef::from_handle);
        let anchor = slot.map_or(Anchor::default(), anchor_of);
        Self::at(context, slot, anchor, slot.map_or(0, SpanRef::owner))
    }

    /// The head of a context of whose span this is known.
    fn at(context: &Context, slot: Option<SpanRef>, anchor: Anchor, provider: u32) -> Self {
        let span = context.span_context();
        Self {
            trace: words(span.trace_id()),
            span_id: span.span_id(),
            anchor,
            slot,
            provider,
            depth: 0,
            flags: span.flags(),
            bits: Self::marks(context),
        }
    }

    fn marks(context: &Context) -> u8 {
        let span = context.span_context();
        let bit = |on: bool, bit: u8| if on { bit } else { 0 };
        bit(span.is_remote(), REMOTE)
            | bit(context.is_suppressed(), SUPPRESSED)
            | bit(context.is_deferred(), DEFERRED)
            | bit(context.is_debug(), DEBUG)
            | bit(span.is_valid(), HAS_SPAN)
            | bit(context.carries_more() || !span.trace_state().is_empty(), CARRIES)
    }

    #[inline(always)]
    pub(crate) fn trace_id(&self) -> TraceId {
        let [low, high] = self.trace;
        TraceId::from_bytes((u128::from(high) << 64 | u128::from(low)).to_ne_bytes())
    }

    #[inline]
    pub(crate) fn has_span(&self) -> bool {
        self.bits & HAS_SPAN != 0
    }

    #[inline]
    pub(crate) fn is_remote(&self) -> bool {
        self.bits & REMOTE != 0
    }

    /// Whether this is no head at all, but a signal handler's look at one that is being replaced.
    #[inline]
    pub(crate) fn is_between(&self) -> bool {
        self.bits & BETWEEN != 0
    }

    /// Whether a span below needs more than a look at this head: tracing is suppressed, or no decision was received.
    #[inline]
    pub(crate) fn is_special(&self) -> bool {
        self.bits & (SUPPRESSED | DEFERRED) != 0
    }

    /// Whether this is the head of a span of this process, and all that a span below needs.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.bits & (HAS_SPAN | REMOTE | SUPPRESSED | DEFERRED | CARRIES | BETWEEN) == HAS_SPAN
    }

    /// Whether no span is current, and nothing else.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.bits & (HAS_SPAN | SUPPRESSED | DEFERRED | CARRIES | BETWEEN) == 0
    }

    /// What a root of this trace is a child of: a span without an id.
    pub(crate) fn above_root(&self, trace_id: TraceId, provider: u32) -> Self {
        Self {
            trace: words(trace_id),
            provider,
            depth: self.depth,
            // New trace ids of the built-in generator are random.
            flags: TraceFlags::RANDOM,
            // The debug mark is one of another trace.
            bits: HAS_SPAN,
            ..Self::EMPTY
        }
    }

    /// The head of a span below a plain one that is not recorded.
    #[inline(always)]
    pub(crate) fn unrecorded_child(&self, span_id: SpanId) -> Self {
        Self {
            trace: self.trace,
            span_id,
            anchor: Anchor { raw: 0, unix_nano: 0 },
            slot: None,
            provider: self.provider,
            depth: self.depth.wrapping_add(1),
            flags: self.flags.with_sampled(false),
            bits: self.bits,
        }
    }

    /// The head of a span below a plain one that is recorded.
    #[inline(always)]
    pub(crate) fn recorded_child(&self, span_id: SpanId, slot: SpanRef, anchor: Anchor) -> Self {
        Self {
            anchor,
            slot: Some(slot),
            flags: self.flags.with_sampled(true),
            ..self.unrecorded_child(span_id)
        }
    }

    #[inline]
    pub(crate) fn carries(&self) -> bool {
        self.bits & CARRIES != 0
    }
}

#[inline]
fn words(id: TraceId) -> [u64; 2] {
    let number = u128::from_ne_bytes(id.to_bytes());
    [number as u64, (number >> 64) as u64]
}

/// Where a span of this process stands in time.
pub(crate) fn anchor_of(span: SpanRef) -> Anchor {
    // Through the thread's end: whoever comes in between must find it busy rather than wait for the span's lock.
    match local::lane(span.owner(), |lane, _| lane.producer.engine().start_time(span)) {
        Ok(Some(StartTime::Clock(anchor))) => anchor,
        _ => Anchor::default(),
    }
}

impl Local {
    /// The current context, as a value.
    pub(crate) fn context(&self) -> Context {
        let head = self.head.get();
        let carried = if head.carries() { self.carried() } else { None };
        let (base, trace_state) = match carried {
            Some(carried) => ((*carried).clone(), carried.span_context().trace_state().clone()),
            None => (Context::EMPTY, TraceState::EMPTY),
        };
        let span = SpanContext::new(
            head.trace_id(),
            head.span_id,
            head.flags,
            head.is_remote(),
            trace_state,
        );
        base.with_span(span, head.slot.map(SpanRef::handle))
            .with_suppressed(head.bits & SUPPRESSED != 0)
            .with_deferred(head.bits & DEFERRED != 0)
            .with_debug(head.bits & DEBUG != 0)
    }

    /// What the current context carries beside its head.
    pub(crate) fn carried(&self) -> Option<Arc<Context>> {
        (**self.carried.try_borrow().ok()?).clone()
    }

    /// The current trace state.
    #[inline]
    pub(crate) fn trace_state(&self, head: &Head) -> TraceState {
        match head.carries() {
            false => TraceState::EMPTY,
            true => self.carried().map_or(TraceState::EMPTY, |carried| {
                carried.span_context().trace_state().clone()
            }),
        }
    }

    fn swap_carried(&self, carried: Option<Arc<Context>>) -> Option<Arc<Context>> {
        match self.carried.try_borrow_mut() {
            Ok(mut place) => std::mem::replace(&mut **place, carried),
            Err(_) => carried,
        }
    }

    /// Makes a span current whose head is at hand, and of which nothing else has to be carried.
    #[inline(always)]
    pub(crate) fn attach_head(&self, head: Head) -> Attached {
        Attached {
            before: self.head.replace(head),
            carried: None,
            _thread: PhantomData,
        }
    }

    /// Makes a span current.
    pub(crate) fn attach_span(&self, span: &CurrentSpan) -> Attached {
        self.head.changing(|head| self.attach_span_to(head, span))
    }

    fn attach_span_to(&self, place: &Cell<Head>, span: &CurrentSpan) -> Attached {
        let before = place.get();
        let context = span.context();
        let mut carried = None;
        let mut carries = before.bits & CARRIES;
        if carries | u8::from(!context.trace_state().is_empty()) != 0 {
            (carried, carries) = self.carry(&before, context.trace_state());
        }
        // The deferred mark describes a received context: it stays where no span of ours stands below that.
        let passed_over = before.has_span() && context.span_id() == before.span_id;
        // The debug mark is one of the trace: a root, and a span of another trace, have none.
        let same_trace = before.has_span() && context.trace_id() == before.trace_id();
        let received = if passed_over { DEFERRED } else { 0 } | if same_trace { DEBUG } else { 0 };
        let kept = before.bits & (SUPPRESSED | received) | if context.is_valid() { HAS_SPAN } else { 0 };
        place.set(Head {
            trace: words(context.trace_id()),
            span_id: context.span_id(),
            anchor: span.anchor(),
            slot: span.slot(),
            provider: span.provider(),
            depth: before.depth.wrapping_add(1),
            flags: context.flags(),
            bits: kept | carries | if context.is_remote() { REMOTE } else { 0 },
        });
        Attached {
            before,
            carried,
            _thread: PhantomData,
        }
    }

    /// Makes a span current that was started below this context: with all that the context carries.
    pub(crate) fn attach_below(&self, parent: &Context, span: &CurrentSpan) -> Attached {
        let beside = SUPPRESSED | DEFERRED | DEBUG | CARRIES;
        let now = self.head.get();
        if (Head::marks(parent) | now.bits) & beside == 0 {
            return self.attach_span(span);
        }
        let handle = span.slot().map(SpanRef::handle);
        let context = parent.clone().with_span(span.context().clone(), handle);
        let head = Head::at(&context, span.slot(), span.anchor(), span.provider());
        self.attach_as(head, context)
    }

    /// The span has a trace state, or the context carries more: replaces what is carried when the trace state differs.
    #[cold]
    fn carry(&self, before: &Head, trace_state: &TraceState) -> (Option<Option<Arc<Context>>>, u8) {
        let known = if before.carries() { self.carried() } else { None };
        let base = known.as_deref().unwrap_or(const { &Context::EMPTY });
        if base.span_context().trace_state() == trace_state {
            return (None, before.bits & CARRIES);
        }
        let state = SpanContext::new(
            TraceId::INVALID,
            SpanId::INVALID,
            TraceFlags::NONE,
            false,
            trace_state.clone(),
        );
        let context = base.clone().with_span(state, None);
        let carries = context.carries_more() || !trace_state.is_empty();
        let before = self.swap_carried(Some(Arc::new(context)));
        (Some(before), if carries { CARRIES } else { 0 })
    }

    /// Makes a context current.
    pub(crate) fn attach(&self, context: Context) -> Attached {
        self.attach_as(Head::of(&context), context)
    }

    fn attach_as(&self, mut head: Head, context: Context) -> Attached {
        self.head.changing(|place| {
            let before = place.get();
            head.depth = before.depth.wrapping_add(1);
            let carried = head.carries().then(|| Arc::new(context));
            let carried = Some(self.swap_carried(carried));
            place.set(head);
            Attached {
                before,
                carried,
                _thread: PhantomData,
            }
        })
    }
}

/// Puts back what was current before when it goes out of scope. Not `Send`: it belongs to one thread.
///
/// In this order: the head is copied in the same pieces wherever it goes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Attached {
    before: Head,
    /// What was carried before, when that was replaced.
    carried: Option<Option<Arc<Context>>>,
    _thread: PhantomData<*const ()>,
}

impl Drop for Attached {
    #[inline]
    fn drop(&mut self) {
        let in_order = local::with(|local| {
            let depth = match self.carried.take() {
                None => local.head.put_back(self.before),
                Some(carried) => put_back(local, self.before, carried),
            };
            depth == self.before.depth.wrapping_add(1)
        });
        if !in_order {
            wrong_order();
        }
    }
}

#[cold]
fn put_back(local: &Local, before: Head, carried: Option<Arc<Context>>) -> u16 {
    // What is no longer carried may hold values of the user's, whose destructors must find the thread at rest.
    let (after, _old) = local
        .head
        .changing(|head| (head.replace(before), local.swap_carried(carried)));
    after.depth
}

#[cold]
fn wrong_order() {
    let text = "a context was detached while another one was attached over it; the one before is current now";
    log::report(log::Level::Warn, "detach_order", format_args!("{text}"));
}
