//! Finished spans by trace, in bounded memory.

use crate::TraceId;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

/// What a [`TraceStore`] holds at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceBounds {
    /// Traces.
    pub traces: usize,
    /// Spans of one trace; of more the latest to end are held, which are nearer to the root.
    pub spans_per_trace: usize,
    /// Bytes, bookkeeping included.
    pub bytes: usize,
    /// Nanoseconds since the last span of a trace ended.
    pub age_nanos: u64,
}

/// What became of the spans that a [`TraceStore`] was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct TraceCounts {
    /// Traces that are held.
    pub traces: usize,
    /// Spans that are held.
    pub spans: usize,
    /// Bytes that are held, bookkeeping included.
    pub bytes: usize,
    /// Traces that made room for others.
    pub evicted_traces: u64,
    /// Traces that were too old.
    pub expired_traces: u64,
    /// Spans that went with those traces.
    pub evicted_spans: u64,
    /// Spans that made room for later ones of their own trace.
    pub overwritten_spans: u64,
    /// Spans that alone were larger than all that may be held.
    pub too_large: u64,
}

impl TraceCounts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            traces: self.traces + other.traces,
            spans: self.spans + other.spans,
            bytes: self.bytes + other.bytes,
            evicted_traces: self.evicted_traces + other.evicted_traces,
            expired_traces: self.expired_traces + other.expired_traces,
            evicted_spans: self.evicted_spans + other.evicted_spans,
            overwritten_spans: self.overwritten_spans + other.overwritten_spans,
            too_large: self.too_large + other.too_large,
        }
    }
}

/// A trace that is held.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TraceSummary<S> {
    /// Which.
    pub trace_id: TraceId,
    /// How many of its spans are held.
    pub spans: usize,
    /// How many more there were.
    pub overwritten: u64,
    /// The moment at which a span was last added, as that call said.
    pub changed: u64,
    /// The span that ended last: of a trace that is through, the root of what was recorded here.
    pub last: S,
}

#[derive(Debug)]
struct Trace<S> {
    /// With the bytes of each, in the order in which they ended.
    spans: VecDeque<(S, usize)>,
    overwritten: u64,
    /// Bytes of its spans, without bookkeeping.
    bytes: usize,
    changed: u64,
    /// Its place among the traces by the last change.
    turn: u64,
}

impl<S> Trace<S> {
    /// What it is charged with: maps are at least half full, but for a node on the way down.
    fn charge(&self) -> usize {
        let entry = size_of::<TraceId>() + size_of::<Self>() + size_of::<(u64, TraceId)>();
        3 * entry + self.bytes + self.spans.capacity() * size_of::<(S, usize)>()
    }
}

/// Holds spans by trace id. What was changed longest ago makes room for what comes.
///
/// `S` is a span, in whatever form; its size is said when it is added.
#[derive(Debug)]
pub struct TraceStore<S> {
    bounds: TraceBounds,
    traces: BTreeMap<TraceId, Trace<S>>,
    by_turn: BTreeMap<u64, TraceId>,
    next_turn: u64,
    counts: TraceCounts,
}

/// Traces that are let go of for their age in one call.
const AT_ONCE: usize = 4;

impl<S> TraceStore<S> {
    /// An empty one. Of traces and spans it holds at least one.
    pub fn new(bounds: TraceBounds) -> Self {
        Self {
            bounds: TraceBounds {
                traces: bounds.traces.max(1),
                spans_per_trace: bounds.spans_per_trace.max(1),
                ..bounds
            },
            traces: BTreeMap::new(),
            by_turn: BTreeMap::new(),
            next_turn: 0,
            counts: TraceCounts::default(),
        }
    }

    /// Adds a span that takes so many bytes, at this moment. What has to go is added to `gone`, for the caller to drop
    /// where nothing waits for it.
    pub fn add(&mut self, trace_id: TraceId, span: S, bytes: usize, now: u64, gone: &mut Vec<S>) {
        self.expire(now, gone);
        // One that may be alone must fit with its bookkeeping, and with a place for three more.
        if bytes.saturating_add(4 * size_of::<Trace<S>>() + 512) > self.bounds.bytes {
            self.counts.too_large += 1;
            gone.push(span);
            return;
        }
        let turn = self.next_turn;
        self.next_turn += 1;
        let trace = self.traces.entry(trace_id).or_insert_with(|| Trace {
            spans: VecDeque::new(),
            overwritten: 0,
            bytes: 0,
            changed: now,
            turn,
        });
        let (before, spans_before) = match trace.spans.is_empty() {
            true => (0, 0),
            false => (trace.charge(), trace.spans.len()),
        };
        if trace.spans.len() >= self.bounds.spans_per_trace
            && let Some((first, bytes)) = trace.spans.pop_front()
        {
            trace.bytes -= bytes;
            trace.overwritten += 1;
            self.counts.overwritten_spans += 1;
            gone.push(first);
        }
        trace.spans.push_back((span, bytes));
        trace.bytes += bytes;
        trace.changed = now;
        self.by_turn.remove(&trace.turn);
        trace.turn = turn;
        self.by_turn.insert(turn, trace_id);
        let (after, spans_after) = (trace.charge(), trace.spans.len());
        self.counts.bytes = self.counts.bytes + after - before;
        self.counts.spans = self.counts.spans + spans_after - spans_before;
        self.counts.traces = self.traces.len();
        while self.traces.len() > self.bounds.traces
            || (self.counts.bytes > self.bounds.bytes && self.traces.len() > 1)
        {
            self.counts.evicted_traces += 1;
            self.let_go(gone);
        }
        self.shrink(trace_id, gone);
    }

    /// A trace that is alone too large loses those of its spans that ended first.
    fn shrink(&mut self, trace_id: TraceId, gone: &mut Vec<S>) {
        let Some(trace) = self.traces.get_mut(&trace_id) else {
            return;
        };
        let before = trace.charge();
        if self.counts.bytes <= self.bounds.bytes {
            return;
        }
        let rest = self.counts.bytes - before;
        while trace.spans.len() > 1 && rest + trace.charge() > self.bounds.bytes {
            if let Some((first, bytes)) = trace.spans.pop_front() {
                trace.bytes -= bytes;
                trace.overwritten += 1;
                self.counts.overwritten_spans += 1;
                self.counts.spans -= 1;
                gone.push(first);
            }
            trace.spans.shrink_to(trace.spans.len() + trace.spans.len() / 4);
        }
        self.counts.bytes = rest + trace.charge();
    }

    /// Lets go of some that are too old.
    fn expire(&mut self, now: u64, gone: &mut Vec<S>) {
        for _ in 0..AT_ONCE {
            let oldest = self.by_turn.first_key_value();
            let trace = oldest.and_then(|(_, id)| self.traces.get(id));
            if !trace.is_some_and(|trace| self.is_old(trace, now)) {
                return;
            }
            self.counts.expired_traces += 1;
            self.let_go(gone);
        }
    }

    fn is_old(&self, trace: &Trace<S>, now: u64) -> bool {
        now.saturating_sub(trace.changed) > self.bounds.age_nanos
    }

    /// Lets go of the trace that was changed longest ago.
    fn let_go(&mut self, gone: &mut Vec<S>) {
        let Some((_, id)) = self.by_turn.pop_first() else {
            return;
        };
        if let Some(trace) = self.traces.remove(&id) {
            self.counts.bytes -= trace.charge();
            self.counts.spans -= trace.spans.len();
            self.counts.evicted_spans += trace.spans.len() as u64;
            self.counts.traces = self.traces.len();
            gone.extend(trace.spans.into_iter().map(|(span, _)| span));
        }
    }

    /// What is held, and what became of the rest.
    pub const fn counts(&self) -> TraceCounts {
        self.counts
    }

    /// Forgets all traces, and what was counted.
    pub fn reset(&mut self, gone: &mut Vec<S>) {
        while !self.by_turn.is_empty() {
            self.let_go(gone);
        }
        self.counts = TraceCounts::default();
    }
}

impl<S: Clone> TraceStore<S> {
    /// The spans of a trace, in the order in which they ended; none when it is not held, or too old at this moment.
    pub fn spans_of(&self, trace_id: TraceId, now: u64) -> Vec<S> {
        let trace = self
            .traces
            .get(&trace_id)
            .filter(|trace| !self.is_old(trace, now));
        let spans = trace.into_iter().flat_map(|trace| &trace.spans);
        spans.map(|(span, _)| span.clone()).collect()
    }

    /// The traces that are not too old at this moment, the one that was changed last first; at most so many.
    pub fn recent(&self, most: usize, now: u64) -> Vec<TraceSummary<S>> {
        let latest_first = self.by_turn.values().rev();
        let summaries = latest_first.filter_map(|id| {
            let trace = self.traces.get(id).filter(|trace| !self.is_old(trace, now))?;
            Some(TraceSummary {
                trace_id: *id,
                spans: trace.spans.len(),
                overwritten: trace.overwritten,
                changed: trace.changed,
                last: trace.spans.back()?.0.clone(),
            })
        });
        summaries.take(most).collect()
    }
}
