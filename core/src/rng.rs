//! The generator of ids: xoshiro256++ by Blackman and Vigna (public domain).

use crate::{SpanId, TraceId};

/// A fast generator with 256 bits of state. Not for secrets: ids must be unlike, not unguessable.
///
/// It draws no entropy by itself: whoever makes one gives 32 bytes from the operating system, one seed per thread.
///
/// ```
/// use spanline_core::Xoshiro256;
/// let mut rng = Xoshiro256::from_seed([7; 32]);
/// assert!(rng.trace_id().is_valid() && rng.span_id().is_valid());
/// ```
#[derive(Clone)]
pub struct Xoshiro256([u64; 4]);

impl Xoshiro256 {
    /// A generator that starts from these 32 bytes. The all-zero seed, on which xoshiro would stand still, is
    /// replaced by a fixed other one.
    pub const fn from_seed(seed: [u8; 32]) -> Self {
        let mut state = [0u64; 4];
        let mut i = 0;
        while i < 32 {
            state[i / 8] |= (seed[i] as u64) << (8 * (i % 8));
            i += 1;
        }
        if state[0] | state[1] | state[2] | state[3] == 0 {
            state[0] = 0x9e37_79b9_7f4a_7c15;
        }
        Self(state)
    }

    /// 64 random bits.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A trace id, all 16 bytes random, never the invalid one.
    #[inline]
    pub const fn trace_id(&mut self) -> TraceId {
        loop {
            let high = self.next_u64() as u128;
            let low = self.next_u64() as u128;
            let id = TraceId::from_bytes((high << 64 | low).to_be_bytes());
            if id.is_valid() {
                return id;
            }
        }
    }

    /// A span id, never the invalid one.
    #[inline]
    pub const fn span_id(&mut self) -> SpanId {
        loop {
            let id = SpanId::from_bytes(self.next_u64().to_be_bytes());
            if id.is_valid() {
                return id;
            }
        }
    }
}

impl core::fmt::Debug for Xoshiro256 {
    /// The state is not shown: with it, later ids could be told.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Xoshiro256")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs from the state 1, 2, 3, 4, as the reference implementation gives them.
    #[test]
    fn reference_outputs() {
        let mut seed = [0; 32];
        for i in 0..4 {
            seed[8 * i] = i as u8 + 1;
        }
        let mut rng = Xoshiro256::from_seed(seed);
        let expected = [41943041, 58720359, 3588806011781223, 3591011842654386];
        for value in expected {
            assert_eq!(rng.next_u64(), value);
        }
    }

    #[test]
    fn the_zero_seed_does_not_stand_still() {
        let mut rng = Xoshiro256::from_seed([0; 32]);
        assert_ne!(rng.trace_id(), rng.trace_id());
        assert_ne!(rng.span_id(), rng.span_id());
    }
}
