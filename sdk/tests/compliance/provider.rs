//! Providers and tracers.

use crate::common::{balanced, finish, memory, only_span, spans};
use spanline::{ErrorKind, InstrumentationScope, KeyValue, MemoryExporter};

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "library".into(),
        version: Some("1.2.3".into()),
        schema_url: Some("https://opentelemetry.io/schemas/1.44.0".into()),
        attributes: vec![KeyValue::new("short", "yes")],
    }
}

#[test]
fn providers_are_values_of_their_own() {
    let (one, other) = (memory().build().unwrap(), memory().build().unwrap());
    one.tracer("t").span("of one").start().end();
    other.tracer("t").span("of the other").start().end();
    assert_eq!(only_span(&one).name, "of one");
    assert_eq!(only_span(&other).name, "of the other");
}

#[test]
fn every_span_carries_the_scope_of_its_tracer() {
    let provider = memory().build().unwrap();
    provider.tracer_of(scope()).span("a").start().end();
    provider.tracer("library").span("b").start().end();
    provider.tracer("").span("c").start().end();
    let mut spans = spans(&provider);
    spans.sort_by(|a, b| a.name.cmp(&b.name));
    let scopes: Vec<_> = spans.iter().map(|span| &span.scope).collect();
    let named = InstrumentationScope::named("library");
    assert_eq!(scopes, [&scope(), &named, &InstrumentationScope::default()]);
}

#[test]
fn a_shut_down_provider_records_no_more() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    tracer.span("before").start().end();
    assert!(tracer.enabled());
    let stats = finish(&provider);
    assert_eq!((stats.accepted, stats.exporters[0].exported), (1, 1));

    // Neither tracers handed out before nor new ones record; context goes on.
    for tracer in [tracer, provider.tracer("later")] {
        assert!(!tracer.enabled());
        let span = tracer.span("after").start();
        assert!(!span.is_recording() && !span.context().is_sampled());
        span.set("k", 1).add_event("e", &[]).end();
    }
    let error = provider.shutdown().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ShutDown);
    let stats = balanced(&provider);
    assert_eq!((stats.accepted, stats.refused.after_shutdown), (1, 2));
    assert_eq!(only_span(&provider).name, "before");
}

#[test]
fn a_flush_hands_over_all_that_has_ended() {
    let kept = MemoryExporter::new();
    // Nothing is due for an hour.
    let provider = memory()
        .delay_ms(3_600_000)
        .add_exporter("second", kept.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let open = tracer.span("open").start();
    for _ in 0..1_000 {
        tracer.span("ended").start().end();
    }
    let report = provider.flush();
    assert!(report.complete);
    assert_eq!(kept.get().len(), 1_000);
    let stats = balanced(&provider);
    assert_eq!((stats.live, stats.started, stats.accepted), (1, 1_001, 1_000));
    assert!(
        stats
            .exporters
            .iter()
            .all(|exporter| exporter.exported == 1_000 && exporter.held == 0)
    );
    open.end();
    assert_eq!(balanced(&provider).live, 0);
}

#[test]
fn a_tracer_is_enabled_while_somebody_listens() {
    assert!(memory().build().unwrap().tracer("t").enabled());
    let nobody = spanline::init()
        .without_environment()
        .exporter("none")
        .build()
        .unwrap();
    assert!(!nobody.tracer("t").enabled());
    let disabled = memory().disabled(true).build().unwrap();
    assert!(!disabled.tracer("t").enabled());
}

#[test]
fn a_disabled_provider_carries_the_parent_on() {
    let provider = memory().disabled(true).build().unwrap();
    let parent = crate::common::remote_parent(true);
    let span = provider.tracer("t").span("s").parent(&parent).start();
    assert_eq!(span.context(), parent.span_context(), "no new ids");
    assert!(!span.is_recording());
    drop(span);
    assert_eq!(spans(&provider), []);
}
