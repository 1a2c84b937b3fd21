//! The current context (OpenTelemetry context API).

use crate::frame::{Attached, Head};
use crate::local;
use crate::span::CurrentSpan;
use spanline_core::{Baggage, Context, ContextKey, SpanContext};
use spanline_engine::SpanRef;
use std::sync::atomic::{AtomicU64, Ordering};

/// The context that is current on this thread.
pub fn current() -> Context {
    local::with(|local| local.context())
}

/// A new key for context values. Two keys differ even when their names are equal.
///
/// ```
/// use spanline::{context, Context};
/// let key = context::key("tenant");
/// let context = Context::EMPTY.with_value(key, std::sync::Arc::new("a".to_string()));
/// let value = context.get(key).and_then(|value| value.downcast_ref::<String>());
/// assert_eq!(value.map(String::as_str), Some("a"));
/// assert!(context.get(context::key("tenant")).is_none());
/// ```
pub fn key(name: &'static str) -> ContextKey {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    ContextKey::from_number(NEXT.fetch_add(1, Ordering::Relaxed), name)
}

/// A context made current; dropping this detaches it again. Not `Send`.
#[derive(Debug)]
#[must_use = "the context is current until this is dropped"]
pub struct ContextGuard {
    _attached: Attached,
}

/// Makes a context current on this thread until the guard is dropped.
///
/// Guards are dropped in the reverse order of their making; any other order is reported once and otherwise harmless.
///
/// ```
/// use spanline::{context, Context};
/// let guard = context::attach(Context::EMPTY.with_suppressed(true));
/// assert!(context::current().is_suppressed());
/// drop(guard);
/// assert!(!context::current().is_suppressed());
/// ```
pub fn attach(context: Context) -> ContextGuard {
    ContextGuard {
        _attached: local::with(|local| local.attach(context)),
    }
}

/// Runs `f` with this context current.
pub fn with<R>(context: Context, f: impl FnOnce() -> R) -> R {
    let _guard = attach(context);
    f()
}

/// Runs `f` without recording any span below and without injecting anything.
pub fn suppressed<R>(f: impl FnOnce() -> R) -> R {
    with(current().with_suppressed(true), f)
}

/// The span of a context; not recording when the context carries none of this process.
pub fn span_of(context: &Context) -> CurrentSpan {
    let head = Head::of(context);
    let slot = head.slot;
    CurrentSpan::new(context.span_context().clone(), slot, head.provider, head.anchor)
}

/// The current span; not recording when there is none.
pub fn current_span() -> CurrentSpan {
    local::with(|local| {
        let head = local.head.get();
        let slot = head.slot;
        let trace_state = local.trace_state(&head);
        let context = SpanContext::new(
            head.trace_id(),
            head.span_id,
            head.flags,
            head.is_remote(),
            trace_state,
        );
        CurrentSpan::new(context, slot, head.provider, head.anchor)
    })
}

/// The current baggage.
pub fn baggage() -> Baggage {
    current().baggage().clone()
}

impl CurrentSpan {
    /// The current context with this span in it: for children on other threads, and for carrying on.
    pub fn in_context(&self) -> Context {
        current().with_span(self.context().clone(), self.slot().map(SpanRef::handle))
    }
}
