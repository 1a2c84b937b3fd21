//! What belongs to the whole process: the global provider, the global propagator, the log. One test, since there is
//! one process.

mod common;

use common::{finish, memory, only_span};
use spanline::propagate::{BaggagePropagator, TraceContextPropagator};
use spanline::{Baggage, ErrorKind, Level, span};
use std::sync::{Arc, Mutex};

fn written() -> Vec<String> {
    let context = common::remote_parent(true).with_baggage(Baggage::EMPTY.set("k", "v", None).unwrap());
    let mut carrier: Vec<(String, String)> = Vec::new();
    spanline::inject_context(&context, &mut carrier);
    carrier.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_globals_are_set_and_read() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    spanline::set_log_sink(Some(Arc::new(move |level, line| {
        sink.lock().unwrap().push((level, line.to_owned()))
    })));

    // Before there is a provider: nothing is recorded, the context goes on, nothing is propagated.
    assert!(spanline::global().is_none() && spanline::stats().is_none() && spanline::flush().is_none());
    let early = spanline::tracer("early");
    assert!(!early.enabled());
    let parent = common::remote_parent(true);
    let span = early.span("nobody").parent(&parent).start();
    assert!(!span.is_recording());
    assert_eq!(span.context(), parent.span_context());
    assert!(!span!("nobody").context().is_valid());
    assert!(spanline::propagator().is_none() && written().is_empty());

    // A tracer taken before works once there is a provider.
    let provider = memory().start().unwrap();
    assert!(early.enabled());
    early.span("late provider").start().end();
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), &*span.scope.name),
        ("late provider", "early")
    );
    assert_eq!(memory().start().unwrap_err().kind(), ErrorKind::AlreadyStarted);

    // The propagator is that of the provider, until one is set for all.
    assert_eq!(written(), ["traceparent", "baggage"]);
    spanline::set_propagator(Arc::new(TraceContextPropagator));
    assert_eq!(written(), ["traceparent"]);
    spanline::set_propagator(Arc::new(BaggagePropagator::new()));
    assert_eq!(written(), ["baggage"]);
    assert_eq!(spanline::propagator().unwrap().fields(), ["baggage"]);

    // After a shutdown another provider takes over.
    assert!(spanline::flush().unwrap().complete);
    assert!(spanline::shutdown().unwrap().stats.balances());
    assert!(spanline::shutdown().is_none() && !early.enabled());
    let next = memory().start().unwrap();
    drop(span!("of the next"));
    early.span("again").start().end();
    assert_eq!(next.finished_spans().unwrap().len(), 2);
    finish(&next);

    // What the library says goes to the sink, with its level.
    let first = spanline::context::attach(spanline::Context::EMPTY);
    let second = spanline::context::attach(spanline::Context::EMPTY);
    drop((first, second));
    let said = lines.lock().unwrap().clone();
    assert!(
        matches!(&said[..], [(Level::Warn, line)] if line.contains("detached")),
        "{said:?}"
    );
}
