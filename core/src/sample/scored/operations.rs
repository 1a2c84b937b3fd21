//! Running means by operation.

use crate::SpanKind;
use crate::sample::{SpanOutcome, meter::AtomicF64, names::hash};
use alloc::{boxed::Box, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Slots that an operation is looked for in.
const PROBES: usize = 16;
/// From so many spans on a new one weighs as much as each before it did then: older ones fade.
const MEMORY: u64 = 100;

/// A table that only fills up: nothing waits, and nothing is ever moved.
#[derive(Debug)]
pub(super) struct Operations {
    slots: Box<[Operation]>,
    /// For what found no slot.
    others: Operation,
}

/// What is known of one operation. Threads that tell of it at the same moment may lose a part of one another's share in
/// a mean, never more.
#[derive(Debug)]
pub(super) struct Operation {
    /// A hash of name and kind; 0 while the slot is free.
    key: AtomicU64,
    spans: AtomicU64,
    duration_ms: AtomicF64,
    errors: AtomicF64,
}

impl Operation {
    const fn new() -> Self {
        Self {
            key: AtomicU64::new(0),
            spans: AtomicU64::new(0),
            duration_ms: AtomicF64::new(0.0),
            errors: AtomicF64::new(0.0),
        }
    }

    /// Milliseconds.
    pub(super) fn mean_duration(&self) -> f64 {
        self.duration_ms.load()
    }

    /// 0 to 1.
    pub(super) fn error_rate(&self) -> f64 {
        self.errors.load()
    }

    fn learn(&self, outcome: &SpanOutcome<'_>) {
        let before = self.spans.fetch_add(1, Relaxed);
        let gain = 1.0 / (before.min(MEMORY - 1) + 1) as f64;
        let duration = outcome.duration_nanos as f64 / 1e6;
        self.duration_ms.update(|mean| mean + gain * (duration - mean));
        let error = f64::from(u8::from(outcome.is_error));
        self.errors.update(|mean| mean + gain * (error - mean));
    }
}

impl Operations {
    pub(super) fn new(max: usize) -> Self {
        let slots: Vec<_> = (0..max.clamp(1, 1 << 16).next_power_of_two())
            .map(|_| Operation::new())
            .collect();
        Self {
            slots: slots.into_boxed_slice(),
            others: Operation::new(),
        }
    }

    fn key(name: &str, kind: SpanKind) -> u64 {
        (hash(name) ^ (kind as u64) << 61).max(1)
    }

    /// The slots of this key, those that are taken by others too.
    fn probes(&self, key: u64) -> impl Iterator<Item = &Operation> {
        let mask = self.slots.len() - 1;
        let first = key as usize;
        (0..PROBES.min(self.slots.len())).filter_map(move |n| self.slots.get(first.wrapping_add(n) & mask))
    }

    /// What is known of this operation; of all without a slot when it has none. Nothing yet: 0 for both.
    pub(super) fn get(&self, name: &str, kind: SpanKind) -> Option<&Operation> {
        let key = Self::key(name, kind);
        for slot in self.probes(key) {
            match slot.key.load(Relaxed) {
                0 => return None,
                there if there == key => return Some(slot),
                _ => {}
            }
        }
        Some(&self.others)
    }

    pub(super) fn learn(&self, outcome: &SpanOutcome<'_>) {
        let key = Self::key(outcome.name, outcome.kind);
        for slot in self.probes(key) {
            let there = match slot.key.compare_exchange(0, key, Relaxed, Relaxed) {
                Ok(_) => key,
                Err(there) => there,
            };
            if there == key {
                return slot.learn(outcome);
            }
        }
        self.others.learn(outcome);
    }
}
