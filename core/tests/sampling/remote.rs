//! Strategies of a sampling server.

use crate::world::{Begin, PerSecond, SECOND, WORK, World, adjusted_count, assert_share, is_sampled};
use spanline_core::sample::{
    OperationStrategies, RemoteStrategy, Sampler, SamplingResult, StrategyError, StrategySampler,
};
use spanline_core::{KeyValue, OwnedValue};

fn read(text: &str) -> Result<RemoteStrategy, StrategyError> {
    RemoteStrategy::from_json(text.as_bytes())
}

fn operations(text: &str) -> OperationStrategies {
    match read(text) {
        Ok(RemoteStrategy::PerOperation(operations)) => operations,
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_are_read_as_servers_write_them() {
    for (text, expected) in [
        (
            r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}"#,
            RemoteStrategy::Probabilistic(0.5),
        ),
        (
            r#"{"strategyType":0,"probabilisticSampling":{"samplingRate":1},"operationSampling":null}"#,
            RemoteStrategy::Probabilistic(1.0),
        ),
        // Protobuf leaves out what is 0.
        (
            r#"{"probabilisticSampling":{}}"#,
            RemoteStrategy::Probabilistic(0.0),
        ),
        (
            r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":7}}"#,
            RemoteStrategy::RateLimiting(7.0),
        ),
        (
            r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":"7"},"more":[{}]}"#,
            RemoteStrategy::RateLimiting(7.0),
        ),
    ] {
        assert_eq!(read(text), Ok(expected), "{text}");
    }
    let all = operations(
        r#"{"strategyType":"RATE_LIMITING","operationSampling":{"defaultSamplingProbability":0.2,
        "defaultLowerBoundTracesPerSecond":0.1,"defaultUpperBoundTracesPerSecond":9,"perOperationStrategies":[
        {"operation":"GET /\u00e9","probabilisticSampling":{"samplingRate":1}},{"operation":"x"},
        {"operation":"y","probabilisticSampling":{"samplingRate":0.3}}]}}"#,
    );
    assert_eq!((all.default_probability, all.lower_bound), (0.2, 0.1));
    let entries: Vec<_> = all
        .operations
        .iter()
        .map(|(name, share)| (&**name, *share))
        .collect();
    assert_eq!(entries, [("GET /\u{e9}", 1.0), ("y", 0.3)]);
}

#[test]
fn answers_that_are_wrong_are_refused() {
    use StrategyError::{Malformed, NoStrategy, OutOfRange, WrongType};
    for (text, expected) in [
        ("", Malformed),
        ("<html>", Malformed),
        ("{", Malformed),
        ("[]", WrongType),
        ("{}", NoStrategy),
        (r#"{"strategyType":"MAGIC"}"#, NoStrategy),
        (r#"{"strategyType":2}"#, NoStrategy),
        (r#"{"strategyType":true}"#, WrongType),
        (
            r#"{"strategyType":"RATE_LIMITING","probabilisticSampling":{"samplingRate":1}}"#,
            NoStrategy,
        ),
        (r#"{"probabilisticSampling":{"samplingRate":1.5}}"#, OutOfRange),
        (r#"{"probabilisticSampling":{"samplingRate":-0.1}}"#, OutOfRange),
        (r#"{"probabilisticSampling":{"samplingRate":"NaN"}}"#, OutOfRange),
        (r#"{"probabilisticSampling":{"samplingRate":"+1"}}"#, WrongType),
        (r#"{"probabilisticSampling":{"samplingRate":[1]}}"#, WrongType),
        (r#"{"probabilisticSampling":0.5}"#, WrongType),
        (
            r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":-1}}"#,
            OutOfRange,
        ),
        (
            r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":"Infinity"}}"#,
            OutOfRange,
        ),
        (r#"{"operationSampling":[]}"#, WrongType),
        (
            r#"{"operationSampling":{"perOperationStrategies":{}}}"#,
            WrongType,
        ),
        (
            r#"{"operationSampling":{"perOperationStrategies":[{}]}}"#,
            WrongType,
        ),
        (
            r#"{"operationSampling":{"perOperationStrategies":[{"operation":"x","probabilisticSampling":{"samplingRate":2}}]}}"#,
            OutOfRange,
        ),
    ] {
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn two_thousand_operations_have_a_strategy_of_their_own() {
    let one = |n: u32| format!(r#"{{"operation":"op{n}","probabilisticSampling":{{"samplingRate":1}}}}"#);
    let list: Vec<String> = (0..2100).map(one).collect();
    let text = format!(
        r#"{{"operationSampling":{{"perOperationStrategies":[{}]}}}}"#,
        list.join(",")
    );
    let all = operations(&text);
    assert_eq!(all.operations.len(), 2000);
    let sampler = StrategySampler::new(RemoteStrategy::PerOperation(all));
    let mut world = World::new(31);
    let mut sampled = |name: &str| is_sampled(&world.root(&sampler, Begin { name, ..WORK }));
    assert!((0..2000).all(|n| sampled(&format!("op{n}"))));
    assert!(!sampled("op2000") && !sampled("op") && !sampled(""));
    assert_eq!(sampler.description(), "perOperation{2000,default=0}");
}

fn explanation(result: &SamplingResult) -> (&str, f64) {
    match &result.attributes[..] {
        [
            KeyValue {
                value: OwnedValue::Str(kind),
                ..
            },
            KeyValue {
                value: OwnedValue::F64(param),
                ..
            },
        ] => (kind, *param),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sampled_roots_say_why() {
    let mut world = World::new(32);
    let share = world.root(&StrategySampler::new(RemoteStrategy::Probabilistic(1.0)), WORK);
    assert_eq!(
        (explanation(&share), adjusted_count(&share)),
        (("probabilistic", 1.0), Some(1.0))
    );
    let limit = StrategySampler::new(RemoteStrategy::RateLimiting(1.0));
    let granted = world.root(&limit, WORK);
    assert_eq!(
        (explanation(&granted), adjusted_count(&granted)),
        (("ratelimiting", 1.0), None)
    );
    let refused = world.root(&limit, WORK);
    assert!(!is_sampled(&refused) && refused.attributes.is_empty());
    let id = world.trace_id();
    let parent = crate::world::context(id, &share, true);
    let child = world.span(
        &StrategySampler::new(RemoteStrategy::Probabilistic(1.0)),
        &parent,
        id,
        WORK,
    );
    assert!(is_sampled(&child) && child.attributes.is_empty());
}

#[test]
fn a_new_strategy_is_no_new_burst() {
    let mut world = World::new(33);
    let mut sampler = StrategySampler::new(RemoteStrategy::RateLimiting(10.0));
    let mut kept = 0;
    for second in 0..100 {
        for _ in 0..100 {
            world.wait(100.0);
            kept += u64::from(is_sampled(&world.root(&sampler, WORK)));
        }
        let rate = if second % 2 == 0 { 10.5 } else { 10.0 };
        sampler = sampler.replace(RemoteStrategy::RateLimiting(rate), world.now);
    }
    assert!((1000..1080).contains(&kept), "{kept}");
}

#[test]
fn a_strategy_of_another_kind_in_between_is_no_new_burst() {
    let between = RemoteStrategy::Probabilistic(0.5);
    let named = operations(
        r#"{"operationSampling":{"defaultSamplingProbability":0,"defaultLowerBoundTracesPerSecond":10,
        "perOperationStrategies":[{"operation":"work","probabilisticSampling":{"samplingRate":0}}]}}"#,
    );
    for strategy in [
        RemoteStrategy::RateLimiting(10.0),
        RemoteStrategy::PerOperation(named),
    ] {
        let mut world = World::new(35);
        let mut sampler = StrategySampler::new(strategy.clone());
        let granted = |sampler: &StrategySampler, world: &mut World| {
            (0..100)
                .filter(|_| is_sampled(&world.root(sampler, WORK)))
                .count()
        };
        assert_eq!(granted(&sampler, &mut world), 10);
        for other in [
            between.clone(),
            RemoteStrategy::RateLimiting(0.0),
            between.clone(),
        ] {
            sampler = sampler.replace(other, world.now);
        }
        world.now += SECOND / 5;
        sampler = sampler.replace(strategy.clone(), world.now);
        let again = granted(&sampler, &mut world);
        assert!(again <= 2, "{again} by {strategy:?}");
    }
}

/// A thousand traces a second of a common operation, and one every two seconds of a rare one.
#[test]
fn over_a_million_traces_shares_hold_and_rare_operations_are_seen() {
    let text = r#"{"operationSampling":{"defaultSamplingProbability":0.02,"defaultLowerBoundTracesPerSecond":0.25,
        "perOperationStrategies":[{"operation":"common","probabilisticSampling":{"samplingRate":0.01}},
        {"operation":"rare","probabilisticSampling":{"samplingRate":0.001}}]}}"#;
    let sampler = StrategySampler::new(RemoteStrategy::PerOperation(operations(text)));
    let mut world = World::new(34);
    let began = world.now;
    let mut kept = [0_u64; 3];
    let mut asked = [0_u64; 3];
    let mut stands_for = 0.0;
    let mut rare = PerSecond::from(began);
    for n in 0..1_000_000_u64 {
        world.wait(1000.0);
        let (which, name) = match n % 2000 {
            0 => (1, "rare"),
            n if n % 10 == 5 => (2, "unknown"),
            _ => (0, "common"),
        };
        asked[which] += 1;
        let result = world.root(&sampler, Begin { name, ..WORK });
        if is_sampled(&result) {
            kept[which] += 1;
            if which == 0 {
                stands_for += adjusted_count(&result).unwrap_or_default();
            }
            if which == 1 {
                rare.add(world.now);
            }
        }
    }
    assert_share(kept[0], asked[0], 0.01);
    assert_share(kept[2], asked[2], 0.02);
    assert!((stands_for / asked[0] as f64 - 1.0).abs() < 0.06, "{stands_for}");
    // A quarter of one per second.
    let seconds = (world.now - began) / SECOND;
    assert!(
        (seconds / 5..=seconds / 4 + 3).contains(&kept[1]),
        "{kept:?} in {seconds} s"
    );
    assert_eq!(sampler.report().counts.unwrap().sampled, kept.iter().sum::<u64>());
}
