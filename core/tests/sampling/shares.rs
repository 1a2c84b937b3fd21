//! Samplers of a fixed share, over a million traces.

use crate::world::{WORK, World, adjusted_count, assert_share, is_sampled};
use spanline_core::sample::{ParentBased, Probability, Sampler, TraceIdRatioBased};

const TRACES: u64 = 1_000_000;

fn kept(sampler: &dyn Sampler, seed: u8) -> (u64, f64) {
    let mut world = World::new(seed);
    let (mut kept, mut stands_for) = (0, 0.0);
    for _ in 0..TRACES {
        let result = world.root(sampler, WORK);
        if is_sampled(&result) {
            kept += 1;
            stands_for += adjusted_count(&result).unwrap_or_default();
        }
    }
    (kept, stands_for)
}

#[test]
fn a_million_traces_are_kept_by_their_probability_and_can_be_counted_again() {
    for probability in [0.25, 0.01] {
        let sampler = ParentBased::new(Probability::new(probability).unwrap());
        let (kept, stands_for) = kept(&sampler, 1);
        // The threshold has four digits.
        let exact = Probability::new(probability).unwrap().threshold().probability();
        assert_share(kept, TRACES, exact);
        let deviation = (TRACES as f64 * (1.0 - exact) / exact).sqrt();
        assert!(
            (stands_for - TRACES as f64).abs() <= 5.0 * deviation,
            "{stands_for}"
        );
    }
}

#[test]
fn the_frozen_ratio_keeps_its_share_of_a_million_traces_too() {
    let (kept, stands_for) = kept(&TraceIdRatioBased::new(0.1), 2);
    assert_share(kept, TRACES, 0.1);
    assert_eq!(stands_for, 0.0);
}
