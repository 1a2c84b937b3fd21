//! What is decided about a trace.

use super::chance::Chance;
use crate::sample::Threshold;

/// Why a trace is kept as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum TailReason {
    /// Its time had come, and policies decided.
    #[default]
    Policy,
    /// A span that came after the decision follows it.
    Late,
    /// Decided early, to make room.
    Evicted,
    /// Dropped at first; then a span came that has to be kept.
    Upgraded,
    /// The decision was remembered only as such, without what led to it.
    Cached,
}

impl TailReason {
    /// As the attribute `sampling.reason` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Late => "late",
            Self::Evicted => "evicted",
            Self::Upgraded => "upgraded",
            Self::Cached => "cached",
        }
    }
}

/// A decision about a trace. [`super::TailWatch::names`] has the names to its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TailDecision {
    /// Whether its spans are kept.
    pub sampled: bool,
    /// The policy that it is owed to, counted from 0: the first in order that sampled, or the one that dropped. `None`
    /// when none of them sampled, and where that is no longer known.
    pub policy: Option<u16>,
    /// Of a composite policy the part that sampled, in the order in which they are asked.
    pub composite_policy: Option<u8>,
    /// Why.
    pub reason: TailReason,
    /// By the trace's randomness; `None` where the probability is not known.
    pub(super) consistent: Option<Threshold>,
    /// The probability of what does not follow the randomness, as a threshold.
    pub(super) independent: Threshold,
    pub(super) estimated: bool,
    /// A policy dropped it whose word is the last.
    pub(super) vetoed: bool,
}

impl TailDecision {
    /// That no policy keeps the trace.
    pub const DROPPED: Self = Self {
        sampled: false,
        policy: None,
        composite_policy: None,
        reason: TailReason::Policy,
        consistent: None,
        independent: Threshold::ALWAYS,
        estimated: false,
        vetoed: false,
    };

    /// By the word of this policy, whatever others say.
    pub(super) const fn vetoed(policy: u16) -> Self {
        Self {
            policy: Some(policy),
            vetoed: true,
            ..Self::DROPPED
        }
    }

    /// Whether it was dropped by a `drop` policy, or the *no* of one with `invert_match`: then no span that comes later
    /// changes that.
    pub const fn is_final(&self) -> bool {
        self.vetoed
    }

    pub(super) fn sampled(policy: u16, composite_policy: Option<u8>, chance: Chance) -> Self {
        let thresholds = chance.thresholds();
        Self {
            sampled: true,
            policy: Some(policy),
            composite_policy,
            consistent: thresholds.map(|(consistent, _)| consistent),
            independent: thresholds.map_or(Threshold::ALWAYS, |(_, independent)| independent),
            estimated: chance.estimated,
            ..Self::DROPPED
        }
    }

    /// The same for another reason: who holds traces knows what made it ask.
    #[must_use]
    pub const fn with_reason(mut self, reason: TailReason) -> Self {
        self.reason = reason;
        self
    }

    /// The threshold for kept spans, of the most lenient policy that sampled: [`Threshold::ALWAYS`] where content decided.
    /// `None` where it is not known, and for what is dropped.
    pub fn threshold(&self) -> Option<Threshold> {
        self.compose(None)
    }

    /// Whether the threshold was estimated from what a budget let through.
    pub const fn is_estimated(&self) -> bool {
        self.estimated
    }

    /// With the threshold that a span comes with.
    pub(super) fn compose(&self, theirs: Option<Threshold>) -> Option<Threshold> {
        let strict = self.consistent?.max(theirs.unwrap_or(Threshold::ALWAYS));
        if self.independent == Threshold::ALWAYS {
            return Some(strict);
        }
        let probability = strict.probability() * self.independent.probability();
        // Rarer than a threshold can say: the stricter one of both is the nearest.
        Some(Threshold::from_probability(probability).unwrap_or(strict.max(self.independent)))
    }
}
