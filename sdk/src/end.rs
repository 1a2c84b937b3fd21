//! How a span ends.

use crate::clock::Clock;
use crate::local::{self, Local, NoLane};
use crate::processor::{EndedSpan, Verdict};
use crate::provider::{Shared, registry};
use crate::span::CurrentSpan;
use crate::{fork, guard};
use spanline_core::wire::otlp::SpanView;
use spanline_engine::{Finished, Life, Producer, SpanRef, StartTime};
use std::cell::Cell;

/// The number under which this thread changes a span that is ending.
pub(crate) fn ending_thread(local: &Local) -> u64 {
    local.ending.get()
}

/// The time of an event: the clock's now, placed in the span's trace.
pub(crate) fn now(span: &CurrentSpan) -> u64 {
    let anchor = span.anchor();
    local::lane(span.provider(), |lane, _| {
        let clock = lane.shared.clock;
        match anchor.raw {
            0 => clock.anchor().unix_nano,
            _ => clock.at(&anchor, clock.now_raw()),
        }
    })
    .unwrap_or_else(|_| crate::clock::wall_nanos())
}

/// The end time of a span: as given, else its start and what has elapsed since by the same clock.
#[inline]
fn end_time(clock: &Clock, start: StartTime, given: Option<u64>) -> u64 {
    match (given, start) {
        (Some(given), _) => given,
        (None, StartTime::Clock(start)) => clock.at(&start, clock.now_raw()),
        (None, StartTime::Given(_)) => clock.anchor().unix_nano,
    }
}

#[inline]
pub(crate) fn end(span: &CurrentSpan, given: Option<u64>) {
    let Some(slot) = span.slot() else { return };
    let done = local::lane(span.provider(), |lane, _| {
        let shared = &lane.shared;
        // After the shutdown no processor is called any more.
        let quick = shared.processors.is_empty() || shared.is_shut_down();
        if quick {
            lane.producer
                .end(slot, |start| end_time(shared.clock, start, given));
        }
        quick
    });
    if done != Ok(true) {
        end_otherwise(span, slot, given, done.err());
    }
}

#[cold]
fn end_otherwise(span: &CurrentSpan, slot: SpanRef, given: Option<u64>, error: Option<NoLane>) {
    match error {
        None => end_with_processors(span, slot, given),
        Some(NoLane::Reentrant) => local::count_outside(span.provider(), &[Life::Ended, Life::Reentrant]),
        Some(NoLane::Dead) => end_on_dying_thread(span.provider(), slot, given),
        Some(NoLane::Gone) => {}
    }
}

/// The thread's own state is gone already: use an end of the engine that is made for this one span.
#[cold]
fn end_on_dying_thread(provider: u32, slot: SpanRef, given: Option<u64>) {
    if let Some(shared) = registry::find(provider) {
        let engine = shared.engine(fork::current_epoch()).engine().clone();
        Producer::new(engine).end(slot, |start| end_time(shared.clock, start, given));
    }
}

thread_local! {
    /// Where messages are made for processors to judge; taken while in use, so that spans may end in callbacks.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn end_with_processors(span: &CurrentSpan, slot: SpanRef, given: Option<u64>) {
    let Ok(shared) = local::lane(span.provider(), |lane, _| lane.shared.clone()) else {
        return;
    };
    local::with(|local| {
        let thread = local.thread_number();
        let engine = shared.engine(fork::current_epoch()).engine();
        let end = engine.begin_end(slot, thread, |start| end_time(shared.clock, start, given));
        if end.is_none() {
            return;
        }
        let before = local.ending.replace(thread);
        for processor in &shared.processors {
            guard::foreign(&shared.caught, "processor", || processor.on_ending(span));
        }
        local.ending.set(before);
        let mut message = SCRATCH.try_with(Cell::take).unwrap_or_default();
        let finished = local::lane(shared.id, |lane, _| {
            lane.producer.finish(slot, thread, &mut message)
        });
        let Ok(Some(finished)) = finished else { return };
        let verdict = judge(&shared, finished, &message);
        let _ = local::lane(shared.id, |lane, _| match (finished.sampled, verdict) {
            (false, _) => lane.producer.count(Life::RecordOnly),
            (true, Verdict::Drop) => lane.producer.count(Life::Filtered),
            (true, Verdict::Keep) => lane.producer.accept(finished.scope, &message),
        });
        let _ = SCRATCH.try_with(|scratch| scratch.set(message));
    });
}

/// What the processors say of a finished span, all of them.
fn judge(shared: &Shared, finished: Finished, message: &[u8]) -> Verdict {
    let Some(known) = shared.config.scopes.get(finished.scope) else {
        return Verdict::Keep;
    };
    let span = EndedSpan {
        view: SpanView::ours(message),
        resource: &shared.config.resource,
        scope: &known.scope,
        sampled: finished.sampled,
    };
    let mut verdict = Verdict::Keep;
    for processor in &shared.processors {
        let one = guard::foreign(&shared.caught, "processor", || processor.on_end(span));
        if one == Some(Verdict::Drop) {
            verdict = Verdict::Drop;
        }
    }
    verdict
}

/// Forgets a span.
pub(crate) fn abandon(span: &CurrentSpan) {
    if let Some(slot) = span.slot() {
        let _ = local::lane(span.provider(), |lane, _| lane.producer.abandon(slot));
    }
}
