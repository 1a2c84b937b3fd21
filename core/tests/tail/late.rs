//! Spans that come after the decision.

use crate::world::*;
use spanline_core::sample::tail::{
    DecisionMemory, PolicyKind, PolicyOptions, TailDecision, TailPolicies, TailReason,
};
use spanline_core::{StatusCode, TraceId, Xoshiro256};

/// A decision to keep, and one to drop.
fn two() -> [TailDecision; 2] {
    let mut policies = policies(named([
        drop_all([has("k", "v")]),
        share(50.0),
        PolicyKind::AlwaysSample,
    ]));
    [span(), span().with("k", "v")].map(|span| decide(&mut policies, &[span]))
}

#[test]
fn recent_decisions_are_remembered_exactly_and_older_ones_by_their_result() {
    let [kept, dropped] = two();
    assert!(kept.sampled && !dropped.sampled && kept.threshold().is_some());
    let mut random = Xoshiro256::from_seed([9; 32]);
    let mut memory = DecisionMemory::new(1000, 10_000, 77);
    let charge = memory.charge();
    assert!(charge <= 1000 * 16 + 2 * 10_000 * 3 + 1000, "{charge}");
    let ids: Vec<_> = (0..8000).map(|_| random.trace_id()).collect();
    for (at, &id) in ids.iter().enumerate() {
        memory.put(id, if at % 5 == 0 { &kept } else { &dropped });
        // The last one always.
        assert_eq!(memory.get(id), Some(if at % 5 == 0 { kept } else { dropped }));
    }
    let mut exact = 0;
    for (at, &id) in ids.iter().enumerate() {
        let Some(found) = memory.get(id) else {
            continue;
        };
        assert_eq!(found.sampled, at % 5 == 0, "{at}");
        if found.reason == TailReason::Cached {
            assert_eq!((found.policy, found.threshold()), (None, None));
        } else {
            assert_eq!(found, if at % 5 == 0 { kept } else { dropped });
            exact += 1;
        }
    }
    assert!(exact >= 950, "{exact}");
    let known = ids.iter().filter(|&&id| memory.get(id).is_some()).count();
    assert!(
        known + memory.lost() as usize >= ids.len() && memory.lost() < 200,
        "{known} {}",
        memory.lost()
    );
    let strangers = (0..100_000)
        .filter(|_| memory.get(random.trace_id()).is_some())
        .count();
    assert!(strangers <= 10, "{strangers}");
    // A trace that was forgotten is a new one.
    for _ in 0..30_000 {
        memory.put(random.trace_id(), &dropped);
    }
    let known = ids.iter().filter(|&&id| memory.get(id).is_some()).count();
    assert!(known < 20, "{known}");
    assert_eq!(memory.charge(), charge);
}

#[test]
fn a_decision_that_flips_is_remembered_so() {
    let [kept, dropped] = two();
    let upgraded = kept.with_reason(TailReason::Upgraded);
    let mut random = Xoshiro256::from_seed([10; 32]);
    // With an exact part, and without one.
    for (exact, compact) in [(64, 10_000), (0, 10_000), (64, 0)] {
        let mut memory = DecisionMemory::new(exact, compact, 1);
        let id = random.trace_id();
        memory.put(id, &dropped);
        memory.put(id, &upgraded);
        assert!(memory.get(id).is_some_and(|found| found.sampled));
        for _ in 0..5000 {
            memory.put(random.trace_id(), &dropped);
        }
        let found = memory.get(id);
        assert_eq!(found.is_some_and(|found| found.sampled), compact > 0);
    }
    let nothing = DecisionMemory::new(0, 0, 1);
    assert!(nothing.get(TraceId::from_bytes([1; 16])).is_none());
}

#[test]
fn ids_that_differ_in_any_bit_are_told_apart() {
    let [kept, _] = two();
    let mut memory = DecisionMemory::new(8, 0, 5);
    let id = u128::from_be_bytes([0x5a; 16]);
    memory.put(TraceId::from_bytes(id.to_be_bytes()), &kept);
    for bit in 0..128 {
        assert_eq!(
            memory.get(TraceId::from_bytes((id ^ 1 << bit).to_be_bytes())),
            None,
            "{bit}"
        );
    }
}

#[test]
fn late_spans_that_must_be_kept_upgrade_their_trace() {
    let failed = || span().status(StatusCode::Error);
    let upgrade = |policies: &TailPolicies, late: Span| {
        policies.upgrade(&TailDecision::DROPPED, &summary(policies, trace(7), &[late]))
    };
    let all = policies(named([
        PolicyKind::AlwaysSample,
        drop_all([has("path", "/health")]),
        share(100.0),
        limit(10),
        PolicyKind::Latency {
            threshold_ms: 0,
            upper_threshold_ms: 0,
        },
        text("k", "w", true),
        errors(),
        and([has("k", "v"), not(errors())]),
        and([has("k", "v"), has("n", "1")]),
    ]));
    let decision = upgrade(&all, failed()).unwrap();
    assert!(decision.sampled && !decision.is_estimated());
    assert_eq!(
        (decision.policy, decision.reason),
        (Some(6), TailReason::Upgraded)
    );
    assert_eq!(decision.threshold().map(|threshold| threshold.bits()), Some(0));
    // What asks for nothing in particular keeps no late span, and neither does a part of an `and`.
    assert_eq!(upgrade(&all, span()), None);
    assert_eq!(upgrade(&all, span().with("k", "v")), None);
    assert_eq!(
        upgrade(&all, span().with("k", "v").with("n", "1"))
            .unwrap()
            .policy,
        Some(8)
    );
    // `drop` is final.
    assert_eq!(upgrade(&all, failed().with("path", "/health")), None);
    // Nothing was counted or spent.
    assert!(
        all.report()
            .policies
            .iter()
            .all(|one| one.sampled + one.not_sampled == 0)
    );
    // Each policy can be told otherwise.
    let chosen = policies([
        PolicyOptions::new("errors", errors()).with_late_upgrade(false),
        PolicyOptions::new("all", PolicyKind::AlwaysSample).with_late_upgrade(true),
    ]);
    assert_eq!(upgrade(&chosen, failed()).unwrap().policy, Some(1));
}

#[test]
fn what_a_drop_policy_dropped_stays_dropped() {
    let failed = || span().status(StatusCode::Error);
    let mut all = policies(named([
        drop_all([has("path", "/health")]),
        text("k", "w", true),
        errors(),
    ]));
    let mut random = Xoshiro256::from_seed([11; 32]);
    for first in [
        span().with("path", "/health"),
        failed().with("path", "/health"),
        // The *no* of a policy with `invert_match`.
        span().with("k", "w"),
    ] {
        let dropped = decide(&mut all, &[first]);
        assert!(!dropped.sampled && dropped.is_final(), "{dropped:?}");
        let late = summary(&all, trace(7), &[failed()]);
        assert_eq!(all.upgrade(&dropped, &late), None);
        for (exact, compact) in [(64, 10_000), (0, 10_000), (64, 0)] {
            let mut memory = DecisionMemory::new(exact, compact, 1);
            let id = random.trace_id();
            memory.put(id, &dropped);
            assert!(memory.get(id).unwrap().is_final());
            if exact > 0 && compact > 0 {
                (0..5000).for_each(|_| memory.put(random.trace_id(), &TailDecision::DROPPED));
                assert!(memory.get(id).is_some_and(|found| found.is_final()));
            }
            let other = random.trace_id();
            memory.put(other, &TailDecision::DROPPED);
            assert!(memory.get(other).is_some_and(|found| !found.is_final()));
        }
    }
    // Dropped since nothing kept it: not for ever.
    let some = policies(named([
        text("k", "w", true),
        errors(),
        and([has("k", "w"), has("n", "1")]),
    ]));
    let nothing = decide(&mut policies(named([errors()])), &[span()]);
    assert!(!nothing.sampled && !nothing.is_final());
    let upgrade = |some: &TailPolicies, late: Span| some.upgrade(&nothing, &summary(some, trace(7), &[late]));
    assert!(upgrade(&some, failed()).is_some());
    // A late span that a policy with `invert_match` says no to.
    assert_eq!(upgrade(&some, failed().with("k", "w")), None);
    assert_eq!(upgrade(&some, span().with("k", "w").with("n", "1")), None);
}
