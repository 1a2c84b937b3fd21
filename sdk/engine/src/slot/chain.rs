//! Spans one behind the other, without a lock and without memory of its own.

use super::{SpanRef, slab};
use crate::sync::{AtomicU32, Ordering};

/// Stands behind the last one. Slots are numbered from 2 on here.
const LAST: u32 = 1;

/// Spans that wait for something, in any order. Putting one here neither locks nor allocates, so a signal handler may.
#[derive(Debug)]
pub(crate) struct Chain {
    first: AtomicU32,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self {
            first: AtomicU32::new(LAST),
        }
    }

    /// False when the span's slot waits in a chain already, for a span that was there before.
    pub(crate) fn put(&self, span: SpanRef) -> bool {
        let slot = span.slot;
        let claimed = slot
            .next
            .compare_exchange(0, LAST, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_err() {
            return slot.chained.load(Ordering::Relaxed) == span.generation;
        }
        slot.chained.store(span.generation, Ordering::Relaxed);
        let mut first = self.first.load(Ordering::Relaxed);
        loop {
            slot.next.store(first, Ordering::Relaxed);
            let put =
                self.first
                    .compare_exchange_weak(first, slot.index + 2, Ordering::AcqRel, Ordering::Relaxed);
            match put {
                Ok(_) => return true,
                Err(other) => first = other,
            }
        }
    }

    /// Takes all that are there.
    pub(crate) fn take(&self, mut f: impl FnMut(SpanRef)) {
        if self.first.load(Ordering::Relaxed) == LAST {
            return;
        }
        let mut number = self.first.swap(LAST, Ordering::AcqRel);
        while let Some(slot) = number.checked_sub(2).and_then(slab::slot) {
            let generation = slot.chained.load(Ordering::Relaxed);
            // From here on it may be put into a chain again.
            number = slot.next.swap(0, Ordering::AcqRel);
            f(SpanRef { slot, generation });
        }
    }
}
