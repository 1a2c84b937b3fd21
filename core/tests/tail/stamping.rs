//! Kept spans, as a foreign decoder reads them.

use crate::world::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1 as proto;
use proptest::prelude::*;
use prost::Message;
use spanline_core::sample::tail::{
    DecisionMemory, PolicyKind, PolicyOptions, TailDecision, TailReason, TailWatch, stamp,
};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{SpanId, StatusCode};

fn stamped(span: &Span, decision: &TailDecision, watch: &TailWatch, explain: bool) -> proto::Span {
    let message = span.message(trace(7));
    // What is there before stays.
    let mut out = b"before".to_vec();
    stamp(
        SpanView::check(&message).unwrap(),
        decision,
        watch,
        explain,
        &mut out,
    );
    let out = out.strip_prefix(b"before").unwrap();
    SpanView::check(out).unwrap();
    proto::Span::decode(out).unwrap()
}

fn original(span: &Span) -> proto::Span {
    proto::Span::decode(&*span.message(trace(7))).unwrap()
}

fn attribute(span: &proto::Span, key: &str) -> Option<Value> {
    let found: Vec<_> = span.attributes.iter().filter(|one| one.key == key).collect();
    assert!(found.len() <= 1, "{key}");
    found.first()?.value.clone()?.value
}

fn text_of(span: &proto::Span, key: &str) -> Option<String> {
    match attribute(span, key) {
        Some(Value::StringValue(text)) => Some(text),
        None => None,
        other => panic!("{other:?}"),
    }
}

/// Takes away what stamping adds.
fn without_marks(mut span: proto::Span) -> proto::Span {
    span.trace_state.clear();
    span.attributes.retain(|one| !one.key.starts_with("sampling."));
    span
}

#[test]
fn thresholds_are_composed_with_what_spans_come_with() {
    let salted = PolicyKind::Probabilistic {
        sampling_percentage: 100.0,
        hash_salt: Some("s".into()),
    };
    let mut half = only(and([salted, not(share(50.0))]));
    let consistent = |kind: PolicyKind| {
        let mut policies = only(kind);
        let decision = decide(&mut policies, &[span().state("ot=rv:ffffffffffffff")]);
        (policies, decision)
    };
    let (policies, by_content) = consistent(PolicyKind::AlwaysSample);
    let (_, quarter) = consistent(share(25.0));
    // A half that does not follow the randomness.
    let independent = decide(&mut half, &[span().state("ot=rv:00000000000000")]);
    // Remembered only as a yes.
    let mut memory = DecisionMemory::new(0, 100, 1);
    memory.put(trace(7), &by_content);
    let unknown = memory.get(trace(7)).unwrap();
    for (state, decision, expected) in [
        ("", &by_content, "ot=th:0"),
        ("", &quarter, "ot=th:c"),
        ("", &independent, "ot=th:8"),
        ("", &unknown, ""),
        ("ot=th:8", &by_content, "ot=th:8"),
        ("ot=th:8", &quarter, "ot=th:c"),
        ("ot=th:e", &quarter, "ot=th:e"),
        ("ot=th:8", &independent, "ot=th:c"),
        ("ot=th:8", &unknown, ""),
        (
            "a=1,ot=th:8;rv:ffffffffffffff;x:y,b=2",
            &quarter,
            "ot=th:c;rv:ffffffffffffff;x:y,a=1,b=2",
        ),
        (
            "a=1,ot=th:8;rv:ffffffffffffff",
            &unknown,
            "ot=rv:ffffffffffffff,a=1",
        ),
        // What stands there already is not moved, also as it was written.
        ("a=1, ot=th:8 ,b=2", &by_content, "a=1, ot=th:8 ,b=2"),
        ("a=1,ot=x:y", &unknown, "a=1,ot=x:y"),
        ("a=1", &by_content, "ot=th:0,a=1"),
        // Nobody can read that, so it stays.
        ("Broken", &by_content, "Broken"),
    ] {
        let marked = stamped(&span().state(state), decision, policies.watch(), false);
        assert_eq!(marked.trace_state, expected, "{state}");
        let mut rest = marked;
        rest.trace_state = state.into();
        assert_eq!(rest, original(&span().state(state)));
    }
}

#[test]
fn the_first_span_says_why() {
    let composite = PolicyKind::Composite {
        max_total_spans_per_second: 10,
        policy_order: Vec::new(),
        composite_sub_policy: vec![PolicyOptions::new("part", errors())],
        rate_allocation: Vec::new(),
    };
    let mut policies = policies([
        PolicyOptions::new("no", share(0.0)),
        PolicyOptions::new("shared", composite),
    ]);
    let failed = span().status(StatusCode::Error).with("k", "v");
    let decision = decide(&mut policies, std::slice::from_ref(&failed));
    let watch = policies.watch().clone();
    let marked = stamped(&failed, &decision, &watch, true);
    assert_eq!(text_of(&marked, "sampling.policy").as_deref(), Some("shared"));
    assert_eq!(
        text_of(&marked, "sampling.composite_policy").as_deref(),
        Some("part")
    );
    assert_eq!(text_of(&marked, "sampling.reason").as_deref(), Some("policy"));
    assert_eq!(
        attribute(&marked, "sampling.estimated"),
        Some(Value::BoolValue(true))
    );
    assert_eq!(attribute(&marked, "sampling.partial"), None);
    assert_eq!(without_marks(marked), original(&failed));
    // Other spans have the threshold alone.
    let other = stamped(&failed, &decision, &watch, false);
    assert_eq!(other.attributes.len(), 1);
    for (reason, expected) in [
        (TailReason::Late, "late"),
        (TailReason::Evicted, "evicted"),
        (TailReason::Upgraded, "upgraded"),
        (TailReason::Cached, "cached"),
    ] {
        let marked = stamped(&failed, &decision.with_reason(reason), &watch, true);
        assert_eq!(text_of(&marked, "sampling.reason").as_deref(), Some(expected));
        let partial = attribute(&marked, "sampling.partial");
        assert_eq!(partial.is_some(), reason == TailReason::Upgraded);
    }
    // What an earlier sampler said of itself is replaced, or removed.
    let again = failed
        .with("sampling.policy", "theirs")
        .with("sampling.composite_policy", "theirs")
        .with("sampling.reason", "late");
    let mut plain = only(PolicyKind::AlwaysSample);
    let decision = decide(&mut plain, &[]);
    let marked = stamped(&again, &decision, plain.watch(), true);
    assert_eq!(text_of(&marked, "sampling.policy").as_deref(), Some("only"));
    assert_eq!(text_of(&marked, "sampling.composite_policy"), None);
    assert_eq!(text_of(&marked, "sampling.reason").as_deref(), Some("policy"));
}

#[test]
fn a_full_trace_state_gives_up_its_last_member_and_a_full_ot_its_threshold() {
    let mut policies = only(share(100.0));
    let decision = decide(&mut policies, &[]);
    let members: Vec<_> = (0..32).map(|number| format!("k{number}=v")).collect();
    let state: &'static str = members.join(",").leak();
    let marked = stamped(&span().state(state), &decision, policies.watch(), false);
    assert_eq!(marked.trace_state, format!("ot=th:0,{}", members[..31].join(",")));
    let full: &'static str = format!("ot=x:{}", "y".repeat(253)).leak();
    let marked = stamped(&span().state(full), &decision, policies.watch(), false);
    assert_eq!(marked.trace_state, full);
}

proptest! {
    #[test]
    fn spans_are_otherwise_unchanged(
        times in any::<(u32, u32)>(),
        state in prop_oneof![Just(""), Just("a=1"), Just("ot=th:4"), Just("ot=rv:0123456789abcd,b=2"), Just("=,=")],
        child: bool,
        error: bool,
        explain: bool,
        attributes in proptest::collection::vec(("[a-c]", any::<i64>()), 0..4),
    ) {
        let mut span = span().times(times.0.into(), times.1.into()).state(state);
        span.parent = if child { SpanId::from_bytes([3; 8]) } else { SpanId::INVALID };
        span.status = if error { StatusCode::Error } else { StatusCode::Ok };
        for (key, value) in attributes {
            span = span.with(key.leak(), value);
        }
        let mut policies = only(PolicyKind::AlwaysSample);
        let decision = decide(&mut policies, &[]);
        let marked = stamped(&span, &decision, policies.watch(), explain);
        prop_assert_eq!(marked.attributes.len(), original(&span).attributes.len() + if explain { 2 } else { 0 });
        prop_assert_eq!(without_marks(marked), without_marks(original(&span)));
    }
}
