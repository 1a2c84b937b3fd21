//! Generators of ids and samplers.

use crate::common::{FixedIds, memory, only_span, remote_parent, spans};
use spanline::options::SamplerOption;
use spanline::sample::{
    AlwaysOff, AlwaysOn, AlwaysRecord, Decision, Sampler, SamplingRequest, SamplingResult,
};
use spanline::{
    Baggage, Context, EndedSpan, KeyValue, SpanId, SpanKind, SpanProcessor, TraceId, TraceState, Value,
    Verdict,
};
use std::sync::{Arc, Mutex};

const TRACE: TraceId = TraceId::from_bytes([0xee; 16]);
const SPAN: SpanId = SpanId::from_bytes([7; 8]);

#[test]
fn the_generator_of_ids_is_replaced() {
    for random in [false, true] {
        let ids = FixedIds::new([TRACE], [SPAN, SpanId::from_bytes([8; 8])]).random(random);
        let provider = memory().id_generator(ids).build().unwrap();
        let root = provider.tracer("t").span("root").enter();
        provider.tracer("t").span("child").start().end();
        drop(root);
        let spans = spans(&provider);
        assert!(spans.iter().all(|span| span.trace_id == TRACE));
        assert_eq!((spans[1].span_id, spans[0].parent_span_id), (SPAN, SPAN));
        let flags = if random { 0x103 } else { 0x101 };
        assert!(
            spans.iter().all(|span| span.flags == flags),
            "a generator says whether it is random"
        );
    }
}

#[test]
fn ids_that_are_not_valid_are_replaced() {
    let provider = memory().id_generator(FixedIds::default()).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    assert!(span.context().is_valid());
}

#[test]
fn the_default_ids_are_random_and_say_so() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let span = tracer.span("s").root().start();
    assert!(span.context().flags().is_random());
    // A child copies its parent's flag, set or not.
    let parent = |flags: &str| {
        let header = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        let _provider = provider.enter();
        spanline::extract(&[("traceparent", header)])
    };
    assert!(
        tracer
            .span("s")
            .parent(&parent("03"))
            .start()
            .context()
            .flags()
            .is_random()
    );
    assert!(
        !tracer
            .span("s")
            .parent(&parent("01"))
            .start()
            .context()
            .flags()
            .is_random()
    );
}

#[test]
fn a_span_that_is_not_recorded_has_an_id_of_its_own() {
    for sampler in ["always_off", "parentbased_always_on"] {
        let provider = memory().sampler(sampler).build().unwrap();
        let parent = remote_parent(false);
        let span = provider.tracer("t").span("s").parent(&parent).start();
        assert!(!span.is_recording() && !span.context().is_sampled());
        assert_eq!(span.context().trace_id(), parent.span_context().trace_id());
        assert!(span.context().span_id().is_valid());
        assert_ne!(span.context().span_id(), parent.span_context().span_id());
        drop(span);
        assert_eq!(spans(&provider), []);
        assert_eq!(provider.stats().sampled_out, 1);
    }
}

/// Says what it was asked, and changes the trace state.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Sampler for Asked {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let parent = request.parent;
        let mut attributes = Vec::new();
        request
            .attributes
            .visit(&mut |key, value| attributes.push(format!("{key}={value:?}")));
        self.0.lock().unwrap().push(format!(
            "{} {} under {} with {:?}: {}",
            request.kind.name(),
            request.name,
            parent.span_context().span_id(),
            parent.baggage().get("user"),
            attributes.join(","),
        ));
        let before = parent.span_context().trace_state();
        SamplingResult {
            decision: Decision::RecordAndSample,
            attributes: vec![KeyValue::new("k", "sampler"), KeyValue::new("more", 1)],
            trace_state: Some(before.set("seen", "yes").unwrap()),
        }
    }

    fn description(&self) -> String {
        "Asked".to_owned()
    }
}

#[test]
fn a_sampler_gets_the_whole_parent_context_and_changes_what_it_may() {
    let asked = Asked::default();
    let provider = memory().custom_sampler(asked.clone()).build().unwrap();
    let parent = remote_parent(false).with_baggage(Baggage::EMPTY.set("user", "alice", None).unwrap());
    let span = provider
        .tracer("t")
        .span("s")
        .kind(SpanKind::Server)
        .parent(&parent)
        .attribute("k", 1)
        .start();
    assert_eq!(span.context().trace_state().as_str(), "seen=yes");
    span.end();
    let expected = "server s under 00f067aa0ba902b7 with Some(\"alice\"): k=I64(1)";
    assert_eq!(*asked.0.lock().unwrap(), [expected]);
    let span = only_span(&provider);
    assert_eq!(span.trace_state, "seen=yes");
    assert_eq!(
        span.attributes,
        [KeyValue::new("k", "sampler"), KeyValue::new("more", 1)]
    );
    assert_eq!(provider.sampler_description(), "Asked");
}

/// What is said after the start comes too late for the sampler, which the documentation of the calls says.
#[test]
fn attributes_at_the_start_are_preferred_because_samplers_see_only_those() {
    let asked = Asked::default();
    let provider = memory().custom_sampler(asked.clone()).build().unwrap();
    provider
        .tracer("t")
        .span("s")
        .attribute("early", 1)
        .start()
        .set("late", 2)
        .end();
    let said = asked.0.lock().unwrap()[0].clone();
    assert!(said.contains("early") && !said.contains("late"), "{said}");
    let builder = include_str!("../../src/tracer.rs");
    assert!(builder.contains("are better than those set later: samplers see only these"));
    let span = include_str!("../../src/span.rs");
    assert!(span.contains("Attributes given when the span is started are better"));
}

#[test]
fn a_sampler_by_rate_writes_its_threshold() {
    let ids = || FixedIds::new([TRACE], [SPAN]).random(true);
    let provider = memory().sampler(0.5).id_generator(ids()).build().unwrap();
    provider.tracer("t").span("s").start().end();
    let span = only_span(&provider);
    assert_eq!((span.trace_state.as_str(), span.trace_id), ("ot=th:8", TRACE));

    // The frozen algorithm writes nothing.
    let frozen = SamplerOption::Named {
        name: "traceidratio".to_owned(),
        rate: Some(1.0),
    };
    let provider = memory().sampler(frozen).id_generator(ids()).build().unwrap();
    provider.tracer("t").span("s").start().end();
    assert_eq!(only_span(&provider).trace_state, "");
}

/// Keeps what it sees; not for exporters.
#[derive(Clone, Debug, Default)]
struct Sees(Arc<Mutex<Vec<(String, bool)>>>);

impl SpanProcessor for Sees {
    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        self.0
            .lock()
            .unwrap()
            .push((span.view().name().to_owned(), span.is_sampled()));
        Verdict::Keep
    }
}

#[test]
fn spans_can_be_recorded_without_being_sampled() {
    let sees = Sees::default();
    let provider = memory()
        .custom_sampler(AlwaysRecord::new(AlwaysOff))
        .processor(sees.clone())
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    assert!(span.is_recording() && !span.context().is_sampled());
    span.end();
    assert_eq!(*sees.0.lock().unwrap(), [("s".to_owned(), false)]);
    assert_eq!(spans(&provider), []);
    let stats = provider.stats();
    assert_eq!((stats.record_only, stats.accepted), (1, 0));
    assert_eq!(provider.sampler_description(), "AlwaysRecord{AlwaysOffSampler}");
}

#[test]
fn an_empty_trace_state_of_a_sampler_clears_it() {
    #[derive(Debug)]
    struct Clears;
    impl Sampler for Clears {
        fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
            SamplingResult {
                trace_state: Some(TraceState::EMPTY),
                ..SamplingResult::of(Decision::RecordAndSample)
            }
        }
        fn description(&self) -> String {
            "Clears".to_owned()
        }
    }
    let provider = memory().custom_sampler(Clears).build().unwrap();
    let state = TraceState::parse(b"a=1").unwrap();
    let parent = remote_parent(true);
    let with_state = parent.span_context();
    let with_state = spanline::SpanContext::new(
        with_state.trace_id(),
        with_state.span_id(),
        with_state.flags(),
        true,
        state,
    );
    let parent = Context::EMPTY.with_remote_span_context(with_state);
    provider.tracer("t").span("s").parent(&parent).start().end();
    assert_eq!(only_span(&provider).trace_state, "");
}

#[test]
fn a_sampled_child_of_an_unsampled_parent_keeps_the_trace() {
    let provider = memory().custom_sampler(AlwaysOn).build().unwrap();
    let parent = remote_parent(false);
    provider.tracer("t").span("s").parent(&parent).start().end();
    let span = only_span(&provider);
    assert_eq!(span.trace_id, parent.span_context().trace_id());
    assert_eq!(
        (span.parent_span_id, span.flags & 1),
        (parent.span_context().span_id(), 1)
    );
}

#[test]
fn attributes_are_given_to_samplers_as_they_are() {
    let asked = Asked::default();
    let provider = memory().custom_sampler(asked.clone()).build().unwrap();
    let list = [Value::from(1), Value::Empty];
    provider
        .tracer("t")
        .span("s")
        .attribute("list", &list[..])
        .start()
        .end();
    assert!(asked.0.lock().unwrap()[0].ends_with("list=List([I64(1), Empty])"));
}
