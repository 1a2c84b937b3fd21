//! The samplers without arithmetic: always on, always off, always record.

use super::{Decision, Plan, Quick, Sampler, SamplerReport, SamplingRequest, SamplingResult, SpanOutcome};
use crate::Notice;
use alloc::{boxed::Box, format, string::String};

/// Samples every span.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysOn;

impl Sampler for AlwaysOn {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        SamplingResult::of(Decision::RecordAndSample)
    }

    fn description(&self) -> String {
        "AlwaysOnSampler".into()
    }

    fn plan(&self) -> Plan {
        Plan::all(Quick::Sample)
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_rate(1.0)
    }
}

/// Drops every span.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysOff;

impl Sampler for AlwaysOff {
    fn should_sample(&self, _: &SamplingRequest<'_>) -> SamplingResult {
        SamplingResult::of(Decision::Drop)
    }

    fn description(&self) -> String {
        "AlwaysOffSampler".into()
    }

    fn plan(&self) -> Plan {
        Plan::all(Quick::Drop)
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_rate(0.0)
    }
}

/// Asks another sampler, and records for the processors what that one would drop.
#[derive(Debug)]
pub struct AlwaysRecord {
    root: Box<dyn Sampler>,
}

impl AlwaysRecord {
    /// A sampler that records what `root` drops.
    pub fn new(root: impl Sampler + 'static) -> Self {
        Self { root: Box::new(root) }
    }
}

impl Sampler for AlwaysRecord {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let mut result = self.root.should_sample(request);
        if result.decision == Decision::Drop {
            result.decision = Decision::RecordOnly;
        }
        result
    }

    fn description(&self) -> String {
        format!("AlwaysRecord{{{}}}", self.root.description())
    }

    fn plan(&self) -> Plan {
        let Plan {
            root,
            remote_sampled,
            remote_not_sampled,
            local_sampled,
            local_not_sampled,
        } = self.root.plan();
        let or_ask = |quick| match quick {
            Quick::Sample => Quick::Sample,
            Quick::Drop | Quick::Threshold(_) | Quick::Ask => Quick::Ask,
        };
        Plan {
            root: or_ask(root),
            remote_sampled: or_ask(remote_sampled),
            remote_not_sampled: or_ask(remote_not_sampled),
            local_sampled: or_ask(local_sampled),
            local_not_sampled: or_ask(local_not_sampled),
        }
    }

    fn take_notice(&self) -> Option<Notice> {
        self.root.take_notice()
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_part("root", self.root.report())
    }

    fn learns(&self) -> bool {
        self.root.learns()
    }

    fn observe(&self, outcome: &SpanOutcome<'_>) {
        self.root.observe(outcome);
    }

    fn shutdown(&self) {
        self.root.shutdown();
    }
}
