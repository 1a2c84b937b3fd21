//! Adapting the probability to how busy the process is.

use super::{
    Decision, Sampler, SamplerReport, SamplingRequest, SamplingResult, Threshold, consistent,
    meter::{AtomicF64, Meter, SECOND, Window},
};
use crate::{Notice, notice::Notices};
use alloc::{boxed::Box, format, string::String};
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Says how busy the process is.
pub trait LoadSource: Send + Sync + fmt::Debug {
    /// The load since it was last asked, 0 to 1; `None` when it cannot tell. Called about once a second, on the thread
    /// that happens to start a span, so it must not block. `now`: as in [`SamplingRequest::now`].
    fn load(&self, now: u64) -> Option<f64>;
}

impl<S: LoadSource + ?Sized> LoadSource for Box<S> {
    fn load(&self, now: u64) -> Option<f64> {
        (**self).load(now)
    }
}

impl<F: Fn() -> Option<f64> + Send + Sync> LoadSource for Callback<F> {
    fn load(&self, _: u64) -> Option<f64> {
        (self.0)()
    }
}

/// A load that a function of the user tells.
pub struct Callback<F>(pub F);

impl<F> fmt::Debug for Callback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

/// How [`AdaptiveLoad`] adapts.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct LoadOptions {
    /// The smallest probability, at least 2^-56. Default: 0.01.
    pub min: f64,
    /// The largest probability, at most 1; it begins with this one. Default: 1.
    pub max: f64,
    /// Below this load the probability grows. Default: 0.3.
    pub low: f64,
    /// Above this load it shrinks. Default: 0.8.
    pub high: f64,
    /// What it is multiplied by to grow, at least 1. Default: 1.1.
    pub up: f64,
    /// What it is multiplied by to shrink, above 0 and at most 1. Default: 0.9.
    pub down: f64,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            min: 0.01,
            max: 1.0,
            low: 0.3,
            high: 0.8,
            up: 1.1,
            down: 0.9,
        }
    }
}

/// Samples less while the process is busy: looks once a second, and multiplies the probability by 0.9 when the load is
/// above 0.8, by 1.1 when it is below 0.3, between a minimum and a maximum. Use it as the root of
/// [`super::ParentBased`].
///
/// Between the two loads nothing changes, and a step is small: it settles where the load allows. Each decision's
/// probability is known, and kept spans say so (`ot=th:...` in their trace state).
#[derive(Debug)]
pub struct AdaptiveLoad {
    options: LoadOptions,
    source: Box<dyn LoadSource>,
    probability: AtomicF64,
    threshold: AtomicU64,
    window: Window,
    /// NaN before the first.
    load: AtomicF64,
    meter: Meter,
    notices: Notices,
}

impl AdaptiveLoad {
    /// By this source, with these options. `None` when one of them is out of its range, or `low` is above `high`.
    pub fn new(source: impl LoadSource + 'static, options: LoadOptions) -> Option<Self> {
        let LoadOptions {
            min,
            max,
            low,
            high,
            up,
            down,
        } = options;
        let smallest = Threshold::from_probability(min)?;
        let threshold = Threshold::from_probability(max).filter(|largest| *largest <= smallest)?;
        let usable = low >= 0.0 && low <= high && up.is_finite() && up >= 1.0 && down > 0.0 && down <= 1.0;
        usable.then(|| Self {
            options,
            source: Box::new(source),
            probability: AtomicF64::new(max),
            threshold: AtomicU64::new(threshold.bits()),
            window: Window::new(),
            load: AtomicF64::new(f64::NAN),
            meter: Meter::new(),
            notices: Notices::new(),
        })
    }

    /// The probability in use.
    pub fn probability(&self) -> f64 {
        self.threshold().probability()
    }

    /// The load that was last told.
    pub fn load(&self) -> Option<f64> {
        Some(self.load.load()).filter(|load| !load.is_nan())
    }

    fn threshold(&self) -> Threshold {
        Threshold::from_bits(self.threshold.load(Relaxed)).unwrap_or(Threshold::ALWAYS)
    }

    fn adapt(&self, now: u64) {
        let Some(load) = self.source.load(now).filter(|load| !load.is_nan()) else {
            return;
        };
        self.load.store(load);
        let factor = if load > self.options.high {
            self.options.down
        } else if load < self.options.low {
            self.options.up
        } else {
            return;
        };
        let probability = self.probability.load() * factor;
        let probability = probability.min(self.options.max).max(self.options.min);
        self.probability.store(probability);
        if let Some(threshold) = Threshold::from_probability(probability) {
            self.threshold.store(threshold.bits(), Relaxed);
        }
    }
}

impl Sampler for AdaptiveLoad {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        if self.window.over(request.now, SECOND).is_some() {
            self.adapt(request.now);
        }
        let result = consistent::decide(request, self.threshold(), &self.notices);
        self.meter
            .count(request.now, result.decision == Decision::RecordAndSample);
        result
    }

    /// `AdaptiveLoadSampler{0.01..1}`.
    fn description(&self) -> String {
        format!(
            "AdaptiveLoadSampler{{{}..{}}}",
            self.options.min, self.options.max
        )
    }

    fn report(&self) -> SamplerReport {
        SamplerReport {
            counts: Some(self.meter.counts()),
            ..SamplerReport::new(self.description()).with_rate(self.probability())
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
