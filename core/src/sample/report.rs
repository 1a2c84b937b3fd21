//! What samplers say of themselves while they work.

use alloc::{string::String, vec::Vec};

/// How often a sampler was asked, and what it said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct SamplerCounts {
    /// Spans it was asked about.
    pub asked: u64,
    /// Those of them that it sampled.
    pub sampled: u64,
}

impl SamplerCounts {
    /// These counts.
    pub const fn new(asked: u64, sampled: u64) -> Self {
        Self { asked, sampled }
    }
}

/// A sampler's description, current rate and statistics, with those of its parts.
#[derive(Clone, PartialEq, Debug, Default)]
#[non_exhaustive]
pub struct SamplerReport {
    /// What it is for its whole: `root`, `rule 1`; empty at the top.
    pub part: String,
    /// Its description.
    pub description: String,
    /// The share of what it is asked about that it samples now, 0 to 1: the probability where it has one, else what the
    /// last second came to. `None` where neither is known, as for a sampler that only asks others.
    pub rate: Option<f64>,
    /// Traces per second that it lets through at most, where that is its limit.
    pub per_second: Option<f64>,
    /// What it has counted itself. Samplers without a state of their own count nothing, since that would cost every span:
    /// what a provider's whole sampler came to is in the provider's statistics.
    pub counts: Option<SamplerCounts>,
    /// The samplers that it asks.
    pub parts: Vec<SamplerReport>,
}

impl SamplerReport {
    /// A report of this description alone.
    pub fn new(description: String) -> Self {
        Self {
            description,
            ..Self::default()
        }
    }

    /// The same with a rate.
    #[must_use]
    pub fn with_rate(mut self, rate: f64) -> Self {
        self.rate = Some(rate);
        self
    }

    /// The same as a part of this name.
    #[must_use]
    pub fn named(mut self, part: impl Into<String>) -> Self {
        self.part = part.into();
        self
    }

    /// The same with a part.
    #[must_use]
    pub fn with_part(mut self, part: impl Into<String>, report: Self) -> Self {
        self.parts.push(report.named(part));
        self
    }
}

/// A span that has ended, for samplers that learn from them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SpanOutcome<'a> {
    /// The span's name at its end.
    pub name: &'a str,
    /// Its kind.
    pub kind: crate::SpanKind,
    /// How long it took, in nanoseconds; 0 when it ended before it began.
    pub duration_nanos: u64,
    /// Whether its status is an error.
    pub is_error: bool,
}

impl<'a> SpanOutcome<'a> {
    /// An outcome of these parts.
    pub const fn new(name: &'a str, kind: crate::SpanKind, duration_nanos: u64, is_error: bool) -> Self {
        Self {
            name,
            kind,
            duration_nanos,
            is_error,
        }
    }
}
