//! Carrying context, and the values that travel.

use crate::common::{memory, only_span, remote_parent};
use spanline::propagate::{
    BaggagePropagator, CompositePropagator, Getter, Setter, TextMapPropagator, TraceContextPropagator,
};
use spanline::{Baggage, Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use std::collections::HashMap;
use std::sync::Arc;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_span_context_knows_whether_it_is_valid_and_remote() {
    let (trace, span) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let made =
        |trace, span, remote| SpanContext::new(trace, span, TraceFlags::SAMPLED, remote, TraceState::EMPTY);
    assert!(made(trace, span, false).is_valid());
    assert!(!made(TraceId::INVALID, span, false).is_valid());
    assert!(!made(trace, SpanId::INVALID, false).is_valid());
    assert!(made(trace, span, true).is_remote() && remote_parent(true).span_context().is_remote());

    let provider = memory().build().unwrap();
    let child = provider
        .tracer("t")
        .span("child")
        .parent(&remote_parent(true))
        .start();
    assert!(
        child.context().is_valid() && !child.context().is_remote(),
        "made here"
    );
}

#[test]
fn ids_are_lower_case_hex_and_bytes() {
    let parent = remote_parent(true);
    let span = parent.span_context();
    assert_eq!(span.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span.span_id().to_string(), "00f067aa0ba902b7");
    assert_eq!(SpanId::from_bytes(span.span_id().to_bytes()), span.span_id());
    assert_eq!(TraceId::from_hex("4BF92F3577B34DA6A3CE929D0E0E4736"), None);
}

#[test]
fn a_context_travels_from_span_to_span() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let tracer = provider.tracer("t");
    let mut headers: HashMap<String, String> = HashMap::new();
    let client = tracer.span("client").enter();
    let baggage = Baggage::EMPTY.set("user", "alice", None).unwrap();
    spanline::context::with(spanline::context::current().with_baggage(baggage), || {
        spanline::inject(&mut headers)
    });
    let (trace, span) = (client.context().trace_id(), client.context().span_id());
    drop(client);
    provider.reset_finished_spans();
    assert_eq!(headers["traceparent"], format!("00-{trace}-{span}-03"));
    assert_eq!(headers["baggage"], "user=alice");

    let received = spanline::extract(&headers);
    assert_eq!(received.baggage().get("user"), Some("alice"));
    tracer.span("server").parent(&received).start().end();
    let server = only_span(&provider);
    assert_eq!((server.trace_id, server.parent_span_id), (trace, span));
}

#[test]
fn a_composite_runs_its_members_in_order() {
    let members: [Arc<dyn TextMapPropagator>; 2] = [
        Arc::new(TraceContextPropagator),
        Arc::new(BaggagePropagator::new()),
    ];
    let composite = CompositePropagator::new(members);
    assert_eq!(composite.fields(), ["traceparent", "tracestate", "baggage"]);
    let carrier = [("traceparent", PARENT), ("tracestate", "a=1"), ("baggage", "k=v")];
    let found = composite.extract(Context::EMPTY, &carrier);
    assert_eq!(found.baggage().get("k"), Some("v"));
    assert_eq!(found.span_context().trace_state().as_str(), "a=1");
    let mut written: Vec<(String, String)> = Vec::new();
    composite.inject(&found, &mut written);
    let names: Vec<_> = written.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["traceparent", "tracestate", "baggage"]);
}

/// A carrier of the user's own.
#[derive(Debug, Default)]
struct Message {
    properties: Vec<(String, Vec<u8>)>,
}

impl Getter for Message {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    }

    fn keys(&self) -> Vec<&str> {
        self.properties.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Setter for Message {
    fn set(&mut self, name: &str, value: &str) {
        self.properties.push((name.to_owned(), value.into()));
    }
}

#[test]
fn any_carrier_is_written_by_a_setter_and_read_by_a_getter() {
    let propagator = CompositePropagator::w3c();
    let mut message = Message::default();
    let context = remote_parent(true).with_baggage(Baggage::EMPTY.set("k", "v", None).unwrap());
    propagator.inject(&context, &mut message);
    assert_eq!(message.keys(), ["traceparent", "baggage"]);
    let found = propagator.extract(Context::EMPTY, &message);
    assert_eq!(found.span_context(), context.span_context());
    assert_eq!(found.baggage(), context.baggage());
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let given = remote_parent(true);
    for bad in [
        "",
        "00",
        "00-0-0-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        let found = TraceContextPropagator.extract(given.clone(), &[("traceparent", bad)]);
        assert_eq!(found.span_context(), given.span_context(), "{bad}");
    }
}

#[test]
fn baggage_is_set_read_and_removed() {
    let one = Baggage::EMPTY.set("a", "1", None).unwrap();
    let two = one
        .set("b", "2", Some("private"))
        .unwrap()
        .set("a", "3", None)
        .unwrap();
    assert_eq!(one.iter().collect::<Vec<_>>(), [("a", "1")], "unchanged");
    assert_eq!(
        (two.get("a"), two.get("b"), two.get("c")),
        (Some("3"), Some("2"), None)
    );
    assert_eq!(
        two.entry("b").and_then(|entry| entry.metadata.as_deref()),
        Some("private")
    );
    assert_eq!(two.remove("a").len(), 1);
    let context = Context::EMPTY.with_baggage(two.clone());
    assert_eq!(context.baggage(), &two);
    let mut written: Vec<(String, String)> = Vec::new();
    BaggagePropagator::new().inject(&context, &mut written);
    assert_eq!(written, [("baggage".to_owned(), "a=3,b=2;private".to_owned())]);
    assert!(context.with_baggage(two.clear()).baggage().is_empty());
}
