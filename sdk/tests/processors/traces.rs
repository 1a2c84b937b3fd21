//! Traces that are kept in the process.

use crate::common::{finish, memory, spans};
use spanline::{InstrumentationScope, KeyValue, Provider, TraceId};

fn trace(provider: &Provider, name: &'static str, children: usize) -> TraceId {
    let tracer = provider.tracer("t");
    let root = tracer.span(name).enter();
    let trace_id = root.context().trace_id();
    for _ in 0..children {
        drop(tracer.span("child").enter());
    }
    trace_id
}

#[test]
fn a_trace_is_found_as_it_was_exported() {
    let provider = memory().correlate_traces().build().unwrap();
    let scope = InstrumentationScope {
        version: Some("1.2".into()),
        ..InstrumentationScope::named("io.shop")
    };
    let tracer = provider.tracer_of(scope);
    let order = tracer.span("order").enter();
    order.set("total", 12.5);
    order.add_event("paid", &[]);
    let trace_id = order.context().trace_id();
    drop(tracer.span("pay").enter());
    drop(order);
    let other = trace(&provider, "other", 2);
    let traces = provider.traces().unwrap();
    let exported = spans(&provider);
    assert_eq!(traces.spans_of(trace_id), exported[..2]);
    assert_eq!(traces.spans_of(other), exported[2..]);
    assert!(traces.spans_of(TraceId::INVALID).is_empty());
    let recent = traces.recent(10);
    let shown: Vec<_> = recent
        .iter()
        .map(|trace| (&*trace.last.name, trace.spans))
        .collect();
    assert_eq!(shown, [("other", 3), ("order", 2)]);
    assert_eq!(traces.recent(1).len(), 1);
    assert_eq!(recent[1].last.attributes, [KeyValue::new("total", 12.5)]);
    let counts = traces.counts();
    assert_eq!((counts.traces, counts.spans, traces.missed()), (2, 5, 0));
    assert!(counts.bytes > 5 * 60);
    traces.reset();
    assert!(traces.recent(10).is_empty());
    assert_eq!(finish(&provider).accepted, 5);
}

#[test]
fn the_bounds_of_the_options_hold() {
    let provider = memory()
        .correlate_traces()
        .options(|options| {
            options.correlator.max_traces = Some(2);
            options.correlator.max_spans_per_trace = Some(3);
        })
        .build()
        .unwrap();
    let first = trace(&provider, "first", 0);
    let long = trace(&provider, "long", 5);
    let last = trace(&provider, "last", 0);
    let traces = provider.traces().unwrap();
    assert!(traces.spans_of(first).is_empty());
    let names: Vec<_> = traces.spans_of(long).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["child", "child", "long"]);
    assert_eq!(traces.spans_of(last).len(), 1);
    let counts = traces.counts();
    assert_eq!(
        (
            counts.evicted_traces,
            counts.evicted_spans,
            counts.overwritten_spans
        ),
        (1, 1, 3)
    );
    assert_eq!(finish(&provider).accepted, 8);
}

#[test]
fn memory_is_bounded_whatever_threads_make() {
    const BOUND: usize = 256 << 10;
    let provider = memory()
        .correlate_traces()
        .options(|options| options.correlator.max_bytes = Some(BOUND as u64))
        .build()
        .unwrap();
    let text = "x".repeat(900);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    provider.tracer("t").span("s").start().set("text", &*text);
                }
            });
        }
    });
    let traces = provider.traces().unwrap();
    let counts = traces.counts();
    assert!(counts.bytes <= BOUND && counts.bytes > BOUND / 2, "{counts:?}");
    assert!(counts.traces > 100, "{counts:?}");
    let gone = counts.evicted_spans + traces.missed();
    assert_eq!(gone + counts.spans as u64, 1200);
    assert_eq!(finish(&provider).accepted, 1200);
}
