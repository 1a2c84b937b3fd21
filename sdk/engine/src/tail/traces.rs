//! The traces that wait for their decision.

use super::{
    order::{LINK_BYTES, Order},
    records::TraceSpans,
};
use alloc::{collections::BTreeMap, vec::Vec};
use spanline_core::{TraceId, sample::tail::TraceSummary};

/// A trace that waits for its decision.
#[derive(Debug)]
pub(super) struct PendingTrace {
    pub(super) id: TraceId,
    pub(super) spans: TraceSpans,
    pub(super) summary: TraceSummary,
    /// When its first span came.
    pub(super) arrived: u64,
    /// When the first local root came, and in which pass over the threads.
    pub(super) root: Option<(u64, u64)>,
    /// What was charged for it last.
    charged: usize,
}

/// A place of the table, with its part of index and orders.
const PLACE: usize = size_of::<Option<PendingTrace>>() + 2 * LINK_BYTES + size_of::<u32>();
/// What the index takes for one entry, at the two thirds that it is full on average.
const INDEXED: usize = (size_of::<TraceId>() + size_of::<u32>()) * 3 / 2;

/// All of them: found by id, by when they came, and by when their local root ended.
#[derive(Debug)]
pub(super) struct Traces {
    places: Vec<Option<PendingTrace>>,
    free: Vec<u32>,
    index: BTreeMap<TraceId, u32>,
    by_arrival: Order,
    by_root: Order,
    /// What the spans and summaries cost.
    charged: usize,
    spans: u64,
}

impl Traces {
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            index: BTreeMap::new(),
            by_arrival: Order::new(),
            by_root: Order::new(),
            charged: 0,
            spans: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn spans(&self) -> u64 {
        self.spans
    }

    /// What all of it costs in memory.
    pub(super) fn charge(&self) -> usize {
        self.charged + self.places.capacity() * PLACE + self.index.len() * INDEXED
    }

    pub(super) fn find(&self, id: TraceId) -> Option<u32> {
        self.index.get(&id).copied()
    }

    /// Makes a trace; there is none of this id.
    pub(super) fn add(&mut self, id: TraceId, summary: TraceSummary, now: u64) -> u32 {
        let trace = PendingTrace {
            id,
            spans: TraceSpans::default(),
            summary,
            arrived: now,
            root: None,
            charged: 0,
        };
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                // By a quarter, since the table is charged by what it takes.
                if self.places.len() == self.places.capacity() {
                    self.places.reserve_exact((self.places.len() / 4).max(16));
                }
                self.places.push(None);
                // So many places as 32 bits count would not fit into memory.
                (self.places.len() - 1) as u32
            }
        };
        if let Some(at) = self.places.get_mut(place as usize) {
            *at = Some(trace);
        }
        self.index.insert(id, place);
        self.by_arrival.push(place);
        place
    }

    pub(super) fn get(&self, place: u32) -> Option<&PendingTrace> {
        self.places.get(place as usize)?.as_ref()
    }

    /// Changes a trace, and the accounts with it.
    pub(super) fn change<R>(&mut self, place: u32, change: impl FnOnce(&mut PendingTrace) -> R) -> Option<R> {
        let trace = self.places.get_mut(place as usize)?.as_mut()?;
        let (spans, had_root) = (trace.spans.spans(), trace.root.is_some());
        let result = change(trace);
        self.spans += trace.spans.spans() - spans;
        // The summary has a fixed size, and is charged with its place.
        let charge = trace.spans.charge();
        self.charged = self.charged + charge - trace.charged;
        trace.charged = charge;
        if trace.root.is_some() && !had_root {
            self.by_root.push(place);
        }
        Some(result)
    }

    /// The one that came first.
    pub(super) fn oldest(&self) -> Option<&PendingTrace> {
        self.get(self.by_arrival.first()?)
    }

    /// The one whose local root came first.
    pub(super) fn oldest_root(&self) -> Option<&PendingTrace> {
        self.get(self.by_root.first()?)
    }

    /// Takes a trace out.
    pub(super) fn take(&mut self, id: TraceId) -> Option<PendingTrace> {
        let place = self.index.remove(&id)?;
        let trace = self.places.get_mut(place as usize)?.take()?;
        self.by_arrival.remove(place);
        self.by_root.remove(place);
        self.free.push(place);
        self.charged -= trace.charged;
        self.spans -= trace.spans.spans();
        if self.index.is_empty() {
            // What a flood took is not kept for ever.
            *self = Self::new();
        }
        Some(trace)
    }
}
