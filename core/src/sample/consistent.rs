//! Decisions whose probability is known, and says so in the trace state; and those where it is not.

#[cfg(target_has_atomic = "64")]
use super::SamplingResult;
use super::{Decision, OtState, SamplingRequest, Threshold};
use crate::{Notice, TraceState, notice::Notices};

const OT: &str = "ot";

/// What a trace state says of the trace's randomness.
pub(super) struct Look<'a> {
    trace_state: &'a TraceState,
    ot: OtState<'a>,
    old: Option<&'a str>,
    /// There was no randomness in the trace id, and some was added to the `ot` member.
    inserted: bool,
    /// 56 bits.
    pub(super) randomness: u64,
}

impl<'a> Look<'a> {
    pub(super) fn at(request: &SamplingRequest<'a>, notices: &Notices) -> Self {
        let parent = request.parent.span_context();
        let trace_state = parent.trace_state();
        let old = trace_state.get(OT);
        let mut ot = old.map(OtState::parse).unwrap_or_default();
        let mut inserted = false;
        if !request.trace_id_random && ot.random_value().is_none() {
            if parent.is_valid() {
                notices.raise(Notice::UnknownRandomness);
            } else if let Some(random) = request.random {
                ot = ot.with_random_value(random);
                inserted = true;
            }
        }
        Self {
            trace_state,
            ot,
            old,
            inserted,
            randomness: ot.randomness(request.trace_id),
        }
    }

    /// The threshold by which the parent was kept.
    pub(super) const fn threshold(&self) -> Option<Threshold> {
        self.ot.threshold()
    }

    /// Whether the `ot` member says nothing, nor has to.
    pub(super) const fn is_bare(&self) -> bool {
        self.old.is_none() && !self.inserted
    }

    pub(super) const fn trace_state(&self) -> &'a TraceState {
        self.trace_state
    }

    /// The trace state with this threshold, or with none. `None` leaves the parent's.
    pub(super) fn mark(&self, threshold: Option<Threshold>, notices: &Notices) -> Option<TraceState> {
        if threshold.is_none() && self.is_bare() {
            return None;
        }
        self.mark_on(self.trace_state, threshold, notices)
    }

    /// As [`Self::mark`] on another trace state. `None` leaves that one.
    pub(super) fn mark_on(
        &self,
        base: &TraceState,
        threshold: Option<Threshold>,
        notices: &Notices,
    ) -> Option<TraceState> {
        let encoded = match self.ot.with_threshold(threshold).encode() {
            Some(encoded) => encoded,
            None => {
                notices.raise(Notice::OtStateFull);
                // What was there stays, but for a threshold that no longer holds.
                OtState::parse(self.old.unwrap_or_default())
                    .with_threshold(None)
                    .encode()?
            }
        };
        match (encoded.as_str(), base.get(OT)) {
            (text, Some(there)) if text == there => None,
            ("", None) => None,
            ("", Some(_)) => Some(base.delete(OT)),
            (text, _) => base.set(OT, text).ok(),
        }
    }
}

/// Keeps the traces whose randomness reaches the threshold, and writes it into the trace state of those.
#[cfg(target_has_atomic = "64")]
pub(super) fn decide(
    request: &SamplingRequest<'_>,
    threshold: Threshold,
    notices: &Notices,
) -> SamplingResult {
    let look = Look::at(request, notices);
    let sampled = threshold.keeps(look.randomness);
    SamplingResult {
        trace_state: look.mark(sampled.then_some(threshold), notices),
        ..SamplingResult::of(sampled_or_not(sampled))
    }
}

/// A decision whose probability nobody knows: a threshold in the trace state would be wrong.
#[cfg(target_has_atomic = "64")]
pub(super) fn unknown(request: &SamplingRequest<'_>, decision: Decision) -> SamplingResult {
    let trace_state = request.parent.span_context().trace_state();
    let trace_state = trace_state.get(OT).and_then(|old| {
        let ot = OtState::parse(old);
        ot.threshold()?;
        match ot.with_threshold(None).encode()?.as_str() {
            "" => Some(trace_state.delete(OT)),
            text => trace_state.set(OT, text).ok(),
        }
    });
    SamplingResult {
        trace_state,
        ..SamplingResult::of(decision)
    }
}

pub(super) const fn sampled_or_not(sampled: bool) -> Decision {
    if sampled {
        Decision::RecordAndSample
    } else {
        Decision::Drop
    }
}
