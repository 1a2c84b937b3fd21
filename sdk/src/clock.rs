//! Time for spans: a cheap monotonic reading, and what it means in wall time.
//!
//! A *raw reading* is either the CPU's invariant counter or CLOCK_MONOTONIC in nanoseconds (told apart by its highest
//! bit, so readings of both kinds may meet in one span). A span starts with a reading and a wall time and ends at
//! start + elapsed, so a step of the wall clock never touches a duration. The local root of a trace takes an
//! [`Anchor`]; its local descendants are placed relative to it, so that all of them agree.
//!
//! The counter is used only where the CPU says it is invariant *and* the kernel itself uses it at this moment; the
//! pipeline looks at that again from time to time ([`Clock::recalibrate`]) and the clock changes to CLOCK_MONOTONIC for
//! good when the kernel has. [`calibration`] holds the arithmetic, the publication and the error bound.
//!
//! Renewal is by whoever notices that it is due: one thread does it (a few clock readings), the others go on with the
//! calibration they see. Nothing here waits, and a fork in the middle of a renewal leaves nothing locked.

#![allow(unsafe_code)] // One of the files that may: see the comment at each block.

mod calibration;
#[cfg(test)]
mod tests;

use crate::fork;
use calibration::{
    Calibration, History, LIFETIME_NANOS, MONOTONIC, Point, Published, mult_between, ticks_of,
};
use spanline_engine::Anchor;
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// How long the first measurement of the counter's frequency takes, in nanoseconds.
const FIRST_BASELINE_NANOS: u64 = 100_000;
/// How often the kernel's choice of clock is looked at, at most.
const SOURCE_CHECK_NANOS: u64 = 10_000_000_000;

/// Which clock to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ClockKind {
    /// The CPU's counter where it can be trusted, else CLOCK_MONOTONIC.
    Counter,
    /// CLOCK_MONOTONIC.
    Monotonic,
}

/// What only the renewing thread touches.
#[derive(Debug)]
struct Writer {
    history: History,
    /// CLOCK_MONOTONIC when the kernel's clock source was last looked at.
    source_checked: u64,
}

/// The clock of a process. Use [`Clock::shared`]; a value of its own is for tests.
#[derive(Debug)]
pub(crate) struct Clock {
    counting: AtomicBool,
    published: Published,
    /// The raw reading at which the calibration has had its time.
    renew_at: AtomicU64,
    /// The epoch of the process whose thread renews; 0 when none does. A child of a fork does not know its parent's
    /// epoch as its own, so a renewal that the fork cut off does not lock it out.
    renewing: AtomicU32,
    writer: UnsafeCell<Writer>,
    jumps: AtomicU32,
}

// SAFETY: everything is atomic but `writer`, which is only reached by the holder of `renewing` (see `renew_with`).
unsafe impl Sync for Clock {}

static COUNTER: AtomicPtr<Clock> = AtomicPtr::new(std::ptr::null_mut());
static PLAIN: AtomicPtr<Clock> = AtomicPtr::new(std::ptr::null_mut());

impl Clock {
    /// The process's clock of this kind, made at the first call (0.1 ms for the counter) and never freed.
    pub(crate) fn shared(kind: ClockKind) -> &'static Self {
        let cell = match kind {
            ClockKind::Counter => &COUNTER,
            ClockKind::Monotonic => &PLAIN,
        };
        let mut known = cell.load(Ordering::Acquire);
        if known.is_null() {
            let new = Box::into_raw(Box::new(Self::new(kind)));
            match cell.compare_exchange(known, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => known = new,
                Err(other) => {
                    // SAFETY: `new` came from Box::into_raw just now and was not published.
                    drop(unsafe { Box::from_raw(new) });
                    known = other;
                }
            }
        }
        // SAFETY: not null here, made by Box::into_raw, published once and never freed.
        unsafe { &*known }
    }

    /// A clock of this kind. For the counter this takes two points 0.1 ms apart, where the first spans' frequency
    /// comes from; it is refined at each renewal.
    pub(crate) fn new(kind: ClockKind) -> Self {
        let counting = kind == ClockKind::Counter && counter_is_trusted();
        if counting {
            let first = read_point(true);
            let mut second = first;
            while second.mono.saturating_sub(first.mono) < FIRST_BASELINE_NANOS {
                std::hint::spin_loop();
                second.mono = monotonic_nanos();
            }
            let second = read_point(true);
            if let Some(mult) = mult_between(&first, &second) {
                let history = History::new(first, mult);
                let calibration = history.calibration(&second);
                let renew_at = second.ticks.saturating_add(ticks_of(FIRST_BASELINE_NANOS, mult));
                return Self::of(calibration, history, true, renew_at);
            }
        }
        let point = read_point(false);
        let history = History::new(point, 1 << 32);
        let renew_at = (point.mono | MONOTONIC).saturating_add(LIFETIME_NANOS);
        Self::of(history.calibration(&point), history, false, renew_at)
    }

    fn of(calibration: Calibration, history: History, counting: bool, renew_at: u64) -> Self {
        Self {
            counting: AtomicBool::new(counting),
            published: Published::new(&calibration),
            renew_at: AtomicU64::new(renew_at),
            renewing: AtomicU32::new(0),
            writer: UnsafeCell::new(Writer {
                history,
                source_checked: monotonic_nanos(),
            }),
            jumps: AtomicU32::new(0),
        }
    }

    /// The kind that is read now.
    #[cfg(test)]
    pub(crate) fn kind(&self) -> ClockKind {
        if self.counting.load(Ordering::Relaxed) {
            ClockKind::Counter
        } else {
            ClockKind::Monotonic
        }
    }

    /// A raw reading. Later readings of one thread are never smaller as long as the kind stays.
    #[inline]
    pub(crate) fn now_raw(&self) -> u64 {
        if self.counting.load(Ordering::Relaxed) {
            read_counter()
        } else {
            monotonic_nanos() | MONOTONIC
        }
    }

    /// Nanoseconds of a clock that only goes forward, but for what a calibration corrects.
    #[inline]
    pub(crate) fn monotonic(&self) -> u64 {
        self.published.read().monotonic(self.now_raw())
    }

    /// What time this reading was, in nanoseconds since the Unix epoch, by the calibration in use.
    #[inline]
    pub(crate) fn to_unix_nanos(&self, raw: u64) -> u64 {
        self.published.read().unix(raw)
    }

    /// A moment for the local root of a trace: now. Renews a calibration older than a second first.
    #[inline]
    pub(crate) fn anchor(&self) -> Anchor {
        let raw = self.now_raw();
        if self.needs_renewal(raw) {
            self.renew();
        }
        Anchor {
            raw,
            unix_nano: self.to_unix_nanos(raw),
        }
    }

    /// The wall time of a reading in a trace whose local root took this anchor; never before the anchor's.
    #[inline]
    pub(crate) fn at(&self, anchor: &Anchor, raw: u64) -> u64 {
        anchor
            .unix_nano
            .saturating_add(self.elapsed_nanos(anchor.raw, raw))
    }

    /// Nanoseconds from one reading to another, 0 when the second is not later. A calibration that has had its time is
    /// renewed first, so that a long span is measured with a frequency that was measured as long.
    #[inline(always)]
    pub(crate) fn elapsed_nanos(&self, raw_start: u64, raw_end: u64) -> u64 {
        if self.needs_renewal(raw_end) || (raw_start | raw_end) & MONOTONIC != 0 {
            return self.elapsed_otherwise(raw_start, raw_end);
        }
        calibration::scale(raw_end.saturating_sub(raw_start), self.published.mult())
    }

    #[inline(never)]
    fn elapsed_otherwise(&self, raw_start: u64, raw_end: u64) -> u64 {
        if self.needs_renewal(raw_end) {
            self.renew();
        }
        self.published.read().elapsed(raw_start, raw_end)
    }

    /// Whether the calibration has had its time at this reading: a second, less while the clock is young.
    #[inline]
    pub(crate) fn needs_renewal(&self, raw: u64) -> bool {
        raw >= self.renew_at.load(Ordering::Relaxed)
    }

    /// How often the wall clock or the counter was found somewhere else than expected: a step, a suspend, a move to
    /// another machine. Generators of ids reseed when this changes.
    pub(crate) fn jumps(&self) -> u32 {
        self.jumps.load(Ordering::Relaxed)
    }

    /// Renews the calibration, unless another thread is at it.
    #[cold]
    pub(crate) fn renew(&self) {
        self.renew_with(false, read_point);
    }

    /// As [`Self::renew`], for the pipeline: looks every ten seconds whether the kernel still uses the counter.
    pub(crate) fn recalibrate(&self) {
        self.renew_with(true, read_point);
    }

    fn renew_with(&self, check_source: bool, read: impl FnOnce(bool) -> Point) {
        let here = fork::current_epoch();
        let holder = self.renewing.load(Ordering::Relaxed);
        if holder == here
            || self
                .renewing
                .compare_exchange(holder, here, Ordering::Acquire, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        // SAFETY: the exchange above succeeded from 0 or from another process's epoch, so no thread of this process is
        // between it and the store of 0 below; nobody else forms a reference to the writer.
        let writer = unsafe { &mut *self.writer.get() };
        let before = self.published.read();
        if holder != 0 {
            // A fork cut a renewal off, perhaps half-way through the history: begin again from what was published.
            writer.history = History::new(before.point(), before.mult);
        }
        let mut counting = self.counting.load(Ordering::Relaxed);
        let now = read(counting);
        if check_source && counting && now.mono.saturating_sub(writer.source_checked) >= SOURCE_CHECK_NANOS {
            writer.source_checked = now.mono;
            counting = counter_is_trusted();
        }
        let step = writer.history.step(&before, now, counting);
        self.published.write(&step.calibration);
        if step.jumped {
            self.jumps.fetch_add(1, Ordering::Relaxed);
        }
        let renew_at = if counting {
            now.ticks
                .saturating_add(ticks_of(step.lifetime, step.calibration.mult))
        } else {
            (now.mono | MONOTONIC).saturating_add(step.lifetime)
        };
        self.renew_at.store(renew_at, Ordering::Relaxed);
        self.counting.store(counting, Ordering::Relaxed);
        self.renewing.store(0, Ordering::Release);
    }
}

/// All clocks at one moment: the tightest of a few tries, so that an interruption between two readings does not count.
fn read_point(counting: bool) -> Point {
    let mut best = (
        u64::MAX,
        Point {
            ticks: 0,
            mono: 0,
            wall_offset: 0,
        },
    );
    for _ in 0..4 {
        let ticks_before = if counting { read_counter() } else { 0 };
        let before = monotonic_nanos();
        let ticks_after = if counting { read_counter() } else { 0 };
        let wall = wall_nanos();
        let after = monotonic_nanos();
        let middle = before + after.saturating_sub(before) / 2;
        let point = Point {
            ticks: ticks_before + ticks_after.saturating_sub(ticks_before) / 2,
            mono: before,
            wall_offset: wall.cast_signed().wrapping_sub(middle.cast_signed()),
        };
        let width = after.saturating_sub(before);
        if width < best.0 {
            best = (width, point);
        }
        if width < 200 {
            break;
        }
    }
    best.1
}

/// CLOCK_MONOTONIC in nanoseconds; below 2^63.
#[cfg(target_os = "linux")]
pub(crate) fn monotonic_nanos() -> u64 {
    clock_nanos(libc::CLOCK_MONOTONIC)
}

/// CLOCK_REALTIME in nanoseconds since the Unix epoch; 0 before it.
#[cfg(target_os = "linux")]
pub(crate) fn wall_nanos() -> u64 {
    clock_nanos(libc::CLOCK_REALTIME)
}

/// CPU time that all threads of this process have used, in nanoseconds; `None` where nobody knows.
#[cfg(target_os = "linux")]
pub(crate) fn process_cpu_nanos() -> Option<u64> {
    Some(clock_nanos(libc::CLOCK_PROCESS_CPUTIME_ID))
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn process_cpu_nanos() -> Option<u64> {
    None
}

/// CPU time that this thread has used, in nanoseconds; `None` where nobody knows.
#[cfg(target_os = "linux")]
pub(crate) fn thread_cpu_nanos() -> Option<u64> {
    Some(clock_nanos(libc::CLOCK_THREAD_CPUTIME_ID))
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn thread_cpu_nanos() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn clock_nanos(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: writes to a local; these clocks exist on every Linux, so it cannot fail (and then the local stays 0).
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos) & !MONOTONIC
}

/// Nanoseconds since the first call, monotonic; below 2^63.
#[cfg(not(target_os = "linux"))]
pub(crate) fn monotonic_nanos() -> u64 {
    use std::time::Instant;
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let nanos = START.get_or_init(Instant::now).elapsed().as_nanos();
    u64::try_from(nanos).unwrap_or(u64::MAX) & !MONOTONIC
}

/// Wall time in nanoseconds since the Unix epoch; 0 before it.
#[cfg(not(target_os = "linux"))]
pub(crate) fn wall_nanos() -> u64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX) & !MONOTONIC
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[inline]
fn read_counter() -> u64 {
    // SAFETY: every x86-64 CPU has the instruction; the kernel can forbid it to a process (then it is no trusted clock
    // source there and this is not reached, see `counter_is_trusted`).
    let ticks = unsafe { core::arch::x86_64::_rdtsc() };
    ticks & !MONOTONIC
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[inline]
fn read_counter() -> u64 {
    0
}

/// Whether the CPU's counter runs at one rate in all its states, and the kernel, which also compares it across cores,
/// uses it for its own clock, and lets this thread read it.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn counter_is_trusted() -> bool {
    const INVARIANT: u32 = 1 << 8;
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    #[allow(unused_unsafe)] // Newer compilers declare the instruction safe.
    // SAFETY: every x86-64 CPU has CPUID with these leaves; unknown ones answer zeros.
    let invariant = unsafe {
        core::arch::x86_64::__cpuid(0x8000_0000).eax >= 0x8000_0007
            && core::arch::x86_64::__cpuid(0x8000_0007).edx & INVARIANT != 0
    };
    let mut mode: libc::c_int = 0;
    // SAFETY: PR_GET_TSC writes an int to the address that it is given, here a local.
    let asked = unsafe { libc::prctl(libc::PR_GET_TSC, &raw mut mode) };
    let allowed = asked != 0 || mode != libc::PR_TSC_SIGSEGV;
    invariant && allowed && std::fs::read(SOURCE).is_ok_and(|name| name.trim_ascii() == b"tsc")
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn counter_is_trusted() -> bool {
    false
}
