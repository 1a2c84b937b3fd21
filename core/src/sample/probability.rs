//! The consistent probability sampler.

use super::{Decision, OtState, Plan, Quick, Sampler, SamplingRequest, SamplingResult, Threshold};
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

    /// The trace state of a span with this parent state after the decision: `None` leaves it.
    fn mark(
        &self,
        parent: &TraceState,
        ot: OtState<'_>,
        old: Option<&str>,
        sampled: bool,
    ) -> Option<TraceState> {
        let ot = ot.with_threshold(sampled.then_some(self.threshold));
        let encoded = match ot.encode() {
            Some(encoded) => encoded,
            None => {
                self.notices.raise(Notice::OtStateFull);
                // What was there stays, but for a threshold that no longer holds.
                OtState::parse(old.unwrap_or_default())
                    .with_threshold(None)
                    .encode()?
            }
        };
        match (encoded.as_str(), old) {
            (text, Some(old)) if text == old => None,
            ("", None) => None,
            ("", Some(_)) => Some(parent.delete(OT)),
            (text, _) => parent.set(OT, text).ok(),
        }
    }
}

impl Sampler for Probability {
    fn should_sample(&self, request: &SamplingRequest<'_>) -> SamplingResult {
        let parent = request.parent.span_context();
        let trace_state = parent.trace_state();
        let old = trace_state.get(OT);
        let mut ot = old.map(OtState::parse).unwrap_or_default();
        let mut inserted = false;
        if !request.trace_id_random && ot.random_value().is_none() {
            if parent.is_valid() {
                self.notices.raise(Notice::UnknownRandomness);
            } else if let Some(random) = request.random {
                ot = ot.with_random_value(random);
                inserted = true;
            }
        }
        let sampled = self.threshold.keeps(ot.randomness(request.trace_id));
        let mut result = SamplingResult::of(if sampled {
            Decision::RecordAndSample
        } else {
            Decision::Drop
        });
        result.trace_state = if !sampled && old.is_none() && !inserted {
            None
        } else if sampled && trace_state.is_empty() && !inserted {
            Some(self.fresh.clone())
        } else {
            self.mark(trace_state, ot, old, sampled)
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

    fn take_notice(&self) -> Option<Notice> {
        self.notices.take()
    }
}
