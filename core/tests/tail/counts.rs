//! Kept spans stand for all that there were, over a million traces.

use crate::world::*;
use spanline_core::sample::tail::{PolicyKind, ResourceFacts, TailPolicies, stamp};
use spanline_core::sample::{OtState, Threshold};
use spanline_core::wire::otlp::SpanView;
use spanline_core::{StatusCode, TraceStateRef, Xoshiro256};

const TRACES: u64 = 1_000_000;

/// What came of the traces of one kind.
#[derive(Default)]
struct Estimate {
    traces: f64,
    kept: f64,
    stands_for: f64,
    /// Of the estimate, for these probabilities.
    variance: f64,
}

impl Estimate {
    #[track_caller]
    fn is_unbiased(&self) {
        let off = (self.stands_for - self.traces).abs() / self.variance.sqrt().max(1.0);
        let Self {
            traces,
            kept,
            stands_for,
            ..
        } = self;
        assert!(
            off <= 3.0,
            "{kept} kept stand for {stands_for} of {traces}: {off:.1} standard deviations"
        );
    }
}

fn adjusted_count(message: &[u8]) -> f64 {
    let state = SpanView::ours(message).trace_state();
    let state = TraceStateRef::parse(state.as_bytes()).unwrap();
    let threshold = OtState::parse(state.get("ot").unwrap()).threshold();
    threshold.unwrap().adjusted_count()
}

/// How likely policies are to keep a trace, by its randomness and by what has nothing to do with that.
#[derive(Clone, Copy)]
struct Chance {
    consistent: f64,
    independent: f64,
}

const fn chance(consistent: f64, independent: f64) -> Chance {
    Chance {
        consistent,
        independent,
    }
}

/// A million traces, of which one in 50 fails; half of them come through a head sampler that keeps a quarter. What came
/// of those that do not fail and of those that do, which policies keep with these chances.
fn simulate(mut policies: TailPolicies, chances: [Chance; 2]) -> [Estimate; 2] {
    let mut random = Xoshiro256::from_seed([11; 32]);
    let watch = policies.watch().clone();
    let head = Threshold::from_probability(0.25).unwrap();
    let template = |status, state| span().status(status).state(state).message(trace(1));
    let mut messages = [StatusCode::Unset, StatusCode::Error]
        .map(|status| [template(status, ""), template(status, "ot=th:c")]);
    let mut estimates: [Estimate; 2] = Default::default();
    let mut out = Vec::new();
    for number in 0..TRACES {
        let id = random.trace_id();
        let failed = usize::from(random.next_u64().is_multiple_of(50));
        let headed = usize::from(random.next_u64().is_multiple_of(2));
        let Chance {
            consistent,
            independent,
        } = chances[failed];
        let consistent = if headed == 1 {
            consistent.min(0.25)
        } else {
            consistent
        };
        let probability = consistent * independent;
        let estimate = &mut estimates[failed];
        estimate.traces += 1.0;
        estimate.variance += (1.0 - probability) / probability;
        if headed == 1 && !head.keeps(id.randomness()) {
            continue;
        }
        let message = &mut messages[failed][headed];
        message[2..18].copy_from_slice(id.as_bytes());
        let span = SpanView::ours(message);
        let mut summary = watch.summary(id);
        summary.add(&watch, span, &ResourceFacts::NONE);
        // 20 traces in a millisecond.
        let decision = policies.decide(&summary, SECOND + number * MS / 20);
        if decision.sampled {
            out.clear();
            stamp(span, &decision, &watch, false, &mut out);
            estimate.kept += 1.0;
            estimate.stands_for += adjusted_count(&out);
        }
    }
    estimates
}

fn salted(percentage: f64) -> PolicyKind {
    PolicyKind::Probabilistic {
        sampling_percentage: percentage,
        hash_salt: Some("a salt".into()),
    }
}

#[test]
fn thresholds_and_content_count_right() {
    let policies = policies(named([errors(), share(10.0)]));
    let share = Threshold::from_probability(0.1).unwrap().probability();
    let [good, failed] = simulate(policies, [chance(share, 1.0), chance(1.0, 1.0)]);
    good.is_unbiased();
    failed.is_unbiased();
    assert!(good.kept < 0.11 * good.traces && failed.kept > 0.6 * failed.traces);
}

#[test]
fn a_hash_counts_right_beside_thresholds_of_others() {
    let kinds = [and([salted(20.0), share(50.0)]), and([salted(20.0), errors()])];
    let [good, failed] = simulate(policies(named(kinds)), [chance(0.5, 0.2), chance(1.0, 0.2)]);
    good.is_unbiased();
    failed.is_unbiased();
}

#[test]
fn what_a_budget_lets_through_is_estimated() {
    // 12,500 of 20,000 traces per second arrive; 1,000 pass.
    let [good, failed] = simulate(policies(named([limit(1000)])), [chance(1.0, 0.08); 2]);
    for (estimate, name) in [(&good, "good"), (&failed, "failed")] {
        let off = (estimate.stands_for - estimate.traces).abs();
        // Beside chance the estimate may lag behind.
        let allowed = 3.0 * estimate.variance.sqrt() + 0.02 * estimate.traces;
        assert!(
            off <= allowed,
            "{name}: {} of {}",
            estimate.stands_for,
            estimate.traces
        );
    }
    assert!(good.kept + failed.kept < 53_000.0);
}
