//! Signals and our own threads.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

/// Keeps the program's signals off the calling thread: their handlers belong on the program's own threads, and one that
/// makes spans must not run on a thread that is inside the engine. What the thread itself provokes (a fault, an
/// abort) still arrives.
#[cfg(unix)]
pub(crate) fn block_on_this_thread() {
    use std::mem::MaybeUninit;
    const OWN: [libc::c_int; 7] = [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGFPE,
        libc::SIGILL,
        libc::SIGTRAP,
        libc::SIGABRT,
        libc::SIGSYS,
    ];
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises the set behind the pointer, which is ours.
    if unsafe { libc::sigfillset(set.as_mut_ptr()) } != 0 {
        return;
    }
    for signal in OWN {
        // SAFETY: the set was initialised above; the signals exist.
        unsafe { libc::sigdelset(set.as_mut_ptr(), signal) };
    }
    // SAFETY: reads the initialised set and changes the mask of this thread alone; the old mask is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut()) };
}

/// Nothing of the kind here.
#[cfg(not(unix))]
pub(crate) fn block_on_this_thread() {}
