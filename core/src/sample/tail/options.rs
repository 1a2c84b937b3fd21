//! What can be configured, as plain values with the Collector's names.

use crate::{StatusCode, sample::Pattern, wire::otlp::SpanView};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// One policy.
#[derive(Clone, Debug)]
pub struct PolicyOptions {
    /// Its name, which kept spans carry. Not empty, and not given twice in one list.
    pub name: String,
    /// What it does.
    pub kind: PolicyKind,
    /// Whether a span that comes after its trace was dropped is kept when it satisfies this policy, with all that follow
    /// it. `None`: yes for what asks for errors, or for attributes, trace state or a condition (not inverted), and for an
    /// `and` of such. A policy with a budget cannot.
    pub late_upgrade: Option<bool>,
}

impl PolicyOptions {
    /// A policy of this name.
    pub fn new(name: impl Into<String>, kind: PolicyKind) -> Self {
        Self {
            name: name.into(),
            kind,
            late_upgrade: None,
        }
    }

    /// The same with a choice of its own for late spans: see [`PolicyOptions::late_upgrade`].
    #[must_use]
    pub const fn with_late_upgrade(mut self, late_upgrade: bool) -> Self {
        self.late_upgrade = Some(late_upgrade);
        self
    }
}

/// What a policy does. Members have the names that the Collector's configuration has.
///
/// Conditions on attributes hold when any span or resource of the trace fulfils them; of a key that is given twice the
/// last value counts. `invert_match` turns a policy's vote around and makes a *no* of it stronger than other policies'
/// yes; inside of other policies it only turns the vote around. It is there for configurations that have it: `Not` and
/// `Drop` say the same more plainly.
#[derive(Clone, Debug)]
pub enum PolicyKind {
    /// Samples every trace.
    AlwaysSample,
    /// Samples traces whose duration, from the first start to the last end, is over the threshold and at most the upper
    /// one. Compared in nanoseconds, once all spans are known. A time of 0 is none.
    Latency {
        /// Milliseconds.
        threshold_ms: u64,
        /// Milliseconds; 0: no upper bound.
        upper_threshold_ms: u64,
    },
    /// Samples traces with a span of such a status.
    StatusCode {
        /// At least one.
        status_codes: Vec<StatusCode>,
    },
    /// Samples traces where an attribute is a number within bounds, both inclusive. Integers and doubles count.
    NumericAttribute {
        /// The attribute.
        key: String,
        /// `None`: no lower bound.
        min_value: Option<i64>,
        /// `None`: no upper bound.
        max_value: Option<i64>,
        /// See [`PolicyKind`].
        invert_match: bool,
    },
    /// Samples traces where an attribute is a text that fits one of the patterns. Regular expressions
    /// (`enabled_regex_matching`) come as [`Pattern::Custom`].
    StringAttribute {
        /// The attribute.
        key: String,
        /// At least one.
        values: Vec<Pattern>,
        /// See [`PolicyKind`].
        invert_match: bool,
    },
    /// Samples traces where an attribute is this boolean.
    BooleanAttribute {
        /// The attribute.
        key: String,
        /// Its value.
        value: bool,
        /// See [`PolicyKind`].
        invert_match: bool,
    },
    /// Samples a share of all traces.
    Probabilistic {
        /// 0 to 100.
        sampling_percentage: f64,
        /// `None`: by the trace's randomness (`rv` of the trace state, else of the trace id), so that all samplers of this
        /// kind agree. A salt: by a hash (FNV-1a) of salt and trace id, bit for bit as the Collector does; the empty one
        /// stands for its `default-hash-seed`.
        hash_salt: Option<String>,
    },
    /// Samples traces while a token bucket has room for all spans of the trace.
    RateLimiting {
        /// At least 1.
        spans_per_second: u64,
        /// Room of the bucket in spans, so the largest trace that ever passes; 0: twice the rate.
        burst_capacity: u64,
    },
    /// Samples traces while a token bucket has room for the trace's encoded spans.
    BytesLimiting {
        /// At least 1.
        bytes_per_second: u64,
        /// Room of the bucket in bytes, so the largest trace that ever passes; 0: twice the rate.
        burst_capacity: u64,
    },
    /// Samples traces of so many spans.
    SpanCount {
        /// At least so many.
        min_spans: u64,
        /// At most so many; 0: no bound.
        max_spans: u64,
    },
    /// Samples traces where a span's trace state has this key with one of these values. A trace state that breaks the
    /// grammar has none.
    TraceState {
        /// The key.
        key: String,
        /// At least one.
        values: Vec<String>,
    },
    /// Samples traces with a span that carries the W3C flag *sampled*.
    TraceFlags,
    /// Samples traces with a span that fulfils a condition in code.
    Condition(Arc<dyn SpanCondition>),
    /// Samples traces that all of its policies sample. Budgets among them are asked last, and spent only if all agree.
    And {
        /// At least one.
        and_sub_policy: Vec<PolicyOptions>,
    },
    /// Samples traces that its policy does not.
    Not {
        /// The policy.
        not_sub_policy: Box<PolicyOptions>,
    },
    /// Drops traces that all of its policies sample: before all other policies, and whatever they say. Not inside of other
    /// policies.
    Drop {
        /// At least one.
        drop_sub_policy: Vec<PolicyOptions>,
    },
    /// Samples within a budget that its policies share: by the first one in order that samples the trace and has budget
    /// left. Not inside of other policies.
    ///
    /// Each policy is granted its part of the budget; what some do not use goes to the others, in proportion to their
    /// parts. A second of each part is saved up, and then another second of the whole for any of them; so the largest
    /// trace that always finds room in the end is one second of its policy's part.
    Composite {
        /// Spans per second of all together; at least 1.
        max_total_spans_per_second: u64,
        /// Names of the policies, first to last; those not named follow in their own order.
        policy_order: Vec<String>,
        /// At least one.
        composite_sub_policy: Vec<PolicyOptions>,
        /// The parts. Policies that are not named get as much as if all got the same; parts of more than 100 together
        /// are scaled down.
        rate_allocation: Vec<RateAllocation>,
    },
}

impl PolicyKind {
    /// The policy's `type` in the Collector's configuration.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::AlwaysSample => "always_sample",
            Self::Latency { .. } => "latency",
            Self::StatusCode { .. } => "status_code",
            Self::NumericAttribute { .. } => "numeric_attribute",
            Self::StringAttribute { .. } => "string_attribute",
            Self::BooleanAttribute { .. } => "boolean_attribute",
            Self::Probabilistic { .. } => "probabilistic",
            Self::RateLimiting { .. } => "rate_limiting",
            Self::BytesLimiting { .. } => "bytes_limiting",
            Self::SpanCount { .. } => "span_count",
            Self::TraceState { .. } => "trace_state",
            Self::TraceFlags => "trace_flags",
            Self::Condition(_) => "condition",
            Self::And { .. } => "and",
            Self::Not { .. } => "not",
            Self::Drop { .. } => "drop",
            Self::Composite { .. } => "composite",
        }
    }
}

/// A part of a composite policy's budget.
#[derive(Clone, PartialEq, Debug)]
pub struct RateAllocation {
    /// The policy's name.
    pub policy: String,
    /// 0 to 100.
    pub percent: f64,
}

/// A condition on spans that code decides. Called where spans are added to a summary, for every span.
pub trait SpanCondition: Send + Sync + fmt::Debug {
    /// Whether the span fulfils it. When no span of a trace does, but looking at one failed, the policy fails: it does not
    /// sample, and the failure is counted.
    fn is_met(&self, span: SpanView<'_>) -> Result<bool, ConditionError>;
}

/// A condition could not be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ConditionError;

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the condition cannot be evaluated for this span")
    }
}

impl core::error::Error for ConditionError {}
