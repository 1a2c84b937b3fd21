//! Samplers at work in a provider.

use crate::common::{memory, spans};
use spanline::sample::{
    AdaptiveLoad, AdaptiveTarget, Callback, Decision, LoadOptions, ParentBased, Pattern, RateLimiting, Rule,
    Rules, Sampler, SamplerReport, SamplingRequest, SamplingResult, ScoreOptions, Scored, SpanOutcome,
};
use spanline::{SpanKind, StatusCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What requests bring along.
#[derive(Debug, Default)]
struct Curious {
    moments: Mutex<Vec<(u64, Option<u64>)>>,
    shutdowns: AtomicU64,
}

impl Sampler for Curious {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        self.moments.lock().unwrap().push((request.now, request.random));
        SamplingResult::of(Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "Curious".to_owned()
    }

    fn shutdown(&self) {
        self.shutdowns.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_request_brings_the_moment_and_random_bits_and_the_end_is_told_once() {
    let curious = Arc::new(Curious::default());
    let provider = memory().custom_sampler(curious.clone()).build().unwrap();
    let tracer = provider.tracer("t");
    let began = Instant::now();
    tracer.span("a").start().end();
    while began.elapsed() < Duration::from_millis(5) {}
    tracer.span("b").start().end();
    let elapsed = began.elapsed();
    provider.shutdown().unwrap();
    let _ = provider.shutdown();
    drop(provider);
    let moments = curious.moments.lock().unwrap();
    let [(first, one), (second, other)] = moments[..] else {
        panic!("{moments:?}")
    };
    let between = Duration::from_nanos(second - first);
    assert!(
        between >= Duration::from_millis(4) && between <= elapsed + Duration::from_millis(1),
        "{between:?}"
    );
    assert!(one.is_some() && one != other);
    assert_eq!(curious.shutdowns.load(Ordering::Relaxed), 1);
}

#[test]
fn a_budget_is_held_and_children_do_as_their_parents() {
    let rules = Rules::new("shop", [Rule::budget(5.0).unwrap().name(Pattern::glob("GET *"))]);
    let provider = memory().custom_sampler(ParentBased::new(rules)).build().unwrap();
    let tracer = provider.tracer("t");
    let began = Instant::now();
    for _ in 0..100 {
        let root = tracer.span("GET /").enter();
        tracer.span("child").start().end();
        drop(root);
    }
    let seconds = began.elapsed().as_secs_f64();
    let spans = spans(&provider);
    let roots = spans.iter().filter(|span| span.name == "GET /").count();
    assert!(
        roots >= 5 && roots as f64 <= 6.0 + 5.0 * seconds,
        "{roots} in {seconds} s"
    );
    assert_eq!(spans.len(), 2 * roots);
    let report = provider.sampler_report();
    let rule = &report.parts[0].parts[0];
    assert_eq!((rule.part.as_str(), rule.per_second), ("rule 1", Some(5.0)));
    assert_eq!(rule.counts.unwrap().asked, 100);
    assert_eq!(report.counts.unwrap().asked, 200);
}

#[test]
fn a_sampler_that_learns_is_told_of_spans() {
    // Everything, so that it learns of every span.
    let mut options = ScoreOptions::default();
    options.min = 1.0;
    let told = Arc::new(Told::default());
    let sampler = ParentBased::new(Scored::new(options).unwrap()).remote_parent_sampled(told.clone());
    let provider = memory().custom_sampler(sampler).build().unwrap();
    let tracer = provider.tracer("t");
    for n in 0..20 {
        let span = tracer.span("pay").kind(SpanKind::Server).start();
        if n % 4 == 0 {
            span.set_status(StatusCode::Error, "declined");
        }
        span.end();
    }
    assert_eq!(spans(&provider).len(), 20);
    let told = told.0.lock().unwrap();
    assert_eq!(told.len(), 20);
    assert_eq!(told.iter().filter(|one| one.1).count(), 5);
    assert!(
        told.iter().all(|one| one.0 == "pay server" && one.2 > 0),
        "{told:?}"
    );
}

/// Name and kind, whether it failed, and how long it took.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<(String, bool, u64)>>);

impl Sampler for Told {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        SamplingResult::of(Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "Told".to_owned()
    }

    fn learns(&self) -> bool {
        true
    }

    fn observe(&self, outcome: &SpanOutcome<'_>) {
        let name = format!("{} {}", outcome.name, outcome.kind.name());
        self.0
            .lock()
            .unwrap()
            .push((name, outcome.is_error, outcome.duration_nanos));
    }
}

#[test]
fn adaptive_samplers_run_by_the_clock_of_the_provider() {
    let target = ParentBased::new(AdaptiveTarget::new(10.0).unwrap());
    let provider = memory().custom_sampler(target).build().unwrap();
    let tracer = provider.tracer("t");
    let began = Instant::now();
    let mut made = 0;
    // Many times the target, for some seconds.
    while began.elapsed() < Duration::from_millis(2500) {
        for _ in 0..20 {
            tracer.span("work").start().end();
            made += 1;
        }
        std::thread::yield_now();
    }
    let root = provider.sampler_report().parts.remove(0);
    let SamplerReport { rate, counts, .. } = root;
    let (rate, counts) = (rate.unwrap(), counts.unwrap());
    assert_eq!(counts.asked, made);
    assert!(rate < 0.5, "{rate} of {made}");
    assert!(counts.sampled < 200, "{counts:?}");
}

#[test]
fn a_load_that_the_user_tells_is_asked_about_once_a_second() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let busy = Callback(|| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        Some(0.95)
    });
    let load = ParentBased::new(AdaptiveLoad::new(busy, LoadOptions::default()).unwrap());
    let provider = memory().custom_sampler(load).build().unwrap();
    let tracer = provider.tracer("t");
    let began = Instant::now();
    while ASKED.load(Ordering::Relaxed) < 2 {
        tracer.span("work").start().end();
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::yield_now();
    }
    assert!(began.elapsed() >= Duration::from_millis(1900));
    let rate = provider.sampler_report().parts[0].rate.unwrap();
    assert!((rate - 0.81).abs() < 0.01, "{rate}");
}

#[test]
fn a_limit_of_none_is_a_limit() {
    let provider = memory()
        .custom_sampler(RateLimiting::new(0.0).unwrap())
        .build()
        .unwrap();
    provider.tracer("t").span("work").start().end();
    assert_eq!(spans(&provider).len(), 0);
}
