//! With which probability a policy votes as it does.

use crate::sample::Threshold;

/// One more than the largest randomness.
const ALL: u64 = 1 << 56;

/// The probability of a vote to sample. What follows the trace's randomness is kept apart from the rest, as it goes along
/// with what other samplers have decided by the same randomness: of thresholds the stricter one counts, while
/// probabilities that have nothing to do with each other multiply.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Chance {
    /// The randomness from which on it samples, 0 to [`ALL`].
    from: u64,
    /// The probability of everything else, 0 to 1.
    factor: f64,
    /// Whether that was measured.
    pub(super) estimated: bool,
}

impl Chance {
    pub(super) const ALWAYS: Self = Self {
        from: 0,
        factor: 1.0,
        estimated: false,
    };
    pub(super) const NEVER: Self = Self {
        from: ALL,
        ..Self::ALWAYS
    };

    /// By this threshold; without one never.
    pub(super) fn by(threshold: Option<Threshold>) -> Self {
        threshold.map_or(Self::NEVER, |threshold| Self {
            from: threshold.bits(),
            ..Self::ALWAYS
        })
    }

    /// Known, but independent of the trace's randomness.
    pub(super) const fn independent(factor: f64) -> Self {
        Self {
            factor,
            ..Self::ALWAYS
        }
    }

    /// Measured.
    pub(super) const fn estimated(factor: f64) -> Self {
        Self {
            factor,
            estimated: true,
            ..Self::ALWAYS
        }
    }

    /// Of what depends on the trace's content alone.
    pub(super) const fn certain(sampled: bool) -> Self {
        if sampled { Self::ALWAYS } else { Self::NEVER }
    }

    pub(super) fn is_never(self) -> bool {
        self.probability() <= 0.0
    }

    fn probability(self) -> f64 {
        (ALL - self.from.min(ALL)) as f64 / ALL as f64 * self.factor
    }

    /// That both vote to sample.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            factor: self.factor * other.factor,
            estimated: self.estimated || other.estimated,
        }
    }

    /// That it does not vote so.
    pub(super) fn inverse(self) -> Self {
        Self {
            from: 0,
            factor: (1.0 - self.probability()).max(0.0),
            estimated: self.estimated,
        }
    }

    /// The likelier one, of equals the better known.
    pub(super) fn likelier(self, other: Self) -> Self {
        let (ours, theirs) = (self.probability(), other.probability());
        if theirs > ours || theirs == ours && self.estimated && !other.estimated {
            other
        } else {
            self
        }
    }

    /// As two thresholds: by the randomness, and independent of it.
    pub(super) fn thresholds(self) -> Option<(Threshold, Threshold)> {
        // What is rarer than a threshold can say has sampled all the same.
        let factor = Threshold::from_probability(self.factor.min(1.0)).or(Threshold::from_bits(ALL - 1));
        Threshold::from_bits(self.from).zip(factor)
    }
}
