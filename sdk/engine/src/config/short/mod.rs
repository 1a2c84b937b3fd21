//! The two short forms: a dictionary, and the tree below `tracing`.

mod dictionary;
mod exporters;
mod read;
mod sampler;
mod tracing;

pub use dictionary::dictionary;
pub use tracing::tracing;

#[cfg(test)]
mod tests;
