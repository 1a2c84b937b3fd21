//! Tail sampling: the spans of each trace are held until policies decide it, on the side of the drain. Whoever ends a span
//! knows nothing of it.

mod counters;
mod judge;
mod kept;
mod order;
mod records;
mod settings;
mod stage;
mod traces;

pub(crate) use {
    counters::TailCounters,
    stage::{Tail, Turn, Turned},
};
pub use {counters::TailStats, judge::Judge, settings::TailSettings};

#[cfg(all(test, not(loom)))]
mod tests;
