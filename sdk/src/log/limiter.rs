//! One message of each kind per minute, without a lock.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// How long a kind is silent after it has spoken.
pub(super) const SILENCE_NANOS: u64 = 60_000_000_000;

/// How many kinds are told apart; the rest share the last slot.
const SLOTS: usize = 256;

struct Slot {
    /// The hash of the kind; 0 while free.
    kind: AtomicU64,
    /// When this kind may speak again, in monotonic nanoseconds; 0 before the first time.
    next: AtomicU64,
    suppressed: AtomicU32,
}

pub(super) struct Limiter {
    slots: [Slot; SLOTS],
}

impl Limiter {
    pub(super) const fn new() -> Self {
        let slots = [const {
            Slot {
                kind: AtomicU64::new(0),
                next: AtomicU64::new(0),
                suppressed: AtomicU32::new(0),
            }
        }; SLOTS];
        Self { slots }
    }

    /// Whether this kind may speak now, and how many of its messages were held back since it did. A kind is a fixed key
    /// and what tells its cases apart: the reason, and who speaks.
    pub(super) fn admit(&self, kind: &[&str], now: u64) -> Option<u32> {
        let slot = self.slot(kind);
        let next = slot.next.load(Ordering::Relaxed);
        let due = next == 0 || now >= next;
        let later = now.saturating_add(SILENCE_NANOS);
        // Of several threads at once one speaks.
        if due
            && slot
                .next
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            return Some(slot.suppressed.swap(0, Ordering::Relaxed));
        }
        let one_more = |count: u32| count.checked_add(1);
        let _ = slot
            .suppressed
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        None
    }

    fn slot(&self, kind: &[&str]) -> &Slot {
        let hash = fnv1a(kind) | 1;
        for slot in &self.slots[..SLOTS - 1] {
            let known = slot.kind.load(Ordering::Relaxed);
            if known == hash {
                return slot;
            }
            if known == 0 {
                match slot
                    .kind
                    .compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed)
                {
                    Ok(_) => return slot,
                    Err(other) if other == hash => return slot,
                    Err(_) => {}
                }
            }
        }
        &self.slots[SLOTS - 1]
    }
}

/// FNV-1a over the parts, each with an end that no text has. What a receiver says has no part in it but its status.
fn fnv1a(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_speaks_once_a_minute_and_says_how_often_it_did_not() {
        let limiter = Limiter::new();
        assert_eq!(limiter.admit(&["a"], 5), Some(0));
        for _ in 0..3 {
            assert_eq!(limiter.admit(&["a"], 6), None);
        }
        assert_eq!(limiter.admit(&["b"], 6), Some(0), "another kind is not held back");
        assert_eq!(limiter.admit(&["a"], 5 + SILENCE_NANOS - 1), None);
        assert_eq!(limiter.admit(&["a"], 5 + SILENCE_NANOS), Some(4));
        assert_eq!(limiter.admit(&["a"], 5 + 2 * SILENCE_NANOS), Some(0));
    }

    #[test]
    fn who_speaks_and_why_is_part_of_the_kind() {
        let limiter = Limiter::new();
        for kind in [
            ["refused", "401", "otlp"],
            ["refused", "503", "otlp"],
            ["refused", "401", "otlp_2"],
            ["re", "fused401", "otlp"],
        ] {
            assert_eq!(limiter.admit(&kind, 5), Some(0), "{kind:?}");
            assert_eq!(limiter.admit(&kind, 6), None, "{kind:?}");
        }
    }

    #[test]
    fn more_kinds_than_slots_share_the_last() {
        let limiter = Limiter::new();
        let kinds: Vec<String> = (0..SLOTS + 5).map(|n| format!("kind {n}")).collect();
        let spoke = kinds
            .iter()
            .filter(|kind| limiter.admit(&[kind], 1).is_some())
            .count();
        assert_eq!(spoke, SLOTS);
        assert_eq!(
            limiter.admit(&["kind 3"], 2),
            None,
            "the first ones keep their own"
        );
        assert_eq!(limiter.admit(&["yet another"], 1 + SILENCE_NANOS), Some(5));
    }

    #[test]
    fn of_threads_at_once_one_speaks() {
        let limiter = Limiter::new();
        let spoke: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| limiter.admit(&["k"], 7).is_some()).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(spoke, 1);
        assert_eq!(limiter.admit(&["k"], 7 + SILENCE_NANOS), Some(3_999));
    }
}
