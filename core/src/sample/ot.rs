//! The `ot` member of the trace state: sampling threshold, explicit randomness, and what others keep there.

use super::threshold::{Threshold, randomness_from_hex};
use core::fmt;

/// The longest `ot` value.
const MAX: usize = 256;

/// What an `ot` value says; borrowed from it.
///
/// ```
/// use spanline_core::{TraceId, sample::OtState};
/// let state = OtState::parse("th:c;rv:6e6d1a75832a2f;k1:13");
/// assert_eq!(state.randomness(TraceId::INVALID), 0x6e6d1a75832a2f);
/// assert_eq!(state.with_threshold(None).encode().unwrap().as_str(), "rv:6e6d1a75832a2f;k1:13");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OtState<'a> {
    threshold: Option<Threshold>,
    random_value: Option<u64>,
    text: &'a str,
}

impl<'a> OtState<'a> {
    /// Reads an `ot` value. Entries without a colon or with a bad key are dropped; of repeated sub-keys the last
    /// counts, valid or not; a value over 256 characters is ignored as a whole.
    pub fn parse(text: &'a str) -> Self {
        if text.len() > MAX {
            return Self::default();
        }
        let mut state = Self {
            text,
            ..Self::default()
        };
        for (key, value) in entries(text) {
            match key {
                "th" => state.threshold = Threshold::from_hex(value.as_bytes()),
                "rv" => state.random_value = randomness_from_hex(value.as_bytes()),
                _ => {}
            }
        }
        state
    }

    /// The threshold by which the span was kept (`th`).
    pub const fn threshold(&self) -> Option<Threshold> {
        self.threshold
    }

    /// The explicit randomness (`rv`), 56 bits.
    pub const fn random_value(&self) -> Option<u64> {
        self.random_value
    }

    /// The trace's randomness, 56 bits: `rv`, else the right-most seven bytes of the trace id.
    pub fn randomness(&self, trace_id: crate::TraceId) -> u64 {
        self.random_value.unwrap_or(trace_id.randomness())
    }

    /// The sub-keys that are neither `th` nor `rv`, in order, each once.
    pub fn rest(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let text = self.text;
        entries(text).enumerate().filter_map(move |(at, (key, value))| {
            let later = entries(text).skip(at + 1).any(|(other, _)| other == key);
            (!later && key != "th" && key != "rv").then_some((key, value))
        })
    }

    /// The same with this threshold, or with none.
    #[must_use]
    pub const fn with_threshold(mut self, threshold: Option<Threshold>) -> Self {
        self.threshold = threshold;
        self
    }

    /// The same with this explicit randomness, of which the low 56 bits count.
    #[must_use]
    pub const fn with_random_value(mut self, random_value: u64) -> Self {
        self.random_value = Some(random_value & ((1 << 56) - 1));
        self
    }

    /// The value to write: `th`, `rv`, then the others. `None` when it would exceed 256 characters.
    pub fn encode(&self) -> Option<OtText> {
        use fmt::Write;
        let mut out = OtText {
            bytes: [0; MAX],
            length: 0,
        };
        if let Some(threshold) = self.threshold {
            write!(out, "th:{threshold}").ok()?;
        }
        if let Some(random_value) = self.random_value {
            write!(out, "{}rv:{random_value:014x}", out.separator()).ok()?;
        }
        for (key, value) in self.rest() {
            write!(out, "{}{key}:{value}", out.separator()).ok()?;
        }
        Some(out)
    }
}

/// The entries that have a good key.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    text.split(';')
        .filter_map(|entry| entry.split_once(':'))
        .filter(|(key, _)| valid_key(key.as_bytes()))
}

fn valid_key(key: &[u8]) -> bool {
    matches!(key, [b'a'..=b'z', rest @ ..]
        if rest.iter().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// An encoded `ot` value, at most 256 bytes.
#[derive(Clone, Copy)]
pub struct OtText {
    bytes: [u8; MAX],
    length: usize,
}

impl OtText {
    /// The text; empty when there is nothing to write, then the `ot` member is left out.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }

    const fn separator(&self) -> &'static str {
        if self.length == 0 { "" } else { ";" }
    }
}

impl fmt::Write for OtText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl fmt::Debug for OtText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
