//! How a span ends.

use crate::clock::Clock;
use crate::local::{self, Dice, Lane, Local, NoLane};
use crate::processor::{EndedSpan, Verdict};
use crate::processors::Operation;
use crate::provider::{Shared, registry};
use crate::span::CurrentSpan;
use crate::{fork, guard};
use spanline_core::wire::otlp::SpanView;
use spanline_engine::{Engine, Finished, Life, Producer, SpanRef, StartTime};
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
    let done = local::lane(span.provider(), |lane, dice| {
        let shared = &lane.shared;
        if shared.ends_quickly() {
            lane.producer
                .end(slot, |start| end_time(shared.clock, start, given));
            return true;
        }
        end_watched(lane, dice, slot, given)
    });
    if done != Ok(true) {
        end_otherwise(span, slot, given, done.err());
    }
}

/// Ends a span where ends are timed now and then. False, and nothing was done, where processors have to be called, or
/// something is redacted.
#[cold]
fn end_watched(lane: &mut Lane, dice: &mut Dice<'_>, slot: SpanRef, given: Option<u64>) -> bool {
    if !lane.shared.processors.is_empty() || !lane.shared.redactor.is_idle() {
        return false;
    }
    let shared = lane.is_due(dice).then(|| lane.shared.clone());
    let _timed = shared.as_ref().and_then(|shared| shared.time(Operation::End));
    let clock = lane.shared.clock;
    lane.producer.end(slot, |start| end_time(clock, start, given));
    true
}

#[cold]
fn end_otherwise(span: &CurrentSpan, slot: SpanRef, given: Option<u64>, error: Option<NoLane>) {
    let epoch = fork::current_epoch();
    let found = match error {
        None => local::lane(span.provider(), |lane, dice| {
            let due = lane.shared.is_watched() && lane.is_due(dice);
            (lane.shared.clone(), due)
        })
        .ok(),
        Some(_) => registry::find(span.provider()).map(|shared| (shared, false)),
    };
    let Some((shared, due)) = found else {
        return slot.forget(epoch);
    };
    let _timed = if due { shared.time(Operation::End) } else { None };
    let torn_down = || local::with(|local| local.head.get().is_between());
    match error {
        None => end_with_processors(Seat::Lane(shared.id), span, slot, &shared, given),
        // The thread is inside an operation, perhaps on this very span: nothing can be locked here.
        Some(NoLane::Reentrant) => {
            shared.engine(epoch).engine().end_reentrant(slot);
        }
        Some(NoLane::Dead | NoLane::Gone) if torn_down() => {
            shared.engine(epoch).engine().end_reentrant(slot);
        }
        // The thread's end of the engine is gone: one is made for this span.
        Some(NoLane::Dead | NoLane::Gone) => {
            let mut producer = Producer::new(shared.engine(epoch).engine().clone());
            if shared.ends_quickly() {
                producer.end(slot, |start| end_time(shared.clock, start, given));
            } else {
                end_with_processors(Seat::Own(producer), span, slot, &shared, given);
            }
        }
    }
}

/// A change of a span for which the thread has no end of the engine.
#[cold]
pub(crate) fn change_otherwise(provider: u32, error: NoLane, f: impl FnOnce(&Engine) -> bool) -> bool {
    error == NoLane::Dead
        && registry::find(provider).is_some_and(|shared| f(shared.engine(fork::current_epoch()).engine()))
}

/// Where an end gets its producer from: borrowed for each step, so that nothing is borrowed while foreign code runs.
enum Seat {
    Lane(u32),
    Own(Producer),
}

impl Seat {
    fn producer<R>(&mut self, f: impl FnOnce(&mut Producer) -> R) -> Option<R> {
        match self {
            Self::Lane(provider) => local::lane(*provider, |lane, _| f(&mut lane.producer)).ok(),
            Self::Own(producer) => Some(f(producer)),
        }
    }

    /// A processor forked, and this is the child: the span is its parent's, which ends it. What the child has of the
    /// parent's engine is left as it is.
    fn leave_to_parent(self) {
        if let Self::Own(producer) = self {
            std::mem::forget(producer);
        }
    }
}

/// The largest message, in bytes, whose place a thread keeps for the next.
const KEPT: usize = 64 * 1024;

thread_local! {
    /// Where messages are made for processors to judge; taken while in use, so that spans may end in callbacks. It may
    /// be gone before its thread's last span ends, so it is only ever tried.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

fn end_with_processors(
    mut seat: Seat,
    span: &CurrentSpan,
    slot: SpanRef,
    shared: &Shared,
    given: Option<u64>,
) {
    let epoch = fork::current_epoch();
    let owner = local::with(Local::owner);
    let begun = seat.producer(|producer| {
        let engine = producer.engine();
        let end = engine.begin_end(slot, owner, |start| end_time(shared.clock, start, given));
        if end.is_none() {
            producer.end_of_parent(slot);
        }
        end.is_some()
    });
    if begun != Some(true) {
        return;
    }
    let before = local::with(|local| local.ending.replace(owner));
    // After the shutdown no processor is called any more; but what is exported nevertheless must be redacted.
    let asks = !shared.is_shut_down();
    if asks {
        for processor in &shared.processors {
            guard::foreign(&shared.caught, "processor", || processor.on_ending(span));
        }
    }
    let may_be_seen = shared.redactor.run(span, &shared.caught);
    local::with(|local| local.ending.set(before));
    if fork::current_epoch() != epoch {
        return seat.leave_to_parent();
    }
    let mut message = SCRATCH.try_with(Cell::take).unwrap_or_default();
    let finished = seat.producer(|producer| producer.finish(slot, owner, &mut message));
    let Some(Some(finished)) = finished else { return };
    let verdict = match (may_be_seen, asks) {
        (false, _) => Verdict::Drop,
        (true, false) => Verdict::Keep,
        (true, true) => judge(shared, finished, &message),
    };
    if fork::current_epoch() != epoch {
        return seat.leave_to_parent();
    }
    seat.producer(|producer| match (finished.sampled, verdict) {
        (false, _) => producer.withhold(Life::RecordOnly),
        (true, Verdict::Drop) => producer.withhold(Life::Filtered),
        (true, Verdict::Keep) => producer.accept(finished.scope, &message),
    });
    if message.capacity() <= KEPT {
        let _ = SCRATCH.try_with(|scratch| scratch.set(message));
    }
}

/// What the processors say of a finished span, all of them.
fn judge(shared: &Shared, finished: Finished, message: &[u8]) -> Verdict {
    let Some(known) = shared.config.scopes.get(finished.scope) else {
        return Verdict::Keep;
    };
    let span = EndedSpan {
        view: SpanView::ours(message),
        resource: shared.config.described.resource(),
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

#[cfg(test)]
mod tests {
    use super::{KEPT, SCRATCH};
    use crate::processors::Redaction;
    use spanline_core::sample::Pattern;

    #[test]
    fn the_place_of_a_large_span_is_not_kept() {
        let redaction = Redaction::new().mask_key(Pattern::exact("secret"));
        let provider = crate::init()
            .without_environment()
            .exporter("discard")
            .redact(redaction)
            .build()
            .unwrap();
        let tracer = provider.tracer("t");
        for (size, kept) in [(100, true), (1 << 20, false), (100, true)] {
            tracer
                .span("s")
                .start()
                .set("text", "x".repeat(size).as_str())
                .end();
            let scratch = SCRATCH.take();
            assert!(scratch.capacity() <= KEPT, "{}", scratch.capacity());
            assert_eq!(scratch.capacity() > 0, kept);
            SCRATCH.set(scratch);
        }
        provider.shutdown().unwrap();
    }
}
