//! A lock that a thread of the program's never waits for long.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Tries before it is given up; the later ones let other threads go first.
const SPINS: u32 = 64;
const YIELDS: u32 = 16;

/// The lock, unless it is not to be had in some microseconds: its holder may be this very thread, which a signal handler
/// has interrupted.
pub(super) fn briefly<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for tried in 0..SPINS + YIELDS {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if tried < SPINS => std::hint::spin_loop(),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// The lock, however long that takes: for whoever asks for results.
pub(super) fn patiently<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_the_lock_already_does_not_wait_for_itself() {
        let mutex = Mutex::new(1);
        let held = briefly(&mutex).unwrap();
        assert!(briefly(&mutex).is_none());
        drop(held);
        assert_eq!(*briefly(&mutex).unwrap(), 1);
    }
}
