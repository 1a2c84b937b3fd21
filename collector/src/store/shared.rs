//! The store, shared by receivers, queries and the terminal.

use super::{Group, Inserted, Size, Store, Trace};
use spanline_core::TraceId;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A [`Store`] behind a lock that is held for changes and for copying pointers, never for reading spans.
#[derive(Debug)]
pub(crate) struct SharedStore {
    store: Mutex<State>,
    changed: Condvar,
    origin: Instant,
}

#[derive(Debug)]
struct State {
    store: Store,
    stopped: bool,
}

impl SharedStore {
    pub(crate) fn new(limit: usize) -> Self {
        let state = State {
            store: Store::new(limit),
            stopped: false,
        };
        Self {
            store: Mutex::new(state),
            changed: Condvar::new(),
            origin: Instant::now(),
        }
    }

    pub(crate) fn insert(&self, groups: Vec<Group>) -> Inserted {
        if groups.is_empty() {
            return Inserted::default();
        }
        let mut state = self.lock();
        let next = state.store.next_deadline();
        let outcome = state.store.insert(groups, self.origin.elapsed());
        let sooner = match (next, state.store.next_deadline()) {
            (None, Some(_)) => true,
            (Some(before), Some(after)) => after < before,
            _ => false,
        };
        drop(state);
        if sooner {
            self.changed.notify_one();
        }
        outcome
    }

    /// Waits for a finished trace; none when the store was stopped.
    pub(crate) fn wait_finished(&self) -> Option<Arc<Trace>> {
        let mut state = self.lock();
        while !state.stopped {
            let now = self.origin.elapsed();
            if let Some(trace) = state.store.take_finished(now) {
                return Some(trace);
            }
            state = match state.store.next_deadline() {
                Some(deadline) => {
                    let wait = deadline.saturating_sub(now).max(Duration::from_millis(1));
                    self.changed
                        .wait_timeout(state, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        None
    }

    /// As [`Self::wait_finished`], but does not wait.
    pub(crate) fn take_finished(&self) -> Option<Arc<Trace>> {
        let now = self.origin.elapsed();
        self.lock().store.take_finished(now)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Ends all waiting.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    pub(crate) fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.lock().store.trace(id)
    }

    /// All traces, newest start first, ties by id.
    pub(crate) fn newest_first(&self) -> Vec<Arc<Trace>> {
        let mut traces = self.lock().store.all();
        traces.sort_unstable_by(|a, b| b.start.cmp(&a.start).then(a.id.cmp(&b.id)));
        traces
    }

    pub(crate) fn services(&self) -> BTreeSet<String> {
        self.lock().store.services()
    }

    pub(crate) fn size(&self) -> Size {
        self.lock().store.size()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
