//! Adapting the probability to a number of traces per second.

use super::{
    Decision, Sampler, SamplerReport, SamplingRequest, SamplingResult, Threshold, consistent,
    meter::{AtomicF64, Meter, SECOND, Window},
};
use crate::{Notice, notice::Notices};
use alloc::{format, string::String};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Half of an estimate is what the last second said; the other half what was known before.
const GAIN: f64 = 0.5;
/// Less than this share of what was expected is no chance but a change, where so many were expected.
const FALL: f64 = 0.25;
const EXPECTED: f64 = 16.0;

/// Samples about so many traces per second, with the probability that their number allows. Use it as the root of
/// [`super::ParentBased`].
///
/// Once a second it estimates how many traces begin and sets the probability to the target divided by that. The estimate
/// does not depend on what is sampled, so there is nothing that could oscillate. Within a second that brings far more
/// than was expected it does not wait: as soon as twice the target (and 8 more) was sampled, the estimate is made anew.
/// After a second that brought less than a quarter of what was expected it is made anew as well: a flood that is over
/// leaves nothing behind.
///
/// Unlike [`super::RateLimiting`] it knows the probability of each decision, and kept spans say so
/// (`ot=th:...` in their trace state). The target is a mean: single seconds have more or less, by chance.
#[derive(Debug)]
pub struct AdaptiveTarget {
    target: f64,
    min: f64,
    max: f64,
    /// Traces per second, as estimated; NaN before the first.
    estimate: AtomicF64,
    threshold: AtomicU64,
    window: Window,
    asked: AtomicU64,
    sampled: AtomicU64,
    /// When half of what is too much had been sampled.
    halfway: AtomicU64,
    meter: Meter,
    notices: Notices,
}

impl AdaptiveTarget {
    /// The smallest probability that is used by default: one trace in 2^20 or about a million.
    pub const MIN: f64 = 1.0 / (1 << 20) as f64;

    /// About so many traces per second, with probabilities from [`AdaptiveTarget::MIN`] to 1. `None` unless the number is
    /// finite and above 0.
    pub fn new(per_second: f64) -> Option<Self> {
        Self::within(per_second, Self::MIN, 1.0)
    }

    /// The same with probabilities between these; it begins with the largest. `None` unless `2^-56 <= min <= max <= 1`.
    pub fn within(per_second: f64, min: f64, max: f64) -> Option<Self> {
        let smallest = Threshold::from_probability(min)?;
        let threshold = Threshold::from_probability(max).filter(|largest| *largest <= smallest)?;
        (per_second.is_finite() && per_second > 0.0).then(|| Self {
            target: per_second,
            min,
            max,
            estimate: AtomicF64::new(f64::NAN),
            threshold: AtomicU64::new(threshold.bits()),
            window: Window::new(),
            asked: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            halfway: AtomicU64::new(0),
            meter: Meter::new(),
            notices: Notices::new(),
        })
    }

    /// The probability in use.
    pub fn probability(&self) -> f64 {
        self.threshold().probability()
    }

    fn threshold(&self) -> Threshold {
        Threshold::from_bits(self.threshold.load(Relaxed)).unwrap_or(Threshold::ALWAYS)
    }

    /// So many sampled within one second are more than chance explains.
    fn too_many(&self) -> u64 {
        // Casts saturate.
        (2.0 * self.target + 8.0) as u64
    }

    /// Traces per second since half of too many had been sampled. `None` when the clock has gone back meanwhile; then it
    /// begins anew with this moment.
    fn recent(&self, now: u64) -> Option<f64> {
        let half = self.too_many() / 2;
        let Some(elapsed) = now.checked_sub(self.halfway.load(Relaxed)) else {
            self.halfway.store(now, Relaxed);
            self.sampled.store(half, Relaxed);
            return None;
        };
        let sampled = self.too_many() as f64 / 2.0;
        Some(sampled / self.probability() / elapsed.max(1) as f64 * SECOND as f64)
    }

    /// Too many were sampled: does not wait for the end of the second. What came in the quiet part of it would hide how
    /// much comes now.
    fn hurry(&self, now: u64) {
        let Some(recent) = self.recent(now) else { return };
        if let Some(elapsed) = self.window.over(now, 1) {
            self.adapt(elapsed, recent);
        }
    }

    /// Makes a new estimate from what came in so many nanoseconds. It is `at_least` that many per second, if that is not 0,
    /// and then nothing that was known before counts.
    fn adapt(&self, elapsed: u64, at_least: f64) {
        let seconds = elapsed.max(1) as f64 / SECOND as f64;
        self.sampled.store(0, Relaxed);
        let asked = self.asked.swap(0, Relaxed) as f64;
        let seen = (asked / seconds).max(at_least);
        let before = self.estimate.load();
        let expected = before * seconds;
        let has_fallen = expected >= EXPECTED && asked < FALL * expected;
        // What was known before a long silence says little.
        let gain = if before.is_nan() || at_least > 0.0 || has_fallen {
            1.0
        } else {
            (GAIN * seconds).min(1.0)
        };
        let estimate = if gain == 1.0 {
            seen
        } else {
            before + gain * (seen - before)
        };
        self.estimate.store(estimate);
        // Division by zero gives infinity, which becomes the largest.
        let probability = (self.target / estimate).min(self.max).max(self.min);
        if let Some(threshold) = Threshold::from_probability(probability) {
            self.threshold.store(threshold.bits(), Relaxed);
        }
    }
}

impl Sampler for AdaptiveTarget {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        if let Some(elapsed) = self.window.over(request.now, SECOND) {
            self.adapt(elapsed, 0.0);
        }
        self.asked.fetch_add(1, Relaxed);
        let result = consistent::decide(request, self.threshold(), &self.notices);
        let sampled = result.decision == Decision::RecordAndSample;
        if sampled {
            let count = self.sampled.fetch_add(1, Relaxed) + 1;
            if count == self.too_many() / 2 {
                self.halfway.store(request.now, Relaxed);
            } else if count >= self.too_many() {
                self.hurry(request.now);
            }
        }
        self.meter.count(request.now, sampled);
        result
    }

    /// `AdaptiveTargetSampler{100}`.
    fn description(&self) -> String {
        format!("AdaptiveTargetSampler{{{}}}", self.target)
    }

    fn report(&self) -> SamplerReport {
        SamplerReport {
            rate: Some(self.probability()),
            per_second: Some(self.target),
            counts: Some(self.meter.counts()),
            ..SamplerReport::new(self.description())
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
