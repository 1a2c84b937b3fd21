//! The store of traces: what it holds, what goes first, and that no bound is ever passed.

use proptest::prelude::*;
use spanline_core::TraceId;
use spanline_core::process::{TraceBounds, TraceCounts, TraceStore};

const BOUNDS: TraceBounds = TraceBounds {
    traces: 3,
    spans_per_trace: 3,
    bytes: 1 << 20,
    age_nanos: 100,
};

fn id(number: u8) -> TraceId {
    let mut bytes = [0; 16];
    bytes[15] = number;
    TraceId::from_bytes(bytes)
}

struct Store(TraceStore<u32>, Vec<u32>);

impl Store {
    fn new(bounds: TraceBounds) -> Self {
        Self(TraceStore::new(bounds), Vec::new())
    }

    fn add(&mut self, trace: u8, span: u32, bytes: usize, now: u64) {
        self.0.add(id(trace), span, bytes, now, &mut self.1);
    }

    fn recent(&self, now: u64) -> Vec<u8> {
        let recent = self.0.recent(usize::MAX, now);
        recent.iter().map(|trace| trace.trace_id.to_bytes()[15]).collect()
    }
}

#[test]
fn spans_are_found_by_their_trace_in_their_order() {
    let mut store = Store::new(BOUNDS);
    for (trace, span) in [(1, 10), (2, 20), (1, 11)] {
        store.add(trace, span, 100, 5);
    }
    assert_eq!(store.0.spans_of(id(1), 6), [10, 11]);
    assert_eq!(store.0.spans_of(id(2), 6), [20]);
    assert_eq!(store.0.spans_of(id(3), 6), []);
    let recent = store.0.recent(1, 6);
    assert_eq!(
        (recent.len(), recent[0].trace_id, recent[0].spans, recent[0].last),
        (1, id(1), 2, 11)
    );
    assert_eq!(store.recent(6), [1, 2]);
    let counts = store.0.counts();
    assert_eq!((counts.traces, counts.spans), (2, 3));
    assert!(counts.bytes > 300 && store.1.is_empty());
    store.0.reset(&mut store.1);
    assert_eq!((store.0.counts(), store.1.len()), (TraceCounts::default(), 3));
    assert!(store.recent(6).is_empty());
}

#[test]
fn the_trace_that_was_changed_longest_ago_makes_room() {
    let mut store = Store::new(BOUNDS);
    for (trace, span) in [(1, 10), (2, 20), (3, 30), (1, 11), (4, 40)] {
        store.add(trace, span, 100, 5);
    }
    assert_eq!(store.recent(5), [4, 1, 3]);
    assert_eq!(store.1, [20]);
    let counts = store.0.counts();
    assert_eq!(
        (counts.evicted_traces, counts.evicted_spans, counts.spans),
        (1, 1, 4)
    );
}

#[test]
fn of_a_long_trace_the_last_spans_stay() {
    let mut store = Store::new(BOUNDS);
    (10..15).for_each(|span| store.add(1, span, 100, 5));
    assert_eq!(store.0.spans_of(id(1), 5), [12, 13, 14]);
    assert_eq!(store.0.counts().overwritten_spans, 2);
    assert_eq!(store.0.recent(9, 5)[0].overwritten, 2);
}

#[test]
fn what_is_too_old_is_not_shown_and_goes() {
    let mut store = Store::new(BOUNDS);
    store.add(1, 10, 100, 0);
    store.add(2, 20, 100, 50);
    assert_eq!(store.0.spans_of(id(1), 100), [10]);
    assert!(store.0.spans_of(id(1), 101).is_empty());
    assert_eq!(store.recent(101), [2]);
    store.add(3, 30, 100, 101);
    let counts = store.0.counts();
    assert_eq!(
        (counts.expired_traces, counts.evicted_spans, counts.traces),
        (1, 1, 2)
    );
    assert_eq!(store.1, [10]);
}

#[test]
fn bytes_are_bounded_between_traces_and_within_one() {
    let bounds = TraceBounds {
        traces: 100,
        spans_per_trace: 100,
        bytes: 10_000,
        ..BOUNDS
    };
    let mut store = Store::new(bounds);
    store.add(1, 10, 6_000, 5);
    store.add(2, 20, 5_000, 5);
    assert_eq!(store.recent(5), [2]);
    store.add(2, 21, 4_000, 5);
    assert_eq!(store.0.spans_of(id(2), 5), [20, 21]);
    store.add(2, 22, 4_000, 5);
    assert_eq!(store.0.spans_of(id(2), 5), [21, 22]);
    store.add(3, 30, 10_000, 5);
    assert_eq!(store.0.counts().too_large, 1);
    assert_eq!(store.1, [10, 20, 30]);
    assert!(store.0.counts().bytes <= 10_000);
}

proptest! {
    #[test]
    fn no_bound_is_passed_and_every_span_is_accounted_for(
        spans in prop::collection::vec((0..12u8, 0..6_000usize, 0..20u64), 0..300),
        traces in 1..8usize,
        spans_per_trace in 1..8usize,
        bytes in 2_000..40_000usize,
    ) {
        let bounds = TraceBounds { traces, spans_per_trace, bytes, ..BOUNDS };
        let mut store = Store::new(bounds);
        let mut now = 0;
        for (number, (trace, size, later)) in spans.iter().enumerate() {
            now += later;
            store.add(*trace, number as u32, *size, now);
            let counts = store.0.counts();
            prop_assert!(counts.traces <= traces, "{:?}", counts);
            prop_assert!(counts.bytes <= bytes, "{:?}", counts);
            prop_assert!(counts.spans <= traces * spans_per_trace);
            let shown = store.0.recent(usize::MAX, 0);
            prop_assert_eq!(shown.len(), counts.traces);
            prop_assert_eq!(shown.iter().map(|trace| trace.spans).sum::<usize>(), counts.spans);
            prop_assert!(shown.iter().all(|trace| trace.spans <= spans_per_trace));
            let gone = counts.evicted_spans + counts.overwritten_spans + counts.too_large;
            prop_assert_eq!(gone, store.1.len() as u64);
            prop_assert_eq!(number as u64 + 1, gone + counts.spans as u64);
        }
        // Charges are taken back exactly: when all else has gone, what is left is charged as if it had come first.
        for later in 1..20 {
            store.add(100 + later, 1_000_000, 100, now + 1_000 * u64::from(later));
        }
        let mut fresh = Store::new(bounds);
        fresh.add(1, 0, 100, 0);
        prop_assert_eq!(store.0.counts().bytes, fresh.0.counts().bytes);
        store.0.reset(&mut store.1);
        store.1.retain(|span| *span < 1_000_000);
        store.1.sort_unstable();
        prop_assert_eq!(store.1.len(), spans.len());
        store.1.dedup();
        prop_assert_eq!(store.1.len(), spans.len(), "a span went twice");
    }
}
