//! What a host does with open spans for processors: read them, and change what they have.
//!
//! Foreign code decides what changes, and never while the span is locked: the host takes a copy, has the changes
//! decided on it, and applies them.

use crate::{engine::Engine, slot::SpanRef, spans::Changer};
use alloc::vec::Vec;
use spanline_core::{
    OwnedValue, ValueLimits,
    wire::otlp::{SpanChanges, SpanView},
};

impl Engine {
    /// The message that the span would be if it ended now; without an end time, unless it is ending. `None`: it has
    /// ended.
    pub fn copy(&self, span: SpanRef) -> Option<Vec<u8>> {
        span.with(self.epoch(), |open| open.copy())
    }

    /// Makes the changes that were decided on this copy; what has changed in the span since the copy was made stays as
    /// it is. False when the span has ended, or is not for `by` to change.
    pub fn apply(&self, span: SpanRef, by: Changer, copy: SpanView<'_>, changes: &SpanChanges<'_>) -> bool {
        self.change(span, by, |open| open.apply(copy, changes))
    }

    /// The limits of values that take the place of others.
    pub fn value_limits(&self) -> &ValueLimits {
        &self.limits().value
    }

    /// Takes an attribute away. False when there is none, the span has ended, or it is not for `by` to change.
    pub fn remove(&self, span: SpanRef, by: Changer, key: &str) -> bool {
        let mut removed = false;
        self.change(span, by, |open| removed = open.remove(key));
        removed
    }

    /// The value of an attribute, while the span is open.
    pub fn attribute(&self, span: SpanRef, key: &str) -> Option<OwnedValue> {
        span.with(self.epoch(), |open| open.attribute(key)).flatten()
    }
}
