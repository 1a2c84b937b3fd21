//! Traces in memory, under a bound that counts everything kept for them.

mod intern;
mod shared;
mod span;
#[cfg(test)]
mod tests;
mod trace;

pub(crate) use shared::SharedStore;
pub(crate) use span::{Resource, Scope, StoredSpan};
pub(crate) use trace::Trace;

use intern::Intern;
use spanline_core::{SpanId, TraceId};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

/// A trace whose root was seen is finished after this long without new spans.
pub(crate) const QUIET_WITH_ROOT: Duration = Duration::from_secs(1);
/// A trace whose root was not seen is finished after this long without new spans.
pub(crate) const QUIET_WITHOUT_ROOT: Duration = Duration::from_secs(5);

/// Decoded spans of one resource and scope.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) spans: Vec<NewSpan>,
}

/// A decoded span on its way into the store.
#[derive(Debug)]
pub(crate) struct NewSpan {
    pub(crate) trace_id: TraceId,
    pub(crate) id: SpanId,
    pub(crate) parent: SpanId,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) error: bool,
    pub(crate) bytes: Box<[u8]>,
}

/// What became of the spans given to [`Store::insert`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inserted {
    pub(crate) added: u64,
    pub(crate) duplicates: u64,
    pub(crate) evicted_traces: u64,
    pub(crate) evicted_spans: u64,
}

/// What is kept at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) traces: usize,
    pub(crate) spans: usize,
    pub(crate) bytes: usize,
    pub(crate) limit: usize,
}

/// Traces by id. Times given to it are of a monotonic clock with any origin.
#[derive(Debug)]
pub(crate) struct Store {
    traces: HashMap<TraceId, Arc<Trace>>,
    /// By arrival of the first span: the front goes first.
    order: VecDeque<TraceId>,
    deadlines: BTreeSet<(Duration, TraceId)>,
    resources: Intern<Resource>,
    scopes: Intern<Scope>,
    hasher: RandomState,
    spans: usize,
    bytes: usize,
    limit: usize,
}

impl Store {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            traces: HashMap::new(),
            order: VecDeque::new(),
            deadlines: BTreeSet::new(),
            resources: Intern::new(),
            scopes: Intern::new(),
            hasher: RandomState::new(),
            spans: 0,
            bytes: 0,
            limit,
        }
    }

    /// Keeps these spans, then lets the oldest traces go until the bound holds. A trace that alone is over the bound
    /// goes as well: what arrives of it later begins anew.
    pub(crate) fn insert(&mut self, groups: Vec<Group>, now: Duration) -> Inserted {
        let mut outcome = Inserted::default();
        for group in groups {
            let resource = self.resources.canonical(group.resource);
            let scope = self.scopes.canonical(group.scope);
            let mut added = 0;
            for span in group.spans {
                let id = span.trace_id;
                let span = StoredSpan {
                    id: span.id,
                    parent: span.parent,
                    start: span.start,
                    end: span.end,
                    error: span.error,
                    bytes: span.bytes,
                    resource: Arc::clone(&resource),
                    scope: Arc::clone(&scope),
                };
                if self.add(id, span, now) {
                    added += 1;
                } else {
                    outcome.duplicates += 1;
                }
            }
            self.bytes += self.resources.use_by(&resource, added) + self.scopes.use_by(&scope, added);
            self.spans += added;
            outcome.added += added as u64;
        }
        while self.bytes > self.limit && self.evict(&mut outcome) {}
        outcome
    }

    fn add(&mut self, id: TraceId, span: StoredSpan, now: Duration) -> bool {
        let mut before = 0;
        let trace = match self.traces.entry(id) {
            std::collections::hash_map::Entry::Occupied(entry) => {
                before = entry.get().charge();
                Arc::make_mut(entry.into_mut())
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                self.order.push_back(id);
                Arc::make_mut(entry.insert(Arc::new(Trace::new(id))))
            }
        };
        let added = trace.add(span, &self.hasher);
        if added && !trace.finished {
            let quiet = if trace.root().is_some() {
                QUIET_WITH_ROOT
            } else {
                QUIET_WITHOUT_ROOT
            };
            let deadline = now.saturating_add(quiet);
            if trace.deadline != Some(deadline) {
                if let Some(old) = trace.deadline.replace(deadline) {
                    self.deadlines.remove(&(old, id));
                }
                self.deadlines.insert((deadline, id));
            }
        }
        self.bytes = (self.bytes + trace.charge()).saturating_sub(before);
        added
    }

    fn evict(&mut self, outcome: &mut Inserted) -> bool {
        let Some(trace) = self.order.pop_front().and_then(|id| self.traces.remove(&id)) else {
            return false;
        };
        if let Some(deadline) = trace.deadline {
            self.deadlines.remove(&(deadline, trace.id));
        }
        let mut freed = trace.charge();
        for span in &trace.spans {
            freed += self.resources.release(&span.resource) + self.scopes.release(&span.scope);
        }
        self.bytes = self.bytes.saturating_sub(freed);
        self.spans -= trace.spans.len();
        outcome.evicted_traces += 1;
        outcome.evicted_spans += trace.spans.len() as u64;
        true
    }

    /// The next trace that is finished at `now`; each is returned once, also when more spans join it later.
    pub(crate) fn take_finished(&mut self, now: Duration) -> Option<Arc<Trace>> {
        let &(deadline, id) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.deadlines.pop_first();
        let trace = self.traces.get_mut(&id)?;
        let inner = Arc::make_mut(trace);
        inner.deadline = None;
        inner.finished = true;
        Some(Arc::clone(trace))
    }

    /// When the next trace is going to be finished, if nothing more arrives.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    pub(crate) fn trace(&self, id: TraceId) -> Option<Arc<Trace>> {
        self.traces.get(&id).cloned()
    }

    /// All traces as they are now, in no order. Only pointers are copied.
    pub(crate) fn all(&self) -> Vec<Arc<Trace>> {
        self.traces.values().cloned().collect()
    }

    /// Names of all services that have a kept span, sorted.
    pub(crate) fn services(&self) -> BTreeSet<String> {
        self.resources
            .values()
            .map(|resource| resource.service.to_string())
            .collect()
    }

    pub(crate) fn size(&self) -> Size {
        Size {
            traces: self.traces.len(),
            spans: self.spans,
            bytes: self.bytes,
            limit: self.limit,
        }
    }
}
