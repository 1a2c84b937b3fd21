//! Head samplers (OpenTelemetry SDK "Sampler", consistent probability sampling).

#[cfg(feature = "alloc")]
mod sampler;
#[cfg(feature = "alloc")]
pub use sampler::{AttributeSource, Decision, Plan, Quick, Sampler, SamplingRequest, SamplingResult};
