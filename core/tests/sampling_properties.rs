//! What holds for every threshold and `ot` value, and that samplers keep the share they promise.

use proptest::prelude::*;
use spanline_core::sample::{OtState, Threshold};
#[cfg(feature = "alloc")]
use spanline_core::{
    Context, SpanKind, Value, Xoshiro256,
    sample::{Decision, Probability, Quick, Sampler, SamplingRequest, TraceIdRatioBased},
};

fn probability() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..=1.0f64, (1.0..56.0f64).prop_map(|bits| (-bits).exp2())]
        .prop_filter("in range", |p| *p >= 2f64.powi(-56))
}

proptest! {
    #[test]
    fn a_smaller_probability_never_has_a_smaller_threshold(a in probability(), b in probability(), precision in 1..=14u8) {
        let (small, large) = if a <= b { (a, b) } else { (b, a) };
        let threshold = |p| Threshold::with_precision(p, precision).unwrap();
        prop_assert!(threshold(small) >= threshold(large));
    }

    #[test]
    fn a_threshold_is_near_its_probability(p in probability()) {
        let threshold = Threshold::from_probability(p).unwrap();
        let kept = threshold.probability();
        // Four significant digits, or the last of 56 bits.
        prop_assert!((kept - p).abs() <= p * 16f64.powi(-3) + 2f64.powi(-56), "{p} became {kept}");
        prop_assert!((kept * threshold.adjusted_count() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_threshold_is_read_back(bits in 0..1u64 << 56, zeros in 0..14u32) {
        let threshold = Threshold::from_bits(bits >> (4 * zeros) << (4 * zeros)).unwrap();
        let text = threshold.to_string();
        prop_assert_eq!(Threshold::from_hex(text.as_bytes()), Some(threshold));
        prop_assert!(text == "0" || !text.ends_with('0'));
    }

    #[test]
    fn any_ot_value_is_read_without_panic(text in "([a-zT0-9:;.]{0,12}|th:[0-9a-f]{0,16};|rv:[0-9a-f]{13,15};|\\PC{0,2}){0,24}") {
        let state = OtState::parse(&text);
        if let Some(encoded) = state.encode() {
            let again = OtState::parse(encoded.as_str());
            prop_assert_eq!(again.threshold(), state.threshold());
            prop_assert_eq!(again.random_value(), state.random_value());
            prop_assert!(again.rest().eq(state.rest()));
            prop_assert!(encoded.as_str().len() <= 256);
        }
    }
}

/// Over fixed seeds: the share of kept traces is within four standard deviations of the probability.
#[cfg(feature = "alloc")]
#[test]
fn samplers_keep_the_share_they_promise() {
    const TRACES: u32 = 40_000;
    for (seed, share) in [(1, 0.5), (2, 0.1), (3, 0.01), (4, 0.75), (5, 1.0)] {
        let probability = Probability::new(share).unwrap();
        let ratio = TraceIdRatioBased::new(share);
        let mut rng = Xoshiro256::from_seed([seed; 32]);
        let (mut by_probability, mut by_ratio) = (0u32, 0u32);
        let none: &[(&str, Value<'_>)] = &[];
        for _ in 0..TRACES {
            let trace_id = rng.trace_id();
            let request = SamplingRequest::new(
                &Context::EMPTY,
                trace_id,
                true,
                "span",
                SpanKind::Internal,
                &none,
                &[],
            );
            let kept = probability.should_sample(&request).decision == Decision::RecordAndSample;
            let Quick::Threshold(threshold) = probability.plan().root else {
                panic!("the plan of a probability is a threshold");
            };
            assert_eq!(kept, threshold.keeps(trace_id.randomness()));
            by_probability += u32::from(kept);
            by_ratio += u32::from(ratio.keeps(trace_id));
        }
        let expected = f64::from(TRACES) * share;
        let allowed = 4.0 * (expected * (1.0 - share)).sqrt();
        for kept in [by_probability, by_ratio] {
            assert!(
                (f64::from(kept) - expected).abs() <= allowed,
                "{kept} of {TRACES} at {share}"
            );
        }
    }
}

#[test]
fn edges_of_rounding() {
    // 1.5 of the smallest share becomes two of them.
    let text = |p, precision| Threshold::with_precision(p, precision).unwrap().to_string();
    assert_eq!(text(3.0 * 2f64.powi(-57), 14), "fffffffffffffe");
    // Too few digits asked for: the threshold stays below the limit.
    assert_eq!(text(0.01, 0), "f");
}

#[test]
fn of_repeated_sub_keys_the_last_is_kept() {
    let encoded = OtState::parse("k:1;a:x;k:2").encode().unwrap();
    assert_eq!(encoded.as_str(), "a:x;k:2");
}

/// The bound of a ratio is a real number: ids below it are kept, also between two whole numbers.
#[cfg(feature = "alloc")]
#[test]
fn a_ratio_between_two_ids() {
    let ratio = TraceIdRatioBased::new(1.5 * 2f64.powi(-63));
    let keeps = |low: u64| ratio.keeps(spanline_core::TraceId::from_bytes(u128::from(low).to_be_bytes()));
    assert!(keeps(1) && keeps(2) && keeps(3) && !keeps(4));
}
