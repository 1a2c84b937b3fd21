//! Remembering decisions by trace id.

use super::Decision;
use crate::TraceId;
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Entries that one trace id may stand in.
const WAYS: usize = 4;
/// Bits of an entry that hold part of the trace id's hash.
const TAG: u32 = 46;
/// Bits of an entry that hold when it was made, in seconds.
const TIME: u32 = 16;

/// Decisions by trace id, so that all spans of a trace meet the same one although it was not the trace id that decided.
///
/// Bounded in number and age, and without locks: an entry is one word. A new decision replaces the oldest of the four
/// entries that its trace id may stand in. What is remembered is a hash of the trace id of about 57 bits.
///
/// ```
/// use spanline_core::{TraceId, sample::{Decision, DecisionCache}};
/// let cache = DecisionCache::default();
/// let trace = TraceId::from_bytes([7; 16]);
/// cache.put(trace, 1, Decision::RecordAndSample);
/// assert_eq!(cache.get(trace, 2), Some(Decision::RecordAndSample));
/// let later = 301 * 1_000_000_000;
/// assert_eq!(cache.get(trace, later), None);
/// ```
pub struct DecisionCache {
    entries: Box<[AtomicU64]>,
    max_age: u64,
}

impl Default for DecisionCache {
    /// 10,000 entries, 5 minutes.
    fn default() -> Self {
        Self::new(10_000, 300)
    }
}

impl DecisionCache {
    /// So many entries (rounded up to a multiple of 4, 2^24 at most), each of this age in seconds at most (32,000 at
    /// most).
    pub fn new(entries: usize, max_age_seconds: u64) -> Self {
        let entries = entries.clamp(WAYS, 1 << 24).next_multiple_of(WAYS);
        let entries: Vec<AtomicU64> = (0..entries).map(|_| AtomicU64::new(0)).collect();
        Self {
            entries: entries.into_boxed_slice(),
            max_age: max_age_seconds.min(32_000),
        }
    }

    /// How many decisions it holds at most.
    pub const fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// What was decided about this trace; `now` in nanoseconds.
    pub fn get(&self, trace_id: TraceId, now: u64) -> Option<Decision> {
        let (ways, tag) = self.ways(trace_id);
        let entry = ways.iter().map(|entry| entry.load(Relaxed));
        let mut entry = entry.filter(|&entry| entry & ((1 << TAG) - 1) == tag && self.is_young(entry, now));
        match entry.next()? >> (TAG + TIME) {
            1 => Some(Decision::Drop),
            2 => Some(Decision::RecordOnly),
            3 => Some(Decision::RecordAndSample),
            _ => None,
        }
    }

    /// Remembers a decision; `now` in nanoseconds.
    pub fn put(&self, trace_id: TraceId, now: u64, decision: Decision) {
        let (ways, tag) = self.ways(trace_id);
        let code = match decision {
            Decision::Drop => 1,
            Decision::RecordOnly => 2,
            Decision::RecordAndSample => 3,
        };
        let new = code << (TAG + TIME) | seconds(now) << TAG | tag;
        let age = |entry: &&AtomicU64| {
            let entry = entry.load(Relaxed);
            let same = entry & ((1 << TAG) - 1) == tag;
            if same || entry == 0 {
                u64::MAX
            } else {
                age(entry, now)
            }
        };
        if let Some(oldest) = ways.iter().max_by_key(age) {
            oldest.store(new, Relaxed);
        }
    }

    /// Where a trace id may stand, and what stands for it there.
    fn ways(&self, trace_id: TraceId) -> (&[AtomicU64], u64) {
        let id = u128::from_be_bytes(trace_id.to_bytes());
        // Ids may be chosen by others: all bits count, and are mixed.
        let high = ((id >> 64) as u64).wrapping_mul(0xa076_1d64_78bd_642f);
        let mixed = (id as u64 ^ high.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let sets = (self.entries.len() / WAYS) as u128;
        let set = ((u128::from(mixed) * sets) >> 64) as usize;
        let ways = self.entries.get(set * WAYS..(set + 1) * WAYS).unwrap_or_default();
        // 0 is what a free entry holds.
        (ways, (mixed & ((1 << TAG) - 1)).max(1))
    }

    fn is_young(&self, entry: u64, now: u64) -> bool {
        age(entry, now) <= self.max_age
    }
}

const fn seconds(now: u64) -> u64 {
    (now / 1_000_000_000) & ((1 << TIME) - 1)
}

/// In seconds, as far as its bits go; an entry made a moment after this reading is as old as can be, and made anew.
const fn age(entry: u64, now: u64) -> u64 {
    seconds(now).wrapping_sub(entry >> TAG & ((1 << TIME) - 1)) & ((1 << TIME) - 1)
}

impl fmt::Debug for DecisionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecisionCache")
            .field("capacity", &self.capacity())
            .field("max_age_seconds", &self.max_age)
            .finish()
    }
}
