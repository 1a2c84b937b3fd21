//! Forks while the built-in processors are at work.

use super::process::{Receiver, play};
use super::{FORKS, forked};
use spanline::otlp::SpanView;
use spanline::sample::tail::{ConditionError, PolicyKind, PolicyOptions, SpanCondition};
use spanline::{EndedSpan, SpanProcessor, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Threads change what the built-in processors know, and others read it, while their process forks. A child knows nothing of
/// its parent's, and waits for no lock of it.
pub(crate) fn scenario(endpoint: &str) {
    let builder = spanline::init().without_environment().endpoint(endpoint);
    let provider = builder
        .count_errors()
        .correlate_traces()
        .watch_overhead()
        .build()
        .unwrap();
    let fail = |name: &str| {
        let span = provider.tracer("t").span(name).start();
        span.set("error.type", "x");
        span.context().trace_id()
    };
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    fail("parent");
                    provider.errors().unwrap().report();
                    provider.traces().unwrap().recent(5);
                }
            });
        }
        for _ in 0..FORKS {
            forked(|| {
                let trace_id = fail("child");
                let report = provider.errors().unwrap().report();
                assert_eq!((report.total, report.uncounted), (1, 0));
                assert_eq!(provider.traces().unwrap().spans_of(trace_id).len(), 1);
                assert_eq!(provider.traces().unwrap().counts().spans, 1);
                assert!(provider.overhead().unwrap().starts.samples <= 1);
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(provider.flush().stats.balances());
}

/// Panics wherever it is called.
#[derive(Debug)]
struct Panics;

impl SpanProcessor for Panics {
    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        panic!("as asked")
    }
}

impl SpanCondition for Panics {
    fn is_met(&self, _: SpanView<'_>) -> Result<bool, ConditionError> {
        panic!("as asked")
    }
}

/// What was redacted and what panicked is counted in the process where it was.
pub(crate) fn counts() {
    let policies = [PolicyOptions::new(
        "panics",
        PolicyKind::Condition(Arc::new(Panics)),
    )];
    let builder = spanline::init().without_environment().exporter("memory");
    let provider = builder
        .delay_ms(3_600_000)
        .processor(Panics)
        .tail_sampling(policies)
        .options(|options| options.redact.keys = Some(vec!["secret".to_owned()]))
        .build()
        .unwrap();
    let count = |spans: usize| {
        for _ in 0..spans {
            provider.tracer("t").span("s").start().set("secret", "x");
        }
        let stats = provider.flush().stats;
        (stats.redacted.masked, stats.caught_panics)
    };
    assert_eq!(count(3), (3, 6));
    forked(|| {
        assert_eq!(count(0), (0, 0));
        assert_eq!(count(1), (1, 2));
    });
    assert_eq!(count(1), (4, 8));
}

#[test]
fn a_child_counts_from_its_own_beginning() {
    let receiver = Receiver::start([]);
    let ended = play("counts", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
}

#[test]
fn built_in_processors_begin_anew_in_a_child() {
    let receiver = Receiver::start([]);
    let ended = play("built in", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
}
