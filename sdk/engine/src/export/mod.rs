//! From the chunks to the exporters: batches, the queues that hold them, and when the drain runs.

pub(crate) mod batch;
pub(crate) mod batch_size;
pub(crate) mod drain;
pub(crate) mod duration;
pub(crate) mod ledger;
pub(crate) mod outcome;
pub(crate) mod pipeline;
pub(crate) mod queue;
pub(crate) mod replay;

#[cfg(all(test, loom))]
mod loom_tests;
