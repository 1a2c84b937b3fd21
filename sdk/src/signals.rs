//! Signals and our own threads, past std where std holds a lock that a fork may leave held.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

#[cfg(unix)]
pub(crate) mod handler;
#[cfg(unix)]
mod semaphore;

#[cfg(unix)]
pub(crate) use semaphore::Semaphore;

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

/// Starts a detached thread of this name. By the system's own call: std's registers each thread under a lock (for its
/// message on an overflow of the stack), and a child whose parent was starting a thread elsewhere when it forked would
/// find that lock taken for ever.
#[cfg(unix)]
pub(crate) fn start_thread(
    name: &'static std::ffi::CStr,
    stack: usize,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    use std::mem::MaybeUninit;
    let body = move || {
        set_name(name);
        run();
    };
    let body: Box<Body> = Box::new(Box::new(body));
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: initialises the attributes behind the pointer, which are ours.
    let failed = unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) };
    if failed != 0 {
        return Err(std::io::Error::from_raw_os_error(failed));
    }
    // SAFETY: the attributes were initialised above. Where this size is not allowed, the system's own is used.
    unsafe { libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), stack) };
    // SAFETY: the attributes were initialised above, and the state exists.
    unsafe { libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED) };
    let body = Box::into_raw(body);
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: `run_thread` takes the box that `body` points to, once, and what is in it may go to another thread.
    let failed =
        unsafe { libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), run_thread, body.cast()) };
    // SAFETY: the attributes were initialised above and are not used any more.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if failed == 0 {
        return Ok(());
    }
    // SAFETY: no thread was started, so the box is still ours.
    drop(unsafe { Box::from_raw(body) });
    Err(std::io::Error::from_raw_os_error(failed))
}

/// What a thread runs; boxed once more, since it travels as one plain pointer.
#[cfg(unix)]
type Body = Box<dyn FnOnce() + Send>;

#[cfg(unix)]
extern "C" fn run_thread(body: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: the pointer is that of the box which `start_thread` let go of, and a thread begins once.
    let body = unsafe { Box::from_raw(body.cast::<Body>()) };
    // Nothing may unwind into the system. A payload whose own drop panics would: forget it.
    if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        std::mem::forget(payload);
    }
    std::ptr::null_mut()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn set_name(name: &std::ffi::CStr) {
    // SAFETY: reads the string up to its NUL; the system cuts it to 15 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

#[cfg(target_vendor = "apple")]
fn set_name(name: &std::ffi::CStr) {
    // SAFETY: reads the string up to its NUL, and names the calling thread.
    unsafe { libc::pthread_setname_np(name.as_ptr()) };
}

/// Names are for people who look; elsewhere they go without.
#[cfg(all(
    unix,
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple"))
))]
fn set_name(_: &std::ffi::CStr) {}

/// As elsewhere; here nothing forks.
#[cfg(not(unix))]
pub(crate) fn start_thread(
    name: &'static std::ffi::CStr,
    stack: usize,
    run: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    let name = name.to_string_lossy().into_owned();
    let builder = std::thread::Builder::new().name(name).stack_size(stack);
    builder.spawn(run).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_runs_has_its_name_and_survives_a_panic() {
        let (send, receive) = mpsc::channel();
        let again = send.clone();
        let start = |run: Body| start_thread(c"named-by-a-test", 512 << 10, run).unwrap();
        start(Box::new(move || {
            let name = std::fs::read_to_string("/proc/thread-self/comm").unwrap_or_default();
            send.send(name.trim().to_owned()).unwrap();
            std::panic::resume_unwind(Box::new(again));
        }));
        assert_eq!(receive.recv().unwrap(), "named-by-a-test");
    }
}
