//! The composable samplers that ask nobody.

use super::{ComposableSampler, IntentRequest, SamplingIntent};
use crate::sample::{SamplerReport, Threshold};
use alloc::{format, string::String};

/// Keeps every trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysOn;

impl ComposableSampler for AlwaysOn {
    fn sampling_intent<'a>(&'a self, _: &IntentRequest<'_>) -> SamplingIntent<'a> {
        SamplingIntent::keep(Threshold::ALWAYS, true)
    }

    fn description(&self) -> String {
        "ComposableAlwaysOn".into()
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_rate(1.0)
    }
}

/// Keeps no trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysOff;

impl ComposableSampler for AlwaysOff {
    fn sampling_intent<'a>(&'a self, _: &IntentRequest<'_>) -> SamplingIntent<'a> {
        SamplingIntent::NONE
    }

    fn description(&self) -> String {
        "ComposableAlwaysOff".into()
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_rate(0.0)
    }
}

/// Keeps a share of all traces.
#[derive(Clone, Copy, Debug)]
pub struct Probability {
    ratio: f64,
    /// `None`: no trace.
    threshold: Option<Threshold>,
}

impl Probability {
    /// This share, 2^-56 to 1; 0 is [`AlwaysOff`]. `None` beyond that range.
    pub fn new(ratio: f64) -> Option<Self> {
        let threshold = Threshold::from_probability(ratio);
        (threshold.is_some() || ratio == 0.0).then_some(Self {
            // Also makes -0 a plain 0.
            ratio: ratio.abs(),
            threshold,
        })
    }
}

impl ComposableSampler for Probability {
    fn sampling_intent<'a>(&'a self, _: &IntentRequest<'_>) -> SamplingIntent<'a> {
        match self.threshold {
            Some(threshold) => SamplingIntent::keep(threshold, true),
            None => SamplingIntent::NONE,
        }
    }

    fn description(&self) -> String {
        format!("ComposableProbability{{{}}}", self.ratio)
    }

    fn report(&self) -> SamplerReport {
        let rate = self.threshold.map_or(0.0, Threshold::probability);
        SamplerReport::new(self.description()).with_rate(rate)
    }
}
