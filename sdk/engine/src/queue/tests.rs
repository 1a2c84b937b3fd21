use super::producer::Producer;
use crate::{
    Bounds, Cutting, EncodedPart, Engine, Envelope, Next, Pipeline, Wake,
    spans::tests_support::{end, start},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};
use spanline_core::SpanLimits;
use std::thread;

#[derive(Default)]
struct CountWakes(Arc<AtomicUsize>);

impl Wake for CountWakes {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Plain(EncodedPart);

impl Envelope for Plain {
    fn resource(&self) -> &EncodedPart {
        &self.0
    }
    fn scope(&self, _: u16) -> &EncodedPart {
        &self.0
    }
}

fn engine(bounds: Bounds) -> (Arc<Engine>, Arc<AtomicUsize>) {
    let wakes = Arc::new(AtomicUsize::new(0));
    let wake = Box::new(CountWakes(wakes.clone()));
    (Engine::new(1, 2001, SpanLimits::default(), bounds, wake), wakes)
}

/// Takes all that is there; the number of spans in each batch.
fn drain(pipeline: &mut Pipeline) -> Vec<u64> {
    let mut batches = Vec::new();
    while let Next::Deliver(batch) = pipeline.next(0, true, true, &mut Plain(EncodedPart::default())) {
        assert_eq!(batch.views().count() as u64, batch.spans());
        batches.push(batch.spans());
    }
    batches
}

#[test]
fn a_thread_that_ends_loses_nothing() {
    let (engine, _) = engine(Bounds::default());
    let mut pipeline = Pipeline::new(engine.clone(), Cutting::default());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut producer = Producer::new(engine.clone());
                for n in 0..1000 {
                    let span = start(&mut producer, n);
                    end(&mut producer, span);
                }
            });
        }
    });
    assert_eq!(drain(&mut pipeline).iter().sum::<u64>(), 4000);
    let stats = engine.stats();
    assert_eq!(
        (stats.started, stats.ended, stats.accepted, stats.live),
        (4000, 4000, 4000, 0)
    );
    assert!(stats.balances());
    assert_eq!(engine.chunk_bytes(), 0, "chunks of gone threads are given back");
}

#[test]
fn a_full_buffer_counts_what_it_refuses() {
    let (engine, _) = engine(Bounds {
        buffer_bytes: 128 << 10,
        ..Bounds::default()
    });
    let mut producer = Producer::new(engine.clone());
    for n in 0..10_000 {
        let span = start(&mut producer, n);
        end(&mut producer, span);
    }
    let stats = engine.stats();
    assert!(stats.dropped.buffer_full > 0 && stats.accepted > 0);
    assert!(stats.balances());
    assert!(engine.chunk_bytes() <= 128 << 10);
    let mut pipeline = Pipeline::new(engine.clone(), Cutting::default());
    assert_eq!(drain(&mut pipeline).iter().sum::<u64>(), stats.accepted);
    let span = start(&mut producer, 1);
    end(&mut producer, span);
    assert_eq!(engine.stats().accepted, stats.accepted + 1, "there is room again");
}

#[test]
fn too_many_open_spans_are_refused_and_counted() {
    let (engine, _) = engine(Bounds {
        max_open_spans: 20,
        ..Bounds::default()
    });
    let mut producer = Producer::new(engine.clone());
    let spans: Vec<_> = (0..30)
        .filter_map(|n| crate::spans::tests_support::try_start(&mut producer, n))
        .collect();
    assert_eq!(spans.len(), 20);
    assert_eq!(engine.stats().refused.open_bound, 10);
    for span in spans {
        end(&mut producer, span);
    }
    assert!(crate::spans::tests_support::try_start(&mut producer, 1).is_some());
    assert!(engine.stats().balances());
}

#[test]
fn a_span_larger_than_a_chunk_has_one_of_its_own() {
    let (engine, _) = engine(Bounds {
        max_request_bytes: 300_000,
        ..Bounds::default()
    });
    let mut producer = Producer::new(engine.clone());
    for size in [100_000, 200_000, 400_000] {
        let span = start(&mut producer, 1);
        let text = "x".repeat(size);
        assert!(engine.set(span, 0, "text", spanline_core::Value::Str(&text)));
        end(&mut producer, span);
    }
    let stats = engine.stats();
    assert_eq!((stats.accepted, stats.dropped.too_large), (2, 1));
    assert!(stats.balances());
    assert_eq!(
        drain(&mut Pipeline::new(engine, Cutting::default()))
            .iter()
            .sum::<u64>(),
        2
    );
}

#[test]
fn batches_keep_their_bounds_under_backlog() {
    let (engine, _) = engine(Bounds::default());
    let mut producer = Producer::new(engine.clone());
    for n in 0..10_000 {
        let span = start(&mut producer, n);
        end(&mut producer, span);
    }
    let batches = drain(&mut Pipeline::new(engine.clone(), Cutting::default()));
    assert_eq!(batches, [4096, 4096, 1808]);
}

#[test]
fn batches_are_no_larger_than_what_the_exporter_takes_in_good_time() {
    let (engine, _) = engine(Bounds::default());
    let mut producer = Producer::new(engine.clone());
    let mut pipeline = Pipeline::new(engine.clone(), Cutting::default());
    for (limit, expected) in [(128, &[128, 128, 44][..]), (1000, &[300]), (0, &[1; 300])] {
        for n in 0..300 {
            let span = start(&mut producer, n);
            end(&mut producer, span);
        }
        pipeline.limit_batches(limit);
        assert_eq!(drain(&mut pipeline), expected);
    }
}

#[test]
fn a_sleeping_drain_is_woken_by_the_first_span_only() {
    let (engine, wakes) = engine(Bounds::default());
    let mut pipeline = Pipeline::new(engine.clone(), Cutting::default());
    let mut producer = Producer::new(engine.clone());
    let span = start(&mut producer, 0);
    end(&mut producer, span);
    drain(&mut pipeline);
    let before = wakes.load(Ordering::SeqCst);
    for n in 0..3 {
        let span = start(&mut producer, n);
        end(&mut producer, span);
    }
    assert_eq!(wakes.load(Ordering::SeqCst), before + 1);
    assert!(matches!(
        pipeline.next(1, true, false, &mut Plain(EncodedPart::default())),
        Next::WaitUntil(due) if due == 1 + Cutting::default().delay_nanos
    ));
}

#[test]
fn after_shutdown_nothing_is_recorded_and_live_spans_are_counted() {
    let (engine, _) = engine(Bounds::default());
    let mut pipeline = Pipeline::new(engine.clone(), Cutting::default());
    let mut producer = Producer::new(engine.clone());
    let (early, late) = (start(&mut producer, 1), start(&mut producer, 2));
    end(&mut producer, early);
    engine.close();
    assert_eq!(drain(&mut pipeline), [1]);
    end(&mut producer, late);
    assert!(crate::spans::tests_support::try_start(&mut producer, 3).is_none());
    let stats = engine.stats();
    assert_eq!(
        (stats.dropped.after_shutdown, stats.refused.after_shutdown),
        (1, 1)
    );
    assert!(stats.balances());
    assert!(drain(&mut pipeline).is_empty());
}
