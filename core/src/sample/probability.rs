//! The consistent probability sampler.

use super::{
    Plan, Quick, Sampler, SamplerReport, SamplingRequest, SamplingResult, Threshold,
    consistent::{Look, sampled_or_not},
};
use crate::{Notice, TraceState, notice::Notices};
use alloc::{format, string::String};

const OT: &str = "ot";

/// Samples a share of all traces, and says so: kept spans carry the threshold (`ot=th:...`) in their trace state, so
/// that one kept trace can be counted for those it stands for, in every service alike.
///
/// It ignores the parent's flag. Use it as the root of [`super::ParentBased`], as [`super::ParentBased::with_rate`]
/// does.
#[derive(Debug)]
pub struct Probability {
    probability: f64,
    threshold: Threshold,
    /// The trace state of a kept root that had none.
    fresh: TraceState,
    notices: Notices,
}

impl Probability {
    /// A sampler of this probability, 2^-56 to 1, with thresholds of four digits; `None` beyond that range (for 0
    /// take [`super::AlwaysOff`]).
    pub fn new(probability: f64) -> Option<Self> {
        Self::with_precision(probability, Threshold::PRECISION)
    }

    /// As [`Probability::new`], with thresholds of this many digits (1 to 14).
    pub fn with_precision(probability: f64, precision: u8) -> Option<Self> {
        let threshold = Threshold::with_precision(probability, precision)?;
        Some(Self {
            probability,
            threshold,
            fresh: TraceState::EMPTY
                .set(OT, &format!("th:{threshold}"))
                .unwrap_or_default(),
            notices: Notices::new(),
        })
    }

    /// The threshold.
    pub const fn threshold(&self) -> Threshold {
        self.threshold
    }
}

impl Sampler for Probability {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let look = Look::at(request, &self.notices);
        let sampled = self.threshold.keeps(look.randomness);
        let mut result = SamplingResult::of(sampled_or_not(sampled));
        result.trace_state = if sampled && look.is_bare() && look.trace_state().is_empty() {
            Some(self.fresh.clone())
        } else {
            look.mark(sampled.then_some(self.threshold), &self.notices)
        };
        result
    }

    /// `ProbabilitySampler{0.1}`.
    fn description(&self) -> String {
        format!("ProbabilitySampler{{{}}}", self.probability)
    }

    fn plan(&self) -> Plan {
        Plan {
            root: Quick::Threshold(self.threshold),
            ..Plan::default()
        }
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_rate(self.threshold.probability())
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
