//! What is decided depends on the trace, not on how it arrived.

use crate::world::*;
use proptest::prelude::*;
use spanline_core::sample::tail::{PolicyKind, RateAllocation, ResourceFacts, TailDecision, TailPolicies};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{SpanId, StatusCode, TraceId};

/// One policy of each kind, and some of policies.
fn everything() -> Vec<PolicyKind> {
    let number = |min_value, invert_match| PolicyKind::NumericAttribute {
        key: "n".into(),
        min_value,
        max_value: Some(3),
        invert_match,
    };
    let latency = |threshold_ms, upper_threshold_ms| PolicyKind::Latency {
        threshold_ms,
        upper_threshold_ms,
    };
    let salted = PolicyKind::Probabilistic {
        sampling_percentage: 30.0,
        hash_salt: Some("salt".into()),
    };
    let state = PolicyKind::TraceState {
        key: "v".into(),
        values: vec!["1".into()],
    };
    let boolean = PolicyKind::BooleanAttribute {
        key: "b".into(),
        value: true,
        invert_match: false,
    };
    let composite = PolicyKind::Composite {
        max_total_spans_per_second: 4,
        policy_order: vec!["1".into()],
        composite_sub_policy: named([errors(), PolicyKind::AlwaysSample]),
        rate_allocation: vec![RateAllocation {
            policy: "1".into(),
            percent: 75.0,
        }],
    };
    vec![
        PolicyKind::AlwaysSample,
        latency(5, 0),
        latency(3, 9),
        errors(),
        number(Some(2), false),
        number(None, true),
        has("s", "x"),
        text("s", "y", true),
        boolean.clone(),
        share(40.0),
        salted,
        limit(2),
        PolicyKind::BytesLimiting {
            bytes_per_second: 100,
            burst_capacity: 0,
        },
        PolicyKind::SpanCount {
            min_spans: 2,
            max_spans: 3,
        },
        state.clone(),
        PolicyKind::TraceFlags,
        and([limit(1), latency(2, 0), not(errors())]),
        and([boolean, state]),
        not(has("s", "y")),
        drop_all([has("s", "z"), number(Some(3), false)]),
        composite,
    ]
}

fn any_span() -> impl Strategy<Value = (Span, bool)> {
    let attributes = proptest::collection::vec(
        prop_oneof![
            (0..5_i64).prop_map(|n| ("n", n.into())),
            "[xyz]".prop_map(|s| ("s", s.into())),
            any::<bool>().prop_map(|b| ("b", b.into())),
        ],
        0..3,
    );
    let state = prop_oneof![
        Just(""),
        Just("v=1"),
        Just("ot=rv:40000000000000"),
        Just("v=2,ot=rv:f0000000000000")
    ];
    let times = (0..10_u64, 0..5_u64);
    let status = prop_oneof![
        Just(StatusCode::Unset),
        Just(StatusCode::Ok),
        Just(StatusCode::Error)
    ];
    (
        times,
        status,
        any::<bool>(),
        state,
        any::<bool>(),
        attributes,
        any::<bool>(),
    )
        .prop_map(
            |((start, length), status, sampled, state, child, attributes, resource)| {
                let parent = if child {
                    SpanId::from_bytes([9; 8])
                } else {
                    SpanId::INVALID
                };
                let span = Span {
                    start: start * MS,
                    end: (start + length) * MS,
                    status,
                    sampled,
                    state,
                    parent,
                    attributes,
                };
                (span, resource)
            },
        )
}

/// The decisions of each policy alone and of all together about spans that came in these parts.
fn decisions(id: TraceId, parts: &[Vec<(Span, bool)>]) -> Vec<TailDecision> {
    let mut sets: Vec<_> = everything().into_iter().map(only).collect();
    for first_match in [false, true] {
        sets.push(TailPolicies::new(named(everything()), first_match).unwrap());
    }
    let decide = |policies: &mut TailPolicies| {
        let watch = policies.watch().clone();
        let facts = resource(policies, &[("s", "x".into()), ("n", 2.into())]);
        let mut whole = watch.summary(id);
        for part in parts {
            let mut summary = watch.summary(id);
            for (span, with_resource) in part {
                let facts = if *with_resource {
                    facts
                } else {
                    ResourceFacts::NONE
                };
                summary.add(&watch, SpanView::check(&span.message(id)).unwrap(), &facts);
            }
            whole.merge(&summary);
        }
        policies.decide(&whole, 1)
    };
    sets.iter_mut().map(decide).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn neither_order_nor_split_matters(
        id in any::<[u8; 16]>(),
        spans in proptest::collection::vec(any_span(), 0..7),
        shuffled in any::<proptest::sample::Index>(),
        cuts in proptest::collection::vec(0..7_usize, 0..3),
    ) {
        let id = TraceId::from_bytes(id);
        let expected = decisions(id, std::slice::from_ref(&spans));
        let mut other = spans;
        if !other.is_empty() {
            let at = shuffled.index(other.len());
            other.rotate_left(at);
            other[at..].reverse();
        }
        let mut parts = Vec::new();
        for cut in cuts {
            let cut = cut.min(other.len());
            parts.push(other.split_off(cut));
        }
        parts.push(other);
        prop_assert_eq!(decisions(id, &parts), expected);
    }
}

#[test]
fn nodes_agree_without_asking_each_other() {
    let list = || named([share(30.0), errors(), and([share(60.0), has("k", "v")])]);
    let spans = |number: u32| match number % 10 {
        0 => span().status(StatusCode::Error),
        1..4 => span().with("k", "v"),
        _ => span(),
    };
    let id = |number: u32| {
        let hash = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        TraceId::from_bytes((u128::from(number + 1) << 64 | u128::from(hash)).to_be_bytes())
    };
    let kept = |nodes: u32| {
        let mut nodes: Vec<_> = (0..nodes).map(|_| policies(list())).collect();
        let count = nodes.len() as u32;
        let kept = |number: &u32| {
            let node = &mut nodes[(*number * 7 % count) as usize];
            let summary = summary(node, id(*number), &[spans(*number)]);
            node.decide(&summary, 1).sampled
        };
        (0..500).filter(kept).collect::<Vec<_>>()
    };
    let alone = kept(1);
    assert!((150..350).contains(&alone.len()), "{}", alone.len());
    for nodes in 2..=8 {
        assert_eq!(kept(nodes), alone, "{nodes}");
    }
}
