//! Carrying context in and out (OpenTelemetry propagators API).

use crate::latest::Latest;
use crate::{context, guard, local, provider};
use spanline_core::propagate::{Getter, Setter, TextMapPropagator};
use spanline_core::{Context, SpanId};
use spanline_engine::SpanRef;
use spanline_engine::options::Effective;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Panics of the user's propagators and carriers; they belong to no provider.
static CAUGHT: AtomicU64 = AtomicU64::new(0);

static GLOBAL: Latest<Arc<dyn TextMapPropagator>> = Latest::new();

/// Sets the propagator that [`inject`] and [`extract`] use, whatever the provider was configured with.
pub fn set_propagator(propagator: Arc<dyn TextMapPropagator>) {
    GLOBAL.set(propagator);
}

/// The propagator in use: the one that was set, else that of the thread's provider, else none.
pub fn propagator() -> Option<Arc<dyn TextMapPropagator>> {
    if let Some(propagator) = GLOBAL.get() {
        return Some(propagator.clone());
    }
    provider::registry::find(provider::current_id()).map(|shared| shared.config.propagator.clone())
}

/// As [`propagator`], lent. The global provider lives as long as the process: the usual case counts no reference, and
/// references are counted by instructions that lock the memory bus.
fn with_propagator<R>(f: impl FnOnce(&dyn TextMapPropagator) -> R) -> Option<R> {
    if let Some(propagator) = GLOBAL.get() {
        return Some(f(&**propagator));
    }
    let id = provider::current_id();
    if let Some(global) = provider::global_of(id) {
        return Some(f(&*global.config.propagator));
    }
    provider::registry::find(id).map(|shared| f(&*shared.config.propagator))
}

/// What a setting is of the provider in use; `None` without a provider.
pub(crate) fn with_options<R>(f: impl FnOnce(&Effective) -> R) -> Option<R> {
    let id = provider::current_id();
    if let Some(global) = provider::global_of(id) {
        return Some(f(&global.config.effective));
    }
    provider::registry::find(id).map(|shared| f(&shared.config.effective))
}

/// Writes the current context into a carrier, such as the headers of an outgoing request. Nothing is written where
/// tracing is suppressed or nothing is current.
///
/// ```
/// use spanline::span;
/// use std::collections::HashMap;
/// let provider = spanline::init().exporter("memory").build()?;
/// let _provider = provider.enter();
/// let _scope = span!("outgoing");
/// let mut headers: HashMap<String, String> = HashMap::new();
/// spanline::inject(&mut headers);
/// assert!(headers["traceparent"].starts_with("00-"));
/// # Ok::<(), spanline::Error>(())
/// ```
pub fn inject(carrier: &mut dyn Setter) {
    inject_context(&context::current(), carrier);
}

/// As [`inject`], of this context.
pub fn inject_context(context: &Context, carrier: &mut dyn Setter) {
    // Carrier and propagator may be the user's code.
    with_propagator(|propagator| {
        guard::foreign(&CAUGHT, "propagator", || match parent_for(propagator, context) {
            None => propagator.inject(context, carrier),
            Some(parent) => propagator.inject(&context.clone().with_parent_span_id(parent), carrier),
        })
    });
}

/// The id of the parent of the context's span, where the propagator writes it and the context does not know it: of
/// spans that are recorded and have not ended.
#[inline]
fn parent_for(propagator: &dyn TextMapPropagator, context: &Context) -> Option<SpanId> {
    if !propagator.needs_parent_span_id() || context.parent_span_id().is_valid() {
        return None;
    }
    let span = SpanRef::from_handle(context.span_handle()?)?;
    let parent = local::lane(span.owner(), |lane, _| {
        lane.producer.engine().parent_span_id(span)
    });
    parent.ok()?.filter(|parent| parent.is_valid())
}

/// Reads a context from a carrier, such as the headers of an incoming request: the current context with what was
/// found. What cannot be read changes nothing.
///
/// ```
/// use std::collections::HashMap;
/// # let provider = spanline::init().exporter("none").build()?;
/// # let _provider = provider.enter();
/// let headers = HashMap::from([(
///     "traceparent".to_string(),
///     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_string(),
/// )]);
/// let context = spanline::extract(&headers);
/// assert!(context.span_context().is_remote());
/// # Ok::<(), spanline::Error>(())
/// ```
pub fn extract(carrier: &dyn Getter) -> Context {
    extract_into(context::current(), carrier)
}

/// As [`extract`], upon this context.
pub fn extract_into(context: Context, carrier: &dyn Getter) -> Context {
    let kept = context.clone();
    with_propagator(|propagator| {
        guard::foreign(&CAUGHT, "propagator", || propagator.extract(context, carrier))
    })
    .flatten()
    .unwrap_or(kept)
}
