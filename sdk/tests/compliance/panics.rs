//! Panics in user code: caught, counted, reported, and only that part is skipped.

use crate::common::{finish, memory, only_span, problems_during, spans};
use spanline::sample::{Sampler, SamplingRequest, SamplingResult};
use spanline::{
    Context, CurrentSpan, EndedSpan, ExportBatch, ExportResult, IdGenerator, SpanExporter, SpanId,
    SpanProcessor, TraceId, Verdict,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Panics wherever it can.
#[derive(Debug)]
struct Panics;

impl SpanProcessor for Panics {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        panic!("on_start, as asked");
    }

    fn on_ending(&self, _: &CurrentSpan) {
        panic!("on_ending, as asked");
    }

    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        panic!("on_end, as asked");
    }

    fn flush(&self, _: Duration) -> bool {
        panic!("flush, as asked");
    }

    fn shutdown(&self, _: Duration) -> bool {
        panic!("shutdown, as asked");
    }
}

impl Sampler for Panics {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        panic!("sampler, as asked");
    }

    fn description(&self) -> String {
        "Panics".to_owned()
    }
}

impl IdGenerator for Panics {
    fn trace_id(&self) -> TraceId {
        panic!("trace_id, as asked");
    }

    fn span_id(&self) -> SpanId {
        panic!("span_id, as asked");
    }
}

impl SpanExporter for Panics {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        panic!("export, as asked");
    }
}

/// Counts its callbacks.
#[derive(Clone, Debug, Default)]
struct Next(Arc<AtomicU64>);

impl SpanProcessor for Next {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn on_ending(&self, _: &CurrentSpan) {
        self.0.fetch_add(10, Ordering::SeqCst);
    }

    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        self.0.fetch_add(100, Ordering::SeqCst);
        Verdict::Keep
    }
}

#[test]
fn a_processor_that_panics_skips_only_its_part() {
    let next = Next::default();
    let provider = memory()
        .processor(Panics)
        .processor(next.clone())
        .build()
        .unwrap();
    let ((), said) = problems_during(|| provider.tracer("t").span("s").start().set("k", 1).end());
    assert!(said.iter().any(|problem| problem.kind == "processor"), "{said:?}");
    assert_eq!(next.0.load(Ordering::SeqCst), 111, "the next one saw everything");
    assert_eq!(provider.stats().caught_panics, 3);
    assert_eq!(only_span(&provider).attributes.len(), 1);
    let stats = finish(&provider);
    assert!(
        stats.caught_panics >= 5,
        "flush and shutdown panicked too: {}",
        stats.caught_panics
    );
}

#[test]
fn a_sampler_that_panics_drops() {
    let provider = memory().custom_sampler(Panics).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    assert!(!span.is_recording() && span.context().is_valid());
    drop(span);
    assert_eq!(spans(&provider), []);
    let stats = finish(&provider);
    assert_eq!((stats.caught_panics, stats.sampled_out), (1, 1));
}

#[test]
fn a_generator_that_panics_is_replaced_by_the_built_in_one() {
    let provider = memory().id_generator(Panics).build().unwrap();
    provider.tracer("t").span("s").start().end();
    let span = only_span(&provider);
    assert!(span.trace_id.is_valid() && span.span_id.is_valid());
    assert_eq!(finish(&provider).caught_panics, 2);
}

#[test]
fn an_exporter_that_panics_loses_its_batch_alone() {
    let provider = memory().add_exporter("panics", Panics).build().unwrap();
    for _ in 0..5 {
        provider.tracer("t").span("s").start().end();
    }
    assert_eq!(spans(&provider).len(), 5, "the other exporter has them");
    provider.tracer("t").span("s").start().end();
    let stats = finish(&provider);
    assert_eq!(stats.exporters[0].exported, 6);
    assert_eq!(stats.exporters[1].failed, [("panic".to_owned(), 6)]);
    assert!(stats.caught_panics >= 2);
}

/// An error whose text panics: nothing unwinds into the program, and the span goes on without the text.
#[test]
fn an_error_that_cannot_be_shown_harms_no_span() {
    #[derive(Debug)]
    struct Unspeakable;
    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("display, as asked");
        }
    }
    impl std::error::Error for Unspeakable {}
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    span.record_exception(&Unspeakable)
        .fail(&Unspeakable)
        .fail_text("t", Unspeakable);
    span.set("after", 1).end();
    let span = only_span(&provider);
    assert_eq!(span.status, spanline::StatusCode::Error);
    assert_eq!(span.attribute("after"), Some(&1.into()));
    assert_eq!(finish(&provider).caught_panics, 3);
}
