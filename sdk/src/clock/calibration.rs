//! The arithmetic between raw readings, monotonic nanoseconds and wall time, and its publication without locks.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Set in a raw reading that is CLOCK_MONOTONIC nanoseconds and not counter ticks. Neither a counter nor a count of
/// nanoseconds since boot gets there: 2^63 ns are 292 years.
pub(super) const MONOTONIC: u64 = 1 << 63;

/// `ticks` in nanoseconds; `mult` is nanoseconds per tick times 2^32. Saturates.
#[inline]
pub(super) fn scale(ticks: u64, mult: u64) -> u64 {
    let nanos = (u128::from(ticks) * u128::from(mult)) >> 32;
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

/// `base` moved by the way from `from` to `to`, in either direction. Saturates at 0 and at the maximum.
#[inline]
fn shifted(base: u64, from: u64, to: u64, mult: u64) -> u64 {
    if to >= from {
        base.saturating_add(scale(to - from, mult))
    } else {
        base.saturating_sub(scale(from - to, mult))
    }
}

/// How to turn raw readings into times: one consistent set, immutable once published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Calibration {
    /// A counter reading...
    pub(super) tick_base: u64,
    /// ...and CLOCK_MONOTONIC in nanoseconds at that moment.
    pub(super) tick_mono: u64,
    /// Nanoseconds per tick, times 2^32.
    pub(super) mult: u64,
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC, in nanoseconds.
    pub(super) wall_offset: i64,
}

impl Calibration {
    /// The reading as CLOCK_MONOTONIC nanoseconds.
    #[inline]
    pub(super) fn monotonic(&self, raw: u64) -> u64 {
        if raw & MONOTONIC != 0 {
            raw & !MONOTONIC
        } else {
            shifted(self.tick_mono, self.tick_base, raw, self.mult)
        }
    }

    /// The point that this was made at.
    pub(super) fn point(&self) -> Point {
        Point {
            ticks: self.tick_base,
            mono: self.tick_mono,
            wall_offset: self.wall_offset,
        }
    }

    /// The reading as nanoseconds since the Unix epoch.
    #[inline]
    pub(super) fn unix(&self, raw: u64) -> u64 {
        self.monotonic(raw).saturating_add_signed(self.wall_offset)
    }

    /// Nanoseconds between two readings; 0 when the second is the earlier one.
    #[inline]
    pub(super) fn elapsed(&self, start: u64, end: u64) -> u64 {
        if (start ^ end) & MONOTONIC != 0 {
            return self.monotonic(end).saturating_sub(self.monotonic(start));
        }
        let ticks = end.saturating_sub(start);
        if start & MONOTONIC != 0 {
            ticks
        } else {
            scale(ticks, self.mult)
        }
    }
}

/// One calibration in words that can be read while somebody writes.
#[derive(Debug, Default)]
struct Copy {
    tick_base: AtomicU64,
    tick_mono: AtomicU64,
    mult: AtomicU64,
    wall_offset: AtomicU64,
}

/// The published calibration: two copies and a version whose lowest bit says which copy is the current one.
///
/// A writer (one at a time, the caller's duty) fills the copy that is *not* current and then raises the version. A
/// reader never waits for it: a writer that is stopped half-way, or that a fork left behind, has only spoilt the copy
/// that nobody is sent to. A reader retries only if the version moved while it read, that is at most once per renewal.
///
/// Why no mixed set is ever returned: (1) the release store of version `v` comes after the stores to copy `v & 1`, so
/// a reader that sees `v` sees those stores; (2) that copy is next written after version `v + 1` was stored, and a
/// release fence stands between; a reader that sees one of these later values has, after its acquire fence, to see
/// version `v + 1` or later, and retries.
#[derive(Debug)]
pub(super) struct Published {
    version: AtomicU64,
    copies: [Copy; 2],
}

impl Published {
    pub(super) fn new(first: &Calibration) -> Self {
        let published = Self {
            version: AtomicU64::new(0),
            copies: Default::default(),
        };
        published.write(first);
        published
    }

    /// Publishes; callers see to it that there is one writer at a time.
    pub(super) fn write(&self, new: &Calibration) {
        let version = self.version.load(Ordering::Relaxed);
        let copy = &self.copies[((version + 1) & 1) as usize];
        fence(Ordering::Release);
        copy.tick_base.store(new.tick_base, Ordering::Relaxed);
        copy.tick_mono.store(new.tick_mono, Ordering::Relaxed);
        copy.mult.store(new.mult, Ordering::Relaxed);
        copy.wall_offset
            .store(new.wall_offset.cast_unsigned(), Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Release);
    }

    /// The current calibration, whole.
    #[inline]
    pub(super) fn read(&self) -> Calibration {
        loop {
            let version = self.version.load(Ordering::Acquire);
            let copy = &self.copies[(version & 1) as usize];
            let calibration = Calibration {
                tick_base: copy.tick_base.load(Ordering::Relaxed),
                tick_mono: copy.tick_mono.load(Ordering::Relaxed),
                mult: copy.mult.load(Ordering::Relaxed),
                wall_offset: copy.wall_offset.load(Ordering::Relaxed).cast_signed(),
            };
            fence(Ordering::Acquire);
            if self.version.load(Ordering::Relaxed) == version {
                return calibration;
            }
        }
    }

    /// Only the multiplier, for durations: a single word needs no version.
    #[inline]
    pub(super) fn mult(&self) -> u64 {
        let version = self.version.load(Ordering::Acquire);
        self.copies[(version & 1) as usize].mult.load(Ordering::Relaxed)
    }
}

/// One moment on all clocks: the counter, CLOCK_MONOTONIC and the distance to wall time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Point {
    /// Counter ticks; 0 where there is no counter.
    pub(super) ticks: u64,
    /// CLOCK_MONOTONIC, nanoseconds.
    pub(super) mono: u64,
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC, nanoseconds.
    pub(super) wall_offset: i64,
}

/// A jump of the wall clock beyond this is a step and not the kernel's slewing (which moves both clocks alike).
const WALL_JUMP_NANOS: u64 = 50_000_000;
/// The counter may be this far from where it was expected, plus a thousandth of the time since.
const COUNTER_JUMP_NANOS: u64 = 1_000_000;
/// The frequency is measured over one to two times this long, once so much has passed.
const WINDOW_NANOS: u64 = 8_000_000_000;
/// Two points nearer than this say nothing about the frequency.
const MIN_BASELINE_NANOS: u64 = 20_000;

/// What the writer remembers between renewals: the two points whose distance gives the frequency.
///
/// A point is known to about 20 ns, so over a distance `b` the frequency is known to about 40 ns / b. The distance is
/// at least half of the clock's age (up to 8 s), so a duration measured with a current calibration is wrong by at most
/// about 80 ns in the first 16 s and by about 5 parts in 10^9 later, plus what the kernel's slewing changes meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct History {
    older: Point,
    newer: Point,
    mult: u64,
}

/// What a new point says besides the new calibration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) calibration: Calibration,
    /// The wall clock or the counter was not where it was expected.
    pub(super) jumped: bool,
    /// How long this calibration should be used, in nanoseconds.
    pub(super) lifetime: u64,
}

/// The longest that a calibration is used while spans flow.
pub(super) const LIFETIME_NANOS: u64 = 1_000_000_000;

impl History {
    /// Starts from one point and an estimate of the multiplier.
    pub(super) fn new(first: Point, mult: u64) -> Self {
        Self {
            older: first,
            newer: first,
            mult,
        }
    }

    pub(super) fn calibration(&self, at: &Point) -> Calibration {
        Calibration {
            tick_base: at.ticks,
            tick_mono: at.mono,
            mult: self.mult,
            wall_offset: at.wall_offset,
        }
    }

    /// Takes a new point in; `before` is the calibration in use, `counting` says whether there is a counter.
    pub(super) fn step(&mut self, before: &Calibration, now: Point, counting: bool) -> Step {
        let wall_jumped = now.wall_offset.abs_diff(before.wall_offset) > WALL_JUMP_NANOS;
        if !counting {
            // The counter's part stays as it was, for readings taken before the kernel left the counter.
            let calibration = Calibration {
                wall_offset: now.wall_offset,
                ..*before
            };
            return Step {
                calibration,
                jumped: wall_jumped,
                lifetime: LIFETIME_NANOS,
            };
        }
        let since = now.mono.saturating_sub(before.tick_mono);
        let expected = before.monotonic(now.ticks);
        let counter_jumped = now.ticks < before.tick_base
            || expected.abs_diff(now.mono) > COUNTER_JUMP_NANOS.saturating_add(since / 1000);
        if counter_jumped {
            // Suspended or moved to another machine: begin again from here with the frequency known so far.
            *self = Self::new(now, self.mult);
        } else {
            if let Some(mult) = mult_between(&self.older, &now) {
                self.mult = mult;
            }
            if now.mono.saturating_sub(self.newer.mono) >= WINDOW_NANOS {
                self.older = self.newer;
                self.newer = now;
            }
        }
        // Young measurements are refined as soon as they have doubled their distance.
        let age = now.mono.saturating_sub(self.older.mono);
        let lifetime = age.clamp(MIN_BASELINE_NANOS, LIFETIME_NANOS);
        let jumped = wall_jumped || counter_jumped;
        Step {
            calibration: self.calibration(&now),
            jumped,
            lifetime,
        }
    }
}

/// The multiplier between two points, if they are far enough apart and it is one that a real counter can have
/// (1 MHz to 1 THz).
pub(super) fn mult_between(from: &Point, to: &Point) -> Option<u64> {
    let nanos = to.mono.checked_sub(from.mono)?;
    let ticks = to.ticks.checked_sub(from.ticks)?;
    if nanos < MIN_BASELINE_NANOS || ticks == 0 {
        return None;
    }
    let mult = u64::try_from((u128::from(nanos) << 32) / u128::from(ticks)).ok()?;
    ((1u64 << 32) / 1000..=(1u64 << 32) * 1000)
        .contains(&mult)
        .then_some(mult)
}

/// How many ticks these nanoseconds are.
pub(super) fn ticks_of(nanos: u64, mult: u64) -> u64 {
    let ticks = (u128::from(nanos) << 32) / u128::from(mult.max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
