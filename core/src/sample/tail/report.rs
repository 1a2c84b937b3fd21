//! What the policies came to.

use alloc::{string::String, vec::Vec};

/// What a policy said, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PolicyReport {
    /// Its name.
    pub name: String,
    /// Its type, with the Collector's name.
    pub kind: &'static str,
    /// Traces that it voted to sample; of a `drop` policy those that it dropped.
    pub sampled: u64,
    /// Traces that it did not.
    pub not_sampled: u64,
    /// Traces for which it could not be evaluated, which it does not sample.
    pub errors: u64,
    /// Decisions that are owed to it: of several that sample a trace the first one's.
    pub decided: u64,
}

/// Decisions by policy and result.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct TailReport {
    /// Traces that were kept.
    pub sampled: u64,
    /// Traces that were not.
    pub dropped: u64,
    /// In the order of the configuration.
    pub policies: Vec<PolicyReport>,
}
