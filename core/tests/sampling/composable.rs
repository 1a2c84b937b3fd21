//! Composable samplers beyond what the vectors say.

use crate::world::{Begin, WORK, World, adjusted_count, assert_share, context, is_sampled};
use spanline_core::sample::composable::{
    AlwaysOff, AlwaysOn, Annotating, ComposableSampler, Condition, IntentRequest, ParentKind,
    ParentThreshold, Probability, RuleBased, SamplingIntent, TraceStateProvider,
};
use spanline_core::sample::{Composite, Sampler, SamplerReport, SamplingResult, Threshold};
use spanline_core::{Context, KeyValue, SpanKind, TraceState, Value};

#[test]
fn over_a_million_traces_services_agree_and_count_right() {
    // The first service keeps a fifth of its servers' traces, the second does as the first, the third keeps fewer.
    let first = Composite::new(ParentThreshold::new(RuleBased::new().rule(
        [Condition::span_kinds([SpanKind::Server])],
        Probability::new(0.2).unwrap(),
    )));
    let second = Composite::new(ParentThreshold::new(AlwaysOff));
    let third = Composite::new(Probability::new(0.05).unwrap());
    let mut world = World::new(21);
    let mut kept = [0_u64; 3];
    let mut stands_for = [0.0; 3];
    const TRACES: u64 = 1_000_000;
    for _ in 0..TRACES {
        let id = world.trace_id();
        let mut parent = Context::EMPTY;
        let mut before = true;
        for (number, service) in [&first, &second, &third].into_iter().enumerate() {
            let result = world.span(service, &parent, id, WORK);
            let sampled = is_sampled(&result);
            // What a later service keeps, those before it have kept.
            assert!(before || !sampled);
            before = sampled;
            // Without a trace state of its own a span has its parent's.
            let inherited = result.trace_state.clone();
            let inherited = inherited.unwrap_or_else(|| parent.span_context().trace_state().clone());
            let result = SamplingResult {
                trace_state: Some(inherited),
                ..result
            };
            if sampled {
                kept[number] += 1;
                stands_for[number] += adjusted_count(&result).unwrap();
            }
            parent = context(id, &result, true);
            if !sampled {
                break;
            }
        }
    }
    assert_share(
        kept[0],
        TRACES,
        Threshold::from_probability(0.2).unwrap().probability(),
    );
    assert_eq!(kept[0], kept[1]);
    assert_share(
        kept[2],
        TRACES,
        Threshold::from_probability(0.05).unwrap().probability(),
    );
    for sum in stands_for {
        assert!((sum / TRACES as f64 - 1.0).abs() < 0.03, "{sum}");
    }
}

#[test]
fn conditions() {
    let sampler = |condition| Composite::new(RuleBased::new().rule([condition], AlwaysOn));
    let mut world = World::new(22);
    let id = world.trace_id();
    let routes = ["/a", "/b"];
    let attributes: &[(&str, Value<'_>)] = &[
        ("http.route", "/api/users".into()),
        ("status", 503.into()),
        ("routes", Value::StrList(&routes)),
    ];
    let span = Begin { attributes, ..WORK };
    let none: [&str; 0] = [];
    for (condition, expected) in [
        (Condition::attribute_values("status", ["500", "503"]), true),
        (Condition::attribute_values("status", ["50"]), false),
        (Condition::attribute_values("routes", ["/b"]), true),
        (Condition::attribute_values("absent", [""]), false),
        (
            Condition::attribute_patterns("http.route", ["/api/*"], ["*/admin"]),
            true,
        ),
        (
            Condition::attribute_patterns("http.route", ["/api/*"], ["*/user?"]),
            false,
        ),
        (Condition::attribute_patterns("http.route", none, ["/x"]), true),
        (Condition::attribute_patterns("absent", none, ["/x"]), false),
        (Condition::span_kinds([SpanKind::Client]), false),
        (Condition::parent([ParentKind::None]), true),
        (Condition::parent([ParentKind::Remote, ParentKind::Local]), false),
        (
            Condition::Predicate(Box::new(|request: &IntentRequest<'_>| request.name == "work")),
            true,
        ),
    ] {
        let text = format!("{condition:?}");
        assert_eq!(
            is_sampled(&world.root(&sampler(condition), span)),
            expected,
            "{text}"
        );
    }
    let kept = world.root(&Composite::new(AlwaysOn), span);
    for remote in [true, false] {
        let parent = context(id, &kept, remote);
        let wanted = if remote {
            ParentKind::Remote
        } else {
            ParentKind::Local
        };
        assert!(is_sampled(&world.span(
            &sampler(Condition::parent([wanted])),
            &parent,
            id,
            span
        )));
    }
}

#[test]
fn attributes_of_the_outer_sampler_come_after_those_of_the_inner() {
    let inner = Annotating::new([KeyValue::new("a", "inner")], AlwaysOn);
    let sampler = Composite::new(Annotating::new(
        [KeyValue::new("a", "outer"), KeyValue::new("b", 1)],
        inner,
    ));
    let mut world = World::new(23);
    let result = world.root(&sampler, WORK);
    let text: Vec<String> = result
        .attributes
        .iter()
        .map(|a| format!("{}={:?}", a.key, a.value))
        .collect();
    assert_eq!(text, ["a=Str(\"inner\")", "a=Str(\"outer\")", "b=I64(1)"]);
    assert_eq!(
        sampler.description(),
        "CompositeSampler{ComposableAnnotating{a,b;ComposableAnnotating{a;ComposableAlwaysOn}}}"
    );
}

#[test]
fn a_parent_without_a_decision_counts_as_a_root() {
    let sampler = Composite::new(ParentThreshold::new(AlwaysOff));
    let mut world = World::new(24);
    let id = world.trace_id();
    let mut kept = world.root(&Composite::new(AlwaysOn), WORK);
    kept.trace_state = None;
    let parent = context(id, &kept, true);
    assert!(is_sampled(&world.span(&sampler, &parent, id, WORK)));
    assert!(!is_sampled(&world.span(
        &sampler,
        &parent.with_deferred(true),
        id,
        WORK
    )));
}

/// Keeps half without saying so, and has a word in the trace state.
#[derive(Debug)]
struct Own;

impl TraceStateProvider for Own {
    fn trace_state(&self, parent: &TraceState, sampled: bool) -> TraceState {
        let value = if sampled { "kept" } else { "not" };
        parent
            .set("own", value)
            .unwrap()
            .set("ot", "th:1;rv:00000000000000")
            .unwrap()
    }
}

impl ComposableSampler for Own {
    fn sampling_intent<'a>(&'a self, _: &IntentRequest<'_>) -> SamplingIntent<'a> {
        let mut intent = SamplingIntent::keep(Threshold::from_probability(0.5).unwrap(), false);
        intent.trace_state_provider = Some(self);
        intent
    }

    fn description(&self) -> String {
        "Own".into()
    }
}

#[test]
fn what_is_not_reliable_is_decided_by_fresh_bits_and_not_written_down() {
    let sampler = Composite::new(Own);
    let mut world = World::new(25);
    let id = world.trace_id();
    let mut kept = 0;
    for _ in 0..10_000 {
        // Always the same trace: its id does not decide.
        let result = world.span(&sampler, &Context::EMPTY, id, WORK);
        let state = result.trace_state.as_ref().unwrap();
        assert_eq!(
            state.as_str(),
            if is_sampled(&result) {
                "own=kept"
            } else {
                "own=not"
            }
        );
        kept += u64::from(is_sampled(&result));
    }
    assert_share(kept, 10_000, 0.5);
    assert!(Probability::new(1.5).is_none() && Probability::new(-0.1).is_none());
    assert!(!is_sampled(
        &world.root(&Composite::new(Probability::new(0.0).unwrap()), WORK)
    ));
}

#[test]
fn a_composite_reports_what_it_and_its_parts_do() {
    let rules = RuleBased::new()
        .rule([Condition::attribute_values("url.path", ["/health"])], AlwaysOff)
        .rule([], Probability::new(0.25).unwrap());
    let sampler = Composite::new(ParentThreshold::new(Annotating::new([], rules)));
    let mut world = World::new(26);
    assert_eq!(sampler.report().rate, None);
    for _ in 0..10_000 {
        world.wait(1000.0);
        world.root(&sampler, WORK);
    }
    let report = sampler.report();
    let counts = report.counts.unwrap();
    assert_eq!(counts.asked, 10_000);
    assert_share(counts.sampled, 10_000, 0.25);
    let rate = report.rate.unwrap();
    assert!((0.2..0.3).contains(&rate), "{rate}");
    let part = |report: &SamplerReport, name: &str| {
        let mut parts = report.parts.iter();
        parts.find(|part| part.part == name).unwrap().clone()
    };
    let annotating = part(&part(&report, "delegate"), "root");
    let rules = part(&annotating, "delegate");
    let rates = ["rule 1", "rule 2"].map(|name| part(&rules, name).rate);
    assert_eq!(rates, [Some(0.0), Some(0.25)]);
}
