//! A batch that is over the limit of a request: sent in parts.

use spanline_engine::Batch;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How far a batch has come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Progress {
    /// Spans that have met their fate, from the first on.
    pub(crate) settled: u64,
    /// Of these, what did not arrive: rejected, refused, or alone over the limit.
    pub(crate) lost: u64,
    /// How many spans the next part has, if it may be that many.
    pub(crate) step: u64,
}

/// What was already sent of a batch that has to be tried again, so that it is not sent twice.
#[derive(Debug, Default)]
pub(crate) struct Resume(Option<(usize, u64, Progress)>);

impl Resume {
    /// Where to go on with this batch.
    pub(crate) fn take(&mut self, batch: &Batch) -> Progress {
        match self.0.take() {
            Some((length, mark, progress)) if length == batch.body().len() && mark == mark_of(batch) => {
                progress
            }
            _ => Progress {
                step: batch.spans(),
                ..Progress::default()
            },
        }
    }

    /// Remembers it; only what was begun is worth that.
    pub(crate) fn keep(&mut self, batch: &Batch, progress: Progress) {
        if progress.settled > 0 {
            self.0 = Some((batch.body().len(), mark_of(batch), progress));
        }
    }
}

/// Tells batches apart, wherever they are in memory.
fn mark_of(batch: &Batch) -> u64 {
    let mut hasher = DefaultHasher::new();
    batch.body().hash(&mut hasher);
    hasher.finish()
}
