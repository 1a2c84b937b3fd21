//! From the ending thread to the drain: chunks, their records, and the threads that fill them.

pub(crate) mod chunk;
pub(crate) mod producer;
pub(crate) mod record;
pub(crate) mod region;
pub(crate) mod settled;
pub(crate) mod store;

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
