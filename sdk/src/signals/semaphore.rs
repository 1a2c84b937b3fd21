//! What a signal handler may wake a thread by: of all that can, the one thing that is no descriptor.

#[cfg(not(target_vendor = "apple"))]
use std::cell::UnsafeCell;

/// A semaphore of this process.
pub(crate) struct Semaphore {
    #[cfg(not(target_vendor = "apple"))]
    inner: UnsafeCell<libc::sem_t>,
    /// There are none without a name.
    #[cfg(target_vendor = "apple")]
    inner: *mut libc::sem_t,
}

// SAFETY: the system's semaphores are made to be used by several threads at once.
unsafe impl Sync for Semaphore {}

// SAFETY: and belong to none of them.
unsafe impl Send for Semaphore {}

impl Semaphore {
    /// One that lives for ever: a handler may use it at any time.
    #[cfg(not(target_vendor = "apple"))]
    pub(crate) fn eternal() -> Option<&'static Self> {
        // SAFETY: a semaphore is plain numbers, for which zero is valid; it is initialised below before anybody has it.
        let inner = unsafe { std::mem::zeroed::<libc::sem_t>() };
        // At its place before it is initialised: it may not move.
        let made = Box::leak(Box::new(Self {
            inner: UnsafeCell::new(inner),
        }));
        // SAFETY: nobody else has the semaphore yet, and it stays where it is.
        (unsafe { libc::sem_init(made.inner.get(), 0, 0) } == 0).then_some(&*made)
    }

    /// One that lives for ever: a handler may use it at any time.
    #[cfg(target_vendor = "apple")]
    pub(crate) fn eternal() -> Option<&'static Self> {
        let name = format!(
            "/spanline-{}-{:x}",
            std::process::id(),
            crate::clock::monotonic_nanos()
        );
        let name = std::ffi::CString::new(name).ok()?;
        // SAFETY: reads the string up to its NUL; mode and value are what the system expects after `O_CREAT`.
        let inner = unsafe {
            libc::sem_open(
                name.as_ptr(),
                libc::O_CREAT | libc::O_EXCL,
                0o600 as libc::c_uint,
                0 as libc::c_uint,
            )
        };
        if inner == libc::SEM_FAILED {
            return None;
        }
        // SAFETY: reads the string up to its NUL. The semaphore itself stays while it is open, which it is for ever.
        unsafe { libc::sem_unlink(name.as_ptr()) };
        Some(Box::leak(Box::new(Self { inner })))
    }

    fn raw(&self) -> *mut libc::sem_t {
        #[cfg(not(target_vendor = "apple"))]
        return self.inner.get();
        #[cfg(target_vendor = "apple")]
        self.inner
    }

    /// Wakes who waits. May be called from a signal handler.
    pub(crate) fn post(&self) -> bool {
        // SAFETY: the semaphore was initialised and is never destroyed; the call is one of those that handlers may make.
        (unsafe { libc::sem_post(self.raw()) }) == 0
    }

    /// Waits for a post.
    pub(crate) fn wait(&self) {
        // SAFETY: the semaphore was initialised and is never destroyed. Woken by something else, it waits again.
        while unsafe { libc::sem_wait(self.raw()) } != 0 {
            if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
                // Nothing else can be. If it were, the caller would look in vain now and then.
                return std::thread::sleep(std::time::Duration::from_millis(100));
            }
        }
    }
}
