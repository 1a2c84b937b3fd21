//! Where a thread keeps its head, so that a signal handler never sees half of one.

use super::Head;
use std::cell::Cell;
use std::sync::atomic::{Ordering, compiler_fence};

/// A head and a mark that stands while it is being replaced.
///
/// A handler runs on the thread that it interrupts, so the compiler is all that must keep the order; and whatever it
/// makes current it puts back before the interrupted code goes on.
pub(crate) struct HeadCell {
    head: Cell<Head>,
    changing: Cell<bool>,
}

impl HeadCell {
    pub(crate) const fn new() -> Self {
        Self {
            head: Cell::new(Head::EMPTY),
            changing: Cell::new(false),
        }
    }

    /// The head; [`Head::BETWEEN`] in a signal handler that came while the thread was replacing it.
    ///
    /// The two may be read in any order: for as long as a handler runs the code below it stands still, and a handler
    /// above it puts back what it found.
    #[inline(always)]
    pub(crate) fn get(&self) -> Head {
        if self.changing.get() {
            return Head::BETWEEN;
        }
        self.head.get()
    }

    /// The provider in the head: a single word, so the one before or the one after.
    #[inline(always)]
    pub(crate) fn provider(&self) -> u32 {
        self.head.get().provider
    }

    /// Replaces the head, as it stands.
    #[inline(always)]
    pub(super) fn replace(&self, head: Head) -> Head {
        // Before the mark: a handler that comes in between puts back what it found.
        let before = self.head.get();
        self.put(head);
        before
    }

    /// As [`Self::replace`], of which only the depth is asked: the rest need not be read.
    #[inline(always)]
    pub(super) fn put_back(&self, head: Head) -> u16 {
        let depth = self.head.get().depth;
        self.put(head);
        depth
    }

    #[inline(always)]
    fn put(&self, head: Head) {
        let was = self.changing.replace(true);
        compiler_fence(Ordering::Release);
        self.head.set(head);
        compiler_fence(Ordering::Release);
        self.changing.set(was);
    }

    /// Runs `f` on the head as it stands, and marks it as changing meanwhile: for what belongs to the head and is
    /// replaced together with it.
    pub(crate) fn changing<R>(&self, f: impl FnOnce(&Cell<Head>) -> R) -> R {
        let was = self.changing.replace(true);
        compiler_fence(Ordering::SeqCst);
        let result = f(&self.head);
        compiler_fence(Ordering::SeqCst);
        self.changing.set(was);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spanline_core::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    fn head(number: u8) -> Head {
        let span = SpanContext::new(
            TraceId::from_bytes([number; 16]),
            SpanId::from_bytes([number; 8]),
            TraceFlags::SAMPLED,
            false,
            TraceState::EMPTY,
        );
        Head::of(&spanline_core::Context::EMPTY.with_span(span, None))
    }

    #[test]
    fn what_comes_between_sees_no_head_and_leaves_what_it_found() {
        let cell = HeadCell::new();
        cell.replace(head(1));
        cell.changing(|place| {
            place.set(head(2));
            // As a handler: another span, and what was before.
            assert!(cell.get().is_between() && !cell.get().has_span());
            let before = cell.replace(head(3));
            assert!(
                cell.get().is_between(),
                "the mark stands until the change is over"
            );
            cell.replace(before);
        });
        assert_eq!(cell.get().span_id, SpanId::from_bytes([2; 8]));
    }
}
