//! What others left and this process has not sent yet: the end of the process waits for it, and says what stays.

use super::left::Left;
use super::{Spool, locked};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long what stays is counted at most.
const COUNTING: Duration = Duration::from_millis(200);

/// What was taken over.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The folder was looked at.
    looked: bool,
    /// Nothing is taken over any more.
    closed: bool,
    /// Whether there is more to hand over, for each exporter.
    open: Vec<bool>,
    files: Vec<Arc<Left>>,
}

impl Spool {
    /// Whether spans that others left are still to be handed to this exporter.
    pub(crate) fn waits_for(&self, exporter: usize) -> bool {
        let rest = locked(&self.rest);
        !rest.looked || rest.open.get(exporter).is_some_and(|open| *open)
    }

    /// What is to be handed over now, by exporter.
    pub(super) fn hands_over(&self, exporters: impl Iterator<Item = usize>) {
        let mut rest = locked(&self.rest);
        rest.open.clear();
        for exporter in exporters {
            let size = rest.open.len().max(exporter + 1);
            rest.open.resize(size, false);
            rest.open[exporter] = true;
        }
        rest.looked = true;
    }

    /// Nothing is to be handed over until the folder is looked at again.
    pub(super) fn rests(&self) {
        self.hands_over(std::iter::empty());
    }

    /// Keeps account of a file until the exporters are done with it.
    pub(super) fn note_left(&self, left: &Arc<Left>) {
        let mut rest = locked(&self.rest);
        rest.files.retain(|known| Arc::strong_count(known) > 1);
        if !rest.closed {
            rest.files.push(left.clone());
        }
    }

    /// How many spans of others stay, and whether these are all; lets go of their files.
    pub(crate) fn let_go(&self) -> (u64, bool) {
        let mut rest = locked(&self.rest);
        rest.closed = true;
        let files = std::mem::take(&mut rest.files);
        drop(rest);
        let began = Instant::now();
        let (mut spans, mut all) = (0, true);
        for left in files {
            let (more, whole) = left.waiting(|| began.elapsed() < COUNTING);
            spans += more;
            all &= whole;
        }
        (spans, all)
    }
}
