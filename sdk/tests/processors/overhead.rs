//! The watch of what tracing costs.

use crate::common::{finish, memory, problems_heard};
use spanline::{Builder, EndedSpan, Provider, SpanProcessor, Verdict};
use std::time::{Duration, Instant};

const SPANS: u64 = 20_000;

/// A provider that never warns: of each kind of warning a process has one a minute, which is for one test here.
fn watched() -> Builder {
    memory()
        .watch_overhead()
        .options(|options| options.overhead.threshold_percent = Some(100))
}

fn make(provider: &Provider, spans: u64) {
    let tracer = provider.tracer("t");
    for _ in 0..spans {
        drop(tracer.span("s").enter());
    }
}

/// 20,000 spans have about twenty starts that were timed; fewer than two or more than a hundred, once in many billion runs.
fn assert_timed(provider: &Provider) {
    let overhead = provider.overhead().unwrap();
    for timed in [overhead.starts, overhead.ends] {
        assert!((2..100).contains(&timed.samples), "{overhead:?}");
        assert!(timed.mean().unwrap() > 0.0, "{overhead:?}");
    }
    let producers = overhead.starts.of(SPANS) + overhead.ends.of(SPANS);
    // The whole process may have used less than the estimate from a few samples.
    assert!(
        overhead.producers <= Duration::from_nanos(producers),
        "{overhead:?}"
    );
    assert!(overhead.producers > Duration::ZERO, "{overhead:?}");
}

#[test]
fn about_one_operation_in_1024_is_timed() {
    let provider = watched().build().unwrap();
    make(&provider, SPANS);
    provider.flush();
    assert_timed(&provider);
    let overhead = provider.overhead().unwrap();
    assert!(overhead.nanos_per_span.unwrap() > overhead.starts.mean().unwrap());
    if cfg!(target_os = "linux") {
        assert!(overhead.pipeline > Duration::ZERO && overhead.exporters > Duration::ZERO);
    }
    let stats = finish(&provider);
    assert_eq!(stats.accepted, SPANS);
}

#[test]
fn so_are_those_of_providers_that_call_processors() {
    let provider = watched().count_errors().build().unwrap();
    make(&provider, SPANS);
    assert_timed(&provider);
    assert_eq!(finish(&provider).accepted, SPANS);
}

#[test]
fn and_starts_of_spans_that_are_not_sampled() {
    let provider = watched().sampler("always_off").build().unwrap();
    make(&provider, SPANS);
    let overhead = provider.overhead().unwrap();
    assert!((2..100).contains(&overhead.starts.samples), "{overhead:?}");
    assert_eq!(overhead.ends.samples, 0);
    assert_eq!(finish(&provider).sampled_out, SPANS);
}

#[test]
fn metrics_have_the_times() {
    let provider = watched().build().unwrap();
    make(&provider, SPANS);
    provider.flush();
    let metrics = provider.metrics();
    let time = metrics.get("spanline.overhead.cpu.time").unwrap();
    let parts: Vec<_> = time
        .points
        .iter()
        .filter_map(|point| point.attribute("spanline.part"))
        .collect();
    assert_eq!(parts, ["pipeline", "exporters", "producers"]);
    let timed = metrics.get("spanline.overhead.timed").unwrap();
    assert_eq!(
        timed.points[0].value.count(),
        provider.overhead().unwrap().starts.samples
    );
    // Prometheus has seconds.
    let nanos = time.points[2].value.count();
    let line = format!(
        "spanline_overhead_cpu_time_seconds{{spanline_part=\"producers\"}} {}.{:09}\n",
        nanos / 1_000_000_000,
        nanos % 1_000_000_000
    );
    let text = metrics.to_prometheus();
    assert!(text.contains(&line), "{line}{text}");
    finish(&provider);
}

/// Works for a while at each end.
#[derive(Debug)]
struct Busy;

impl SpanProcessor for Busy {
    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        let began = Instant::now();
        while began.elapsed() < Duration::from_micros(20) {}
        Verdict::Keep
    }
}

#[cfg(target_os = "linux")]
#[test]
fn too_much_is_said_and_what_was_used_can_be_asked_for() {
    let provider = memory()
        .watch_overhead()
        .delay_ms(10)
        .processor(Busy)
        .build()
        .unwrap();
    let ((), said) = problems_heard(|heard| {
        let began = Instant::now();
        // Two looks a second apart, between which the process does little else.
        while !heard.lock().unwrap().iter().any(|said| said.kind == "overhead") {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{:?}",
                provider.overhead()
            );
            make(&provider, 500);
        }
    });
    let line = &said.iter().find(|said| said.kind == "overhead").unwrap().message;
    assert!(line.contains("overhead.threshold_percent (5)"), "{line}");
    let latest = provider.overhead().unwrap().latest.unwrap();
    assert!(latest.of_process > 0.05 && latest.of_process <= 1.0, "{latest:?}");
    assert!(latest.of_one_cpu > 0.0);
    finish(&provider);
}
