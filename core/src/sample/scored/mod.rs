//! Sampling by a score of how much a trace is worth.

mod operations;
mod options;
mod sampler;

pub use options::{ClassWeights, KindWeights, OperationClass, ScoreOptions};
pub use sampler::Scored;
