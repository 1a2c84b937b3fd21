//! W3C trace flags, level 2.

use core::fmt;

/// The flags of a span context: bit 0 *sampled*, bit 1 *random*. No other bit is ever kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// Neither sampled nor random.
    pub const NONE: Self = Self(0);
    /// The trace is recorded (`0x01`).
    pub const SAMPLED: Self = Self(1);
    /// The right-most seven bytes of the trace id are random (`0x02`).
    pub const RANDOM: Self = Self(2);

    /// Keeps the two known bits and drops the others, as the standard asks on reading and writing.
    #[inline]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 3)
    }

    /// The flags as written on the wire: 0 to 3.
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the sampled bit is set.
    #[inline]
    pub const fn is_sampled(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the random bit is set.
    #[inline]
    pub const fn is_random(self) -> bool {
        self.0 & 2 != 0
    }

    /// The same flags with the sampled bit as given.
    #[inline]
    #[must_use]
    pub const fn with_sampled(self, sampled: bool) -> Self {
        Self(self.0 & 2 | sampled as u8)
    }

    /// The same flags with the random bit as given.
    #[inline]
    #[must_use]
    pub const fn with_random(self, random: bool) -> Self {
        Self(self.0 & 1 | (random as u8) << 1)
    }
}

impl fmt::Debug for TraceFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}
