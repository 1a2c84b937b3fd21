//! Counting what a sampler says.

use super::SamplerCounts;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Nanoseconds of a second.
pub(super) const SECOND: u64 = 1_000_000_000;

/// A double that threads share.
#[derive(Debug)]
pub(super) struct AtomicF64(AtomicU64);

impl AtomicF64 {
    pub(super) const fn new(value: f64) -> Self {
        Self(AtomicU64::new(value.to_bits()))
    }

    pub(super) fn load(&self) -> f64 {
        f64::from_bits(self.0.load(Relaxed))
    }

    pub(super) fn store(&self, value: f64) {
        self.0.store(value.to_bits(), Relaxed);
    }

    /// Changes it by a function of what is there.
    pub(super) fn update(&self, change: impl Fn(f64) -> f64) {
        let changed = |bits| Some(change(f64::from_bits(bits)).to_bits());
        let _ = self.0.fetch_update(Relaxed, Relaxed, changed);
    }
}

/// Tells one thread that a stretch of time is over, and how long it was. A moment of 0 cannot be told from none, so
/// moments begin with 1.
#[derive(Debug)]
pub(super) struct Window {
    began: AtomicU64,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            began: AtomicU64::new(0),
        }
    }

    /// The length of the window in nanoseconds, when it is at least `length` and this call is the one that ends it. The
    /// first call begins the first window. When the clock has gone back by more than a second, the window begins anew.
    pub(super) fn over(&self, now: u64, length: u64) -> Option<u64> {
        let now = now.max(1);
        let began = self.began.load(Relaxed);
        let elapsed = now.saturating_sub(began);
        let is_back = began.saturating_sub(now) > SECOND;
        if began != 0 && elapsed < length && !is_back {
            return None;
        }
        let won = self.began.compare_exchange(began, now, Relaxed, Relaxed).is_ok();
        (won && began != 0 && !is_back).then_some(elapsed)
    }
}

/// Counts answers, and what share of them was yes in the last second.
#[derive(Debug)]
pub(super) struct Meter {
    asked: AtomicU64,
    sampled: AtomicU64,
    window: Window,
    /// The counts when the window began.
    asked_before: AtomicU64,
    sampled_before: AtomicU64,
    /// Of the last window that had answers; NaN before.
    share: AtomicF64,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Self {
            asked: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            window: Window::new(),
            asked_before: AtomicU64::new(0),
            sampled_before: AtomicU64::new(0),
            share: AtomicF64::new(f64::NAN),
        }
    }

    /// Counts an answer given at this moment.
    pub(super) fn count(&self, now: u64, sampled: bool) {
        if self.window.over(now, SECOND).is_some() {
            let counts = self.counts();
            let asked = counts
                .asked
                .saturating_sub(self.asked_before.swap(counts.asked, Relaxed));
            let kept = counts
                .sampled
                .saturating_sub(self.sampled_before.swap(counts.sampled, Relaxed));
            if asked > 0 {
                self.share.store(kept as f64 / asked as f64);
            }
        }
        self.asked.fetch_add(1, Relaxed);
        if sampled {
            self.sampled.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn counts(&self) -> SamplerCounts {
        // In this order a yes is never counted without its question.
        let sampled = self.sampled.load(Relaxed);
        SamplerCounts::new(self.asked.load(Relaxed), sampled)
    }

    /// The share of yes in the last full second, in all time while there was none.
    pub(super) fn share(&self) -> Option<f64> {
        let share = self.share.load();
        if share.is_nan() {
            let SamplerCounts { asked, sampled } = self.counts();
            return (asked > 0).then(|| sampled as f64 / asked as f64);
        }
        Some(share)
    }
}
