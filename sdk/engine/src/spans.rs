//! What a host does with spans: open, change, end.

use crate::{
    engine::Engine,
    open::{Ending, NewSpan, OpenSpan, StartTime},
    queue::producer::Producer,
    slot::SpanRef,
    stats::{Life, ParentOrigin},
};
use alloc::vec::Vec;
use spanline_core::{Link, SpanContext, SpanId, StatusCode, Value, sample::Decision};

/// A span whose message was made before its record, for processors to judge.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// Number of its scope.
    pub scope: u16,
    /// Whether it is for exporters too.
    pub sampled: bool,
}

impl Producer {
    /// Opens a span. `None`, and counted, when too many are open or the engine is closed.
    #[inline(always)]
    pub fn open(
        &mut self,
        new: &NewSpan<'_>,
        attributes: &[(&str, Value<'_>)],
        links: &[Link<'_>],
    ) -> Option<SpanRef> {
        if self.engine().is_closed() {
            self.refuse(new.parent, Life::RefusedAfterShutdown);
            return None;
        }
        let Some(mut slot) = self.take_slot() else {
            self.refuse(new.parent, Life::RefusedOpenBound);
            return None;
        };
        let engine = self.engine();
        let span = slot.span();
        span.begin(new);
        if !attributes.is_empty() {
            span.set_all(attributes, engine.limits());
        }
        if !links.is_empty() {
            span.add_links(links, engine.limits());
        }
        let span = slot.open(engine.epoch(), engine.id());
        let decision = match new.sampled {
            true => Decision::RecordAndSample,
            false => Decision::RecordOnly,
        };
        self.count(Life::started(new.parent, decision));
        Some(span)
    }

    /// Counts a span that is not recorded although nobody sampled it out, for this reason.
    #[cold]
    pub fn refuse(&self, parent: ParentOrigin, reason: Life) {
        self.count(Life::started(parent, Decision::Drop));
        self.count(reason);
        if reason == Life::RefusedOpenBound {
            self.engine().note_loss();
        }
    }

    /// Ends a span: one record, published. `end` tells the end time from the start. False when it had ended.
    #[inline]
    pub fn end(&mut self, span: SpanRef, end: impl FnOnce(StartTime) -> u64) -> bool {
        let epoch = self.engine().epoch();
        let closed = span.close(epoch, |open| {
            let end = end(open.start);
            self.count(Life::Ended);
            if !open.sampled {
                self.count(Life::RecordOnly);
            } else if self.engine().is_closed() {
                self.count(Life::AfterShutdown);
            } else {
                let scope = open.scope;
                match open.finish_plain(end) {
                    Some(message) => {
                        self.append(message.encoded_len(), scope, |place| message.write_to(place));
                    }
                    None => self.append_rich(scope, open, end),
                }
            }
            open.clear();
        });
        match closed {
            Some(((), slot)) => {
                self.keep_slot(slot);
                true
            }
            None => {
                self.end_of_parent(span);
                false
            }
        }
    }

    #[inline(never)]
    fn append_rich(&mut self, scope: u16, open: &mut OpenSpan, end: u64) {
        let message = open.finish(end);
        self.append(message.encoded_len(), scope, |place| message.write_to(place));
    }

    /// Ends a span for processors to judge: writes its message into `message` (cleared first). `None`: it had ended.
    ///
    /// It counts as ended with [`Self::accept`] or [`Self::withhold`]: a flush in a processor must not wait for it.
    pub fn finish(&mut self, span: SpanRef, owner: u64, message: &mut Vec<u8>) -> Option<Finished> {
        let epoch = self.engine().epoch();
        // Only who began the end may bring it to an end.
        span.with(epoch, |open| {
            open.ending().is_some_and(|ending| ending.owner == owner)
        })
        .filter(|mine| *mine)?;
        let (finished, slot) = span.close(epoch, |open| {
            let end = open.ending().map_or(0, |ending| ending.end);
            let finished = Finished {
                scope: open.scope,
                sampled: open.sampled,
            };
            let encoded = open.finish(end);
            message.clear();
            message.resize(encoded.encoded_len(), 0);
            encoded.write_to(message);
            open.clear();
            finished
        })?;
        self.keep_slot(slot);
        Some(finished)
    }

    /// Counts a finished span that is not for export: [`Life::RecordOnly`] or [`Life::Filtered`].
    pub fn withhold(&self, life: Life) {
        self.count(Life::Ended);
        self.count(life);
    }

    /// Exports a message that processors have judged.
    pub fn accept(&mut self, scope: u16, message: &[u8]) {
        self.count(Life::Ended);
        if self.engine().is_closed() {
            return self.count(Life::AfterShutdown);
        }
        self.append(message.len(), scope, |place| place.copy_from_slice(message));
    }

    /// In a forked child, the end of a span that its parent opened: counted here once, exported by the parent. Does
    /// nothing with any other span.
    #[cold]
    pub fn end_of_parent(&self, span: SpanRef) {
        if span.disown(self.engine().epoch()) {
            self.count(Life::Ended);
            self.count(Life::Forked);
        }
    }

    /// Forgets a span whose object went away without an end. False when it had ended.
    pub fn abandon(&mut self, span: SpanRef) -> bool {
        let epoch = self.engine().epoch();
        let closed = span.close(epoch, |open| {
            open.clear();
            open.sampled
        });
        let Some((sampled, slot)) = closed else {
            return false;
        };
        self.keep_slot(slot);
        self.count(Life::Abandoned);
        if !sampled {
            self.count(Life::AbandonedOnly);
        }
        true
    }
}

/// Who changes a span: 0, or the number of the thread on which its end callbacks run.
pub type Changer = u64;

impl Engine {
    /// Runs `change` while the span may be changed by `by`. False when it has ended.
    #[inline]
    pub(crate) fn change(&self, span: SpanRef, by: Changer, change: impl FnOnce(&mut OpenSpan)) -> bool {
        span.with(self.epoch(), |open| {
            let may = open.ending().is_none_or(|ending| ending.owner == by);
            if may {
                change(open);
            }
            may
        })
        .unwrap_or(false)
    }

    /// Sets an attribute.
    #[inline]
    pub fn set(&self, span: SpanRef, by: Changer, key: &str, value: Value<'_>) -> bool {
        self.change(span, by, |open| open.set(key, value, self.limits()))
    }

    /// Sets several attributes under one lock.
    pub fn set_many(&self, span: SpanRef, by: Changer, attributes: &[(&str, Value<'_>)]) -> bool {
        self.change(span, by, |open| open.set_all(attributes, self.limits()))
    }

    /// Adds an event at this time, in nanoseconds since the Unix epoch.
    pub fn add_event(
        &self,
        span: SpanRef,
        by: Changer,
        name: &str,
        unix_nano: u64,
        attributes: &[(&str, Value<'_>)],
    ) -> bool {
        self.change(span, by, |open| {
            open.add_event(name, unix_nano, attributes, self.limits())
        })
    }

    /// Adds a link.
    pub fn add_link(&self, span: SpanRef, by: Changer, link: Link<'_>) -> bool {
        self.change(span, by, |open| open.add_link(link, self.limits()))
    }

    /// Sets the status; see [`StatusCode`] for which of two calls wins.
    pub fn set_status(&self, span: SpanRef, by: Changer, status: StatusCode, message: &str) -> bool {
        self.change(span, by, |open| open.set_status(status, message))
    }

    /// Replaces the name.
    pub fn update_name(&self, span: SpanRef, by: Changer, name: &str) -> bool {
        self.change(span, by, |open| open.update_name(name))
    }

    /// Whether the span is open and may be changed by `by`.
    pub fn is_recording(&self, span: SpanRef, by: Changer) -> bool {
        self.change(span, by, |_| {})
    }

    /// The span's own context, while it is open.
    pub fn span_context(&self, span: SpanRef) -> Option<SpanContext> {
        span.with(self.epoch(), |open| {
            SpanContext::new(
                open.trace_id,
                open.span_id,
                open.flags,
                false,
                open.trace_state.clone(),
            )
        })
    }

    /// The id of the span's parent, while the span is open; invalid for a root.
    pub fn parent_span_id(&self, span: SpanRef) -> Option<SpanId> {
        span.with(self.epoch(), |open| open.parent_span_id())
    }

    /// When the span started, while it is open.
    pub fn start_time(&self, span: SpanRef) -> Option<StartTime> {
        span.with(self.epoch(), |open| open.start)
    }

    /// Fixes the end time; from here only `owner` may change the span, until it calls [`Producer::finish`]. `None`:
    /// it has ended or is ending already.
    pub fn begin_end(&self, span: SpanRef, owner: u64, end: impl FnOnce(StartTime) -> u64) -> Option<u64> {
        span.with(self.epoch(), |open| {
            if open.ending().is_some() {
                return None;
            }
            let end = end(open.start);
            open.begin_end(Ending { end, owner });
            Some(end)
        })
        .flatten()
    }
}

/// Small spans for tests of other modules.
#[cfg(all(test, not(loom)))]
pub(crate) mod tests_support {
    use super::*;
    use spanline_core::{SpanId, SpanKind, TraceFlags, TraceId, TraceState};

    pub(crate) fn try_start(producer: &mut Producer, number: u64) -> Option<SpanRef> {
        let new = NewSpan {
            trace_id: TraceId::from_bytes([1; 16]),
            span_id: SpanId::from_bytes((number + 1).to_be_bytes()),
            flags: TraceFlags::SAMPLED,
            parent_span_id: SpanId::INVALID,
            parent: ParentOrigin::None,
            trace_state: TraceState::EMPTY,
            scope: 0,
            name: "test",
            kind: SpanKind::Internal,
            start: StartTime::Given(1),
            sampled: true,
        };
        producer.open(&new, &[], &[])
    }

    pub(crate) fn start(producer: &mut Producer, number: u64) -> SpanRef {
        try_start(producer, number).expect("there is room")
    }

    pub(crate) fn end(producer: &mut Producer, span: SpanRef) {
        assert!(producer.end(span, |_| 2));
    }
}
