//! The sampler that composable ones are put into.

use super::{ComposableSampler, IntentRequest};
use crate::notice::Notices;
#[cfg(target_has_atomic = "64")]
use crate::sample::meter::Meter;
use crate::sample::{
    Sampler, SamplerReport, SamplingRequest, SamplingResult,
    consistent::{Look, sampled_or_not},
};
use crate::{Notice, TraceState};
use alloc::{boxed::Box, format, string::String};

/// Decides by the intent of a composable sampler (OpenTelemetry "CompositeSampler").
///
/// The trace's randomness is compared with the intent's threshold. Where the adjusted count is not reliable, the request's
/// random bits are compared instead. Sampled spans carry the threshold if it is reliable, all others none.
#[derive(Debug)]
pub struct Composite {
    delegate: Box<dyn ComposableSampler>,
    /// Counts, where the machine has atomics of 64 bits.
    #[cfg(target_has_atomic = "64")]
    meter: Meter,
    notices: Notices,
}

impl Composite {
    /// A sampler that decides by this one's intents.
    pub fn new(delegate: impl ComposableSampler + 'static) -> Self {
        Self {
            delegate: Box::new(delegate),
            #[cfg(target_has_atomic = "64")]
            meter: Meter::new(),
            notices: Notices::new(),
        }
    }
}

impl Sampler for Composite {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let look = Look::at(request, &self.notices);
        let intent = self
            .delegate
            .sampling_intent(&IntentRequest::of(request, look.threshold()));
        let sampled = intent.threshold.is_some_and(|threshold| {
            let fresh = request.random.filter(|_| !intent.adjusted_count_reliable);
            threshold.keeps(fresh.map_or(look.randomness, |random| random >> 8))
        });
        #[cfg(target_has_atomic = "64")]
        self.meter.count(request.now, sampled);
        let written = intent
            .threshold
            .filter(|_| sampled && intent.adjusted_count_reliable);
        let parent = look.trace_state();
        let provider = intent.trace_state_provider;
        let trace_state: Option<TraceState> = match provider.map(|own| own.trace_state(parent, sampled)) {
            Some(changed) => look
                .mark_on(&changed, written, &self.notices)
                .or(Some(changed))
                .filter(|changed| changed != parent),
            None => look.mark(written, &self.notices),
        };
        let mut result = SamplingResult {
            trace_state,
            ..SamplingResult::of(sampled_or_not(sampled))
        };
        if sampled {
            for attributes in &intent.attributes {
                result.attributes.extend_from_slice(attributes);
            }
        }
        result
    }

    fn description(&self) -> String {
        format!("CompositeSampler{{{}}}", self.delegate.description())
    }

    fn report(&self) -> SamplerReport {
        let report = SamplerReport::new(self.description());
        #[cfg(target_has_atomic = "64")]
        let report = SamplerReport {
            rate: self.meter.share(),
            counts: Some(self.meter.counts()),
            ..report
        };
        report.with_part("delegate", self.delegate.report())
    }

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
