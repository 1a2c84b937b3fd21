//! Tracers that are switched off by the name of their scope.

use crate::common::{memory, only_span, remote_parent, spans};
use spanline::sample::{SamplingRequest, SamplingResult};
use spanline::{Context, CurrentSpan, FinishedSpan, Provider, Sampler, SpanProcessor, span, traced};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn provider() -> Provider {
    memory().disable_scope("quiet.*").build().unwrap()
}

fn named(spans: &[FinishedSpan], name: &str) -> FinishedSpan {
    let found = spans.iter().find(|span| span.name == name);
    found.expect("a span of this name").clone()
}

#[test]
fn a_disabled_tracer_makes_no_spans_and_is_not_counted() {
    let provider = provider();
    let tracer = provider.tracer("quiet.library");
    assert!(!tracer.enabled());
    assert!(provider.tracer("quiet").enabled() && provider.tracer("").enabled());
    let span = tracer.span("s").start();
    assert!(!span.is_recording() && !span.context().is_valid());
    span.set("k", 1).add_event("e", &[]).update_name("n").end();
    let scope = tracer.span("s").enter();
    assert!(!scope.is_recording());
    drop(scope);
    span.abandon();
    assert_eq!(spans(&provider), []);
    let stats = provider.stats();
    assert_eq!((stats.started, stats.abandoned, stats.live), (0, 0, 0));
}

#[test]
fn a_span_below_a_disabled_one_is_a_child_of_the_one_around_it() {
    let provider = provider();
    let (loud, quiet) = (provider.tracer("loud"), provider.tracer("quiet.library"));
    let outer = loud.span("outer").enter();
    let between = quiet.span("between").enter();
    assert_eq!(between.context(), outer.context(), "no ids of its own");
    assert!(!between.is_recording() && outer.is_recording());
    between.set("k", 1);
    quiet.span("deeper").enter().set("k", 1);
    let inner = loud.span("inner").enter();
    drop((inner, between, outer));
    let spans = spans(&provider);
    assert_eq!(spans.len(), 2);
    let (outer, inner) = (named(&spans, "outer"), named(&spans, "inner"));
    assert_eq!(inner.parent_span_id, outer.span_id);
    assert_eq!(inner.trace_id, outer.trace_id);
    assert!(outer.attributes.is_empty());
    assert!(outer.start_unix_nano <= inner.start_unix_nano && inner.end_unix_nano <= outer.end_unix_nano);
}

#[test]
fn what_stands_below_a_disabled_span_belongs_to_the_same_provider() {
    let provider = provider();
    // The provider is neither global nor the thread's.
    let between = provider.tracer("quiet.library").span("between").enter();
    drop(span!("inner"));
    drop(between);
    assert_eq!(only_span(&provider).name, "inner");
}

#[test]
fn a_received_context_goes_through() {
    for sampled in [true, false] {
        let provider = provider();
        let (loud, quiet) = (provider.tracer("loud"), provider.tracer("quiet.library"));
        let remote = remote_parent(sampled);
        let server = quiet.span("server").parent(&remote).enter();
        assert_eq!(server.context(), remote.span_context());
        let inner = loud.span("inner").enter();
        assert_eq!(inner.context().trace_id(), remote.span_context().trace_id());
        assert_eq!(inner.is_recording(), sampled, "the decision that was received");
        drop((inner, server));
        let spans = spans(&provider);
        assert_eq!(spans.len(), usize::from(sampled));
        for inner in spans {
            assert_eq!(inner.parent_span_id, remote.span_context().span_id());
        }
    }
}

#[test]
fn a_disabled_root_hides_what_is_around_it() {
    let provider = provider();
    let (loud, quiet) = (provider.tracer("loud"), provider.tracer("quiet.library"));
    let outer = loud.span("outer").enter();
    let root = quiet.span("root").root().enter();
    assert!(!root.context().is_valid());
    drop(loud.span("inner").enter());
    drop((root, outer));
    let spans = spans(&provider);
    assert!(!named(&spans, "inner").parent_span_id.is_valid());
}

#[test]
fn of_rules_in_code_the_first_that_fits_decides() {
    let provider = memory()
        .enable_scope("io.shop.orders")
        .disable_scope("io.shop.*")
        .enable_scope("io.shop.stock")
        .build()
        .unwrap();
    for (name, enabled) in [
        ("io.shop.orders", true),
        ("io.shop.stock", false),
        ("io.shop", true),
    ] {
        let tracer = provider.tracer(name);
        assert_eq!(tracer.enabled(), enabled, "{name}");
        assert_eq!(tracer.span("s").start().is_recording(), enabled, "{name}");
    }
}

#[traced]
fn traced_function() {}

#[test]
fn places_in_the_code_are_disabled_by_the_name_of_their_crate_and_per_provider() {
    let quiet = memory().disable_scope("spanline").build().unwrap();
    let loud = memory().build().unwrap();
    // The same places go to both in turn.
    for _ in 0..3 {
        for (provider, recorded) in [(&quiet, false), (&loud, true)] {
            let _provider = provider.enter();
            let scope = span!("macro");
            assert_eq!(scope.is_recording(), recorded);
            assert_eq!(spanline::tracer("spanline").enabled(), recorded);
            drop(scope);
            traced_function();
        }
    }
    assert_eq!(spans(&quiet), []);
    assert_eq!(spans(&loud).len(), 6);
}

#[test]
fn a_late_tracer_finds_its_scope_disabled_in_each_provider_that_is() {
    let tracer = spanline::tracer("quiet.late");
    let (quiet, loud) = (provider(), memory().build().unwrap());
    for (provider, recorded) in [(&quiet, false), (&loud, true), (&quiet, false), (&quiet, false)] {
        let _provider = provider.enter();
        assert_eq!(tracer.enabled(), recorded);
        assert_eq!(tracer.span("s").start().is_recording(), recorded);
    }
    assert_eq!(spans(&quiet), []);
    assert_eq!(only_span(&loud).name, "s");
}

/// Counts how often anybody is asked.
#[derive(Debug, Default)]
struct Asked(AtomicU64);

#[derive(Debug)]
struct Decides(Arc<Asked>);

impl Sampler for Decides {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        SamplingResult::of(spanline::sample::Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "Asked".to_owned()
    }
}

#[derive(Debug)]
struct Seen(Arc<Asked>);

impl SpanProcessor for Seen {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Loud(Arc<Asked>);

impl std::fmt::Display for Loud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        f.write_str("loud")
    }
}

#[traced(fields("who" = who.to_string()))]
fn traced_with(who: &Loud) {
    let _ = who;
}

#[test]
fn nobody_is_asked_about_a_disabled_span() {
    let asked = Arc::new(Asked::default());
    let provider = memory()
        .custom_sampler(Decides(asked.clone()))
        .processor(Seen(asked.clone()))
        .disable_scope("spanline")
        .build()
        .unwrap();
    let _provider = provider.enter();
    drop(span!("s"));
    traced_with(&Loud(asked.clone()));
    assert_eq!(asked.0.load(Ordering::Relaxed), 0);
    drop(provider.tracer("loud").span("s").enter());
    assert_eq!(asked.0.load(Ordering::Relaxed), 2);
}
