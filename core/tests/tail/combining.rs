//! Policies of policies, and how votes make a decision.

use crate::world::*;
use spanline_core::sample::Threshold;
use spanline_core::sample::tail::{PolicyKind, PolicyOptions, TailPolicies};
use spanline_core::{StatusCode, TraceId};

fn failed() -> Span {
    span().status(StatusCode::Error)
}

#[test]
fn and_wants_all_and_not_the_opposite() {
    let both = and([errors(), has("k", "v")]);
    assert!(keeps(&both, &[failed(), span().with("k", "v")]));
    assert!(!keeps(&both, &[failed()]) && !keeps(&both, &[span().with("k", "v")]) && !keeps(&both, &[]));
    assert!(keeps(&not(errors()), &[span()]) && keeps(&not(errors()), &[]));
    assert!(!keeps(&not(errors()), &[span(), failed()]));
    assert!(keeps(&not(not(errors())), &[failed()]));
    assert!(keeps(
        &and([errors(), not(has("k", "v"))]),
        &[failed().with("k", "w")]
    ));
}

#[test]
fn drop_goes_before_everything_else() {
    let health = || drop_all([has("path", "/health"), not(errors())]);
    let mut policies = policies(named([PolicyKind::AlwaysSample, health()]));
    assert_eq!(decide(&mut policies, &[span()]).policy, Some(0));
    let decision = decide(&mut policies, &[span().with("path", "/health")]);
    assert_eq!((decision.sampled, decision.policy), (false, Some(1)));
    assert!(decide(&mut policies, &[failed().with("path", "/health")]).sampled);
    let report = policies.report();
    assert_eq!((report.sampled, report.dropped), (2, 1));
    // Once it dropped nobody else is asked.
    let counts: Vec<_> = report
        .policies
        .iter()
        .map(|policy| (policy.sampled, policy.not_sampled))
        .collect();
    assert_eq!(counts, [(2, 0), (1, 2)]);
    assert_eq!(report.policies[1].decided, 1);
    assert_eq!(
        (report.policies[0].kind, &*report.policies[1].name),
        ("always_sample", "1")
    );
}

#[test]
fn policies_are_alternatives_and_the_first_one_gets_the_credit() {
    for first_match in [false, true] {
        let list = named([has("k", "v"), errors(), limit(10)]);
        let mut policies = TailPolicies::new(list, first_match).unwrap();
        assert_eq!(decide(&mut policies, &[failed()]).policy, Some(1));
        let decision = decide(&mut policies, &[failed().with("k", "v")]);
        assert_eq!(decision.policy, Some(0));
        assert_eq!(policies.watch().names(&decision), (Some("0"), None));
        // After the first that samples the others are not asked, and spend nothing.
        let asked: Vec<_> = policies
            .report()
            .policies
            .iter()
            .map(|one| one.sampled + one.not_sampled)
            .collect();
        assert_eq!(asked, if first_match { [2, 1, 0] } else { [2, 2, 2] });
    }
    // What they would have said counts all the same for what the trace stands for.
    let list = named([PolicyKind::TraceFlags, share(50.0), errors(), limit(10)]);
    let mut first = TailPolicies::new(list, true).unwrap();
    let lucky = |span: Span| [span.state("ot=rv:ffffffffffffff")];
    let decision = decide(&mut first, &lucky(failed()));
    assert_eq!(
        (decision.policy, decision.threshold()),
        (Some(1), Some(Threshold::ALWAYS))
    );
    let decision = decide(&mut first, &lucky(span()));
    assert_eq!(
        (decision.policy, decision.threshold()),
        (Some(1), Threshold::from_probability(0.5))
    );
    let mut none = policies(named([has("k", "v"), errors()]));
    let decision = decide(&mut none, &[span()]);
    assert_eq!(
        (decision.sampled, decision.policy, decision.threshold()),
        (false, None, None)
    );
}

#[test]
fn inverted_votes_have_the_order_of_the_original() {
    let keeps = |list: Vec<PolicyKind>, spans: &[Span]| decide(&mut policies(named(list)), spans).sampled;
    let inverted = || text("k", "v", true);
    let (with, without) = ([span().with("k", "v")], [span()]);
    // Alone it keeps what does not match; a trace without spans has nothing that matches.
    assert!(keeps(vec![inverted()], &without) && !keeps(vec![inverted()], &with));
    assert!(keeps(vec![inverted()], &[]));
    // One span that matches is enough.
    assert!(!keeps(vec![inverted()], &[&without[..], &with].concat()));
    // Its no is stronger than the yes of others, wherever they stand.
    assert!(!keeps(vec![PolicyKind::AlwaysSample, inverted()], &with));
    assert!(!keeps(vec![inverted(), PolicyKind::AlwaysSample], &with));
    // A plain yes keeps.
    assert!(keeps(vec![inverted(), errors()], &[failed()]));
    // Its yes keeps only while no other policy says no.
    assert!(!keeps(vec![inverted(), errors()], &without));
    assert!(keeps(vec![inverted(), text("k", "w", true)], &without));
    assert!(!keeps(vec![inverted(), text("k", "v", true)], &with));
    // `drop` is stronger than all of it.
    assert!(!keeps(vec![inverted(), drop_all([errors()])], &[failed()]));
    // Within others it is a plain vote.
    assert!(keeps(vec![and([inverted()]), errors()], &without));
    assert!(keeps(vec![not(inverted()), errors()], &with));
    assert!(keeps(vec![and([inverted()]), PolicyKind::AlwaysSample], &with));
    // With the first match that samples, a no behind it is not heard, one in front of it is.
    let first = |list| decide(&mut TailPolicies::new(named(list), true).unwrap(), &with).sampled;
    assert!(first(vec![PolicyKind::AlwaysSample, inverted()]));
    assert!(!first(vec![inverted(), PolicyKind::AlwaysSample]));
}

#[test]
fn all_attribute_policies_can_be_inverted_and_say_how_to_write_it() {
    let number = PolicyKind::NumericAttribute {
        key: "k".into(),
        min_value: Some(1),
        max_value: None,
        invert_match: true,
    };
    let boolean = PolicyKind::BooleanAttribute {
        key: "k".into(),
        value: true,
        invert_match: true,
    };
    assert!(!keeps(&number, &[span().with("k", 1)]) && keeps(&number, &[span().with("k", 0)]));
    assert!(!keeps(&boolean, &[span().with("k", true)]) && keeps(&boolean, &[span()]));
    let policies = policies(named([errors(), number, and([boolean])]));
    let [advice] = policies.advice() else {
        panic!("{:?}", policies.advice());
    };
    assert!(advice.contains("policies[1]") && advice.contains("`not`") && advice.contains("`drop`"));
}

#[test]
fn the_threshold_is_that_of_the_most_lenient_policy_that_sampled() {
    let threshold = |list: Vec<PolicyKind>, id: TraceId, spans: &[Span]| {
        let mut policies = policies(named(list));
        let summary = summary(&policies, id, spans);
        policies
            .decide(&summary, 1)
            .threshold()
            .map(|threshold| threshold.to_string())
    };
    let id = |first: u8| {
        let mut bytes = [1; 16];
        bytes[9] = first;
        TraceId::from_bytes(bytes)
    };
    let list = || vec![share(25.0), share(50.0), errors()];
    for (first, spans, expected) in [
        (0xff, [span()], Some("8")),
        (0x90, [span()], Some("8")),
        (0x90, [failed()], Some("0")),
        (0xff, [failed()], Some("0")),
        (0x10, [failed()], Some("0")),
        (0x10, [span()], None),
    ] {
        assert_eq!(
            threshold(list(), id(first), &spans).as_deref(),
            expected,
            "{first:x}"
        );
    }
    // All of an `and` have to agree: the stricter threshold; what is independent multiplies.
    let salted = |percentage| PolicyKind::Probabilistic {
        sampling_percentage: percentage,
        hash_salt: Some("s".into()),
    };
    let all = [failed()];
    assert_eq!(
        threshold(vec![and([share(50.0), share(25.0)])], id(0xff), &all).as_deref(),
        Some("c")
    );
    assert_eq!(
        threshold(vec![and([share(50.0), errors()])], id(0xff), &all).as_deref(),
        Some("8")
    );
    assert_eq!(threshold(vec![salted(100.0)], id(0), &all).as_deref(), Some("0"));
    let mut seen = Vec::new();
    for number in 0..=255 {
        let mut bytes = id(0xff).to_bytes();
        bytes[0] = number;
        let decided = threshold(
            vec![and([share(50.0), salted(50.0)])],
            TraceId::from_bytes(bytes),
            &all,
        );
        seen.extend(decided);
    }
    // Half of them pass the hash.
    assert!(
        seen.iter().all(|one| one == "c") && (90..170).contains(&seen.len()),
        "{seen:?}"
    );
    // `not` a quarter is three quarters; and what a `drop` lets through by chance is rarer for that.
    assert_eq!(
        threshold(vec![not(share(25.0))], id(0x10), &all).as_deref(),
        Some("4")
    );
    let list = vec![errors(), drop_all([share(75.0)])];
    assert_eq!(threshold(list, id(0x10), &all).as_deref(), Some("c"));
    let list = vec![errors(), drop_all([has("k", "v")])];
    assert_eq!(threshold(list, id(0x10), &all).as_deref(), Some("0"));
}

#[test]
fn composite_asks_in_order_and_names_the_part() {
    let composite = |order: &[&str]| PolicyKind::Composite {
        max_total_spans_per_second: 10,
        policy_order: order.iter().map(|&name| name.into()).collect(),
        composite_sub_policy: vec![
            PolicyOptions::new("errors", errors()),
            PolicyOptions::new("tagged", text("k", "v", false)),
        ],
        rate_allocation: Vec::new(),
    };
    for (order, expected) in [
        (&[][..], "errors"),
        (&["tagged"], "tagged"),
        (&["tagged", "errors"], "tagged"),
        (&["errors"], "errors"),
    ] {
        let mut policies = only(composite(order));
        let decision = decide(&mut policies, &[failed().with("k", "v")]);
        assert!(decision.sampled && decision.is_estimated());
        assert_eq!(decision.threshold(), Some(Threshold::ALWAYS));
        assert_eq!(policies.watch().names(&decision), (Some("only"), Some(expected)));
        assert!(!decide(&mut policies, &[span()]).sampled);
    }
}
