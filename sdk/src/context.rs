//! The current context (OpenTelemetry context API).

use crate::local::{self, Frame};
use crate::scope::Attached;
use crate::span::CurrentSpan;
use crate::{fork, provider::registry};
use spanline_core::{Baggage, Context, ContextKey};
use spanline_engine::{Anchor, SpanRef, StartTime};
use std::sync::atomic::{AtomicU64, Ordering};

/// The context that is current on this thread.
pub fn current() -> Context {
    local::with(|local| local.frame(|frame| frame.context.clone()))
        .flatten()
        .unwrap_or(Context::EMPTY)
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
        _attached: Attached::new(frame(context)),
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

/// The frame of a context that came by value: what its span knows is looked up.
fn frame(context: Context) -> Frame {
    let depth = local::with(|local| local.frame(|frame| frame.depth))
        .flatten()
        .unwrap_or(0)
        + 1;
    let span = context.span_handle().and_then(SpanRef::from_handle);
    let (provider, anchor) = span.map_or((0, Anchor::default()), |span| (span.owner(), anchor(span)));
    Frame {
        context,
        provider,
        anchor,
        depth,
    }
}

fn anchor(span: SpanRef) -> Anchor {
    let engine =
        registry::find(span.owner()).map(|shared| shared.engine(fork::current_epoch()).engine().clone());
    match engine.and_then(|engine| engine.start_time(span)) {
        Some(StartTime::Clock(anchor)) => anchor,
        _ => Anchor::default(),
    }
}

/// The span of a context; not recording when the context carries none of this process.
pub fn span_of(context: &Context) -> CurrentSpan {
    let span = context.span_handle().and_then(SpanRef::from_handle);
    let (provider, anchor) = span.map_or((0, Anchor::default()), |span| (span.owner(), anchor(span)));
    CurrentSpan::new(context.span_context().clone(), span, provider, anchor)
}

/// The current span; not recording when there is none.
pub fn current_span() -> CurrentSpan {
    local::with(|local| {
        local.frame(|frame| {
            let slot = frame.context.span_handle().and_then(SpanRef::from_handle);
            CurrentSpan::new(
                frame.context.span_context().clone(),
                slot,
                frame.provider,
                frame.anchor,
            )
        })
    })
    .flatten()
    .unwrap_or_else(|| span_of(&Context::EMPTY))
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
