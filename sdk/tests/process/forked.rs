//! Children that are forked.
#![allow(unsafe_code, reason = "forks and leaves processes; see each block")]

/// Runs `body` in a forked child, which then exits as a program does, and waits for that. A panic there is status 101.
pub(crate) fn forked(body: impl FnOnce()) {
    // SAFETY: the child runs only our code and leaves by exit, which is what these tests are about.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_ok();
        // SAFETY: runs the exit hooks; the test harness has none that need its other threads.
        unsafe { libc::exit(if good { 0 } else { 101 }) }
    }
    wait(pid);
}

/// Waits for a child, which must have done well.
pub(crate) fn wait(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: waits for our child and writes to a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        "{status}"
    );
}
