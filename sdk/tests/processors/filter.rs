//! Filters in a provider: what they drop reaches no exporter and is counted.

use crate::common::{finish, memory, spans};
use spanline::processors::{Filter, SpanConditions};
use spanline::sample::Pattern;
use spanline::{EndedSpan, SpanKind, SpanProcessor, StatusCode, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn named(pattern: &str) -> SpanConditions {
    SpanConditions::new().name(Pattern::glob(pattern))
}

#[test]
fn what_is_dropped_is_counted_as_filtered_and_its_children_stay() {
    let filter = Filter::new()
        .keep(SpanConditions::new().status(StatusCode::Error))
        .drop(named("GET /health*"));
    let provider = memory().filter(filter).build().unwrap();
    let tracer = provider.tracer("t");
    let check = tracer.span("GET /health").kind(SpanKind::Server).enter();
    let parent = check.context().span_id();
    drop(tracer.span("inside").enter());
    drop(check);
    let failed = tracer.span("GET /health/deep").enter();
    failed.set_status(StatusCode::Error, "");
    drop(failed);
    let left = spans(&provider);
    let names: Vec<_> = left.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["inside", "GET /health/deep"]);
    assert_eq!(left[0].parent_span_id, parent);
    let stats = finish(&provider);
    assert_eq!((stats.started, stats.filtered, stats.accepted), (3, 1, 2));
}

#[test]
fn any_of_several_filters_drops_and_rules_of_options_are_one() {
    let provider = memory()
        .filter(Filter::new().drop(named("a")))
        .filter(Filter::new().keep(named("a")).drop(named("b")))
        .service_name("shop")
        .options(|options| {
            options.filter.rules = Some(vec![
                "drop service=other".into(),
                "drop service=sh?p && name==c".into(),
            ]);
        })
        .build()
        .unwrap();
    for name in ["a", "b", "c", "d"] {
        provider.tracer("t").span(name).start().end();
    }
    let names: Vec<_> = spans(&provider).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["d"]);
    assert_eq!(finish(&provider).filtered, 3);
}

/// Sees spans, also those that others drop.
#[derive(Clone, Debug, Default)]
struct Sees(Arc<AtomicU64>);

impl SpanProcessor for Sees {
    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        self.0.fetch_add(1, Ordering::Relaxed);
        Verdict::Keep
    }
}

#[test]
fn a_filter_hides_nothing_from_other_processors() {
    let sees = Sees::default();
    let provider = memory()
        .filter(Filter::new().drop(SpanConditions::new()))
        .processor(sees.clone())
        .count_errors()
        .correlate_traces()
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("error.type", "x");
    let trace_id = span.context().trace_id();
    span.end();
    assert!(spans(&provider).is_empty());
    assert_eq!(sees.0.load(Ordering::Relaxed), 1);
    assert_eq!(provider.errors().unwrap().report().total, 1);
    assert_eq!(provider.traces().unwrap().spans_of(trace_id).len(), 1);
    assert_eq!(finish(&provider).filtered, 1);
}
