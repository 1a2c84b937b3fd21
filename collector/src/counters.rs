//! What happened, counted. Nothing is refused, dropped or left out without one of these growing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts by reason. Reasons are constants of the program, so the map is bounded.
#[derive(Debug, Default)]
pub struct ByReason(Mutex<BTreeMap<&'static str, u64>>);

impl ByReason {
    /// Adds `n` to this reason.
    pub fn add(&self, reason: &'static str, n: u64) {
        *self.lock().entry(reason).or_default() += n;
    }

    /// All reasons met so far, by name.
    pub fn all(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    /// The sum over all reasons.
    pub fn total(&self) -> u64 {
        self.lock().values().sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The collector's counters. `received = accepted + duplicates + rejected`.
#[derive(Debug, Default)]
pub struct Counters {
    /// Requests whose body was decoded.
    pub requests: Counter,
    /// Requests that were answered with an error, by reason.
    pub requests_refused: ByReason,
    /// Spans met in decoded requests.
    pub spans_received: Counter,
    /// Spans put into the store.
    pub spans_accepted: Counter,
    /// Spans that were in their trace already, byte for byte.
    pub spans_duplicate: Counter,
    /// Spans that were not well-formed, by reason.
    pub spans_rejected: ByReason,
    /// Traces that left the store because of its bound.
    pub traces_evicted: Counter,
    /// Their spans.
    pub spans_evicted: Counter,
    /// Traces that finished.
    pub traces_finished: Counter,
    /// Finished traces printed.
    pub traces_printed: Counter,
    /// Finished traces that were only counted, because too many finished at once.
    pub traces_not_printed: Counter,
    /// Connections refused because too many were open.
    pub connections_refused: Counter,
}
