//! Contexts and what is current.

use crate::common::{memory, problems_during, spans};
use spanline::{Baggage, Context, Span, context, current_span, span};
use std::sync::Arc;

#[test]
fn values_are_read_by_their_keys() {
    let (one, same_name) = (context::key("tenant"), context::key("tenant"));
    assert_eq!(one.name(), "tenant");
    let before = Context::EMPTY;
    let after = before.clone().with_value(one, Arc::new(7_u32));
    let number = |context: &Context, key| {
        context
            .get(key)
            .and_then(|value| value.downcast_ref::<u32>().copied())
    };
    assert_eq!((number(&after, one), number(&after, same_name)), (Some(7), None));
    assert_eq!(number(&before, one), None, "the old context is unchanged");
}

#[test]
fn a_context_is_attached_and_detached() {
    let key = context::key("tenant");
    assert!(context::current().get(key).is_none());
    let outer = context::attach(context::current().with_value(key, Arc::new("outer")));
    {
        let _inner =
            context::attach(context::current().with_baggage(Baggage::EMPTY.set("k", "v", None).unwrap()));
        assert_eq!(context::baggage().get("k"), Some("v"));
        assert!(
            context::current().get(key).is_some(),
            "what was attached before is still there"
        );
    }
    assert!(context::baggage().is_empty());
    assert!(context::current().get(key).is_some());
    drop(outer);
    assert!(context::current().get(key).is_none());
    assert!(context::with(Context::EMPTY.with_suppressed(true), || {
        context::current().is_suppressed()
    }));
}

#[test]
fn a_detach_in_the_wrong_order_is_reported_and_harmless() {
    let ((), said) = problems_during(|| {
        let first = context::attach(Context::EMPTY.with_debug(true));
        let second = context::attach(Context::EMPTY);
        drop(first);
        drop(second);
    });
    assert!(
        said.iter().any(|problem| problem.kind == "detach_order"),
        "{said:?}"
    );
}

#[test]
fn the_active_span_is_read_and_set() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    assert!(!current_span().context().is_valid());
    let span = tracer.span("s").start();
    assert!(
        !current_span().context().is_valid(),
        "a span is not made active by its start"
    );
    {
        let active = span.make_current();
        assert_eq!(current_span().context(), active.context());
        current_span().set("seen", true);
        assert!(current_span().is_recording());
    }
    assert!(!current_span().context().is_valid());

    // In a context of its own, which can be attached anywhere.
    let context = span.in_context();
    assert_eq!(context::span_of(&context).context(), span.context());
    assert!(context::span_of(&Context::EMPTY).context().trace_id() == spanline::TraceId::INVALID);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            context::with(context.clone(), || {
                current_span().set("elsewhere", true);
                tracer.span("child").start().end();
            });
        });
    });
    let parent = span.context().span_id();
    span.end();
    let spans = spans(&provider);
    assert_eq!(spans[0].attributes.len() + spans[1].attributes.len(), 2);
    assert!(
        spans
            .iter()
            .any(|span| span.name == "child" && span.parent_span_id == parent)
    );
}

#[test]
fn a_scope_makes_its_span_active_and_ends_it() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    {
        let outer = span!("outer", "k" = 1);
        assert_eq!(current_span().context(), outer.context());
        let inner = span!("inner");
        assert_eq!(current_span().context(), inner.context());
    }
    assert!(!current_span().context().is_valid());
    let names: Vec<_> = spans(&provider).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["inner", "outer"]);
}

#[test]
fn ending_a_span_leaves_it_active() {
    let provider = memory().build().unwrap();
    let scope = provider.tracer("t").span("s").enter();
    current_span().end();
    assert_eq!(current_span().context(), scope.context());
    assert!(!current_span().is_recording());
    drop(scope);
    assert_eq!(spans(&provider).len(), 1);
}

#[test]
fn suppression_records_nothing_and_injects_nothing() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let outer = tracer.span("outer").enter();
    let _provider = provider.enter();
    context::suppressed(|| {
        let inner = tracer.span("inner").start();
        assert!(!inner.is_recording());
        assert_eq!(inner.context().trace_id(), outer.context().trace_id());
        let mut carrier: Vec<(String, String)> = Vec::new();
        spanline::inject(&mut carrier);
        assert_eq!(carrier, []);
    });
    drop(outer);
    assert_eq!(spans(&provider).len(), 1);
}

#[test]
fn a_span_context_is_wrapped_in_a_span_that_does_nothing() {
    let context = crate::common::remote_parent(true).span_context().clone();
    let span = Span::propagating(context.clone());
    assert_eq!(span.context(), &context);
    assert!(!span.is_recording());
    span.set("k", 1).add_event("e", &[]).end();
    assert_eq!(span.context(), &context);
    assert!(!Span::none().context().is_valid());
}
