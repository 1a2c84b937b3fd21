//! The store by itself, with a clock that stands where it is told to.

use super::*;

const MS: Duration = Duration::from_millis(1);

fn id(n: u128) -> TraceId {
    TraceId::from_bytes(n.to_be_bytes())
}

fn new_span(trace: u128, span: u64, parent: u64, bytes: usize) -> NewSpan {
    // The store never reads these bytes; they only have to differ.
    let mut content = vec![0; bytes.max(24)];
    content[..8].copy_from_slice(&span.to_be_bytes());
    content[8..24].copy_from_slice(&trace.to_be_bytes());
    NewSpan {
        trace_id: id(trace),
        id: SpanId::from_bytes(span.to_be_bytes()),
        parent: SpanId::from_bytes(parent.to_be_bytes()),
        start: span,
        end: span + 10,
        error: false,
        bytes: content.into(),
    }
}

fn group(service: &str, spans: Vec<NewSpan>) -> Group {
    Group {
        resource: Arc::new(Resource {
            bytes: service.as_bytes().into(),
            schema_url: "".into(),
            service: service.into(),
        }),
        scope: Arc::new(Scope {
            bytes: (*b"scope").into(),
            schema_url: "".into(),
        }),
        spans,
    }
}

fn store() -> Store {
    Store::new(1 << 30)
}

fn finished(store: &mut Store, now: Duration) -> Vec<u128> {
    std::iter::from_fn(|| store.take_finished(now))
        .map(|trace| u128::from_be_bytes(trace.id.to_bytes()))
        .collect()
}

#[test]
fn with_its_root_a_trace_is_finished_after_a_quiet_second() {
    let mut store = store();
    store.insert(vec![group("a", vec![new_span(1, 1, 0, 0)])], 100 * MS);
    assert_eq!(store.next_deadline(), Some(1_100 * MS));
    assert!(finished(&mut store, 1_099 * MS).is_empty());
    store.insert(vec![group("a", vec![new_span(1, 2, 1, 0)])], 1_050 * MS);
    assert!(
        finished(&mut store, 2_049 * MS).is_empty(),
        "a new span starts the second anew"
    );
    assert_eq!(finished(&mut store, 2_050 * MS), [1]);
}

#[test]
fn without_its_root_a_trace_is_finished_after_five_seconds() {
    let mut store = store();
    store.insert(vec![group("a", vec![new_span(1, 2, 1, 0)])], Duration::ZERO);
    assert!(finished(&mut store, 4_999 * MS).is_empty());
    assert_eq!(finished(&mut store, 5_000 * MS), [1]);
    store.insert(vec![group("a", vec![new_span(2, 2, 1, 0)])], 6_000 * MS);
    store.insert(vec![group("a", vec![new_span(2, 1, 0, 0)])], 6_500 * MS);
    assert_eq!(
        finished(&mut store, 7_500 * MS),
        [2],
        "the root shortens the wait"
    );
}

#[test]
fn a_trace_is_finished_once_and_late_spans_join_it() {
    let mut store = store();
    store.insert(vec![group("a", vec![new_span(1, 1, 0, 0)])], Duration::ZERO);
    assert_eq!(finished(&mut store, 1_000 * MS), [1]);
    store.insert(vec![group("b", vec![new_span(1, 2, 1, 0)])], 2_000 * MS);
    assert!(finished(&mut store, 60_000 * MS).is_empty());
    assert_eq!(store.trace(id(1)).map(|trace| trace.spans.len()), Some(2));
    assert_eq!(store.next_deadline(), None);
}

#[test]
fn finished_traces_come_in_order_of_their_deadlines() {
    let mut store = store();
    store.insert(vec![group("a", vec![new_span(1, 2, 1, 0)])], Duration::ZERO);
    store.insert(vec![group("a", vec![new_span(3, 1, 0, 0)])], 20 * MS);
    store.insert(vec![group("a", vec![new_span(2, 1, 0, 0)])], 10 * MS);
    assert_eq!(finished(&mut store, 10_000 * MS), [2, 3, 1]);
}

#[test]
fn a_repeated_span_is_kept_once_and_a_different_one_of_its_id_beside_it() {
    let mut store = store();
    let first = store.insert(vec![group("a", vec![new_span(1, 1, 0, 0)])], Duration::ZERO);
    assert_eq!((first.added, first.duplicates), (1, 0));
    let charged = store.size().bytes;
    let again = store.insert(vec![group("a", vec![new_span(1, 1, 0, 0)])], 900 * MS);
    assert_eq!((again.added, again.duplicates), (0, 1));
    assert_eq!(store.size().bytes, charged);
    assert_eq!(
        finished(&mut store, 1_000 * MS),
        [1],
        "a repetition is no new span"
    );
    let other = store.insert(vec![group("b", vec![new_span(1, 1, 0, 0)])], Duration::ZERO);
    assert_eq!(
        other.added, 1,
        "the same bytes from another service are another span"
    );
    let other = store.insert(vec![group("a", vec![new_span(1, 1, 0, 99)])], Duration::ZERO);
    assert_eq!((other.added, store.size().spans), (1, 3));
}

#[test]
fn the_oldest_trace_goes_first_and_nothing_of_it_stays() {
    let mut store = Store::new(20_000);
    let mut gone = Inserted::default();
    for trace in 1..=100 {
        let service = format!("service {trace}");
        let outcome = store.insert(
            vec![group(&service, vec![new_span(trace, 1, 0, 500)])],
            Duration::ZERO,
        );
        gone.evicted_traces += outcome.evicted_traces;
        gone.evicted_spans += outcome.evicted_spans;
        assert!(store.size().bytes <= 20_000);
    }
    let size = store.size();
    assert_eq!(size.traces as u64 + gone.evicted_traces, 100);
    assert_eq!(size.spans as u64 + gone.evicted_spans, 100);
    assert!(size.traces > 10, "{size:?}");
    let kept: Vec<u128> = (1..=100)
        .filter(|&trace| store.trace(id(trace)).is_some())
        .collect();
    assert_eq!(kept, (101 - size.traces as u128..=100).collect::<Vec<_>>());
    assert_eq!(
        store.services().len(),
        size.traces,
        "resources leave with their last span"
    );
    assert_eq!(
        finished(&mut store, 10_000 * MS).len(),
        size.traces,
        "what has gone is not finished"
    );
}

#[test]
fn a_trace_over_the_bound_goes_whole_and_all_is_given_back() {
    let mut store = Store::new(10_000);
    let spans = (1..=100).map(|n| new_span(1, n, 0, 500)).collect();
    let outcome = store.insert(vec![group("a", spans)], Duration::ZERO);
    assert_eq!(
        (outcome.added, outcome.evicted_traces, outcome.evicted_spans),
        (100, 1, 100)
    );
    assert_eq!(
        store.size(),
        Size {
            limit: 10_000,
            ..Size::default()
        }
    );
    assert!(store.services().is_empty());
}

#[test]
fn what_is_charged_covers_what_is_kept() {
    let mut store = store();
    let spans = (1..=1_000).map(|n| new_span(1, n, 0, 300)).collect();
    store.insert(vec![group("a", spans)], Duration::ZERO);
    let bytes = store.size().bytes;
    assert!(bytes > 1_000 * (300 + size_of::<StoredSpan>()), "{bytes}");
    assert!(bytes < 1_000 * 700, "{bytes}");
}

#[test]
fn a_reader_keeps_what_it_reads() {
    let mut store = store();
    store.insert(vec![group("a", vec![new_span(1, 1, 0, 0)])], Duration::ZERO);
    let read = store.trace(id(1)).map(|trace| (trace.spans.len(), trace));
    store.insert(vec![group("a", vec![new_span(1, 2, 1, 0)])], Duration::ZERO);
    let (before, trace) = read.expect("kept");
    assert_eq!((before, trace.spans.len()), (1, 1));
    assert_eq!(store.trace(id(1)).map(|trace| trace.spans.len()), Some(2));
}
