//! Consistent probability sampling: 56-bit thresholds (OpenTelemetry "TraceState: Probability Sampling").

use core::fmt;

/// One more than the largest 56-bit number.
const LIMIT: u64 = 1 << 56;
/// Hex digits of a 56-bit number.
const DIGITS: usize = 14;

/// A rejection threshold of 56 bits: a trace is kept when its randomness is at least this.
///
/// ```
/// use spanline_core::sample::Threshold;
/// let quarter = Threshold::from_probability(0.25).unwrap();
/// assert_eq!(quarter.to_string(), "c");
/// assert!(quarter.keeps(0xd000_0000_0000_00) && !quarter.keeps(0xb000_0000_0000_00));
/// assert_eq!(quarter.adjusted_count(), 4.0);
/// assert!(Threshold::from_probability(0.0).is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// Keeps every trace (`th:0`).
    pub const ALWAYS: Self = Self(0);
    /// The significant hex digits that [`Threshold::from_probability`] keeps: 4.
    pub const PRECISION: u8 = 4;

    /// A threshold of these bits, at most 56.
    pub const fn from_bits(bits: u64) -> Option<Self> {
        if bits < LIMIT { Some(Self(bits)) } else { None }
    }

    /// The threshold that keeps this share of all traces, with the default precision. Valid are 2^-56 to 1.
    pub const fn from_probability(probability: f64) -> Option<Self> {
        Self::with_precision(probability, Self::PRECISION)
    }

    /// As [`Threshold::from_probability`], rounded to `precision` hex digits (1 to 14), not counting the leading `f`
    /// digits of small probabilities. All arithmetic is on integers, so every platform gets the same bits.
    pub const fn with_precision(probability: f64, precision: u8) -> Option<Self> {
        const SMALLEST: f64 = 1.0 / LIMIT as f64;
        if !(probability >= SMALLEST && probability <= 1.0) {
            return None;
        }
        let bits = probability.to_bits();
        // In range, so the number is normal: mantissa * 2^(biased - 1075), or m * 2^(biased - 1022) with m in [0.5, 1).
        let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
        let biased = (bits >> 52) as i32;
        let shift = biased - 1075 + 56;
        let kept = if shift >= 0 {
            mantissa << shift
        } else {
            (mantissa + (1 << (-shift - 1))) >> -shift
        };
        if kept >= LIMIT {
            return Some(Self::ALWAYS);
        }
        let leading = (1022 - biased) / 4;
        let wanted = precision as i32 + leading;
        let digits = if wanted < 1 {
            1
        } else if wanted > DIGITS as i32 {
            DIGITS as i32
        } else {
            wanted
        };
        let unit = 1u64 << (4 * (DIGITS as i32 - digits));
        let rounded = (LIMIT - kept + unit / 2) / unit * unit;
        Some(Self(if rounded >= LIMIT { LIMIT - unit } else { rounded }))
    }

    /// The value of a `th` sub-key: 1 to 14 lowercase hex digits, zeros to the right left out.
    pub const fn from_hex(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > DIGITS {
            return None;
        }
        match read_hex(text) {
            Some(value) => Some(Self(value << (4 * (DIGITS - text.len())))),
            None => None,
        }
    }

    /// The 56 bits.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether a trace of this randomness (56 bits) is kept.
    #[inline]
    pub const fn keeps(self, randomness: u64) -> bool {
        randomness >= self.0
    }

    /// The share of traces that are kept, above 0 and at most 1.
    pub const fn probability(self) -> f64 {
        (LIMIT - self.0) as f64 / LIMIT as f64
    }

    /// How many traces one kept trace stands for.
    pub const fn adjusted_count(self) -> f64 {
        LIMIT as f64 / (LIMIT - self.0) as f64
    }
}

impl fmt::Display for Threshold {
    /// As in the `th` sub-key: without the zeros to the right, `0` for zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0");
        }
        let zeros = self.0.trailing_zeros() as usize / 4;
        write!(f, "{:0width$x}", self.0 >> (4 * zeros), width = DIGITS - zeros)
    }
}

impl fmt::Debug for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Threshold({self})")
    }
}

/// The value of an `rv` sub-key: exactly 14 lowercase hex digits.
pub const fn randomness_from_hex(text: &[u8]) -> Option<u64> {
    if text.len() == DIGITS {
        read_hex(text)
    } else {
        None
    }
}

const fn read_hex(mut text: &[u8]) -> Option<u64> {
    let mut value = 0;
    while let [first, rest @ ..] = text {
        match crate::hex::lower_digit(*first) {
            Some(digit) => value = value << 4 | digit as u64,
            None => return None,
        }
        text = rest;
    }
    Some(value)
}
