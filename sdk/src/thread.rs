//! Our own threads: never traced, and told apart so that nothing waits for itself.

use crate::local;
use crate::{log, signals};
use spanline_core::Context;
use std::ffi::CStr;

const STACK: usize = 512 << 10;

/// Starts one of our threads. False, and said once, when the system has none to give.
pub(crate) fn spawn(name: &'static CStr, run: impl FnOnce() + Send + 'static) -> bool {
    start(name, true, run)
}

/// As [`spawn`], but one that may wait for the others as a thread of the program's may.
#[cfg(unix)]
pub(crate) fn spawn_waiting(name: &'static CStr, run: impl FnOnce() + Send + 'static) -> bool {
    start(name, false, run)
}

fn start(name: &'static CStr, is_ours: bool, run: impl FnOnce() + Send + 'static) -> bool {
    let body = move || {
        signals::block_on_this_thread();
        local::with(|local| {
            local.is_ours.set(is_ours);
            // For the thread's whole life.
            std::mem::forget(local.attach(Context::EMPTY.with_suppressed(true)));
        });
        run();
    };
    match signals::start_thread(name, STACK, body) {
        Ok(()) => true,
        Err(error) => {
            log::report(
                log::Level::Error,
                "thread",
                format_args!("no thread for exporting spans: {error}"),
            );
            false
        }
    }
}

/// Whether the calling thread is one of ours.
pub(crate) fn is_ours() -> bool {
    local::with(|local| local.is_ours.get())
}
