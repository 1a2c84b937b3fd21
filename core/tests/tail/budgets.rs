//! Budgets, over minutes of a clock that the test moves.

use crate::world::*;
use spanline_core::sample::tail::ResourceFacts;
use spanline_core::sample::tail::{PolicyKind, PolicyOptions, RateAllocation, TailPolicies, TraceSummary};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{TraceId, Xoshiro256};

/// A trace of so many spans of this one.
fn of(policies: &TailPolicies, span: &Span, spans: u64) -> TraceSummary {
    let message = span.message(trace(1));
    let mut summary = policies.watch().summary(trace(1));
    for _ in 0..spans {
        summary.add(policies.watch(), SpanView::ours(&message), &ResourceFacts::NONE);
    }
    summary
}

#[test]
fn a_limit_has_room_for_whole_traces_up_to_its_burst() {
    let limit = |burst_capacity| PolicyKind::RateLimiting {
        spans_per_second: 10,
        burst_capacity,
    };
    // Twice the rate, unless it is said.
    for (burst, room) in [(0, 20), (5, 5), (10, 10), (50, 50)] {
        let mut policies = only(limit(burst));
        let fits = of(&policies, &span(), room);
        let too_large = of(&policies, &span(), room + 1);
        assert!(!policies.decide(&too_large, SECOND).sampled);
        assert!(policies.decide(&fits, SECOND).sampled, "{burst}");
        let one = of(&policies, &span(), 1);
        assert!(!policies.decide(&one, SECOND).sampled);
        // A tenth of a second is one span; a clock that goes back is none.
        assert!(!policies.decide(&one, SECOND / 2).sampled);
        assert!(policies.decide(&one, SECOND + SECOND / 10).sampled);
        assert!(!policies.decide(&one, SECOND + SECOND / 10).sampled);
        // What is saved up is the burst at most.
        assert!(!policies.decide(&too_large, 1000 * SECOND).sampled);
        assert!(policies.decide(&fits, 1000 * SECOND).sampled);
        // A trace without spans costs nothing.
        let nothing = of(&policies, &span(), 0);
        assert!(policies.decide(&nothing, 1000 * SECOND).sampled);
    }
}

#[test]
fn bytes_are_those_of_encoded_spans() {
    let long = span().with("k", "x".repeat(500));
    let length = long.message(trace(1)).len() as u64;
    let mut policies = only(PolicyKind::BytesLimiting {
        bytes_per_second: length,
        burst_capacity: 0,
    });
    let trace = of(&policies, &long, 2);
    assert_eq!(trace.bytes(), 2 * length);
    assert!(policies.decide(&trace, SECOND).sampled);
    assert!(!policies.decide(&trace, 2 * SECOND).sampled);
    assert!(policies.decide(&trace, 3 * SECOND).sampled);
}

#[test]
fn a_budget_is_spent_only_for_what_is_kept() {
    let tagged = || and([limit(1), has("k", "v"), limit(2)]);
    let mut policies = only(tagged());
    let (plain, one) = (
        of(&policies, &span(), 1),
        of(&policies, &span().with("k", "v"), 1),
    );
    for _ in 0..100 {
        assert!(!policies.decide(&plain, SECOND).sampled);
    }
    // The first one has a burst of 2 spans, the second of 4: refused by one, the other is not charged.
    let three = of(&policies, &span().with("k", "v"), 3);
    for _ in 0..10 {
        assert!(!policies.decide(&three, SECOND).sampled);
    }
    assert!(policies.decide(&one, SECOND).sampled && policies.decide(&one, SECOND).sampled);
    assert!(!policies.decide(&one, SECOND).sampled);
    // The smaller one last: the larger one gets back what it gave.
    let mut policies = only(and([limit(2), limit(1)]));
    for _ in 0..10 {
        assert!(!policies.decide(&three, SECOND).sampled);
    }
    let two = of(&policies, &span(), 2);
    assert!(policies.decide(&two, SECOND).sampled);
    assert!(!policies.decide(&one, SECOND).sampled);
    assert!(policies.decide(&two, 3 * SECOND).sampled);
}

#[test]
fn over_minutes_a_limit_is_used_and_never_exceeded() {
    let mut random = Xoshiro256::from_seed([5; 32]);
    let mut policies = only(limit(1000));
    let sizes: Vec<_> = (0..20).map(|spans| of(&policies, &span(), spans)).collect();
    let (mut now, mut kept, seconds) = (SECOND, 0, 60);
    while now < (1 + seconds) * SECOND {
        // About 3000 spans per second.
        now += random.next_u64() % (6 * MS);
        let trace = &sizes[(random.next_u64() % 20) as usize];
        if policies.decide(trace, now).sampled {
            kept += trace.spans();
        }
    }
    assert!((950 * seconds..=1000 * (seconds + 2)).contains(&kept), "{kept}");
}

/// Names, percentages and spans per second that are offered; gives spans per second that are kept of each.
fn shared(total: u64, parts: &[(&str, Option<f64>, f64)]) -> Vec<f64> {
    let composite_sub_policy = parts
        .iter()
        .map(|(name, ..)| PolicyOptions::new(*name, has("part", name)));
    let allocated = |&(name, percent, _): &(&str, Option<f64>, f64)| {
        percent.map(|percent| RateAllocation {
            policy: name.into(),
            percent,
        })
    };
    let mut policies = only(PolicyKind::Composite {
        max_total_spans_per_second: total,
        policy_order: Vec::new(),
        composite_sub_policy: composite_sub_policy.collect(),
        rate_allocation: parts.iter().filter_map(allocated).collect(),
    });
    let traces: Vec<Vec<_>> = parts
        .iter()
        .map(|(name, ..)| {
            let span = span().with("part", (*name).to_owned());
            (0..10).map(|spans| of(&policies, &span, spans)).collect()
        })
        .collect();
    let mut random = Xoshiro256::from_seed([6; 32]);
    let offered: f64 = parts.iter().map(|part| part.2).sum();
    let (mut now, seconds) = (SECOND, 60.0);
    let mut kept = vec![0.0; parts.len()];
    while (now as f64) < (1.0 + seconds) * SECOND as f64 {
        // 4.5 spans in the mean.
        now += (random.next_u64() % (9 * SECOND)) / offered as u64;
        let mut at = random.next_u64() as f64 / u64::MAX as f64 * offered;
        let part = parts.iter().position(|part| {
            at -= part.2;
            at <= 0.0
        });
        let part = part.unwrap_or_default();
        let trace = &traces[part][(random.next_u64() % 10) as usize];
        if policies.decide(trace, now).sampled {
            kept[part] += trace.spans() as f64;
        }
    }
    kept.iter().map(|kept| kept / seconds).collect()
}

#[test]
fn a_composite_budget_is_shared_by_weight_and_used_up() {
    let near = |found: &[f64], expected: &[f64]| {
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() <= 0.05 * expected.max(200.0),
                "{found} instead of {expected}"
            );
        }
        assert_eq!(found.len(), expected.len());
    };
    // All of them want more than they get.
    let all = [
        ("a", Some(50.0), 2000.0),
        ("b", Some(30.0), 2000.0),
        ("c", Some(20.0), 2000.0),
    ];
    near(&shared(1000, &all), &[500.0, 300.0, 200.0]);
    // What one leaves goes to the others by their weights.
    let less = [
        ("a", Some(50.0), 100.0),
        ("b", Some(30.0), 2000.0),
        ("c", Some(20.0), 2000.0),
    ];
    near(&shared(1000, &less), &[100.0, 540.0, 360.0]);
    // One alone may have it all, even without a part of its own.
    near(
        &shared(1000, &[("a", Some(50.0), 0.0), ("b", Some(10.0), 3000.0)]),
        &[0.0, 1000.0],
    );
    near(
        &shared(1000, &[("a", Some(100.0), 0.0), ("b", Some(0.0), 3000.0)]),
        &[0.0, 1000.0],
    );
    // Without percentages the same for all; too many are scaled down.
    near(
        &shared(
            900,
            &[("a", None, 2000.0), ("b", None, 2000.0), ("c", None, 2000.0)],
        ),
        &[300.0; 3],
    );
    near(
        &shared(1000, &[("a", Some(100.0), 2000.0), ("b", Some(100.0), 2000.0)]),
        &[500.0; 2],
    );
    // Nothing is cut that fits.
    near(
        &shared(1000, &[("a", Some(20.0), 300.0), ("b", Some(20.0), 300.0)]),
        &[300.0; 2],
    );
}

#[test]
fn over_its_budget_a_part_leaves_the_trace_to_the_next_one_that_matches() {
    let mut policies = only(PolicyKind::Composite {
        max_total_spans_per_second: 10,
        policy_order: Vec::new(),
        composite_sub_policy: named([has("k", "v"), limit(100), PolicyKind::AlwaysSample]),
        rate_allocation: (0..3)
            .map(|part| RateAllocation {
                policy: part.to_string(),
                percent: [40.0, 0.0, 60.0][part],
            })
            .collect(),
    });
    let one = of(&policies, &span().with("k", "v"), 2);
    let parts: Vec<_> = (0..7)
        .map(|_| policies.decide(&one, SECOND).composite_policy)
        .collect();
    assert_eq!(parts, [Some(0), Some(0), Some(2), Some(2), Some(2), None, None]);
    let report = policies.report();
    assert_eq!((report.sampled, report.dropped), (5, 2));
    let threshold = policies.decide(&one, SECOND).threshold();
    assert_eq!(threshold, None);
    let id = TraceId::from_bytes([1; 16]);
    assert_eq!(one.trace_id(), id);
}
