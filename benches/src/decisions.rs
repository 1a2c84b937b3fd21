//! `decisions [N]`: what one decision of each sampler costs.

use spanline::ProcessLoad;
use spanline::sample::composable::{self, Condition, ParentThreshold, RuleBased};
use spanline::sample::{
    AdaptiveLoad, AdaptiveTarget, AlwaysOff, AlwaysOn, Composite, LoadOptions, ParentBased, Pattern,
    Probability, RateLimiting, RemoteStrategy, Rule, Rules, Sampler, SamplingRequest, ScoreOptions, Scored,
    StrategySampler, TraceIdRatioBased,
};
use spanline::{Context, SpanKind, Value};
use spanline_core::Xoshiro256;
use std::hint::black_box;
use std::time::Instant;

/// Decisions of one sampler, when it is not said.
const DECISIONS: u64 = 2_000_000;

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let decisions = match args {
        [] => DECISIONS,
        [number] => number.parse().map_err(|error| format!("`{number}`: {error}"))?,
        _ => return Err("decisions [N]".to_owned()),
    };
    for (name, sampler) in samplers().ok_or("a sampler refuses its settings")? {
        // Once to warm up.
        cost(&*sampler, decisions / 10);
        println!("{name}: {:.1} ns", cost(&*sampler, decisions));
    }
    Ok(())
}

/// Nanoseconds of one decision about the first span of a trace, of a thousand traces a millisecond.
fn cost(sampler: &dyn Sampler, decisions: u64) -> f64 {
    let mut rng = Xoshiro256::from_seed([7; 32]);
    let attributes: &[(&str, Value<'_>)] = &[
        ("http.request.method", "GET".into()),
        ("url.path", "/api/users/42".into()),
        ("http.response.status_code", 200.into()),
    ];
    let began = Instant::now();
    for n in 1..=decisions {
        let id = rng.trace_id();
        let name = black_box("GET /api/users/{id}");
        let request = SamplingRequest::new(
            &Context::EMPTY,
            id,
            true,
            name,
            SpanKind::Server,
            &attributes,
            &[],
        );
        let request = request.with_now(n * 1000).with_random(rng.next_u64());
        black_box(sampler.should_sample(&request));
    }
    began.elapsed().as_nanos() as f64 / decisions.max(1) as f64
}

/// Each sampler as it might be set up, with a tenth or a hundredth of all traces where it has a rate.
fn samplers() -> Option<Vec<(&'static str, Box<dyn Sampler>)>> {
    let rules = Rules::new(
        "bench",
        [
            Rule::rate(0.0)?.name(Pattern::exact("GET /health")),
            Rule::rate(0.5)?.attribute("tenant", Pattern::glob("gold*")),
            Rule::rate(0.1)?
                .name(Pattern::glob("GET /api/*"))
                .kind(SpanKind::Server),
        ],
    );
    let composite = ParentThreshold::new(
        RuleBased::new()
            .rule(
                [Condition::attribute_values("url.path", ["/health"])],
                composable::AlwaysOff,
            )
            .rule([], composable::Probability::new(0.1)?),
    );
    let answer = |rest: &str| {
        let text = format!(
            "{{\"operationSampling\":{{\"defaultSamplingProbability\":0.01,\"perOperationStrategies\":[{rest}]}}}}"
        );
        RemoteStrategy::from_json(text.as_bytes()).ok()
    };
    let one =
        |n: u32| format!("{{\"operation\":\"op{n}\",\"probabilisticSampling\":{{\"samplingRate\":0.1}}}}");
    let operations: Vec<String> = (0..2000).map(one).collect();
    Some(vec![
        ("always_on", Box::new(AlwaysOn)),
        ("always_off", Box::new(AlwaysOff)),
        ("trace id ratio 0.1", Box::new(TraceIdRatioBased::new(0.1))),
        ("probability 0.1", Box::new(Probability::new(0.1)?)),
        (
            "parent-based, probability 0.1",
            Box::new(ParentBased::with_rate(0.1)?),
        ),
        ("rules, the third of three", Box::new(rules)),
        ("rate limit 100", Box::new(RateLimiting::new(100.0)?)),
        ("adaptive to 100 a second", Box::new(AdaptiveTarget::new(100.0)?)),
        (
            "adaptive to load",
            Box::new(AdaptiveLoad::new(ProcessLoad::new(), LoadOptions::default())?),
        ),
        (
            "composite, the second of two rules",
            Box::new(Composite::new(composite)),
        ),
        (
            "remote, one of 2,000 operations",
            Box::new(StrategySampler::new(answer(&operations.join(","))?)),
        ),
        ("scored", Box::new(Scored::new(ScoreOptions::default())?)),
    ])
}
