//! Many threads at once.

use crate::common::finish;
use crate::tail;
use spanline::StatusCode;
use std::collections::HashMap;
use std::sync::Mutex;

/// Traces whose spans end on several threads, each before its root, while the pipeline decides all the time: those with an
/// error are kept whole, of the others nothing is.
#[test]
fn traces_over_many_threads_are_kept_whole_or_not_at_all() {
    const THREADS: usize = 4;
    const TRACES: usize = 300;
    const CHILDREN: usize = 6;
    let provider = tail(&["error"])
        .delay_ms(1)
        .options(|options| {
            options.tail.decision_after_root_ms = Some(1);
            options.tail.decision_wait_ms = Some(3_600_000);
        })
        .build()
        .unwrap();
    let failed = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (provider, failed) = (&provider, &failed);
            scope.spawn(move || {
                let tracer = provider.tracer("t");
                for number in 0..TRACES {
                    let root = tracer.span("root").start();
                    let fails = (number + thread) % 3 == 0;
                    failed.lock().unwrap().insert(root.context().trace_id(), fails);
                    std::thread::scope(|scope| {
                        for child in 0..CHILDREN {
                            let (tracer, root) = (&tracer, &root);
                            let make = move || {
                                let span = tracer.span("child").parent(&root.in_context()).start();
                                if fails && child == CHILDREN / 2 {
                                    span.set_status(StatusCode::Error, "");
                                }
                                span.end();
                            };
                            // Some on threads of their own, which come and go.
                            if number % 10 == 0 && child % 2 == 0 {
                                scope.spawn(make);
                            } else {
                                make();
                            }
                        }
                    });
                    root.end();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..50 {
                let stats = provider.stats();
                assert!(stats.accepted + stats.tail_dropped <= stats.ended, "{stats:?}");
                std::thread::yield_now();
            }
        });
    });
    let kept = provider.finished_spans().unwrap();
    let stats = finish(&provider);
    let mut by_trace: HashMap<_, usize> = HashMap::new();
    for span in &kept {
        *by_trace.entry(span.trace_id).or_default() += 1;
    }
    for (trace, fails) in failed.into_inner().unwrap() {
        let expected = if fails { CHILDREN + 1 } else { 0 };
        assert_eq!(by_trace.get(&trace).copied().unwrap_or(0), expected);
    }
    let all = (THREADS * TRACES * (CHILDREN + 1)) as u64;
    assert_eq!((stats.ended, stats.accepted + stats.tail_dropped), (all, all));
    assert_eq!(stats.accepted, kept.len() as u64);
    assert_eq!(stats.tail.upgraded_traces, 0, "nothing was decided too soon");
}
