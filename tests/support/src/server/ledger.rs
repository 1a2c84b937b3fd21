//! What came, span by span.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Trace id and span id.
pub type SpanKey = ([u8; 16], [u8; 8]);

/// Every span that came, by its ids, with how often.
#[derive(Debug, Default)]
pub struct Ledger {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    spans: HashMap<SpanKey, Entry>,
    /// Different spans that were taken.
    accepted: usize,
    altered: u64,
    undecodable: u64,
}

#[derive(Debug, Default)]
struct Entry {
    seen: u32,
    accepted: u32,
    hash: u64,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters what came and gives the ids of its spans; `None`: it is no request.
    pub(super) fn enter(&self, body: &[u8]) -> Option<Vec<SpanKey>> {
        let Ok(request) = ExportTraceServiceRequest::decode(body) else {
            self.lock().undecodable += 1;
            return None;
        };
        let scopes = request
            .resource_spans
            .into_iter()
            .flat_map(|group| group.scope_spans);
        let mut keys = Vec::new();
        let mut state = self.lock();
        for span in scopes.flat_map(|scope| scope.spans) {
            let mut hasher = DefaultHasher::new();
            span.encode_to_vec().hash(&mut hasher);
            let hash = hasher.finish();
            let key = (
                span.trace_id.try_into().unwrap_or_default(),
                span.span_id.try_into().unwrap_or_default(),
            );
            let entry = state.spans.entry(key).or_default();
            let differs = entry.seen > 0 && entry.hash != hash;
            entry.seen += 1;
            entry.hash = hash;
            state.altered += u64::from(differs);
            keys.push(key);
        }
        Some(keys)
    }

    /// The sender was told that these were taken.
    pub(super) fn accept(&self, keys: &[SpanKey]) {
        let mut state = self.lock();
        for key in keys {
            if let Some(entry) = state.spans.get_mut(key) {
                entry.accepted += 1;
                let first = entry.accepted == 1;
                state.accepted += usize::from(first);
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// How many different spans were taken.
    pub fn accepted(&self) -> usize {
        self.lock().accepted
    }

    /// How many spans were taken more than once.
    pub fn repeated(&self) -> usize {
        self.lock()
            .spans
            .values()
            .filter(|span| span.accepted > 1)
            .count()
    }

    /// How many spans came more than once, taken or not.
    pub fn seen_again(&self) -> usize {
        self.lock().spans.values().filter(|span| span.seen > 1).count()
    }

    /// How many spans came again and were not the same as before.
    pub fn altered(&self) -> u64 {
        self.lock().altered
    }

    /// How many requests could not be decoded.
    pub fn undecodable(&self) -> u64 {
        self.lock().undecodable
    }

    /// Which of these were never taken, also not within the limit from now: an answer reaches the sender a moment before
    /// it is noted here.
    pub fn missing_after(&self, expected: &[SpanKey], limit: Duration) -> Vec<SpanKey> {
        let missing = |state: &mut State| {
            let taken = |key: &SpanKey| state.spans.get(key).is_some_and(|span| span.accepted > 0);
            // The count first: looking for each of many at every answer would take all the time.
            state.accepted < expected.len() || !expected.iter().all(taken)
        };
        drop(self.changed.wait_timeout_while(self.lock(), limit, missing));
        self.missing(expected)
    }

    /// Which of these were not taken so far.
    pub fn missing(&self, expected: &[SpanKey]) -> Vec<SpanKey> {
        let state = self.lock();
        let taken = |key: &SpanKey| state.spans.get(key).is_some_and(|span| span.accepted > 0);
        expected.iter().copied().filter(|key| !taken(key)).collect()
    }

    /// Waits until this many different spans were taken. `false`: they were not within the limit.
    pub fn wait_for(&self, spans: usize, limit: Duration) -> bool {
        let too_few = |state: &mut State| state.accepted < spans;
        let waited = self.changed.wait_timeout_while(self.lock(), limit, too_few);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

    fn request(id: u8, name: &str) -> Vec<u8> {
        let span = Span {
            trace_id: vec![id; 16],
            span_id: vec![id; 8],
            name: name.to_owned(),
            ..Span::default()
        };
        let scope = ScopeSpans {
            spans: vec![span],
            ..ScopeSpans::default()
        };
        let group = ResourceSpans {
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![group],
        }
        .encode_to_vec()
    }

    #[test]
    fn what_came_is_told_from_what_was_taken() {
        let ledger = Ledger::default();
        let first = ledger.enter(&request(1, "a")).unwrap();
        assert_eq!(first, [([1; 16], [1; 8])]);
        assert_eq!(ledger.missing(&first), first);
        ledger.enter(&request(1, "a"));
        ledger.accept(&first);
        assert_eq!(
            (ledger.accepted(), ledger.seen_again(), ledger.repeated()),
            (1, 1, 0)
        );
        assert_eq!((ledger.missing(&first), ledger.altered()), (vec![], 0));
        ledger.enter(&request(1, "b"));
        ledger.accept(&first);
        assert_eq!((ledger.repeated(), ledger.altered()), (1, 1));
        assert!(ledger.enter(b"<html>").is_none());
        assert_eq!(ledger.undecodable(), 1);
        assert!(ledger.wait_for(1, Duration::ZERO) && !ledger.wait_for(2, Duration::ZERO));
    }
}
