//! Events, links and their limits.

use crate::common::{memory, only_span};
use spanline::{KeyValue, Link, SpanContext, SpanId, TraceFlags, TraceId, TraceState};

fn linked(number: u8) -> SpanContext {
    let ids = (TraceId::from_bytes([9; 16]), SpanId::from_bytes([number; 8]));
    let state = TraceState::parse(b"a=1").unwrap();
    SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, number % 2 == 1, state)
}

fn numbers(span: &spanline::FinishedSpan) -> Vec<u8> {
    span.links.iter().map(|link| link.span_id.to_bytes()[0]).collect()
}

#[test]
fn links_are_kept_in_order_from_the_start_and_later() {
    let provider = memory().build().unwrap();
    let (one, two) = (linked(1), linked(2));
    let attributes = [("k", 1.into())];
    let span = provider
        .tracer("t")
        .span("s")
        .link(&one, &attributes)
        .link(&two, &[])
        .start();
    span.add_link(&linked(4), &[("late", true.into())])
        .add_link(&linked(3), &[]);
    span.end();
    let span = only_span(&provider);
    assert_eq!(numbers(&span), [1, 2, 4, 3]);
    let first = &span.links[0];
    assert_eq!(
        (first.trace_id, first.trace_state.as_str(), first.flags),
        (one.trace_id(), "a=1", 0x301)
    );
    assert_eq!(first.attributes, [KeyValue::new("k", 1)]);
    assert_eq!((span.links[1].flags, span.links[2].attributes.len()), (0x101, 1));
}

#[test]
fn a_sampler_sees_the_links_given_at_the_start() {
    use spanline::sample::{AlwaysOn, Sampler, SamplingRequest, SamplingResult};
    #[derive(Debug)]
    struct Counts;
    impl Sampler for Counts {
        fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
            let links: Vec<&Link<'_>> = request.links.iter().collect();
            assert_eq!(links.len(), 1);
            let mut result = AlwaysOn.should_sample(request);
            result
                .attributes
                .push(KeyValue::new("linked", links[0].context.span_id().to_string()));
            result
        }
        fn description(&self) -> String {
            "Counts".to_owned()
        }
    }
    let provider = memory().custom_sampler(Counts).build().unwrap();
    let one = linked(1);
    provider.tracer("t").span("s").link(&one, &[]).start().end();
    assert_eq!(
        only_span(&provider).attributes,
        [KeyValue::new("linked", "0101010101010101")]
    );
}

#[test]
fn a_link_without_ids_is_kept_when_it_says_something() {
    let provider = memory().build().unwrap();
    let nobody = SpanContext::INVALID;
    let state = TraceState::parse(b"a=1").unwrap();
    let with_state = SpanContext::new(TraceId::INVALID, SpanId::INVALID, TraceFlags::NONE, false, state);
    let span = provider.tracer("t").span("s").start();
    span.add_link(&nobody, &[])
        .add_link(&nobody, &[("k", 1.into())])
        .add_link(&with_state, &[]);
    span.end();
    let span = only_span(&provider);
    assert_eq!((span.links.len(), span.dropped_links), (2, 0));
    assert_eq!(
        (span.links[0].attributes.len(), span.links[1].trace_state.as_str()),
        (1, "a=1")
    );
}

#[test]
fn events_are_kept_in_order() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    for n in 0..100 {
        span.add_event(&format!("event {n}"), &[("n", n.into())]);
    }
    span.end();
    let span = only_span(&provider);
    for (n, event) in span.events.iter().enumerate() {
        assert_eq!(event.name, format!("event {n}"));
        assert_eq!(event.attributes, [KeyValue::new("n", n as i64)]);
    }
    assert!(
        span.events
            .windows(2)
            .all(|pair| pair[0].time_unix_nano <= pair[1].time_unix_nano)
    );
    assert_eq!(span.events.len(), 100);
}

#[test]
fn the_numbers_of_events_and_links_are_limited() {
    let limits = |options: &mut spanline::options::Options| {
        options.limits.events = Some(2);
        options.limits.links = Some(1);
        options.limits.event_attributes = Some(1);
        options.limits.link_attributes = Some(0);
    };
    let provider = memory().options(limits).build().unwrap();
    let two = [("a", 1.into()), ("b", 2.into())];
    let first = linked(1);
    let span = provider.tracer("t").span("s").link(&first, &two).start();
    span.add_link(&linked(2), &[]).add_link(&linked(3), &[]);
    span.add_event("e1", &two)
        .add_event("e2", &[])
        .add_event("e3", &[]);
    span.end();
    let span = only_span(&provider);
    assert_eq!((numbers(&span), span.dropped_links), (vec![1], 2));
    let link = &span.links[0];
    assert_eq!((link.attributes.len(), link.dropped_attributes), (0, 2));
    let names: Vec<_> = span.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!((names, span.dropped_events), (vec!["e1", "e2"], 1));
    let event = &span.events[0];
    assert_eq!(
        (event.attributes.as_slice(), event.dropped_attributes),
        (&[KeyValue::new("a", 1)][..], 1)
    );
}

#[test]
fn the_default_limits_hold() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    for n in 0..130 {
        span.set(&format!("k{n}"), n)
            .add_event("e", &[])
            .add_link(&linked(1), &[]);
    }
    span.end();
    let span = only_span(&provider);
    assert_eq!((span.attributes.len(), span.dropped_attributes), (128, 2));
    assert_eq!((span.events.len(), span.dropped_events), (128, 2));
    assert_eq!((span.links.len(), span.dropped_links), (128, 2));
}
