//! Head samplers (OpenTelemetry SDK "Sampler", consistent probability sampling).
//!
//! One file per sampler. Without `alloc` there is the arithmetic: [`Threshold`] and [`OtState`].

mod ot;
mod threshold;
pub use ot::{OtState, OtText};
pub use threshold::{Threshold, randomness_from_hex};

#[cfg(feature = "alloc")]
mod always;
#[cfg(feature = "alloc")]
mod parent_based;
#[cfg(feature = "alloc")]
mod probability;
#[cfg(feature = "alloc")]
mod ratio;
#[cfg(feature = "alloc")]
mod sampler;
#[cfg(feature = "alloc")]
pub use {
    always::{AlwaysOff, AlwaysOn, AlwaysRecord},
    parent_based::ParentBased,
    probability::Probability,
    ratio::TraceIdRatioBased,
    sampler::{AttributeSource, Decision, Plan, Quick, Sampler, SamplingRequest, SamplingResult},
};
