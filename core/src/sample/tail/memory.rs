//! What was decided about traces that are gone.

use super::{
    TailDecision, TailReason,
    filter::{Fate, Filter},
};
use crate::{TraceId, sample::Threshold};
use alloc::{vec, vec::Vec};

/// Entries that one trace id may stand in.
const WAYS: usize = 8;

/// A hash of a trace id, and a decision; 0 and 0 where there is none.
type Entry = (u64, u64);

/// Decisions by trace id, for spans that come after them.
///
/// The last ones are remembered exactly, in 16 bytes each. What is pushed out of there goes to a filter, which knows an
/// id only by a fingerprint and of a decision only whether the trace was kept, or dropped for good, in about 3 bytes: two generations, of
/// which the older one is forgotten when the younger one is full. The filter takes a trace that it never met for a
/// remembered one in fewer than one of 10,000 cases; one in 300 that are pushed out finds no room, and is forgotten.
///
/// ```
/// use spanline_core::TraceId;
/// use spanline_core::sample::tail::{DecisionMemory, PolicyKind, PolicyOptions, TailPolicies};
/// let mut policies = TailPolicies::new([PolicyOptions::new("all", PolicyKind::AlwaysSample)], false).unwrap();
/// let trace = TraceId::from_bytes([7; 16]);
/// let decision = policies.decide(&policies.watch().summary(trace), 0);
/// let mut memory = DecisionMemory::new(10_000, 40_000, 42);
/// assert!(memory.get(trace).is_none());
/// memory.put(trace, &decision);
/// assert_eq!(memory.get(trace), Some(decision));
/// ```
#[derive(Debug)]
pub struct DecisionMemory {
    /// In each set the youngest first.
    recent: Vec<[Entry; WAYS]>,
    filter: Option<Filter>,
    seed: u64,
}

impl DecisionMemory {
    /// Remembers about `exact` decisions exactly, and at least `compact` older ones by a fingerprint; 0: none. `seed`:
    /// random bits, so that nobody can choose trace ids that push each other out.
    pub fn new(exact: usize, compact: usize, seed: u64) -> Self {
        Self {
            recent: vec![[(0, 0); WAYS]; exact.div_ceil(WAYS)],
            filter: (compact > 0).then(|| Filter::new(compact)),
            seed,
        }
    }

    /// What was decided about this trace. Where only that is left, the reason is [`TailReason::Cached`], and policy and
    /// threshold are not known.
    pub fn get(&self, trace_id: TraceId) -> Option<TailDecision> {
        let (set, tag, hash) = self.place(trace_id);
        let set = self.recent.get(set).map(|set| set.as_slice()).unwrap_or_default();
        if let Some((_, packed)) = set.iter().find(|(known, _)| *known == tag) {
            return Some(unpack(*packed));
        }
        let fate = self.filter.as_ref()?.get(hash)?;
        Some(TailDecision {
            sampled: fate == Fate::Kept,
            vetoed: fate == Fate::Vetoed,
            ..TailDecision::DROPPED.with_reason(TailReason::Cached)
        })
    }

    /// Remembers a decision; one about the same trace takes the place of an earlier one.
    pub fn put(&mut self, trace_id: TraceId, decision: &TailDecision) {
        let (set, tag, hash) = self.place(trace_id);
        let Some(entries) = self.recent.get_mut(set) else {
            self.push_out(hash, decision);
            return;
        };
        let known = entries.iter().position(|(known, _)| *known == tag);
        let last = known.unwrap_or(WAYS - 1);
        let mut out = (0, 0);
        if let Some(shifted) = entries.get_mut(..=last) {
            shifted.rotate_right(1);
            if let Some(first) = shifted.first_mut() {
                out = core::mem::replace(first, (tag, pack(decision)));
            }
        }
        if known.is_none() && out.0 != 0 {
            self.push_out(self.hash_of(set, out.0), &unpack(out.1));
        }
    }

    /// Bytes that it takes: from the beginning, and always the same.
    pub fn charge(&self) -> usize {
        let recent = self.recent.len() * size_of::<[Entry; WAYS]>();
        recent + self.filter.as_ref().map_or(0, Filter::charge) + size_of::<Self>()
    }

    /// Decisions that were forgotten at once, for want of room in the filter.
    pub fn lost(&self) -> u64 {
        self.filter.as_ref().map_or(0, |filter| filter.lost)
    }

    fn push_out(&mut self, hash: u64, decision: &TailDecision) {
        let fate = match (decision.sampled, decision.vetoed) {
            (true, _) => Fate::Kept,
            (false, true) => Fate::Vetoed,
            (false, false) => Fate::Dropped,
        };
        if let Some(filter) = &mut self.filter {
            filter.put(hash, fate);
        }
    }

    /// The set of exact entries, what stands for the id there, and the hash for the filter.
    fn place(&self, trace_id: TraceId) -> (usize, u64, u64) {
        let id = u128::from_be_bytes(trace_id.to_bytes());
        let high = mix((id >> 64) as u64 ^ self.seed);
        // 0 is what a free entry holds.
        let tag = mix(id as u64 ^ high).max(1);
        let set = ((u128::from(mix(high ^ tag.rotate_left(32))) * self.recent.len() as u128) >> 64) as usize;
        (set, tag, self.hash_of(set, tag))
    }

    /// The hash for the filter, which has to follow from what an exact entry holds.
    fn hash_of(&self, set: usize, tag: u64) -> u64 {
        mix(tag ^ mix(set as u64 ^ self.seed))
    }
}

/// Every bit of the result depends on every bit given.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// Stands for no threshold: none has so many leading digits.
const NO_THRESHOLD: u64 = 0xf << 16;

/// Bits of a packed decision, from the lowest: the thresholds 20 each, policy 12, part 8, reason 2, whether it is
/// estimated, whether it is sampled. What a late span was told is remembered as what was decided. A policy to which it is
/// owed that a trace was dropped has had the last word.
fn pack(decision: &TailDecision) -> u64 {
    let consistent = decision.consistent.map_or(NO_THRESHOLD, shorten);
    let policy = decision.policy.map_or(0, |policy| u64::from(policy) + 1) & 0xfff;
    let part = decision.composite_policy.map_or(0, |part| u64::from(part) + 1) & 0xff;
    let reason = match decision.reason {
        TailReason::Policy | TailReason::Late => 0,
        TailReason::Evicted => 1,
        TailReason::Upgraded => 2,
        TailReason::Cached => 3,
    };
    let (estimated, sampled) = (u64::from(decision.estimated), u64::from(decision.sampled));
    let known = consistent | shorten(decision.independent) << 20 | policy << 40 | part << 52;
    known | reason << 60 | estimated << 62 | sampled << 63
}

fn unpack(packed: u64) -> TailDecision {
    let field = |from: u32, bits: u32| packed >> from & ((1 << bits) - 1);
    let (sampled, policy) = (field(63, 1) != 0, field(40, 12).checked_sub(1));
    let consistent = Some(field(0, 20)).filter(|&short| short != NO_THRESHOLD);
    TailDecision {
        sampled,
        vetoed: !sampled && policy.is_some(),
        policy: policy.map(|policy| policy as u16),
        composite_policy: field(52, 8).checked_sub(1).map(|part| part as u8),
        reason: match field(60, 2) {
            0 => TailReason::Policy,
            1 => TailReason::Evicted,
            2 => TailReason::Upgraded,
            _ => TailReason::Cached,
        },
        consistent: consistent.and_then(lengthen),
        independent: lengthen(field(20, 20)).unwrap_or(Threshold::ALWAYS),
        estimated: field(62, 1) != 0,
    }
}

/// The threshold's leading `f` digits, counted in 4 bits, and the four digits behind them: all that thresholds of a
/// probability have.
fn shorten(threshold: Threshold) -> u64 {
    let digits = threshold.bits() << 8;
    let ones = (digits.leading_ones() / 4).min(10);
    u64::from(ones) << 16 | digits << (4 * ones) >> 48
}

fn lengthen(short: u64) -> Option<Threshold> {
    let ones = (short >> 16) as u32;
    let digits = !(u64::MAX.checked_shr(4 * ones)?) | (short & 0xffff) << 48 >> (4 * ones);
    Threshold::from_bits(digits >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thresholds_of_probabilities_are_remembered_exactly(probability in 1e-15..1.0_f64, tiny in any::<bool>()) {
            let probability = if tiny { probability * 1e-5 } else { probability };
            if let Some(threshold) = Threshold::from_probability(probability) {
                prop_assert_eq!(lengthen(shorten(threshold)), Some(threshold));
            }
        }

        #[test]
        fn packing_keeps_everything(
            (sampled, estimated) in any::<(bool, bool)>(),
            policy in proptest::option::of(0..4095_u16),
            composite_policy in proptest::option::of(0..255_u8),
            reason in 0..4_usize,
            consistent in proptest::option::of(0.001..1.0_f64),
            independent in 0.001..=1.0_f64,
        ) {
            let reasons =
                [TailReason::Policy, TailReason::Evicted, TailReason::Upgraded, TailReason::Cached];
            let decision = TailDecision {
                sampled,
                policy,
                composite_policy,
                reason: reasons[reason],
                consistent: consistent.and_then(Threshold::from_probability),
                independent: Threshold::from_probability(independent).unwrap(),
                estimated,
                vetoed: !sampled && policy.is_some(),
            };
            prop_assert_eq!(unpack(pack(&decision)), decision);
            prop_assert_eq!(unpack(pack(&decision.with_reason(TailReason::Late))).reason, TailReason::Policy);
        }
    }

    #[test]
    fn edges_of_thresholds_are_remembered() {
        for bits in [
            0,
            1 << 55,
            (1 << 56) - 1,
            (1 << 56) - (1 << 40),
            0x00ff_ffff_ffff_1234,
        ] {
            let threshold = Threshold::from_bits(bits);
            assert_eq!(threshold.map(shorten).and_then(lengthen), threshold, "{bits:x}");
        }
    }
}
