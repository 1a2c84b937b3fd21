//! Ends that cannot be carried out where they are asked for: the thread is inside the engine already.

use crate::slot::SpanRef;
use core::{
    num::NonZeroU64,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};
use spanline_core::SpanHandle;

/// More cannot wait at once.
const PLACES: usize = 64;

/// Spans to be closed when the engine looks next. Putting one here neither locks nor allocates, so a signal handler may.
#[derive(Debug)]
pub(crate) struct LateEnds {
    some: AtomicBool,
    handles: [AtomicU64; PLACES],
}

impl LateEnds {
    pub(crate) const fn new() -> Self {
        Self {
            some: AtomicBool::new(false),
            handles: [const { AtomicU64::new(0) }; PLACES],
        }
    }

    /// False when there is no place.
    pub(crate) fn put(&self, span: SpanRef) -> bool {
        let number = span.handle().0.get();
        let free = |place: &AtomicU64| {
            place
                .compare_exchange(0, number, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        };
        let placed = self.handles.iter().any(free);
        self.some.store(true, Ordering::Release);
        placed
    }

    pub(crate) fn take(&self, mut close: impl FnMut(SpanRef)) {
        if !self.some.load(Ordering::Relaxed) || !self.some.swap(false, Ordering::AcqRel) {
            return;
        }
        for place in &self.handles {
            let number = NonZeroU64::new(place.swap(0, Ordering::AcqRel));
            if let Some(span) = number.and_then(|number| SpanRef::from_handle(SpanHandle(number))) {
                close(span);
            }
        }
    }
}
