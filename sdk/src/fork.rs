//! Knowing that this process was forked, without asking the kernel at each span.
//!
//! Each process has an *epoch*: a number that is never 0 and that no ancestor had. State that must not cross a fork
//! (threads, sockets, seeds, chunks) carries the epoch it was made in; where it differs from [`current_epoch`] the
//! state is a parent's and is forgotten, not used and not dropped.
//!
//! The protocol, in the order it happens:
//!
//! 1. `CELL` points to a word. At first it is `UNSET`, which holds 0 for ever.
//! 2. Whoever reads 0 takes the slow path. While `CELL` is `&UNSET`, it maps a page, marks it `MADV_WIPEONFORK` and
//!    installs it; of several threads one wins and the others unmap theirs. Where the kernel refuses (or is not
//!    Linux) `FALLBACK` is installed instead, after `pthread_atfork` registered a handler that zeroes it in children.
//! 3. The word of the installed cell is 0: in a new process because nobody has set it, in a child because the kernel
//!    wiped the page. Every thread that sees this raises `LAST` above the epoch it has read there and then tries to
//!    change the word from 0 to that number. One succeeds, the others take its number.
//!
//! `LAST` lives in ordinary memory, so a child inherits it, and it is raised *before* the word is set: at any moment
//! it is at least the word, hence a child's number is above every number its ancestors used. (The one exception is a
//! fork that another thread makes while this process chooses its very first epoch, within the microseconds in which
//! the kernel copies the page tables.)
//!
//! `vfork` and `clone(CLONE_VM)` share memory with the parent and so share its epoch. A raw `clone` without `CLONE_VM`
//! is noticed where the page is used, not with the handler.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

static UNSET: AtomicU32 = AtomicU32::new(0);
static FALLBACK: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);
static CELL: AtomicPtr<AtomicU32> = AtomicPtr::new((&raw const UNSET).cast_mut());

/// The epoch of this process: never 0, the same for its whole life, and unlike that of any ancestor. Costs two loads.
#[inline]
pub(crate) fn current_epoch() -> u32 {
    let epoch = installed_word().load(Ordering::Relaxed);
    if epoch != 0 { epoch } else { renew() }
}

#[inline]
fn installed_word() -> &'static AtomicU32 {
    let cell = CELL.load(Ordering::Acquire);
    // SAFETY: CELL only ever holds the address of one of the two statics or of a page that `install` mapped readable
    // and writable, page-aligned, and that is never unmapped once it is installed. The word is only used atomically.
    unsafe { &*cell }
}

#[cold]
fn renew() -> u32 {
    if CELL.load(Ordering::Acquire) == (&raw const UNSET).cast_mut() {
        install();
    }
    assign(installed_word(), &LAST)
}

/// Gives the word its number when it is 0; the number is above all that `last` has seen. Returns the word's number.
fn assign(word: &AtomicU32, last: &AtomicU32) -> u32 {
    let seen = last.load(Ordering::Acquire);
    let known = word.load(Ordering::Acquire);
    if known != 0 {
        return known;
    }
    // After four thousand million nested forks the numbers start again; 0 stays reserved.
    let next = seen.checked_add(1).unwrap_or(1);
    last.store(next, Ordering::Release);
    match word.compare_exchange(0, next, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => next,
        Err(winner) => {
            last.fetch_max(winner, Ordering::AcqRel);
            winner
        }
    }
}

fn install() {
    let fallback = (&raw const FALLBACK).cast_mut();
    let cell = wipe_on_fork_page().unwrap_or_else(|| {
        clear_after_fork();
        fallback
    });
    let unset = (&raw const UNSET).cast_mut();
    if CELL
        .compare_exchange(unset, cell, Ordering::AcqRel, Ordering::Acquire)
        .is_err()
        && cell != fallback
    {
        unmap(cell);
    }
}

#[cfg(target_os = "linux")]
fn page_size() -> usize {
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size)
        .ok()
        .filter(|&size| size > 0)
        .unwrap_or(4096)
}

/// A zeroed page that is zeroed again in every child, or `None` when the kernel does not offer that (before 4.14).
#[cfg(target_os = "linux")]
fn wipe_on_fork_page() -> Option<*mut AtomicU32> {
    let size = page_size();
    // SAFETY: an anonymous private mapping at an address of the kernel's choice touches no existing memory.
    let page = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the range is exactly the mapping made above, which nobody else knows yet.
    let refused = unsafe { libc::madvise(page, size, libc::MADV_WIPEONFORK) } != 0;
    if refused {
        unmap(page.cast());
        return None;
    }
    Some(page.cast())
}

#[cfg(target_os = "linux")]
fn unmap(page: *mut AtomicU32) {
    // SAFETY: only called with a whole mapping of `wipe_on_fork_page` that was never published in CELL.
    unsafe { libc::munmap(page.cast(), page_size()) };
}

#[cfg(not(target_os = "linux"))]
fn wipe_on_fork_page() -> Option<*mut AtomicU32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn unmap(_: *mut AtomicU32) {}

/// Has `FALLBACK` zeroed in every child. Registering twice does no harm, so racing callers need no lock. Should the
/// system have no memory for the registration, forks stay unnoticed.
#[cfg(unix)]
fn clear_after_fork() {
    extern "C" fn in_child() {
        FALLBACK.store(0, Ordering::Release);
    }
    // SAFETY: the handler only stores to a static atomic, which is safe in a child of a process with many threads.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

/// Nothing forks here.
#[cfg(not(unix))]
fn clear_after_fork() {}

#[cfg(all(test, unix))]
pub(crate) mod tests;
