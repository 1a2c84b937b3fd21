//! The handlers of the signals that ask a program to end, where the option `flush_on_signals` asks for them.
//!
//! The handler itself does next to nothing: it marks its signal and posts a semaphore, on which a thread of ours waits (a
//! semaphore and not a pipe: a program that closes all descriptors would give a pipe's number to a file of its own). The
//! thread flushes and has the signal go where it would have gone without us: to the action that was there before.
//!
//! A signal is, in this order, `IDLE`, `TAKING` (its facts are being kept), `WAITING` (for the flush) and, where the program had
//! a handler, `PASSING`: it is on its way a second time, and the next arrival is handed on. Everything that comes
//! otherwise is handed on at once: a second signal while one waits, one in a child that was forked and has no thread
//! for it, one before or after our time (`OFF`).
//!
//! Where our handler is not the installed one, another that came later calls it: what becomes of the program is then that
//! one's business. The flush is begun all the same, the handler that was there before us is called at once, and the
//! default action is not taken.

use super::semaphore::Semaphore;
use crate::fork;
use libc::{c_int, c_void, siginfo_t};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering};

const OFF: u8 = 0;
const IDLE: u8 = 1;
const TAKING: u8 = 2;
const WAITING: u8 = 3;
const PASSING: u8 = 4;

/// One signal.
pub(crate) struct Caught {
    signal: c_int,
    state: AtomicU8,
    /// The action before ours; null until ours is installed for the first time. What it points to stays.
    previous: AtomicPtr<libc::sigaction>,
    /// Our handler was installed and not taken back: it is the installed one, or a later one may call it.
    ours: AtomicBool,
    /// The one that waits came through a later handler, and was handed on already.
    inner: AtomicBool,
    /// The facts of the one that waits.
    facts: UnsafeCell<MaybeUninit<siginfo_t>>,
}

// SAFETY: all but `facts` is atomic, and that is touched by one thread at a time alone: by the one that changed `state` to
// `TAKING`.
unsafe impl Sync for Caught {}

static ALL: [Caught; 2] = [Caught::new(libc::SIGTERM), Caught::new(libc::SIGINT)];

/// The process that has a thread for the signals: its epoch, and its number (a child of `vfork` has the same epoch). The
/// thread waits on the semaphore.
static EPOCH: AtomicU32 = AtomicU32::new(0);
static PROCESS: AtomicU32 = AtomicU32::new(0);
static SEMAPHORE: AtomicPtr<Semaphore> = AtomicPtr::new(null_mut());

/// What is to become of a signal when the flush is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    /// The process ends by it.
    Ends,
    /// The handler that was there before gets it.
    HandedOn,
    /// Nothing: it was handed on already, or the process is the first of its container, which no default action ends.
    Nothing,
}

/// Has the signals post `semaphore`, which lives for ever, from here on in this process. Those that the program ignores
/// stay ignored. False when none is caught.
pub(crate) fn catch(semaphore: &'static Semaphore) -> bool {
    let inherited = !is_own_process();
    SEMAPHORE.store((&raw const *semaphore).cast_mut(), Ordering::Release);
    let mut any = false;
    for caught in &ALL {
        any |= caught.install(inherited);
    }
    // A signal that comes before is handed on.
    PROCESS.store(std::process::id(), Ordering::Release);
    EPOCH.store(fork::current_epoch(), Ordering::Release);
    any
}

/// Puts back the actions that were there before, where ours are still the installed ones. To be called in the process that
/// called [`catch`].
pub(crate) fn release() {
    ALL.iter().for_each(Caught::uninstall);
}

/// From here on no signal waits for the thread. False when one does already.
pub(crate) fn close() -> bool {
    let mut closed = true;
    for caught in &ALL {
        loop {
            match caught.state.load(Ordering::Acquire) {
                TAKING => std::thread::yield_now(),
                IDLE if !caught.change(IDLE, OFF) => {}
                state => {
                    closed &= state != WAITING;
                    break;
                }
            }
        }
    }
    closed
}

/// A signal that waits for the flush.
pub(crate) fn waiting() -> Option<&'static Caught> {
    ALL.iter()
        .find(|caught| caught.state.load(Ordering::Acquire) == WAITING)
}

fn is_own_process() -> bool {
    EPOCH.load(Ordering::Acquire) == fork::current_epoch()
        && PROCESS.load(Ordering::Acquire) == std::process::id()
}

impl Caught {
    const fn new(signal: c_int) -> Self {
        Self {
            signal,
            state: AtomicU8::new(OFF),
            previous: AtomicPtr::new(null_mut()),
            ours: AtomicBool::new(false),
            inner: AtomicBool::new(false),
            facts: UnsafeCell::new(MaybeUninit::zeroed()),
        }
    }

    fn change(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The action that holds now.
    fn current(&self) -> Option<libc::sigaction> {
        let mut action = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: asks alone, and writes to a local.
        if unsafe { libc::sigaction(self.signal, null(), action.as_mut_ptr()) } != 0 {
            return None;
        }
        // SAFETY: the call succeeded, so it was written.
        Some(unsafe { action.assume_init() })
    }

    fn is_installed(&self) -> bool {
        self.current()
            .is_some_and(|action| action.sa_sigaction == address())
    }

    fn previous(&self) -> Option<&'static libc::sigaction> {
        // SAFETY: null, or a box that `keep` let go of and nobody changes.
        unsafe { self.previous.load(Ordering::Acquire).as_ref() }
    }

    /// Keeps the action before ours. What was kept before may be in use, so it stays too; of equal ones there is one.
    fn keep(&self, action: libc::sigaction) {
        let ours = action.sa_sigaction == address();
        if !ours && !self.previous().is_some_and(|known| same(known, &action)) {
            self.previous
                .store(Box::into_raw(Box::new(action)), Ordering::Release);
        }
    }

    fn install(&self, inherited: bool) -> bool {
        // Of a process without its thread nothing waits.
        if inherited {
            self.state.store(OFF, Ordering::Release);
        }
        if !self.ours.load(Ordering::Acquire) && !self.replace() {
            return false;
        }
        let _ = self.change(OFF, IDLE);
        true
    }

    /// Installs our handler in place of what is there.
    fn replace(&self) -> bool {
        let Some(found) = self.current() else { return false };
        if found.sa_sigaction == libc::SIG_IGN {
            return false;
        }
        // Before it is installed: it may run at once. (Ours is there already where a parent was installing it when it forked.)
        self.keep(found);
        let mut before = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: `action` gives a valid action with a handler that may be called at any time, and `before` is a local.
        if unsafe { libc::sigaction(self.signal, &action(&found), before.as_mut_ptr()) } != 0 {
            return false;
        }
        // SAFETY: the call succeeded, so it was written.
        self.keep(unsafe { before.assume_init() });
        self.ours.store(true, Ordering::Release);
        true
    }

    fn uninstall(&self) {
        let (true, Some(previous)) = (self.is_installed(), self.previous()) else {
            return;
        };
        let mut before = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: the action is one that the system gave us, and `before` is a local.
        if unsafe { libc::sigaction(self.signal, previous, before.as_mut_ptr()) } != 0 {
            return;
        }
        // SAFETY: the call succeeded, so it was written.
        let before = unsafe { before.assume_init() };
        if before.sa_sigaction == address() {
            self.ours.store(false, Ordering::Release);
        } else {
            // Another came in between, and stays.
            // SAFETY: the action is one that the system gave us; the old one is not asked for.
            unsafe { libc::sigaction(self.signal, &raw const before, null_mut()) };
        }
    }

    /// What is to become of it.
    pub(crate) fn then(&self) -> Then {
        let default = self.previous().is_none_or(|p| p.sa_sigaction == libc::SIG_DFL);
        match default {
            _ if self.inner.load(Ordering::Acquire) => Then::Nothing,
            true if is_first_process() => Then::Nothing,
            true => Then::Ends,
            false => Then::HandedOn,
        }
    }

    /// The flush is over and there is nothing else to do.
    pub(crate) fn done(&self) {
        self.change(WAITING, IDLE);
    }

    /// Sends it to the process once more, to be handed on.
    pub(crate) fn pass(&self) {
        self.change(WAITING, PASSING);
        self.send();
    }

    /// Ends the process by it, unless somebody else has taken it over meanwhile: then that one gets it.
    pub(crate) fn end_process(&self) {
        let taken = self.current().is_some_and(|action| {
            let handler = action.sa_sigaction;
            handler != address() && handler != libc::SIG_DFL
        });
        if taken {
            self.done();
            self.send();
        } else {
            self.die();
        }
    }

    fn send(&self) {
        // SAFETY: has no preconditions.
        let process = unsafe { libc::getpid() };
        // SAFETY: sends a signal to this process itself.
        unsafe { libc::kill(process, self.signal) };
    }

    /// The default action, on this thread.
    fn die(&self) {
        if is_first_process() {
            return;
        }
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: an action is plain numbers, for which zero is valid: no flags, no signal masked.
        let mut action = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
        action.sa_sigaction = libc::SIG_DFL;
        // SAFETY: the action is a local with the default for this signal; the old one is not asked for.
        unsafe { libc::sigaction(self.signal, &raw const action, null_mut()) };
        // SAFETY: a signal for the calling thread.
        unsafe { libc::raise(self.signal) };
        // SAFETY: initialises the set behind the pointer, which is ours.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: the set was initialised above, and the signal exists.
        unsafe { libc::sigaddset(set.as_mut_ptr(), self.signal) };
        // SAFETY: reads the initialised set, and changes the mask of this thread, which ends here.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), null_mut()) };
    }

    /// What the handler does. Nothing in here allocates, locks or waits.
    fn arrived(&self, facts: *mut siginfo_t, context: *mut c_void) {
        let inner = !self.is_installed();
        if !is_own_process() {
            return self.hand_on(facts, context, inner);
        }
        let first = ALL
            .iter()
            .all(|caught| !matches!(caught.state.load(Ordering::Acquire), TAKING | WAITING));
        if first && self.change(IDLE, TAKING) {
            // Another handler may call ours without them.
            if !inner && !facts.is_null() {
                // SAFETY: the system calls us with the facts of this signal.
                let facts = unsafe { *facts };
                // SAFETY: whoever changed the state to `TAKING` alone touches what is kept.
                unsafe { self.facts.get().write(MaybeUninit::new(facts)) };
            }
            self.inner.store(inner, Ordering::Release);
            self.state.store(WAITING, Ordering::Release);
            // SAFETY: the semaphore lives for ever.
            let semaphore = unsafe { SEMAPHORE.load(Ordering::Acquire).as_ref() };
            let woken = semaphore.is_some_and(Semaphore::post);
            if !woken {
                self.done();
            }
            if inner || !woken {
                self.hand_on(facts, context, inner);
            }
        } else if !inner && self.change(PASSING, TAKING) {
            // SAFETY: written before it waited, and whoever changed the state to `TAKING` alone touches it.
            let mut kept = unsafe { *self.facts.get() };
            self.state.store(IDLE, Ordering::Release);
            self.hand_on(kept.as_mut_ptr(), context, false);
        } else {
            self.hand_on(facts, context, inner);
        }
    }

    /// The action before ours.
    fn hand_on(&self, facts: *mut siginfo_t, context: *mut c_void, inner: bool) {
        let Some(previous) = self.previous() else { return };
        match previous.sa_sigaction {
            libc::SIG_IGN => {}
            libc::SIG_DFL if inner => {}
            libc::SIG_DFL => self.die(),
            handler => {
                if previous.sa_flags & libc::SA_RESETHAND != 0 && !inner {
                    let mut action = *previous;
                    action.sa_sigaction = libc::SIG_DFL;
                    // SAFETY: an action of the system's, with the default in place of its handler.
                    unsafe { libc::sigaction(self.signal, &raw const action, null_mut()) };
                }
                if previous.sa_flags & libc::SA_SIGINFO != 0 {
                    // SAFETY: the program installed a handler of this form for this signal; the arguments are those of
                    // a signal that arrived.
                    unsafe {
                        std::mem::transmute::<usize, extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(
                            handler,
                        )(self.signal, facts, context)
                    };
                } else {
                    // SAFETY: the program installed a handler of this form for this signal.
                    unsafe { std::mem::transmute::<usize, extern "C" fn(c_int)>(handler)(self.signal) };
                }
            }
        }
    }
}

/// The process that a container begins with, which the default actions do not end.
fn is_first_process() -> bool {
    cfg!(target_os = "linux") && std::process::id() == 1
}

/// Our handler as the system shows it.
fn address() -> usize {
    on_signal as *const () as usize
}

/// Our action, as much like the one before as can be: nothing that waits is interrupted by us where it was not before. Not
/// on the alternative stack by our own wish: std unmaps that of the main thread when another thread ends the process.
fn action(previous: &libc::sigaction) -> libc::sigaction {
    let mut action = *previous;
    let kept = match previous.sa_sigaction {
        libc::SIG_DFL => libc::SA_RESTART,
        _ => previous.sa_flags & (libc::SA_RESTART | libc::SA_NODEFER | libc::SA_ONSTACK),
    };
    action.sa_sigaction = address();
    action.sa_flags = kept | libc::SA_SIGINFO;
    action
}

fn same(one: &libc::sigaction, other: &libc::sigaction) -> bool {
    let masked = |action: &libc::sigaction, signal| {
        // SAFETY: reads a set that the system gave us; a number that is no signal gives an error.
        unsafe { libc::sigismember(&raw const action.sa_mask, signal) }
    };
    one.sa_sigaction == other.sa_sigaction
        && one.sa_flags == other.sa_flags
        && (1..32).all(|signal| masked(one, signal) == masked(other, signal))
}

extern "C" fn on_signal(signal: c_int, facts: *mut siginfo_t, context: *mut c_void) {
    let errno = errno();
    // SAFETY: null, or the calling thread's own number of the last error.
    let before = unsafe { errno.as_ref() }.copied();
    if let Some(caught) = ALL.iter().find(|caught| caught.signal == signal) {
        caught.arrived(facts, context);
    }
    if let Some(before) = before {
        // SAFETY: as above; whoever was interrupted finds what was there.
        unsafe { errno.write(before) };
    }
}

/// Where the calling thread's number of the last error is; null where that is not known.
fn errno() -> *mut c_int {
    #[cfg(any(target_os = "linux", target_os = "dragonfly"))]
    // SAFETY: has no preconditions.
    return unsafe { libc::__errno_location() };
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    // SAFETY: has no preconditions.
    return unsafe { libc::__error() };
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    // SAFETY: has no preconditions.
    return unsafe { libc::__errno() };
    #[cfg(not(any(
        target_os = "linux",
        target_os = "dragonfly",
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "android",
        target_os = "netbsd",
        target_os = "openbsd"
    )))]
    null_mut()
}
