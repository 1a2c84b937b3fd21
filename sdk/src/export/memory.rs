//! Finished spans kept in memory, for tests.

use super::finished::FinishedSpan;
use crate::by_epoch::ByEpoch;
use crate::fork;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps every span that is exported to it, without bound: for tests. Clones share what they keep, so one is given to
/// the provider and the other asked.
///
/// After `shutdown` an export fails; what was kept stays readable. A forked child begins with nothing: its parent's
/// spans are its parent's.
#[derive(Clone, Debug)]
pub struct MemoryExporter {
    kept: Arc<ByEpoch<Mutex<Kept>>>,
}

impl Default for MemoryExporter {
    fn default() -> Self {
        Self {
            kept: Arc::new(ByEpoch::new()),
        }
    }
}

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<FinishedSpan>,
    shut_down: bool,
}

impl MemoryExporter {
    /// An exporter that has nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        let kept = self.kept.get(fork::current_epoch(), Mutex::default);
        kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The spans so far, in the order in which they were exported.
    pub fn get(&self) -> Vec<FinishedSpan> {
        self.lock().spans.clone()
    }

    /// Forgets the spans so far.
    pub fn reset(&self) {
        self.lock().spans.clear();
    }

    /// Keeps these spans; `false`, and nothing is kept, after `close`.
    pub(crate) fn keep(&self, spans: impl IntoIterator<Item = FinishedSpan>) -> bool {
        // The iterator is the caller's code: it runs before the lock is taken.
        let spans: Vec<FinishedSpan> = spans.into_iter().collect();
        let mut kept = self.lock();
        if !kept.shut_down {
            kept.spans.extend(spans);
        }
        !kept.shut_down
    }

    /// Lets every later export fail.
    pub(crate) fn close(&self) {
        self.lock().shut_down = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::finished::tests::span;

    #[test]
    fn spans_are_kept_until_reset_and_not_after_shutdown() {
        let exporter = MemoryExporter::new();
        let asked = exporter.clone();
        assert!(exporter.keep([span(1, 1, 0, 0, 1), span(1, 2, 1, 0, 1)]));
        assert!(exporter.keep([span(2, 3, 0, 0, 1)]));
        assert_eq!(
            asked.get().iter().map(|span| &*span.name).collect::<Vec<_>>(),
            ["span 1", "span 2", "span 3"]
        );
        asked.reset();
        assert!(asked.get().is_empty());
        assert!(exporter.keep([span(1, 4, 0, 0, 1)]));
        exporter.close();
        assert!(!exporter.keep([span(1, 5, 0, 0, 1)]));
        assert_eq!(asked.get().len(), 1, "kept after shutdown");
    }

    #[cfg(unix)]
    #[test]
    fn a_child_begins_with_nothing_and_waits_for_nobody() {
        let exporter = MemoryExporter::new();
        exporter.keep([span(1, 1, 0, 0, 1)]);
        // As when another thread of the parent is at it.
        let held = exporter.lock();
        let code = crate::fork::tests::in_child(|| {
            let before = exporter.get().len();
            exporter.keep([span(2, 2, 0, 0, 1)]);
            i32::from((before, exporter.get().len()) != (0, 1))
        });
        drop(held);
        assert_eq!((code, exporter.get().len()), (0, 1));
    }

    #[test]
    fn the_iterator_may_ask_the_exporter() {
        let exporter = MemoryExporter::new();
        let asked = exporter.clone();
        exporter.keep(std::iter::once_with(|| {
            span(1, asked.get().len() as u64 + 1, 0, 0, 1)
        }));
        assert_eq!(asked.get()[0].name, "span 1");
    }
}
