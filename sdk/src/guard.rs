//! Calling foreign code: a panic goes no further, is counted and said once.

use crate::log;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs user code. `None`, and counted, when it panics: that part is skipped.
pub(crate) fn foreign<R>(caught: &AtomicU64, what: &'static str, f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Some(result),
        Err(payload) => {
            // Dropping a panic's payload may panic again.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            caught.fetch_add(1, Ordering::Relaxed);
            log::report(
                log::Level::Error,
                what,
                format_args!("the {what} panicked; its part was skipped"),
            );
            None
        }
    }
}

/// Runs code of ours. `None`, and counted, when it panics: then it is for the caller to say what that means.
pub(crate) fn own<R>(caught: &AtomicU64, f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => Some(result),
        Err(payload) => {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            caught.fetch_add(1, Ordering::Relaxed);
            None
        }
    }
}

/// Panics of our own that a thread of ours survives.
pub(crate) const SURVIVED: u32 = 2;

/// Repeats a step of ours until it says that it was the last. A panic loses that step and is counted; the third ends the
/// loop, with one line. True when no such end was needed.
pub(crate) fn repeat(caught: &AtomicU64, what: &'static str, mut step: impl FnMut() -> bool) -> bool {
    let mut panics = 0;
    loop {
        match own(caught, &mut step) {
            Some(true) => {}
            Some(false) => return true,
            None => {
                panics += 1;
                if panics > SURVIVED {
                    let line = format_args!("the {what} failed three times: it does nothing from here on");
                    log::report(log::Level::Error, what, line);
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_panics_are_counted_and_go_no_further() {
        let caught = AtomicU64::new(0);
        assert_eq!(foreign(&caught, "test", || 7), Some(7));
        assert_eq!(foreign(&caught, "test", || -> u32 { panic!("on purpose") }), None);
        assert_eq!(caught.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_third_panic_of_a_loop_ends_it() {
        let caught = AtomicU64::new(0);
        let mut steps = 0;
        let survived = repeat(&caught, "test", || {
            steps += 1;
            assert!(steps % 2 == 1, "on purpose");
            true
        });
        assert!(!survived);
        assert_eq!((steps, caught.load(Ordering::Relaxed)), (6, 3));
        assert!(repeat(&caught, "test", || false));
    }
}
