//! Answers of a sampling server.

use spanline_core::sample::{RemoteStrategy, Sampler, SamplingRequest, StrategySampler};
use spanline_core::{Context, SpanKind, TraceId, Value};

/// The input is an answer; what it says is within its bounds, and can be sampled by.
pub fn strategy(input: &[u8]) {
    let Ok(strategy) = RemoteStrategy::from_json(input) else {
        return;
    };
    let is_share = |share: f64| (0.0..=1.0).contains(&share);
    let is_number = |number: f64| number >= 0.0 && number.is_finite();
    let mut name = String::from("work");
    match &strategy {
        RemoteStrategy::Probabilistic(share) => assert!(is_share(*share)),
        RemoteStrategy::RateLimiting(number) => assert!(is_number(*number)),
        RemoteStrategy::PerOperation(all) => {
            assert!(is_share(all.default_probability) && is_number(all.lower_bound));
            assert!(all.operations.len() <= 2000 && all.operations.iter().all(|one| is_share(one.1)));
            if let Some((first, _)) = all.operations.first() {
                name = first.to_string();
            }
        }
        other => panic!("{other:?} is new"),
    }
    let sampler = StrategySampler::new(strategy.clone());
    let attributes: &[(&str, Value<'_>)] = &[];
    let id = TraceId::from_bytes([0xfe; 16]);
    let request = SamplingRequest::new(
        &Context::EMPTY,
        id,
        true,
        &name,
        SpanKind::Server,
        &attributes,
        &[],
    );
    let first = sampler.should_sample(&request.with_now(1));
    let again = sampler.replace(strategy, 2).should_sample(&request.with_now(2));
    assert_eq!(first.decision, again.decision);
}
