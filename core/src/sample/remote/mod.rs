//! Sampling as a server says (Jaeger remote sampling): the policy. Who asks the server is the SDK's matter.

mod sampler;
mod strategy;

pub use sampler::StrategySampler;
pub use strategy::{OperationStrategies, RemoteStrategy, StrategyError};
