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
