//! Faults of ours in an exporter's thread: what they cost, and whom.

use crate::{Provider, fork};
use std::sync::atomic::Ordering;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
const EACH: u64 = 10;

fn build() -> Provider {
    let builder = crate::init().without_environment().delay_ms(3_600_000);
    let builder = builder.exporter("discard").exporter("memory");
    builder.build().unwrap()
}

/// Makes spans and flushes: whatever becomes of them, nobody waits for ever.
fn round(provider: &Provider) {
    let tracer = provider.tracer("faults");
    (0..EACH).for_each(|_| tracer.span("work").start().end());
    let report = provider.flush_within(LONG);
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
}

fn ask(provider: &Provider, faults: u32) {
    let set = provider.shared().engine(fork::current_epoch());
    set.worker().exporters()[0]
        .faults
        .store(faults, Ordering::Release);
}

fn failed(provider: &Provider) -> Vec<(String, u64)> {
    provider.stats().exporters[0].failed.clone()
}

#[test]
fn a_fault_of_ours_loses_one_batch_of_one_exporter() {
    let provider = build();
    for _ in 0..2 {
        ask(&provider, 1);
        round(&provider);
        round(&provider);
    }
    let stats = provider.stats();
    assert_eq!(failed(&provider), [("panic".to_owned(), 2 * EACH)]);
    assert_eq!(stats.exporters[0].exported, 2 * EACH, "it goes on");
    assert_eq!(stats.caught_panics, 2);
    assert_eq!(provider.finished_spans().unwrap().len() as u64, 4 * EACH);
    assert!(provider.shutdown_within(LONG).unwrap().complete);
}

#[test]
fn the_third_fault_of_ours_ends_its_exporter_alone() {
    let provider = build();
    round(&provider);
    ask(&provider, 3);
    for _ in 0..6 {
        round(&provider);
    }
    assert_eq!(
        failed(&provider),
        [
            ("panic".to_owned(), 3 * EACH),
            ("exporter_ended".to_owned(), 3 * EACH)
        ]
    );
    assert_eq!(provider.finished_spans().unwrap().len() as u64, 7 * EACH);
    let report = provider.shutdown_within(LONG).unwrap();
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    assert_eq!(
        (report.stats.caught_panics, report.stats.exporters[0].exported),
        (3, EACH)
    );
}
