//! Faults of ours in the pipeline's thread.

use crate::{fork, log};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(60);

pub(super) fn fail_if_asked(faults: &AtomicU32) {
    let take = |left: u32| left.checked_sub(1);
    let asked = faults.fetch_update(Ordering::AcqRel, Ordering::Acquire, take);
    assert!(asked.is_err(), "a fault of ours, as asked");
}

#[test]
fn the_third_fault_of_the_pipeline_ends_the_recording_and_nobody_waits_for_it() {
    let builder = crate::init().without_environment().delay_ms(3_600_000);
    let provider = builder.exporter("memory").build().unwrap();
    let tracer = provider.tracer("faults");
    let make = || tracer.span("work").start().end();
    let ask = |faults| {
        let worker = provider.shared().engine(fork::current_epoch()).worker().clone();
        worker.faults.store(faults, Ordering::Release);
    };
    make();
    assert!(provider.flush_within(LONG).complete);
    ask(2);
    make();
    assert!(provider.flush_within(LONG).complete, "it goes on");
    ask(1);
    make();
    let began = Instant::now();
    let report = provider.flush_within(LONG);
    assert!(!report.complete && began.elapsed() < LONG, "{:?}", report.stats);
    make();
    let (report, said) = log::overhear(|| provider.shutdown_within(LONG).unwrap());
    let stats = report.stats;
    assert!(stats.balances() && began.elapsed() < LONG, "{stats:?}");
    assert_eq!((stats.caught_panics, stats.accepted), (3, 3));
    assert_eq!((stats.exporters[0].exported, stats.exporters[0].held), (2, 1));
    assert_eq!(stats.refused.after_shutdown + stats.dropped.after_shutdown, 1);
    let lost = "1 span was lost at shutdown: 1 by faults of Spanline itself";
    assert!(said.iter().any(|line| line.starts_with(lost)), "{said:?}");
}
