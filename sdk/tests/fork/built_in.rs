//! Forks while the built-in processors are at work.

use super::process::{Receiver, play};
use super::{FORKS, forked};
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

#[test]
fn built_in_processors_begin_anew_in_a_child() {
    let receiver = Receiver::start([]);
    let ended = play("built in", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
}
