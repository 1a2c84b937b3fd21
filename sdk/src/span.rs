//! Spans (OpenTelemetry trace API "Span").

mod rewriting;

use crate::by_epoch::Count;
use crate::end;
use crate::frame::Head;
use crate::local;
use crate::scope::Scope;
use spanline_core::{Link, SpanContext, StatusCode, TraceState, Value};
use spanline_engine::{Anchor, Changer, Engine, SpanRef};
use std::error::Error;
use std::fmt::Display;
use std::ops::Deref;
use std::time::SystemTime;

/// A span, seen but not owned: dropping this ends nothing.
///
/// All calls may be made from any thread. After the span has ended, and on a span that is not recording, the calls
/// that change it do nothing.
#[derive(Clone, Debug)]
pub struct CurrentSpan {
    context: SpanContext,
    slot: Option<SpanRef>,
    provider: u32,
    anchor: Anchor,
}

impl CurrentSpan {
    pub(crate) fn new(context: SpanContext, slot: Option<SpanRef>, provider: u32, anchor: Anchor) -> Self {
        Self {
            context,
            slot,
            provider,
            anchor,
        }
    }

    /// What identifies the span; the same for its whole life, also after its end.
    #[inline]
    pub fn context(&self) -> &SpanContext {
        &self.context
    }

    #[inline]
    pub(crate) fn slot(&self) -> Option<SpanRef> {
        self.slot
    }

    #[inline]
    pub(crate) fn provider(&self) -> u32 {
        self.provider
    }

    #[inline]
    pub(crate) fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// Whether what is said of the span is kept: it is recorded and has not ended.
    pub fn is_recording(&self) -> bool {
        self.change(|engine, span, by| engine.is_recording(span, by))
    }

    /// Runs `f` on the engine. False when nothing can be changed.
    #[inline]
    fn change(&self, f: impl FnOnce(&Engine, SpanRef, Changer) -> bool + Copy) -> bool {
        let Some(span) = self.slot else { return false };
        let by = local::with(end::ending_thread);
        match local::lane(self.provider, |lane, _| f(lane.producer.engine(), span, by)) {
            Ok(changed) => changed,
            Err(error) => end::change_otherwise(self.provider, error, |engine| f(engine, span, by)),
        }
    }

    /// Sets an attribute; a known key takes the new value. Attributes given when the span is started are better:
    /// samplers see only those.
    ///
    /// At most `limits.attributes` (128) keys are kept; further ones are dropped and counted. The empty key is ignored.
    #[inline]
    pub fn set<'v>(&self, key: &str, value: impl Into<Value<'v>>) -> &Self {
        if self.slot.is_some() {
            let value = value.into();
            self.change(|engine, span, by| engine.set(span, by, key, value));
        }
        self
    }

    /// Sets several attributes at once.
    pub fn set_many(&self, attributes: &[(&str, Value<'_>)]) -> &Self {
        self.change(|engine, span, by| engine.set_many(span, by, attributes));
        self
    }

    /// Adds an event now.
    pub fn add_event(&self, name: &str, attributes: &[(&str, Value<'_>)]) -> &Self {
        if self.slot.is_some() {
            let now = end::now(self);
            self.change(|engine, span, by| engine.add_event(span, by, name, now, attributes));
        }
        self
    }

    /// Adds an event at a time, which is exported as given.
    pub fn add_event_at(&self, name: &str, time: SystemTime, attributes: &[(&str, Value<'_>)]) -> &Self {
        let time = unix_nano(time);
        self.change(|engine, span, by| engine.add_event(span, by, name, time, attributes));
        self
    }

    /// Links another span. Links given when the span is started are better: samplers see only those. A link without
    /// ids is kept only when it has attributes or a trace state.
    pub fn add_link(&self, context: &SpanContext, attributes: &[(&str, Value<'_>)]) -> &Self {
        self.change(|engine, span, by| engine.add_link(span, by, Link { context, attributes }));
        self
    }

    /// Sets the status. `Ok` is final, `Error` replaces `Error`, `Unset` changes nothing; only `Error` keeps the
    /// message.
    pub fn set_status(&self, status: StatusCode, message: &str) -> &Self {
        self.change(|engine, span, by| engine.set_status(span, by, status, message));
        self
    }

    /// Replaces the name. Nothing is sampled anew.
    pub fn update_name(&self, name: &str) -> &Self {
        self.change(|engine, span, by| engine.update_name(span, by, name));
        self
    }

    /// Records an error as an event named `exception`. The status stays as it is; see [`Self::fail`].
    pub fn record_exception<E: Error + ?Sized>(&self, error: &E) -> &Self {
        self.record_exception_with(error, &[])
    }

    /// As [`Self::record_exception`] with attributes, which win over those made from the error.
    pub fn record_exception_with<E: Error + ?Sized>(
        &self,
        error: &E,
        attributes: &[(&str, Value<'_>)],
    ) -> &Self {
        if self.slot.is_some() {
            // The error's own code runs here, before anything is borrowed.
            let (message, stack) = self.foreign_text(|| describe(error));
            self.add_exception(std::any::type_name::<E>(), &message, &stack, None, attributes);
        }
        self
    }

    /// Records an exception of which only texts are known; an empty text is left out. `time`: now when not given.
    pub fn add_exception(
        &self,
        type_name: &str,
        message: &str,
        stack: &str,
        time: Option<SystemTime>,
        attributes: &[(&str, Value<'_>)],
    ) -> &Self {
        if self.slot.is_none() {
            return self;
        }
        let generated = [
            ("exception.type", type_name),
            ("exception.message", message),
            ("exception.stacktrace", stack),
        ];
        let given = |key: &str| attributes.iter().any(|(known, _)| *known == key);
        let all: Vec<(&str, Value<'_>)> = generated
            .into_iter()
            .filter(|(key, text)| !text.is_empty() && !given(key))
            .map(|(key, text)| (key, Value::Str(text)))
            .chain(attributes.iter().copied())
            .collect();
        let time = time.map_or_else(|| end::now(self), unix_nano);
        self.change(|engine, span, by| engine.add_event(span, by, "exception", time, &all));
        self
    }

    /// Says that the operation failed: an `exception` event, the attribute `error.type` and the status `Error` with the
    /// error's message.
    pub fn fail<E: Error + ?Sized>(&self, error: &E) -> &Self {
        if self.slot.is_some() {
            let (message, stack) = self.foreign_text(|| describe(error));
            self.fail_with(std::any::type_name::<E>(), &message, &stack);
        }
        self
    }

    /// As [`Self::fail`] for a failure of which only texts are known.
    pub fn fail_with(&self, type_name: &str, message: &str, stack: &str) -> &Self {
        self.add_exception(type_name, message, stack, None, &[]);
        self.set("error.type", type_name);
        self.set_status(StatusCode::Error, message)
    }

    /// Says that the operation failed with a value that is no [`Error`]: status `Error` with this text, `error.type` as
    /// given, no event.
    pub fn fail_text(&self, error_type: &str, message: impl Display) -> &Self {
        if self.slot.is_some() {
            let message = self.foreign_text(|| message.to_string());
            self.set("error.type", error_type);
            self.set_status(StatusCode::Error, &message);
        }
        self
    }

    /// Text that the user's code makes. Empty when that panics, which is counted.
    fn foreign_text<T: Default>(&self, make: impl FnOnce() -> T) -> T {
        let shared = crate::provider::registry::find(self.provider);
        let nobody = Count::new();
        let caught = shared.as_ref().map_or(&nobody, |shared| &shared.caught);
        crate::guard::foreign(caught, "text of an error", make).unwrap_or_default()
    }

    /// Ends the span now. Later calls, and a second end, do nothing. Its children are not touched; it stays current
    /// where it is and can still be a parent.
    pub fn end(&self) {
        end::end(self, None);
    }

    /// Ends the span at this time, which is exported as given.
    pub fn end_at(&self, time: SystemTime) {
        end::end(self, Some(unix_nano(time)));
    }
}

/// Message and stack text of an error: its causes, each on a line of its own.
fn describe<E: Error + ?Sized>(error: &E) -> (String, String) {
    let mut stack = String::new();
    let mut cause = error.source();
    // A chain of causes may be a ring.
    for _ in 0..32 {
        let Some(error) = cause else { break };
        if !stack.is_empty() {
            stack.push('\n');
        }
        stack.push_str("Caused by: ");
        stack.push_str(&error.to_string());
        cause = error.source();
    }
    (error.to_string(), stack)
}

/// Nanoseconds since the Unix epoch; 0 for times before it, the largest number for times after the year 2554.
pub(crate) fn unix_nano(time: SystemTime) -> u64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        Err(_) => 0,
    }
}

/// A span that its owner ends, at the latest by dropping it. `Send` and `Sync`; not current by itself, see
/// [`Span::enter`] and [`crate::InSpan`].
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct Span(CurrentSpan);

impl Span {
    #[inline]
    pub(crate) fn recording(context: SpanContext, provider: u32, slot: SpanRef, anchor: Anchor) -> Self {
        Self(CurrentSpan {
            context,
            slot: Some(slot),
            provider,
            anchor,
        })
    }

    /// The span of a head that was made for it.
    #[inline(always)]
    pub(crate) fn of_head(head: &Head) -> Self {
        Self(CurrentSpan {
            context: SpanContext::new(
                head.trace_id(),
                head.span_id,
                head.flags,
                false,
                TraceState::EMPTY,
            ),
            slot: head.slot,
            provider: head.provider,
            anchor: head.anchor,
        })
    }

    #[inline]
    pub(crate) fn not_recording(context: SpanContext, provider: u32) -> Self {
        Self::passed_over(context, provider, Anchor::default())
    }

    /// A span that is not recorded, and whose children are placed in time by this anchor.
    #[inline]
    pub(crate) fn passed_over(context: SpanContext, provider: u32, anchor: Anchor) -> Self {
        Self(CurrentSpan {
            context,
            slot: None,
            provider,
            anchor,
        })
    }

    /// A span that only carries a context on (OpenTelemetry trace API "Wrapping a SpanContext in a Span").
    pub fn propagating(context: SpanContext) -> Self {
        Self::not_recording(context, 0)
    }

    /// A span that is nothing.
    pub fn none() -> Self {
        Self::propagating(SpanContext::INVALID)
    }

    /// Makes the span current on this thread until the scope is dropped, which ends the span.
    #[inline]
    pub fn enter(self) -> Scope {
        Scope::enter(self)
    }

    /// Lets the span go without an end: counted as `abandoned`, not exported.
    pub fn abandon(self) {
        end::abandon(&self);
    }
}

impl Deref for Span {
    type Target = CurrentSpan;

    #[inline]
    fn deref(&self) -> &CurrentSpan {
        &self.0
    }
}

impl Drop for Span {
    #[inline]
    fn drop(&mut self) {
        if self.0.slot.is_some() {
            self.0.end();
        }
    }
}
