//! The samplers beyond what the vectors say: descriptions, plans, notices, explicit randomness.
#![cfg(feature = "alloc")]

use spanline_core::sample::{
    AlwaysOff, AlwaysOn, AlwaysRecord, Decision, ParentBased, Plan, Probability, Quick, Sampler,
    SamplingRequest, SamplingResult, Threshold, TraceIdRatioBased,
};
use spanline_core::{Context, Notice, SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState, Value};
use std::sync::Arc;

const KEPT: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const DROPPED: &str = "4bf92f3577b34da6a31e929d0e0e4736";

fn parent(state: &str, flags: u8, remote: bool) -> Context {
    let state = TraceState::parse(state.as_bytes()).unwrap();
    let span = SpanContext::new(
        TraceId::from_hex(KEPT).unwrap(),
        SpanId::from_bytes([2; 8]),
        TraceFlags::from_bits(flags),
        remote,
        state,
    );
    Context::EMPTY.with_span(span, None)
}

fn ask(
    sampler: &dyn Sampler,
    parent: &Context,
    id: &str,
    trace_id_random: bool,
    random: Option<u64>,
) -> SamplingResult {
    let none: &[(&str, Value<'_>)] = &[];
    let id = TraceId::from_hex(id).unwrap();
    let mut request = SamplingRequest::new(parent, id, trace_id_random, "span", SpanKind::Server, &none, &[]);
    if let Some(random) = random {
        request = request.with_random(random);
    }
    sampler.should_sample(&request)
}

fn state(result: &SamplingResult) -> Option<&str> {
    result.trace_state.as_ref().map(TraceState::as_str)
}

#[test]
fn descriptions() {
    for (sampler, expected) in [
        (Box::new(AlwaysOn) as Box<dyn Sampler>, "AlwaysOnSampler"),
        (Box::new(AlwaysOff), "AlwaysOffSampler"),
        (
            Box::new(TraceIdRatioBased::new(0.0001)),
            "TraceIdRatioBased{0.000100}",
        ),
        (
            Box::new(TraceIdRatioBased::new(0.12345678)),
            "TraceIdRatioBased{0.12345678}",
        ),
        (
            Box::new(TraceIdRatioBased::new(1.0)),
            "TraceIdRatioBased{1.000000}",
        ),
        (
            Box::new(Probability::new(0.1).unwrap()),
            "ProbabilitySampler{0.1}",
        ),
        (
            Box::new(AlwaysRecord::new(AlwaysOff)),
            "AlwaysRecord{AlwaysOffSampler}",
        ),
        (
            Box::new(
                ParentBased::with_rate(0.25)
                    .unwrap()
                    .local_parent_not_sampled(AlwaysOn),
            ),
            "ParentBased{root=ProbabilitySampler{0.25},remoteParentSampled=AlwaysOnSampler,\
             remoteParentNotSampled=AlwaysOffSampler,localParentSampled=AlwaysOnSampler,\
             localParentNotSampled=AlwaysOnSampler}",
        ),
    ] {
        assert_eq!(sampler.description(), expected);
    }
}

#[test]
fn plans() {
    assert_eq!(AlwaysOn.plan(), Plan::all(Quick::Sample));
    assert_eq!(AlwaysOff.plan(), Plan::all(Quick::Drop));
    assert_eq!(TraceIdRatioBased::new(0.0).plan(), Plan::all(Quick::Drop));
    assert_eq!(TraceIdRatioBased::new(0.5).plan(), Plan::all(Quick::Ask));
    let tenth = Quick::Threshold(Threshold::from_probability(0.1).unwrap());
    let expected = Plan {
        root: tenth,
        remote_sampled: Quick::Sample,
        remote_not_sampled: Quick::Drop,
        local_sampled: Quick::Sample,
        local_not_sampled: Quick::Drop,
    };
    assert_eq!(ParentBased::with_rate(0.1).unwrap().plan(), expected);
    // A delegate that is a probability must be asked, as it is not the root.
    let asked = ParentBased::new(AlwaysOn).remote_parent_sampled(Probability::new(0.1).unwrap());
    assert_eq!(asked.plan().remote_sampled, Quick::Ask);
    // Pointers forward the plan, and what would be dropped is recorded, so it must be asked about.
    let recorded = AlwaysRecord::new(Arc::new(ParentBased::new(AlwaysOff)) as Arc<dyn Sampler>);
    let expected = Plan {
        remote_sampled: Quick::Sample,
        local_sampled: Quick::Sample,
        ..Plan::all(Quick::Ask)
    };
    assert_eq!(recorded.plan(), expected);
}

#[test]
fn rates() {
    let root = |rate| ParentBased::with_rate(rate).map(|sampler| sampler.plan().root);
    assert_eq!(root(0.0), Some(Quick::Drop));
    assert_eq!(root(1.0), Some(Quick::Threshold(Threshold::ALWAYS)));
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY, 1e-300] {
        assert_eq!(root(bad), None, "{bad}");
    }
}

#[test]
fn an_unsampled_root_costs_nothing() {
    let result = ask(
        &ParentBased::with_rate(0.5).unwrap(),
        &Context::EMPTY,
        DROPPED,
        true,
        None,
    );
    assert_eq!(result, SamplingResult::of(Decision::Drop));
    assert_eq!(result.attributes.capacity(), 0);
}

#[test]
fn a_threshold_is_added_and_removed_where_it_stands() {
    let half = Probability::new(0.5).unwrap();
    for (before, id, after) in [
        ("", KEPT, Some("ot=th:8")),
        ("", DROPPED, None),
        ("a=1", KEPT, Some("ot=th:8,a=1")),
        ("a=1", DROPPED, None),
        ("a=1,ot=th:8", KEPT, None),
        ("a=1,ot=th:c;k:v", KEPT, Some("ot=th:8;k:v,a=1")),
        ("a=1,ot=th:c", DROPPED, Some("a=1")),
        ("ot=th:c", DROPPED, Some("")),
        ("a=1,ot=k:v;th:c", DROPPED, Some("ot=k:v,a=1")),
        ("ot=k:v", DROPPED, None),
    ] {
        let result = ask(&half, &parent(before, 3, true), id, true, None);
        assert_eq!(state(&result), after, "{before} {id}");
    }
}

#[test]
fn a_full_ot_member_is_reported_and_loses_a_stale_threshold() {
    let half = Probability::new(0.9999).unwrap();
    let rest = format!("a:{}", "x".repeat(249));
    let before = format!("ot={rest};th:0");
    assert_eq!(before.len(), 3 + 256);
    let result = ask(&half, &parent(&before, 3, true), KEPT, true, None);
    assert_eq!(result.decision, Decision::RecordAndSample);
    assert_eq!(state(&result), Some(format!("ot={rest}").as_str()));
    let keeping = ParentBased::new(AlwaysOn).remote_parent_sampled(half);
    assert_eq!(keeping.take_notice(), Some(Notice::OtStateFull));
    assert_eq!(keeping.take_notice(), None);
}

#[test]
fn a_root_without_a_random_trace_id_gets_explicit_randomness() {
    let half = Probability::new(0.5).unwrap();
    // Of the 64 bits given, 56 count.
    let high = 0xaaff_ffff_ffff_fffe;
    let low = 0xaa7f_ffff_ffff_ffff;
    let result = ask(&half, &Context::EMPTY, DROPPED, false, Some(high));
    assert_eq!(
        (result.decision, state(&result)),
        (Decision::RecordAndSample, Some("ot=th:8;rv:fffffffffffffe"))
    );
    let result = ask(&half, &Context::EMPTY, KEPT, false, Some(low));
    assert_eq!(
        (result.decision, state(&result)),
        (Decision::Drop, Some("ot=rv:7fffffffffffff"))
    );
    // Known to be random, no bits given, or a child: nothing is inserted.
    let inserted = |parent: &Context, known, random| {
        let result = ask(&half, parent, KEPT, known, random);
        state(&result).is_some_and(|state| state.contains("rv:"))
    };
    assert!(!inserted(&Context::EMPTY, true, Some(high)));
    assert!(!inserted(&Context::EMPTY, false, None));
    assert!(!inserted(&parent("", 1, true), false, Some(high)));
    assert!(inserted(&Context::EMPTY, false, Some(high)));
}

#[test]
fn unknown_randomness_is_noticed_for_children_only() {
    let half = || Probability::new(0.5).unwrap();
    let sampler = half();
    ask(&sampler, &Context::EMPTY, KEPT, false, None);
    ask(&sampler, &parent("", 3, true), KEPT, true, None);
    ask(
        &sampler,
        &parent("ot=rv:11111111111111", 1, true),
        KEPT,
        false,
        None,
    );
    assert_eq!(sampler.take_notice(), None);
    ask(&sampler, &parent("", 1, true), KEPT, false, None);
    assert_eq!(sampler.take_notice(), Some(Notice::UnknownRandomness));
}

#[test]
fn a_ratio_with_a_parent_is_noticed() {
    let ratio = TraceIdRatioBased::new(0.5);
    ask(&ratio, &Context::EMPTY, KEPT, true, None);
    assert_eq!(ratio.take_notice(), None);
    ask(&ratio, &parent("", 1, false), KEPT, true, None);
    let recorded = AlwaysRecord::new(ratio);
    assert_eq!(recorded.take_notice(), Some(Notice::RatioWithParent));
}

#[test]
fn every_kind_of_parent_has_its_delegate() {
    let sampler = |kind: usize| {
        let pick = |at| -> Box<dyn Sampler> {
            match at == kind {
                true => Box::new(AlwaysRecord::new(AlwaysOff)),
                false => Box::new(AlwaysOff),
            }
        };
        ParentBased::new(pick(0))
            .remote_parent_sampled(pick(1))
            .remote_parent_not_sampled(pick(2))
            .local_parent_sampled(pick(3))
            .local_parent_not_sampled(pick(4))
    };
    let parents = [
        Context::EMPTY,
        parent("", 1, true),
        parent("", 2, true),
        parent("", 1, false),
        parent("", 0, false),
        parent("", 0, true).with_deferred(true),
    ];
    for (at, context) in parents.iter().enumerate() {
        for kind in 0..5 {
            let asked = ask(&sampler(kind), context, KEPT, true, None).decision == Decision::RecordOnly;
            assert_eq!(asked, kind == at % 5, "parent {at}, delegate {kind}");
            let as_sampled = ask(&sampler(kind).deferred_as_root(false), context, KEPT, true, None);
            let expected = if at == 5 { 1 } else { at };
            assert_eq!(as_sampled.decision == Decision::RecordOnly, kind == expected);
        }
    }
}
