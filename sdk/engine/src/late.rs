//! Ends that cannot be carried out where they are asked for: the thread is inside the engine already.

use crate::slot::{Chain, SpanRef};
use core::{
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering},
};
use spanline_core::SpanHandle;

/// Places for spans whose slot waits for another span's end still, which had ended otherwise before anybody looked.
const PLACES: usize = 64;

/// Spans to be closed when the engine looks next: as many as there are. Putting one here neither locks nor allocates, so a
/// signal handler may.
#[derive(Debug)]
pub(crate) struct LateEnds {
    chain: Chain,
    others: [AtomicU64; PLACES],
}

impl LateEnds {
    pub(crate) fn new() -> Self {
        Self {
            chain: Chain::new(),
            others: [const { AtomicU64::new(0) }; PLACES],
        }
    }

    /// False when there is no place.
    pub(crate) fn put(&self, span: SpanRef) -> bool {
        if self.chain.put(span) {
            return true;
        }
        let number = span.handle().0.get();
        self.others.iter().any(|place| {
            place
                .compare_exchange(0, number, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        })
    }

    pub(crate) fn take(&self, mut close: impl FnMut(SpanRef)) {
        self.chain.take(&mut close);
        for place in &self.others {
            if place.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let number = NonZeroU64::new(place.swap(0, Ordering::AcqRel));
            if let Some(span) = number.and_then(|number| SpanRef::from_handle(SpanHandle(number))) {
                close(span);
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use crate::spans::tests_support::{end, start};
    use crate::{Bounds, Engine, Producer};
    use alloc::{boxed::Box, vec::Vec};
    use spanline_core::SpanLimits;

    struct Never;

    impl crate::Wake for Never {
        fn wake(&self) {}
    }

    #[test]
    fn however_many_end_late_all_are_closed() {
        let engine = Engine::new(1, 3003, SpanLimits::default(), Bounds::default(), Box::new(Never));
        let mut producer = Producer::new(engine.clone());
        for round in 1..=3 {
            let spans: Vec<_> = (0..1000).map(|number| start(&mut producer, number)).collect();
            let mut ends = spans.iter().chain(&spans);
            assert!(ends.all(|span| engine.end_reentrant(*span)), "twice is once");
            let stats = engine.stats();
            assert!(stats.balances(), "{stats:?}");
            assert_eq!((stats.live, stats.dropped.reentrant), (0, round * 1000));
        }
        // One that ended otherwise, and whose slot was taken again before anybody looked.
        let first = start(&mut producer, 1);
        assert!(engine.end_reentrant(first));
        end(&mut producer, first);
        let again: Vec<_> = (0..200).map(|number| start(&mut producer, number)).collect();
        assert!(again.iter().all(|span| engine.end_reentrant(*span)));
        let stats = engine.stats();
        assert!(stats.balances(), "{stats:?}");
        assert_eq!(
            (stats.live, stats.dropped.reentrant, stats.accepted),
            (0, 3200, 1)
        );
    }
}
