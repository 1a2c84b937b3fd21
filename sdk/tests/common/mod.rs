//! Helpers of the tests that use the public API alone.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

mod ids;
mod json;
mod problems;
mod receiver;

pub(crate) use ids::FixedIds;
pub(crate) use json::{borrowed, only_members, owned_value, pairs, same, text, typed, unhex};
pub(crate) use problems::{Said, problems_during, problems_heard};
pub(crate) use receiver::{Answer, Receiver, Request};

use spanline::{Builder, FinishedSpan, Provider, Stats};

/// A provider that keeps its spans in memory, whatever the environment of the test run says.
pub(crate) fn memory() -> Builder {
    spanline::init().without_environment().exporter("memory")
}

/// The spans that the memory exporter has, after every span is accounted for.
#[track_caller]
pub(crate) fn spans(provider: &Provider) -> Vec<FinishedSpan> {
    let spans = provider.finished_spans().expect("there is a memory exporter");
    balanced(provider);
    spans
}

/// The only span.
#[track_caller]
pub(crate) fn only_span(provider: &Provider) -> FinishedSpan {
    let mut spans = spans(provider);
    assert_eq!(spans.len(), 1, "{spans:?}");
    spans.remove(0)
}

/// Checks, after a flush, that every span is accounted for.
#[track_caller]
pub(crate) fn balanced(provider: &Provider) -> Stats {
    let stats = provider.flush().stats;
    assert!(stats.balances(), "{stats:#?}");
    stats
}

/// Shuts the provider down and checks that every span is accounted for and none is held.
#[track_caller]
pub(crate) fn finish(provider: &Provider) -> Stats {
    let report = provider.shutdown().expect("it runs");
    assert!(report.stats.balances(), "{:#?}", report.stats);
    let held: u64 = report.stats.exporters.iter().map(|exporter| exporter.held).sum();
    assert_eq!(held, 0, "{:#?}", report.stats);
    report.stats
}

/// A context as it arrives from another process.
pub(crate) fn remote_parent(sampled: bool) -> spanline::Context {
    let carrier = [(
        "traceparent",
        match sampled {
            true => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03",
            false => "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02",
        },
    )];
    use spanline::propagate::{TextMapPropagator, TraceContextPropagator};
    TraceContextPropagator.extract(spanline::Context::EMPTY, &carrier)
}
