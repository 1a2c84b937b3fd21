//! Exporters of the user's own, and those that keep or drop spans.

use crate::common::{balanced, finish, memory, spans};
use spanline::{ExportBatch, ExportResult, MemoryExporter, SpanExporter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Counts what it is asked to do.
#[derive(Clone, Debug, Default)]
struct Counting(Arc<Calls>);

#[derive(Debug, Default)]
struct Calls {
    batches: Mutex<Vec<u64>>,
    flushes: AtomicU64,
    shutdowns: AtomicU64,
    running: AtomicU64,
    concurrent: AtomicU64,
}

impl SpanExporter for Counting {
    fn export(&self, batch: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        assert_eq!(timeout, Some(Duration::from_secs(10)));
        let calls = &self.0;
        if calls.running.fetch_add(1, Ordering::SeqCst) > 0 {
            calls.concurrent.fetch_add(1, Ordering::SeqCst);
        }
        for span in batch.spans() {
            assert_eq!(span.scope.name, "t");
            assert!(span.resource.get("service.name").is_some() && span.view.trace_id().is_valid());
        }
        assert_eq!(batch.spans().count() as u64, batch.len());
        calls.batches.lock().unwrap().push(batch.len());
        calls.running.fetch_sub(1, Ordering::SeqCst);
        ExportResult::success()
    }

    fn flush(&self, _: Duration) -> bool {
        self.0.flushes.fetch_add(1, Ordering::SeqCst);
        true
    }

    fn shutdown(&self) {
        self.0.shutdowns.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn an_exporter_of_the_users_own_gets_batches_one_at_a_time() {
    let counting = Counting::default();
    let builder = spanline::init()
        .without_environment()
        .add_exporter("own", counting.clone());
    let provider = builder
        .options(|options| options.max_batch_spans = Some(100))
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    for _ in 0..1_000 {
        tracer.span("s").start().end();
    }
    let stats = balanced(&provider);
    assert_eq!(
        (stats.exporters[0].name.as_str(), stats.exporters[0].exported),
        ("own", 1_000)
    );
    let batches = counting.0.batches.lock().unwrap().clone();
    assert_eq!(batches.iter().sum::<u64>(), 1_000);
    assert!(batches.iter().all(|&spans| spans <= 100), "{batches:?}");
    assert_eq!(
        counting.0.flushes.load(Ordering::SeqCst),
        1,
        "a flush reaches the exporter"
    );
    finish(&provider);
    assert_eq!(counting.0.shutdowns.load(Ordering::SeqCst), 1);
    assert_eq!(counting.0.concurrent.load(Ordering::SeqCst), 0);
    assert!(provider.shutdown().is_err());
    assert_eq!(counting.0.shutdowns.load(Ordering::SeqCst), 1);
}

#[test]
fn only_sampled_spans_are_exported() {
    let provider = memory().sampler("always_off").build().unwrap();
    provider.tracer("t").span("s").start().end();
    assert_eq!(spans(&provider), []);
}

#[test]
fn memory_is_read_reset_and_kept_over_the_shutdown() {
    let kept = MemoryExporter::new();
    let provider = memory().add_exporter("given", kept.clone()).build().unwrap();
    let tracer = provider.tracer("t");
    tracer.span("a").start().end();
    assert_eq!(spans(&provider).len(), 1, "reading flushes first");
    tracer.span("b").start().end();
    provider.reset_finished_spans();
    tracer.span("c").start().end();
    finish(&provider);
    let names: Vec<_> = spans(&provider).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["c"]);
    assert_eq!(kept.get().len(), 3);
    kept.reset();
    assert!(kept.get().is_empty());
}

#[test]
fn exporters_stand_side_by_side() {
    #[derive(Debug)]
    struct Refuses;
    impl SpanExporter for Refuses {
        fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
            ExportResult::failure("not_today")
        }
    }
    let provider = memory().add_exporter("refuses", Refuses).build().unwrap();
    for _ in 0..10 {
        provider.tracer("t").span("s").start().end();
    }
    assert_eq!(spans(&provider).len(), 10);
    let stats = finish(&provider);
    assert_eq!(stats.exporters[0].exported, 10);
    assert_eq!(stats.exporters[1].failed, [("not_today".to_owned(), 10)]);
}

#[test]
fn discard_takes_and_drops() {
    let provider = spanline::init()
        .without_environment()
        .exporter("discard")
        .build()
        .unwrap();
    for _ in 0..100 {
        provider.tracer("t").span("s").start().end();
    }
    let stats = finish(&provider);
    assert_eq!(
        (stats.exporters[0].name.as_str(), stats.exporters[0].exported),
        ("discard", 100)
    );
}
