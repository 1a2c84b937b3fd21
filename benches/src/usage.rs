//! What this process has used.

use std::time::Duration;

/// CPU time of all threads of this process.
#[allow(unsafe_code, reason = "std does not offer the clock")]
pub(crate) fn cpu() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is valid for the call and the clock is one that Linux has; a failure leaves zero.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

/// The most memory that this process has occupied, in MiB; 0 where the system does not say.
pub(crate) fn peak_mib() -> f64 {
    status_kib("VmHWM:") as f64 / 1024.0
}

/// The memory that this process occupies now, in KiB; 0 where the system does not say.
pub(crate) fn resident_kib() -> u64 {
    status_kib("VmRSS:")
}

/// The memory that is allocated and not freed, in KiB, without what the allocator keeps for later; 0 where the C library
/// does not say.
pub(crate) fn live_kib() -> u64 {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[allow(unsafe_code, reason = "std does not ask the allocator")]
        // SAFETY: reads the counters of the allocator's arenas under their locks.
        let info = unsafe { libc::mallinfo2() };
        ((info.uordblks + info.hblkhd) >> 10) as u64
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    0
}

fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default()
}
