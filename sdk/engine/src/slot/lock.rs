//! A small lock for short, rare critical sections of the engine; spins, then yields.
//!
//! `std`'s mutex is not to be had without std, and its poisoning would make a panic in one span a loss for all.

use crate::sync::{AtomicU32, Ordering, UnsafeCell, relax};
use core::ops::{Deref, DerefMut};

/// A value behind a lock. Never held while foreign code runs.
#[derive(Debug)]
pub(crate) struct Locked<T> {
    held: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached only through a `Guard`, of which one exists at a time (`held` is taken by a
// compare-exchange with acquire and given back with release), so sharing the lock shares at most `T: Send`.
#[allow(unsafe_code)]
unsafe impl<T: Send> Sync for Locked<T> {}

// SAFETY: owning the lock is owning the value.
#[allow(unsafe_code)]
unsafe impl<T: Send> Send for Locked<T> {}

impl<T> Locked<T> {
    #[cfg(not(loom))]
    pub(crate) const fn new(value: T) -> Self {
        Self {
            held: AtomicU32::new(0),
            value: UnsafeCell::new(value),
        }
    }

    #[cfg(loom)]
    pub(crate) fn new(value: T) -> Self {
        Self {
            held: AtomicU32::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until the value is free.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let mut round = 0;
        while self
            .held
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            relax(round);
            round = round.saturating_add(1);
        }
        Guard(self)
    }
}

/// Access to a locked value; gives it back when dropped.
#[derive(Debug)]
pub(crate) struct Guard<'a, T>(&'a Locked<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    #[allow(unsafe_code)]
    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one, and the reference ends with a borrow of it.
        self.0.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[allow(unsafe_code)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this guard is the only one, and the reference ends with an exclusive borrow of it.
        self.0.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.held.store(0, Ordering::Release);
    }
}
