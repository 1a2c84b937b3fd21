//! The stage between the drain and the batches: it takes the records out of the chunks, holds them by trace, and lets the
//! policies decide.

use super::{
    counters::{Decided, TailStats},
    judge::{Cause, Judge, Late},
    kept::{Kept, merged},
    records::TraceSpans,
    settings::TailSettings,
    traces::Traces,
};
use crate::{
    engine::Engine,
    export::{
        batch::{Batch, Envelope, Plan},
        drain::{Drain, Segment},
        ledger::Piece,
        pipeline::Cutting,
    },
    queue::record::Records,
    stats::Life,
    sync::Arc,
};
use alloc::vec::Vec;
use spanline_core::{TraceId, wire::otlp::SpanView};

/// How often at most the threads are read anew before a decision, while local roots go on to come.
const PASSES: usize = 4;

/// One look at what there is to do.
pub(crate) struct Turn<'a> {
    pub(crate) now: u64,
    /// Some exporter wants work.
    pub(crate) hungry: bool,
    /// Everything that there is is decided and cut: flush, shutdown.
    pub(crate) urgent: bool,
    /// Nothing more comes.
    pub(crate) closed: bool,
    pub(crate) cutting: &'a Cutting,
    /// Most spans of a batch that the receiver takes in good time.
    pub(crate) batch_limit: usize,
}

/// What comes of a look.
#[derive(Debug)]
pub(crate) enum Turned {
    Cut(Batch),
    /// Nothing until this time, or for ever.
    Wait(Option<u64>),
}

/// Holds the spans of each trace until it is decided.
#[derive(Debug)]
pub(crate) struct Tail {
    engine: Arc<Engine>,
    settings: TailSettings,
    judge: Judge,
    traces: Traces,
    kept: Kept,
    /// Times that all threads were read.
    passes: u64,
    /// A local root came since this was last asked.
    saw_root: bool,
    /// When what waits in the chunks is taken.
    due: Option<u64>,
    /// Decisions by time are made together, no sooner than this.
    next_round: u64,
    /// There is no room to take more, before exporters have taken what is kept.
    blocked: bool,
    /// The end: traces without their local root are dropped, where that is asked for.
    ending: bool,
    /// Spans dropped since this was last asked.
    dropped: u64,
    /// Decisions of which the engine has the report.
    reported: u64,
    stats: TailStats,
}

impl Tail {
    pub(crate) fn new(engine: Arc<Engine>, settings: TailSettings, judge: Judge) -> Self {
        Self {
            engine,
            settings,
            judge,
            traces: Traces::new(),
            kept: Kept::default(),
            passes: 0,
            saw_root: false,
            due: None,
            next_round: 0,
            blocked: false,
            ending: false,
            dropped: 0,
            reported: 0,
            stats: TailStats::default(),
        }
    }

    /// From here on what is decided is decided because the end has come.
    pub(crate) fn end(&mut self) {
        self.ending = true;
    }

    /// Spans that were taken from the chunks and are neither in a batch nor dropped.
    pub(crate) fn unfinished(&self) -> u64 {
        self.traces.spans() + self.kept.spans()
    }

    /// Spans dropped since the last call.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        core::mem::take(&mut self.dropped)
    }

    /// Does what there is to do at this time. The drain has looked.
    pub(crate) fn turn(&mut self, drain: &mut Drain, turn: &Turn<'_>, envelope: &dyn Envelope) -> Turned {
        if let Some(batch) = self.cut(turn, envelope) {
            return Turned::Cut(batch);
        }
        self.blocked = false;
        if drain.has_waiting_bytes() {
            let due = turn.now.saturating_add(turn.cutting.delay_nanos);
            let due = *self.due.get_or_insert(due);
            // Large spans are taken early: the room for chunks is what the traces leave.
            let full = drain.waiting_spans() >= self.usual(turn) as u64
                || drain.waiting_bytes() >= turn.cutting.batch_bytes / 4;
            if turn.urgent || full || turn.now >= due {
                self.pass(drain, turn.now);
            }
        } else {
            self.due = None;
        }
        if turn.urgent {
            self.decide_all(drain, turn);
        } else if self.next_decision().is_some_and(|at| turn.now >= at) {
            self.decide_due(drain, turn);
        }
        self.publish();
        let decided = self.stats.sampled_traces + self.stats.dropped_traces;
        if decided != self.reported {
            self.reported = decided;
            self.engine.set_tail_report(self.judge.report());
        }
        match self.cut(turn, envelope) {
            Some(batch) => Turned::Cut(batch),
            // An exporter that has room again wakes us.
            None if self.blocked => Turned::Wait(None),
            None => Turned::Wait(self.due.into_iter().chain(self.next_decision()).min()),
        }
    }

    fn usual(&self, turn: &Turn<'_>) -> usize {
        turn.cutting.batch_spans.min(turn.batch_limit)
    }

    /// What is kept has waited for company already: it goes as soon as somebody wants it.
    fn cut(&mut self, turn: &Turn<'_>, envelope: &dyn Envelope) -> Option<Batch> {
        if !turn.hungry || self.kept.is_empty() {
            return None;
        }
        let usual = self.usual(turn);
        let most = turn.cutting.backlog_spans.min(turn.batch_limit).max(usual);
        let spans = usize::try_from(self.kept.spans())
            .unwrap_or(most)
            .clamp(usual, most);
        let plan = Plan::new(spans, turn.cutting.batch_bytes, envelope);
        let batch = self.kept.cut(plan, self.engine.store(), turn.now);
        self.publish();
        batch
    }

    /// When the next trace is decided by time: with the others that are due by then.
    fn next_decision(&self) -> Option<u64> {
        let wait = self.settings.decision_wait_nanos;
        let by_arrival = self
            .traces
            .oldest()
            .map(|trace| trace.arrived.saturating_add(wait));
        let by_root = self.oldest_root().map(|(due, _)| due);
        let first = by_arrival.into_iter().chain(by_root).min()?;
        Some(first.max(self.next_round))
    }

    /// When the trace whose local root came first is due, and the pass in which that came.
    fn oldest_root(&self) -> Option<(u64, u64)> {
        let (came, pass) = self.traces.oldest_root()?.root?;
        Some((came.saturating_add(self.settings.after_root_nanos?), pass))
    }

    /// Takes what the threads have published. False when there is no room for more.
    fn pass(&mut self, drain: &mut Drain, now: u64) -> bool {
        self.passes += 1;
        if self.engine.store().is_some_and(|store| store.is_short()) {
            // Slots are free again when what is in them is decided and delivered.
            self.evict_to(self.traces.charge() / 8 * 7, now);
        }
        drain.begin_pass();
        self.blocked = false;
        while drain.has_more() && !self.blocked {
            self.blocked = !self.kept.is_empty() && !self.engine.has_room_to_hold();
            if !self.blocked
                && let Some(segment) = drain.next_segment()
            {
                self.take_segment(&segment, now);
                drain.give_back(segment);
                self.make_room(now);
            }
        }
        if self.blocked {
            drain.break_off();
        } else {
            self.due = None;
        }
        !self.blocked
    }

    fn take_segment(&mut self, segment: &Segment, now: u64) {
        let slot = segment.chunk.slot();
        segment.chunk.read(segment.from, segment.to, |bytes| {
            let mut from = segment.from;
            for record in Records::new(bytes) {
                let to = segment.from + record.message.end as u32;
                let piece = slot.map(|slot| Piece { slot, from, to });
                from = to;
                let message = bytes.get(record.message).unwrap_or_default();
                self.take(record.scope, message, piece, now);
            }
        });
    }

    /// Keeps to the bounds, by deciding the oldest traces early.
    fn make_room(&mut self, now: u64) {
        self.evict_to(self.settings.max_bytes, now);
        self.publish();
        while self.engine.is_nearly_full() && self.evict(now) {
            self.publish();
        }
    }

    /// Takes one span.
    fn take(&mut self, scope: u16, message: &[u8], piece: Option<Piece>, now: u64) {
        let view = SpanView::ours(message);
        let id = trace_id(view);
        let place = match self.traces.find(id) {
            Some(place) => place,
            None => match self.judge.late(id, view) {
                Late::New => {
                    while self.traces.len() >= self.settings.max_traces && self.evict(now) {}
                    self.traces.add(id, self.judge.summary(id), now)
                }
                Late::Keep(decision, upgraded) => {
                    self.stats.late_kept_spans += 1;
                    self.stats.upgraded_traces += u64::from(upgraded);
                    self.kept
                        .push(scope, self.judge.stamp(view, &decision, true), piece);
                    return;
                }
                Late::Drop => {
                    self.stats.late_dropped_spans += 1;
                    self.count_dropped(1);
                    self.settle(piece.into_iter().collect());
                    return;
                }
            },
        };
        let (pass, judge) = (self.passes, &self.judge);
        let saw_root = &mut self.saw_root;
        let bytes = self.traces.change(place, |trace| {
            judge.add(&mut trace.summary, view);
            trace.spans.push(scope, message, piece);
            if trace.root.is_none() && trace.summary.has_local_root() {
                trace.root = Some((now, pass));
                *saw_root = true;
            }
            trace.spans.len()
        });
        let most = self.settings.max_trace_bytes;
        if let (Some(bytes), Some(most)) = (bytes, most)
            && bytes > most
        {
            self.drop_trace(id, Decided::TooLarge);
        }
    }

    fn decide_due(&mut self, drain: &mut Drain, turn: &Turn<'_>) {
        let now = turn.now;
        for _ in 0..PASSES {
            // What was published before a local root is taken when all threads were read once more after it.
            drain.look(turn.closed);
            if !self.pass(drain, now) {
                return;
            }
            self.decide_ready(now);
            if self.oldest_root().is_none_or(|(due, _)| now < due) {
                break;
            }
        }
        self.next_round = now.saturating_add(turn.cutting.delay_nanos);
    }

    fn decide_ready(&mut self, now: u64) {
        while let Some((due, pass)) = self.oldest_root()
            && now >= due
            && pass < self.passes
            && let Some(id) = self.traces.oldest_root().map(|trace| trace.id)
        {
            self.decide(id, Cause::Due, now);
        }
        while let Some((id, came)) = self.traces.oldest().map(|trace| (trace.id, trace.arrived))
            && now >= came.saturating_add(self.settings.decision_wait_nanos)
        {
            self.decide(id, Cause::Due, now);
        }
    }

    fn decide_all(&mut self, drain: &mut Drain, turn: &Turn<'_>) {
        for _ in 0..PASSES {
            self.saw_root = false;
            drain.look(turn.closed);
            if !self.pass(drain, turn.now) {
                return;
            }
            if !self.saw_root {
                break;
            }
        }
        let drops = self.settings.drop_pending && (self.ending || turn.closed);
        while let Some((id, root)) = self.traces.oldest().map(|trace| (trace.id, trace.root)) {
            match root {
                None if drops => self.drop_trace(id, Decided::Pending),
                _ => self.decide(id, Cause::Due, turn.now),
            }
        }
    }

    /// Decides the oldest early. False: there is none.
    fn evict(&mut self, now: u64) -> bool {
        let oldest = self.traces.oldest().map(|trace| trace.id);
        if let Some(id) = oldest {
            self.decide(id, Cause::Evicted, now);
        }
        oldest.is_some()
    }

    fn evict_to(&mut self, bytes: usize, now: u64) {
        while self.traces.charge() > bytes && self.evict(now) {}
    }

    fn decide(&mut self, id: TraceId, cause: Cause, now: u64) {
        let Some(trace) = self.traces.take(id) else { return };
        self.stats.evicted_traces += u64::from(cause == Cause::Evicted);
        self.stats.decision_nanos += now.saturating_sub(trace.arrived);
        match self.judge.decide(&trace.summary, cause, now) {
            Some(decision) => {
                self.stats.sampled_traces += 1;
                let views = || trace.spans.iter().map(|span| SpanView::ours(span.message));
                let explained = views().position(is_local_root).unwrap_or(0);
                let mut number = 0;
                // What has been copied is freed at once: a large trace is not held twice.
                for block in trace.spans.into_blocks() {
                    for span in block.iter() {
                        let view = SpanView::ours(span.message);
                        let stamped = self.judge.stamp(view, &decision, number == explained);
                        self.kept.push(span.scope, stamped, span.piece);
                        number += 1;
                    }
                }
            }
            None => {
                self.stats.dropped_traces += 1;
                self.free(&trace.spans);
            }
        }
    }

    /// Drops a trace without asking the policies.
    fn drop_trace(&mut self, id: TraceId, why: Decided) {
        let Some(trace) = self.traces.take(id) else { return };
        let stats = &mut self.stats;
        let (traces, spans) = match why {
            Decided::TooLarge => (&mut stats.too_large_traces, &mut stats.too_large_spans),
            Decided::Pending => (&mut stats.abandoned_traces, &mut stats.abandoned_spans),
        };
        *traces += 1;
        *spans += trace.spans.spans();
        self.judge.give_up(id);
        self.free(&trace.spans);
    }

    fn free(&mut self, spans: &TraceSpans) {
        self.count_dropped(spans.spans());
        self.settle(spans.pieces());
    }

    fn count_dropped(&mut self, spans: u64) {
        self.dropped += spans;
        self.engine.count_shared(Life::TailDropped, spans);
    }

    /// What is dropped is owed to nobody any more.
    fn settle(&self, pieces: Vec<Piece>) {
        if let Some(store) = self.engine.store()
            && !pieces.is_empty()
        {
            store.settled_for_all(&merged(pieces));
        }
    }

    /// Tells the engine what is held.
    fn publish(&mut self) {
        self.stats.pending_traces = self.traces.len() as u64;
        self.stats.pending_spans = self.traces.spans();
        let held = self.traces.charge() + self.kept.charge() + self.judge.charge();
        self.stats.held_bytes = held as u64;
        self.engine.set_held(&self.stats);
    }
}

/// Whether the span has no parent in this process.
fn is_local_root(view: SpanView<'_>) -> bool {
    const IS_REMOTE: u32 = 0x300;
    view.flags() & IS_REMOTE == IS_REMOTE || !view.parent_span_id().is_valid()
}

/// The trace id, which stands first in what this library writes.
fn trace_id(span: SpanView<'_>) -> TraceId {
    let first = span.as_bytes().strip_prefix(&[0x0a, 16]);
    let id = first.and_then(|rest| rest.first_chunk());
    id.map_or_else(|| span.trace_id(), |id| TraceId::from_bytes(*id))
}
