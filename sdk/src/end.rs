//! How a span ends.

use crate::clock::Clock;
use crate::local::{self, Local, NoLane};
use crate::processor::{EndedSpan, Verdict};
use crate::provider::{Shared, registry};
use crate::span::CurrentSpan;
use crate::{fork, guard};
use spanline_core::wire::otlp::SpanView;
use spanline_engine::{Life, Producer, SpanRef, StartTime};
use std::cell::RefCell;
use std::sync::Arc;

/// The number under which this thread changes a span that is ending.
pub(crate) fn ending_thread(local: &Local) -> u64 {
    local.ending.get()
}

/// The time of an event: the clock's now, placed in the span's trace.
pub(crate) fn now(span: &CurrentSpan) -> u64 {
    let anchor = span.anchor();
    local::with(|local| {
        local
            .lane(span.provider(), |lane, _| {
                let clock = lane.shared.clock;
                if anchor.raw == 0 {
                    clock.anchor().unix_nano
                } else {
                    clock.at(&anchor, clock.now_raw())
                }
            })
            .ok()
    })
    .flatten()
    .unwrap_or_else(crate::clock::wall_nanos)
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
    let done = local::with(|local| {
        local.lane(span.provider(), |lane, _| {
            let shared = &lane.shared;
            if shared.processors.is_empty() {
                lane.producer
                    .end(slot, |start| end_time(shared.clock, start, given));
                None
            } else {
                Some(shared.clone())
            }
        })
    });
    match done {
        Some(Ok(None)) => {}
        Some(Ok(Some(shared))) => end_with_processors(span, slot, &shared, given),
        Some(Err(NoLane::Reentrant)) => {
            local::count_outside(span.provider(), &[Life::Ended, Life::Reentrant])
        }
        Some(Err(NoLane::Gone)) => {}
        None => end_on_dying_thread(span.provider(), slot, given),
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
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[cold]
fn end_with_processors(span: &CurrentSpan, slot: SpanRef, shared: &Arc<Shared>, given: Option<u64>) {
    let had_thread = local::with(|local| {
        let thread = local.thread_number();
        let engine = shared.engine(fork::current_epoch()).engine();
        if engine
            .begin_end(slot, thread, |start| end_time(shared.clock, start, given))
            .is_none()
        {
            return;
        }
        let before = local.ending.replace(thread);
        for processor in &shared.processors {
            guard::foreign(&shared.caught, "processor", || processor.on_ending(span));
        }
        local.ending.set(before);
        let mut message = SCRATCH.take();
        let finished = local.lane(shared.id, |lane, _| {
            lane.producer.finish(slot, thread, &mut message)
        });
        let Ok(Some(finished)) = finished else { return };
        let mut verdict = Verdict::Keep;
        if let Some(known) = shared.config.scopes.get(finished.scope) {
            let view = EndedSpan {
                view: SpanView::ours(&message),
                resource: &shared.config.resource,
                scope: &known.scope,
                sampled: finished.sampled,
            };
            for processor in &shared.processors {
                let one = guard::foreign(&shared.caught, "processor", || processor.on_end(view));
                if one == Some(Verdict::Drop) {
                    verdict = Verdict::Drop;
                }
            }
        }
        let _ = local.lane(shared.id, |lane, _| match (finished.sampled, verdict) {
            (false, _) => lane.producer.count(Life::RecordOnly),
            (true, Verdict::Drop) => lane.producer.count(Life::Filtered),
            (true, Verdict::Keep) => lane.producer.accept(finished.scope, &message),
        });
        SCRATCH.set(message);
    });
    if had_thread.is_none() {
        end_on_dying_thread(shared.id, slot, given);
    }
}

/// Forgets a span.
pub(crate) fn abandon(span: &CurrentSpan) {
    if let Some(slot) = span.slot() {
        local::with(|local| local.lane(span.provider(), |lane, _| lane.producer.abandon(slot)));
    }
}
