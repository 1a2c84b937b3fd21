//! `traceparent`, `tracestate` and its `ot` member.

use crate::lines;
use spanline_core::propagate::{TextMapPropagator, TraceContextPropagator, TraceParent};
use spanline_core::sample::OtState;
use spanline_core::{Context, TraceState, TraceStateRef};

/// The first line is `traceparent`; all others are `tracestate`, and each of them an `ot` value too.
pub fn traceparent(input: &[u8]) {
    let mut values = lines(input);
    let first = values.next().unwrap_or_default();
    if let Some(parent) = TraceParent::parse(first) {
        assert_eq!(TraceParent::parse(&parent.format()), Some(parent));
    }
    let mut carrier = vec![("traceparent", first)];
    for value in values {
        carrier.push(("tracestate", value));
        trace_state(value);
        ot(&String::from_utf8_lossy(value));
    }
    let context = TraceContextPropagator.extract(Context::EMPTY, &carrier);
    let span = context.span_context();
    assert_eq!(span.is_valid(), TraceParent::parse(first).is_some());
    let mut written = Vec::new();
    TraceContextPropagator.inject(&context, &mut written);
    let again = TraceContextPropagator.extract(Context::EMPTY, &written);
    assert_eq!(again.span_context(), span);
}

fn trace_state(value: &[u8]) {
    let view = TraceStateRef::parse(value);
    let state = TraceState::parse(value);
    assert_eq!(view.err(), state.as_ref().err().copied());
    let (Ok(view), Ok(state)) = (view, state) else {
        return;
    };
    assert!(view.iter().eq(state.iter()));
    assert_eq!(TraceState::parse(state.as_str().as_bytes()).as_ref(), Ok(&state));
    for (key, value) in state.iter() {
        assert_eq!((state.get(key), view.get(key)), (Some(value), Some(value)));
        let set = state.set(key, "x").unwrap();
        assert_eq!(set.iter().count(), state.iter().count());
        assert_eq!(state.delete(key).get(key), None);
        if let ("ot", value) = (key, value) {
            ot(value);
        }
    }
    for length in [0, 100, 512] {
        let short = state.truncate(length);
        assert!(short.as_str().len() <= length);
        assert!(TraceState::parse(short.as_str().as_bytes()).is_ok());
    }
}

fn ot(text: &str) {
    let state = OtState::parse(text);
    let encoded = state.encode().expect("what was read fits");
    let again = OtState::parse(encoded.as_str());
    assert_eq!(again.threshold(), state.threshold());
    assert_eq!(again.random_value(), state.random_value());
    assert!(again.rest().eq(state.rest()));
}
