//! Doing as the parent did, by its threshold.

use super::{ComposableSampler, IntentRequest, SamplingIntent};
use crate::sample::{SamplerReport, Threshold};
use alloc::{boxed::Box, format, string::String};

/// Keeps what the parent's threshold keeps; asks another sampler about roots. A parent without a threshold counts by its
/// sampled flag, and then nothing is written down about the probability, which nobody knows. One that came without a
/// decision counts as a root, unless it has a threshold.
#[derive(Debug)]
pub struct ParentThreshold {
    root: Box<dyn ComposableSampler>,
}

impl ParentThreshold {
    /// A sampler with this root.
    pub fn new(root: impl ComposableSampler + 'static) -> Self {
        Self { root: Box::new(root) }
    }
}

impl ComposableSampler for ParentThreshold {
    fn sampling_intent<'a>(&'a self, request: &IntentRequest<'_>) -> SamplingIntent<'a> {
        let parent = request.parent.span_context();
        match request.parent_threshold {
            _ if !parent.is_valid() => self.root.sampling_intent(request),
            Some(threshold) => SamplingIntent::keep(threshold, true),
            None if request.parent.is_deferred() => self.root.sampling_intent(request),
            None if parent.is_sampled() => SamplingIntent::keep(Threshold::ALWAYS, false),
            None => SamplingIntent::NONE,
        }
    }

    fn description(&self) -> String {
        format!("ComposableParentThreshold{{root={}}}", self.root.description())
    }

    fn report(&self) -> SamplerReport {
        SamplerReport::new(self.description()).with_part("root", self.root.report())
    }
}
