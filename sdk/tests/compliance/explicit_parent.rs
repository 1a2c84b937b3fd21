//! Scopes whose parent was given: all that its context carries is current in them.

use crate::common::{memory, remote_parent, spans};
use spanline::{Baggage, Context, context, span};
use std::collections::HashMap;
use std::sync::Arc;

type Headers = HashMap<String, String>;

fn tenant(name: &str) -> Baggage {
    Baggage::EMPTY.set("tenant", name, None).unwrap()
}

fn injected() -> Headers {
    let mut headers = Headers::new();
    spanline::inject(&mut headers);
    headers
}

#[test]
fn what_a_received_context_carries_goes_on_with_the_scope_below_it() {
    let provider = memory().propagators(["tracecontext", "baggage"]).build().unwrap();
    let _provider = provider.enter();
    let key = context::key("request");
    let received = remote_parent(true)
        .with_baggage(tenant("received"))
        .with_value(key, Arc::new(7_u32));
    let _around = context::attach(Context::EMPTY.with_baggage(tenant("around")));
    let tracer = provider.tracer("t");
    let of_builder = || tracer.span("s").parent(&received).enter();
    for enter in [&of_builder as &dyn Fn() -> spanline::Scope, &|| {
        span!("s", parent = &received)
    }] {
        let scope = enter();
        let child = span!("child");
        assert_eq!(injected()["baggage"], "tenant=received");
        let value = context::current().get(key).cloned();
        assert_eq!(
            value.and_then(|value| value.downcast_ref::<u32>().copied()),
            Some(7)
        );
        assert_eq!(context::current().span_context(), child.context());
        drop(child);
        assert_eq!(context::current().span_context(), scope.context());
        drop(scope);
        assert_eq!(context::baggage(), tenant("around"));
    }
    let nothing = Context::EMPTY;
    let bare = span!("s", parent = &nothing);
    assert_eq!(context::baggage(), Baggage::EMPTY, "that of the parent alone");
    drop(bare);
    let spans = spans(&provider);
    assert_eq!(spans.len(), 5);
    let received_id = remote_parent(true).span_context().span_id();
    let children: Vec<_> = spans.iter().filter(|span| span.name == "child").collect();
    assert_eq!(children.len(), 2);
    for child in children {
        let scope = spans
            .iter()
            .find(|span| span.span_id == child.parent_span_id)
            .unwrap();
        assert_eq!(scope.parent_span_id, received_id);
        assert!(scope.start_unix_nano <= child.start_unix_nano && child.end_unix_nano <= scope.end_unix_nano);
    }
}

#[test]
fn a_received_debug_mark_goes_on_with_the_scope_below_it() {
    let provider = memory().propagators(["b3"]).build().unwrap();
    let _provider = provider.enter();
    let sent = HashMap::from([(
        "b3".to_string(),
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d".to_string(),
    )]);
    let received = spanline::extract(&sent);
    let scope = span!("s", parent = &received);
    assert!(context::current().is_debug());
    let child = span!("child");
    assert!(injected()["b3"].contains("-d"), "{:?}", injected());
    drop((child, scope));
    assert!(!context::current().is_debug());
}

#[test]
fn a_scope_below_a_suppressed_context_is_suppressed() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let suppressed = remote_parent(true).with_suppressed(true);
    let scope = span!("s", parent = &suppressed);
    let child = span!("child");
    assert!(!scope.is_recording() && !child.is_recording());
    drop((child, scope));
    assert_eq!(spans(&provider), []);
}

#[test]
fn a_disabled_scope_passes_on_that_nothing_was_decided() {
    let provider = memory()
        .propagators(["b3"])
        .disable_scope("quiet")
        .build()
        .unwrap();
    let _provider = provider.enter();
    let sent = HashMap::from([(
        "b3".to_string(),
        "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1".to_string(),
    )]);
    let received = spanline::extract(&sent);
    assert!(received.is_deferred());
    let quiet = provider.tracer("quiet");
    let given = quiet.span("quiet").parent(&received).enter();
    assert!(context::current().is_deferred());
    let below = span!("below the parent given");
    assert!(below.is_recording(), "decided here, as nobody did before");
    drop((below, given));
    let _received = context::attach(received);
    let current = quiet.span("quiet").enter();
    assert!(context::current().is_deferred());
    let below = span!("below the current one");
    assert!(below.is_recording());
    drop((below, current));
    assert_eq!(spans(&provider).len(), 2);
}
