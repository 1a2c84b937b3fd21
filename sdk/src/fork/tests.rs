use super::*;
use std::sync::{Arc, Barrier};

/// Runs `body` in a forked child and returns its exit status; a panic there is 101, a signal 128 and its number.
pub(crate) fn in_child(body: impl FnOnce() -> i32) -> i32 {
    // SAFETY: the child only runs `body` and leaves by _exit, so nothing of the parent's is dropped or flushed twice.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork failed");
    if pid == 0 {
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
        // SAFETY: _exit has no preconditions.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above and writes to a local.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid);
    if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else {
        128 + libc::WTERMSIG(status)
    }
}

#[test]
fn the_epoch_stays_within_a_process() {
    let first = current_epoch();
    assert_ne!(first, 0);
    let others: Vec<_> = (0..4).map(|_| std::thread::spawn(current_epoch)).collect();
    for other in others {
        assert_eq!(other.join().unwrap(), first);
    }
    assert!(current_epoch() == first);
}

#[test]
fn a_child_has_its_own_epoch() {
    let parents = current_epoch();
    let code = in_child(|| {
        let mine = current_epoch();
        if mine == parents || mine == 0 {
            1
        } else if current_epoch() == parents || current_epoch() != mine {
            2
        } else {
            0
        }
    });
    assert_eq!(code, 0);
    assert_eq!(current_epoch(), parents, "the parent keeps its own");
}

#[test]
fn a_grandchild_has_its_own_epoch_also_when_the_child_never_looked() {
    let parents = current_epoch();
    for child_looks in [true, false] {
        let code = in_child(|| {
            let childs = if child_looks { current_epoch() } else { 0 };
            in_child(|| {
                let mine = current_epoch();
                i32::from(mine == parents || mine == childs || mine == 0)
            })
        });
        assert_eq!(code, 0);
    }
}

#[test]
fn threads_racing_in_a_child_agree() {
    let parents = current_epoch();
    for _ in 0..20 {
        let code = in_child(|| {
            let barrier = Arc::new(Barrier::new(4));
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let barrier = Arc::clone(&barrier);
                    std::thread::spawn(move || {
                        barrier.wait();
                        current_epoch()
                    })
                })
                .collect();
            let epochs: Vec<u32> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(0))
                .collect();
            i32::from(
                epochs
                    .iter()
                    .any(|&epoch| epoch != epochs[0] || epoch == parents || epoch == 0),
            )
        });
        assert_eq!(code, 0);
    }
}

#[test]
fn the_fallback_notices_a_fork() {
    clear_after_fork();
    let last = AtomicU32::new(6);
    let parents = assign(&FALLBACK, &last);
    assert_ne!(parents, 0);
    let code = in_child(|| {
        let wiped = FALLBACK.load(Ordering::Relaxed) == 0;
        i32::from(!wiped || assign(&FALLBACK, &last) <= parents)
    });
    assert_eq!(code, 0);
    assert_eq!(FALLBACK.load(Ordering::Relaxed), parents);
}

#[test]
fn numbers_never_repeat_and_skip_zero() {
    let last = AtomicU32::new(0);
    let word = AtomicU32::new(0);
    assert_eq!(assign(&word, &last), 1);
    assert_eq!(assign(&word, &last), 1, "a set word stays");
    word.store(0, Ordering::Relaxed);
    assert_eq!(assign(&word, &last), 2);
    last.store(u32::MAX, Ordering::Relaxed);
    word.store(0, Ordering::Relaxed);
    assert_eq!(assign(&word, &last), 1);
}
