//! Head samplers (OpenTelemetry SDK "Sampler", consistent probability sampling), and the policies of tail sampling.
//!
//! One file per sampler. Without `alloc` there is the arithmetic: [`Threshold`] and [`OtState`]. Samplers that keep
//! counts or a budget need 64-bit atomics, and are left out where the target has none.
//!
//! Nothing here reads a clock or draws random bits: both come with each [`SamplingRequest`], so that what a sampler
//! says follows from what it was asked, and can be simulated.

mod ot;
mod threshold;
pub use ot::{OtState, OtText};
pub use threshold::{Threshold, randomness_from_hex};

#[cfg(feature = "alloc")]
mod always;
#[cfg(feature = "alloc")]
pub mod composable;
#[cfg(feature = "alloc")]
mod consistent;
#[cfg(feature = "alloc")]
pub(crate) mod head;
#[cfg(feature = "alloc")]
mod parent_based;
#[cfg(feature = "alloc")]
pub(crate) mod pattern;
#[cfg(feature = "alloc")]
mod probability;
#[cfg(feature = "alloc")]
mod ratio;
#[cfg(feature = "alloc")]
mod report;
#[cfg(feature = "alloc")]
mod sampler;
#[cfg(feature = "alloc")]
pub mod tail;
#[cfg(feature = "alloc")]
pub use {
    always::{AlwaysOff, AlwaysOn, AlwaysRecord},
    composable::Composite,
    parent_based::ParentBased,
    pattern::{Pattern, TextMatch},
    probability::Probability,
    ratio::TraceIdRatioBased,
    report::{SamplerCounts, SamplerReport, SpanOutcome},
    sampler::{AttributeSource, Decision, Plan, Quick, Sampler, SamplingRequest, SamplingResult},
};

#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod adaptive_load;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod adaptive_target;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod bucket;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod cache;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod exp;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod meter;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod names;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod rate_limiting;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod remote;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod rules;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
mod scored;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
pub use {
    adaptive_load::{AdaptiveLoad, Callback, LoadOptions, LoadSource},
    adaptive_target::AdaptiveTarget,
    bucket::TokenBucket,
    cache::DecisionCache,
    rate_limiting::RateLimiting,
    remote::{OperationStrategies, RemoteStrategy, StrategyError, StrategySampler},
    rules::{Rule, Rules},
    scored::{ClassWeights, KindWeights, OperationClass, ScoreOptions, Scored},
};
