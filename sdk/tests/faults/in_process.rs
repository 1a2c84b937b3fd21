//! Exporters side by side, and what a provider does that is not seen from outside.

use crate::process::{LIMIT, Receiver, Reply, dead_url};
use spanline::{Builder, Provider, Stats};
use std::time::Duration;

const SPANS: u64 = 10;

fn build(url: &str, more: impl FnOnce(Builder) -> Builder) -> Provider {
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    more(builder.endpoint(url)).build().unwrap()
}

fn make_spans(provider: &Provider) {
    let tracer = provider.tracer("faults");
    (0..SPANS).for_each(|_| tracer.span("fault").start().end());
}

/// Makes spans and flushes; all of them must meet their fate within the limit.
#[track_caller]
fn flushed(provider: &Provider) -> Stats {
    make_spans(provider);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    report.stats
}

#[test]
fn a_compressed_request_is_compressed() {
    let receiver = Receiver::start([]);
    let stats = flushed(&build(&receiver.url(), |builder| builder.compression("gzip")));
    assert_eq!(stats.exporters[0].exported, SPANS);
    assert!(receiver.requests()[0].gzip);
    assert_eq!(receiver.spans().len() as u64, SPANS);
    let plain = Receiver::start([]);
    flushed(&build(&plain.url(), |builder| builder));
    assert!(!plain.requests()[0].gzip);
}

#[test]
fn a_shutdown_out_of_time_counts_what_it_gives_up() {
    let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 10));
    let provider = build(&receiver.url(), |builder| builder);
    make_spans(&provider);
    let report = provider.shutdown_within(Duration::from_millis(200)).unwrap();
    assert!(!report.complete && report.stats.balances(), "{:?}", report.stats);
    let exporter = &report.stats.exporters[0];
    assert_eq!(exporter.dropped_expired + exporter.held, SPANS);
}

/// An exporter beside the one under test.
#[derive(Debug)]
struct Stuck(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl spanline::SpanExporter for Stuck {
    fn export(&self, _: spanline::ExportBatch<'_>, _: Option<Duration>) -> spanline::ExportResult {
        let _ = self.0.lock().unwrap().recv();
        spanline::ExportResult::success()
    }
}

#[test]
fn a_dead_or_stuck_exporter_delays_no_other() {
    let (release, gate) = std::sync::mpsc::channel();
    let receiver = Receiver::start([]);
    let provider = build(&receiver.url(), |builder| {
        builder
            .exporter("otlp")
            .add_exporter("stuck", Stuck(std::sync::Mutex::new(gate)))
    });
    for round in 1..=5 {
        make_spans(&provider);
        provider.flush_within(Duration::from_millis(50));
        receiver.wait_for(round);
    }
    assert_eq!(receiver.spans().len() as u64, 5 * SPANS);
    let stats = provider.stats();
    assert!(stats.balances());
    assert_eq!(stats.exporters[1].held, 5 * SPANS, "{stats:?}");
    drop(release);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances());
    assert_eq!(report.stats.exporters[1].exported, 5 * SPANS);
}

#[test]
fn an_exporter_whose_endpoint_is_dead_delays_no_other() {
    let provider = build(&dead_url(), |builder| builder.exporter("otlp").exporter("memory"));
    make_spans(&provider);
    assert!(!provider.flush_within(Duration::from_millis(500)).complete);
    let stats = provider.stats();
    assert!(stats.balances());
    let of = |name: &str| stats.exporters.iter().find(|e| e.name == name).unwrap();
    assert_eq!((of("otlp").held, of("memory").exported), (SPANS, SPANS));
    drop(provider.shutdown_within(Duration::ZERO));
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:?}");
}
