//! The process-exit hook: one `atexit` registration per process, however many engines are started.
//!
//! What runs at exit is a short fixed list of plain functions; each bounds its own time. A hook runs once, only in the
//! process that registered it (a forked child inherits the registration of the C library, but not ours, because each
//! entry carries the epoch of its process), and a panic in it goes no further. The other threads may be gone already
//! and the thread-locals of this one destroyed, so hooks use `try_with` and wait only with a bound.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

use crate::fork;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// How many different hooks there can be.
const HOOKS: usize = 8;

struct Entry {
    hook: AtomicPtr<()>,
    /// The process that wants the hook to run; 0 when none does.
    epoch: AtomicU32,
}

static ENTRIES: [Entry; HOOKS] = [const {
    Entry {
        hook: AtomicPtr::new(std::ptr::null_mut()),
        epoch: AtomicU32::new(0),
    }
}; HOOKS];
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// Has `hook` run when this process exits: by return from main or by `exit`, not by `_exit`, abort or a signal.
/// Registering the same function again in the same process changes nothing; a forked child that starts an engine
/// registers anew. After a hook has run it may be registered again and then runs once more.
///
/// `false` when the list is full or the C library has no room: then nothing runs at exit.
pub(crate) fn run_at_exit(hook: fn()) -> bool {
    let pointer = hook as *mut ();
    let Some(entry) = ENTRIES.iter().find(|entry| {
        let known = entry.hook.load(Ordering::Acquire);
        known == pointer
            || known.is_null()
                && match entry
                    .hook
                    .compare_exchange(known, pointer, Ordering::AcqRel, Ordering::Acquire)
                {
                    Ok(_) => true,
                    Err(other) => other == pointer,
                }
    }) else {
        return false;
    };
    entry.epoch.store(fork::current_epoch(), Ordering::Release);
    REGISTERED.load(Ordering::Acquire) || register()
}

fn register() -> bool {
    if REGISTERED.swap(true, Ordering::AcqRel) {
        return true;
    }
    extern "C" fn at_exit() {
        run_hooks();
    }
    // SAFETY: `at_exit` lives as long as this library (C libraries run the hooks of a shared object before it is
    // unloaded) and does not unwind: `run_hooks` catches every panic.
    let refused = unsafe { libc::atexit(at_exit) } != 0;
    if refused {
        REGISTERED.store(false, Ordering::Release);
    }
    !refused
}

/// Runs what this process registered and has not run yet.
fn run_hooks() {
    let here = fork::current_epoch();
    for entry in &ENTRIES {
        let wanted = entry
            .epoch
            .compare_exchange(here, 0, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        let pointer = entry.hook.load(Ordering::Acquire);
        if !wanted || pointer.is_null() {
            continue;
        }
        // SAFETY: `hook` only ever holds null, checked above, or a `fn()` that `run_at_exit` cast to a pointer; on
        // every platform with a C `atexit` the two have the same size and representation.
        let hook = unsafe { std::mem::transmute::<*mut (), fn()>(pointer) };
        // A panic payload whose own drop panics would still escape: forget it.
        if let Err(payload) = std::panic::catch_unwind(hook) {
            std::mem::forget(payload);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::fork::tests::in_child;
    use std::sync::atomic::AtomicI32;

    static PIPE: AtomicI32 = AtomicI32::new(-1);

    fn say(letter: u8) {
        let buffer = [letter];
        // SAFETY: writes one byte of a local to a descriptor that the test opened.
        unsafe { libc::write(PIPE.load(Ordering::Relaxed), buffer.as_ptr().cast(), 1) };
    }

    fn first() {
        say(b'1');
    }

    fn panics() {
        say(b'p');
        std::panic::resume_unwind(Box::new(()));
    }

    fn last() {
        say(b'2');
    }

    /// What the hooks of a child wrote when it left through `exit`.
    fn written_by_exit_of_child(body: impl FnOnce()) -> String {
        let mut ends = [0; 2];
        // SAFETY: pipe fills the array of two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        let code = in_child(|| {
            PIPE.store(ends[1], Ordering::Relaxed);
            body();
            // SAFETY: exit runs the atexit functions; the test harness has none that need its other threads.
            unsafe { libc::exit(0) }
        });
        assert_eq!(code, 0);
        // SAFETY: closes the descriptor opened above, which nothing uses any more.
        unsafe { libc::close(ends[1]) };
        let mut text = String::new();
        // SAFETY: the descriptor is open and owned by nobody else.
        let mut pipe = unsafe { <std::fs::File as std::os::fd::FromRawFd>::from_raw_fd(ends[0]) };
        std::io::Read::read_to_string(&mut pipe, &mut text).unwrap();
        text
    }

    #[test]
    fn hooks_run_once_in_order_and_past_a_panic() {
        let text = written_by_exit_of_child(|| {
            for hook in [first, panics, last, first] {
                assert!(run_at_exit(hook));
            }
        });
        assert_eq!(text, "1p2");
    }

    #[test]
    fn hooks_run_after_the_threads_are_gone() {
        let text = written_by_exit_of_child(|| {
            std::thread::spawn(|| run_at_exit(first)).join().unwrap();
        });
        assert_eq!(text, "1");
    }

    #[test]
    fn a_child_that_started_nothing_runs_nothing() {
        let text = written_by_exit_of_child(|| {
            assert!(run_at_exit(first));
            // SAFETY: as in the helper.
            let code = in_child(|| unsafe { libc::exit(0) });
            assert_eq!(code, 0);
        });
        assert_eq!(text, "1", "only the process that registered ran it");
    }

    #[test]
    fn a_child_that_registers_runs_its_own() {
        let text = written_by_exit_of_child(|| {
            assert!(run_at_exit(first));
            in_child(|| {
                assert!(run_at_exit(last));
                // SAFETY: as in the helper.
                unsafe { libc::exit(0) }
            });
        });
        assert_eq!(text, "21");
    }

    #[test]
    fn running_twice_runs_once() {
        let text = written_by_exit_of_child(|| {
            assert!(run_at_exit(first));
            run_hooks();
        });
        assert_eq!(text, "1");
    }
}
