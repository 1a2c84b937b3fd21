//! The strategy in use, which one thread replaces while others ask it.

use crate::by_epoch::ByEpoch;
use crate::fork;
use spanline_core::sample::{RemoteStrategy, Sampler, SamplingRequest, SamplingResult, StrategySampler};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock, TryLockError};

/// The latest strategy of each process that forks make of one.
///
/// Whoever asks never waits: of two places the one is replaced that nobody is sent to any more.
#[derive(Debug)]
pub(super) struct Latest {
    places: ByEpoch<Places>,
    /// The epoch of the newest places, 0 for none: a child begins with what its parent knew.
    newest: AtomicU32,
}

#[derive(Debug, Default)]
struct Places {
    both: [RwLock<Option<Arc<StrategySampler>>>; 2],
    current: AtomicUsize,
}

impl Places {
    /// Does something with the current strategy. It is held meanwhile, and not copied, as copying is a write that all
    /// threads would meet in.
    fn look<R>(&self, f: impl FnOnce(Option<&StrategySampler>) -> R) -> R {
        loop {
            match self.both[self.current.load(Ordering::Acquire) & 1].try_read() {
                Ok(held) => return f(held.as_deref()),
                Err(TryLockError::Poisoned(held)) => return f(held.into_inner().as_deref()),
                // This place has just become the other one.
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
    }
}

impl Latest {
    pub(super) fn new() -> Self {
        Self {
            places: ByEpoch::new(),
            newest: AtomicU32::new(0),
        }
    }

    fn places(&self) -> &Places {
        let epoch = fork::current_epoch();
        if let Some(places) = self.places.existing(epoch) {
            return places;
        }
        let places = self.places.get(epoch, || {
            let before = self.newest.load(Ordering::Acquire);
            let known = self.places.existing(before).and_then(|places| {
                let place = &places.both[places.current.load(Ordering::Acquire) & 1];
                place.try_read().ok().and_then(|held| held.clone())
            });
            Places {
                both: [RwLock::new(known), RwLock::default()],
                current: AtomicUsize::new(0),
            }
        });
        self.newest.fetch_max(epoch, Ordering::AcqRel);
        places
    }

    /// Asks the strategy, when there is one.
    pub(super) fn should_sample(&self, request: &SamplingRequest<'_>) -> Option<SamplingResult> {
        self.look(|strategy| strategy.map(|strategy| strategy.should_sample(request)))
    }

    pub(super) fn look<R>(&self, f: impl FnOnce(Option<&StrategySampler>) -> R) -> R {
        self.places().look(f)
    }

    /// Replaces the strategy by another one; the same again changes nothing. Called by one thread at a time. False when
    /// the place is still held, which one of the next calls will find free.
    pub(super) fn replace(&self, strategy: RemoteStrategy, now: u64) -> bool {
        let places = self.places();
        let new = places.look(|old| match old {
            Some(old) if *old.strategy() == strategy => None,
            Some(old) => Some(old.replace(strategy, now)),
            None => Some(StrategySampler::new(strategy)),
        });
        let Some(new) = new else { return true };
        let other = (places.current.load(Ordering::Acquire) + 1) & 1;
        let Ok(mut place) = places.both[other].try_write() else {
            return false;
        };
        *place = Some(Arc::new(new));
        drop(place);
        places.current.store(other, Ordering::Release);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    #[test]
    fn whoever_asks_sees_one_strategy_or_the_next_while_they_change() {
        let latest = Latest::new();
        assert!(latest.look(|strategy| strategy.is_none()));
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        latest.look(|strategy| {
                            if let Some(strategy) = strategy {
                                assert!(matches!(strategy.strategy(), RemoteStrategy::RateLimiting(_)));
                            }
                        });
                    }
                });
            }
            for n in 0..2000 {
                while !latest.replace(RemoteStrategy::RateLimiting(f64::from(n)), 1) {}
            }
            done.store(true, Ordering::Relaxed);
        });
        assert!(
            latest.look(|strategy| *strategy.unwrap().strategy() == RemoteStrategy::RateLimiting(1999.0))
        );
    }
}
