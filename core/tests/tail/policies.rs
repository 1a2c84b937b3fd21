//! Each policy at its bounds.

use crate::world::*;
use spanline_core::sample::tail::{ConditionError, PolicyKind, SpanCondition};
use spanline_core::sample::{Pattern, TextMatch};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{KeyValue, OwnedValue, Resource, StatusCode, TraceId};
use std::sync::Arc;

#[test]
fn always_keeps_even_a_trace_without_spans() {
    assert!(keeps(&PolicyKind::AlwaysSample, &[]));
    assert!(keeps(&PolicyKind::AlwaysSample, &[span()]));
}

#[test]
fn latency_is_over_the_threshold_and_at_most_the_upper_one() {
    let latency = |threshold_ms, upper_threshold_ms| PolicyKind::Latency {
        threshold_ms,
        upper_threshold_ms,
    };
    let long = |nanos| [span().times(0, nanos)];
    let (open, bound) = (latency(5, 0), latency(5, 10));
    for (duration, over, between) in [
        (0, false, false),
        (5 * MS, false, false),
        (5 * MS + 1, true, true),
        (10 * MS, true, true),
        (10 * MS + 1, true, false),
        (u64::MAX - BEGAN, true, false),
    ] {
        assert_eq!(keeps(&open, &long(duration)), over, "{duration}");
        assert_eq!(keeps(&bound, &long(duration)), between, "{duration}");
    }
    // From the first start to the last end, whatever lies between: neither span is long.
    let apart = [span().times(8 * MS, 9 * MS), span().times(0, MS)];
    assert!(keeps(&open, &apart) && keeps(&bound, &apart));
    // The original stops at the first span within the bounds; the trace is longer.
    let longer = [span().times(0, 6 * MS), span().times(0, 11 * MS)];
    assert!(!keeps(&bound, &longer));
    assert!(!keeps(&open, &[]) && !keeps(&latency(0, 0), &[]));
    assert!(!keeps(&latency(0, 0), &long(0)) && keeps(&latency(0, 0), &long(1)));
    // An end before the start, and no threshold that overflows.
    assert!(!keeps(&latency(0, 0), &[span().times(MS, 0)]));
    assert!(!keeps(&latency(u64::MAX, 0), &long(u64::MAX - BEGAN)));
}

#[test]
fn status_codes_of_any_span_count() {
    let status = |codes: &[StatusCode]| PolicyKind::StatusCode {
        status_codes: codes.to_vec(),
    };
    use StatusCode::{Error, Ok, Unset};
    for (codes, spans, expected) in [
        (&[Error][..], &[Unset, Error][..], true),
        (&[Error], &[Unset, Ok], false),
        (&[Ok], &[Unset, Ok], true),
        (&[Unset], &[Ok, Error], false),
        (&[Unset], &[Ok, Unset], true),
        (&[Ok, Error], &[Unset], false),
        (&[Ok, Error], &[Error], true),
        (&[Unset, Ok, Error], &[], false),
    ] {
        let spans: Vec<_> = spans.iter().map(|&status| span().status(status)).collect();
        assert_eq!(keeps(&status(codes), &spans), expected, "{codes:?} {spans:?}");
    }
}

#[test]
fn numbers_lie_within_bounds_that_may_be_open() {
    let number = |min_value, max_value| PolicyKind::NumericAttribute {
        key: "n".into(),
        min_value,
        max_value,
        invert_match: false,
    };
    let of = |value: OwnedValue| [span(), span().with("n", value)];
    for (min, max, value, expected) in [
        (Some(1), Some(3), OwnedValue::I64(0), false),
        (Some(1), Some(3), 1.into(), true),
        (Some(1), Some(3), 3.into(), true),
        (Some(1), Some(3), 4.into(), false),
        // 0 is a bound like others.
        (Some(0), None, (-1).into(), false),
        (Some(0), None, 0.into(), true),
        (None, Some(0), 1.into(), false),
        (None, Some(0), i64::MIN.into(), true),
        (None, None, 17.into(), true),
        (Some(0), Some(0), 0.into(), true),
        (Some(1), Some(3), 2.5.into(), true),
        (Some(1), Some(3), 3.5.into(), false),
        (None, None, f64::NAN.into(), false),
        // Of another type.
        (None, None, "2".into(), false),
        (None, None, true.into(), false),
        (None, None, OwnedValue::Empty, false),
        (None, None, OwnedValue::List(vec![2.into()]), false),
    ] {
        assert_eq!(
            keeps(&number(min, max), &of(value.clone())),
            expected,
            "{min:?} {max:?} {value:?}"
        );
    }
    assert!(!keeps(&number(None, None), &[span().with("m", 1)]));
    assert!(!keeps(&number(None, None), &[]));
    // The last of a key that is given twice counts, but each span for itself.
    assert!(!keeps(
        &number(Some(1), Some(1)),
        &[span().with("n", 1).with("n", 2)]
    ));
    assert!(keeps(
        &number(Some(1), Some(1)),
        &[span().with("n", 1), span().with("n", 2)]
    ));
}

#[derive(Debug)]
struct Ends(&'static str);

impl TextMatch for Ends {
    fn is_match(&self, text: &str) -> bool {
        text.ends_with(self.0)
    }
}

#[test]
fn texts_are_equal_to_a_value_or_fit_an_expression() {
    let text = |values: Vec<Pattern>| PolicyKind::StringAttribute {
        key: "k".into(),
        values,
        invert_match: false,
    };
    let exact = text(vec![Pattern::exact("a"), Pattern::exact("b"), Pattern::exact("")]);
    let custom = text(vec![Pattern::Custom(Arc::new(Ends("z")))]);
    for (value, is_equal, fits) in [
        (OwnedValue::from("a"), true, false),
        ("b".into(), true, false),
        ("A".into(), false, false),
        ("ab".into(), false, false),
        ("".into(), true, false),
        ("xyz".into(), false, true),
        (1.into(), false, false),
        (true.into(), false, false),
        (OwnedValue::List(vec!["a".into(), "z".into()]), false, false),
    ] {
        let spans = [span(), span().with("k", value.clone()), span().with("other", "a")];
        assert_eq!(keeps(&exact, &spans), is_equal, "{value:?}");
        assert_eq!(keeps(&custom, &spans), fits, "{value:?}");
    }
    assert!(!keeps(&exact, &[span()]) && !keeps(&exact, &[]));
}

#[test]
fn booleans_are_the_one_asked_for() {
    for wanted in [false, true] {
        let boolean = PolicyKind::BooleanAttribute {
            key: "k".into(),
            value: wanted,
            invert_match: false,
        };
        for (value, expected) in [
            (OwnedValue::Bool(true), wanted),
            (false.into(), !wanted),
            ("true".into(), false),
            (1.into(), false),
        ] {
            assert_eq!(keeps(&boolean, &[span().with("k", value)]), expected);
        }
        assert!(!keeps(&boolean, &[span()]) && !keeps(&boolean, &[]));
    }
}

#[test]
fn attributes_of_the_resource_count_too() {
    let list = || {
        let number = PolicyKind::NumericAttribute {
            key: "n".into(),
            min_value: Some(1),
            max_value: None,
            invert_match: false,
        };
        policies(named([has("service.name", "pay"), number]))
    };
    let kept = |facts| {
        let mut policies = list();
        let watch = policies.watch().clone();
        let mut summary = watch.summary(trace(1));
        let message = span().message(trace(1));
        summary.add(&watch, SpanView::ours(&message), &facts);
        policies.decide(&summary, 1).policy
    };
    let encoded = |attributes: Attributes| kept(resource(&list(), &attributes));
    assert_eq!(encoded(vec![("service.name", "pay".into())]), Some(0));
    assert_eq!(encoded(vec![("n", 1.into())]), Some(1));
    assert_eq!(
        encoded(vec![("service.name", "other".into()), ("n", 0.into())]),
        None
    );
    let attributes = [KeyValue::new("host", "h"), KeyValue::new("service.name", "pay")];
    let owned = Resource::new(attributes, None);
    assert_eq!(kept(list().watch().resource_of(&owned)), Some(0));
    assert_eq!(kept(list().watch().resource_of(&Resource::empty())), None);
}

/// A trace of this randomness.
fn random(randomness: u64) -> TraceId {
    TraceId::from_bytes((1 << 100 | u128::from(randomness)).to_be_bytes())
}

#[test]
fn a_share_follows_the_randomness_of_the_trace() {
    let kept = |kind: &PolicyKind, id, spans: &[Span]| {
        let mut policies = only(kind.clone());
        let summary = summary(&policies, id, spans);
        policies.decide(&summary, 1).sampled
    };
    let half = share(50.0);
    assert!(kept(&half, random(1 << 55), &[span()]) && !kept(&half, random((1 << 55) - 1), &[span()]));
    assert!(kept(&share(100.0), random(0), &[]) && !kept(&share(0.0), random((1 << 56) - 1), &[]));
    // What the trace state says goes before what the id says; on which span it stands does not matter.
    let explicit = span().state("a=1,ot=th:0;rv:7fffffffffffff");
    assert!(!kept(&half, random(1 << 55), &[span(), explicit]));
    let explicit = span().state("ot=rv:80000000000000");
    assert!(kept(&half, random(0), &[explicit, span()]));
    let invalid = span().state("ot=rv:80000000000000,Bad=1");
    assert!(!kept(&half, random(0), &[invalid]));
}

#[test]
fn a_salt_makes_it_the_collectors_hash() {
    let salted = |salt: &str, percentage| PolicyKind::Probabilistic {
        sampling_percentage: percentage,
        hash_salt: Some(salt.into()),
    };
    // Hashes by Python, as parts of all: 0xa545.. 64.6 %, 0x33bf.. 20.2 %, 0xabb7.. 67.1 %.
    for (salt, id, percentage, expected) in [
        ("", "4bf92f3577b34da6a3ce929d0e0e4736", 64.0, false),
        ("", "4bf92f3577b34da6a3ce929d0e0e4736", 65.0, true),
        (
            "default-hash-seed",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            64.0,
            false,
        ),
        (
            "default-hash-seed",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            65.0,
            true,
        ),
        (
            "default-hash-seed",
            "0af7651916cd43dd8448eb211c80319c",
            20.0,
            false,
        ),
        (
            "default-hash-seed",
            "0af7651916cd43dd8448eb211c80319c",
            20.3,
            true,
        ),
        ("test-salt", "4bf92f3577b34da6a3ce929d0e0e4736", 67.0, false),
        ("test-salt", "4bf92f3577b34da6a3ce929d0e0e4736", 67.2, true),
        ("test-salt", "4bf92f3577b34da6a3ce929d0e0e4736", 0.0, false),
        ("test-salt", "4bf92f3577b34da6a3ce929d0e0e4736", 100.0, true),
    ] {
        let mut policies = only(salted(salt, percentage));
        let id = TraceId::from_hex(id).unwrap();
        // Randomness in the trace state plays no part.
        let summary = summary(&policies, id, &[span().state("ot=rv:00000000000000")]);
        assert_eq!(
            policies.decide(&summary, 1).sampled,
            expected,
            "{salt} {id} {percentage}"
        );
    }
}

#[test]
fn span_counts_are_within_both_bounds() {
    let count = |min_spans, max_spans| PolicyKind::SpanCount { min_spans, max_spans };
    let many = |spans| vec![span(); spans];
    for (min, max, spans, expected) in [
        (2, 0, 1, false),
        (2, 0, 2, true),
        (2, 0, 50, true),
        (2, 3, 3, true),
        (2, 3, 4, false),
        (0, 2, 0, true),
        (1, 0, 0, false),
    ] {
        assert_eq!(
            keeps(&count(min, max), &many(spans)),
            expected,
            "{min} {max} {spans}"
        );
    }
}

#[test]
fn trace_states_have_one_of_the_values() {
    let state = PolicyKind::TraceState {
        key: "vendor".into(),
        values: vec!["a".into(), "b".into()],
    };
    for (text, expected) in [
        ("", false),
        ("vendor=a", true),
        ("x=1, vendor=b", true),
        ("vendor=c", false),
        ("vendors=a", false),
        ("vendor=c,vendor=a", false),
        ("vendor=a,Broken", false),
    ] {
        assert_eq!(keeps(&state, &[span(), span().state(text)]), expected, "{text}");
    }
    assert!(!keeps(&state, &[]));
}

#[test]
fn the_sampled_flag_of_any_span_counts() {
    let flagged = Span {
        sampled: true,
        ..span()
    };
    assert!(keeps(&PolicyKind::TraceFlags, &[span(), flagged]));
    assert!(!keeps(&PolicyKind::TraceFlags, &[span()]) && !keeps(&PolicyKind::TraceFlags, &[]));
}

#[derive(Debug)]
struct Fussy;

impl SpanCondition for Fussy {
    fn is_met(&self, span: SpanView<'_>) -> Result<bool, ConditionError> {
        match span.attribute("mood").and_then(|mood| mood.as_str()) {
            Some("bad") => Err(ConditionError),
            mood => Ok(mood == Some("good")),
        }
    }
}

#[test]
fn a_policy_that_fails_does_not_sample_and_is_counted() {
    let mood = |mood: &'static str| span().with("mood", mood);
    for (spans, sampled, errors) in [
        (vec![mood("good")], true, 0),
        (vec![mood("none")], false, 0),
        (vec![mood("bad")], false, 1),
        // One span is enough, wherever another one fails.
        (vec![mood("bad"), mood("good")], true, 0),
        (vec![mood("good"), mood("bad")], true, 0),
        (vec![], false, 0),
    ] {
        let mut policies = policies(named([PolicyKind::Condition(Arc::new(Fussy)), share(0.0)]));
        assert_eq!(decide(&mut policies, &spans).sampled, sampled, "{spans:?}");
        let report = policies.report();
        assert_eq!(report.policies[0].errors, errors, "{spans:?}");
        assert_eq!(report.policies[0].sampled, u64::from(sampled));
    }
    // The others decide all the same, and `not` makes no yes of it.
    let failing = PolicyKind::Condition(Arc::new(Fussy));
    let mut others = policies(named([
        not(failing.clone()),
        and([failing, share(100.0)]),
        errors(),
    ]));
    let spans = [mood("bad").status(StatusCode::Error)];
    assert_eq!(decide(&mut others, &spans).policy, Some(2));
    let errors: Vec<_> = others
        .report()
        .policies
        .iter()
        .map(|policy| policy.errors)
        .collect();
    assert_eq!(errors, [1, 1, 0]);
}
