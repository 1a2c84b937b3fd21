//! The grammar of W3C tracestate (Trace Context level 2), and a reader that allocates nothing.

use core::fmt;

/// The most members that a trace state holds.
pub(crate) const MAX_MEMBERS: usize = 32;
/// The longest key and the longest value, in bytes.
const MAX_PART: usize = 256;

/// Bits that hold the length of a key.
const KEY_BITS: u32 = 9;
const KEY_MASK: u32 = (1 << KEY_BITS) - 1;
/// A header of 8 MiB is refused: 32 members have at most 16 KiB, the rest would be empty members and white space.
const MAX_HEADER: usize = 1 << (32 - KEY_BITS);

const KEY_FIRST: u8 = 1;
const KEY: u8 = 2;
const VALUE: u8 = 4;

/// What each byte may be part of.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut c = 0;
    while c < 256 {
        let byte = c as u8;
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() {
            table[c] |= KEY_FIRST | KEY;
        }
        if matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@') {
            table[c] |= KEY;
        }
        if matches!(byte, 0x20..=0x2b | 0x2d..=0x3c | 0x3e..=0x7e) {
            table[c] |= VALUE;
        }
        c += 1;
    }
    table
};

#[inline]
const fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

/// Optional white space: space and tab, nothing else.
#[inline]
pub(crate) const fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The text without spaces and tabs at its ends.
#[inline]
pub(crate) const fn trim_ows(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_ows(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_ows(*last)
    {
        text = rest;
    }
    text
}

/// Why a key, a value or a header was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TraceStateError {
    /// The key does not match the standard's grammar.
    InvalidKey,
    /// The value does not match the standard's grammar.
    InvalidValue,
    /// More than 32 members.
    TooManyMembers,
}

impl fmt::Display for TraceStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidKey => {
                "tracestate key is not 1 to 256 of a-z 0-9 _ - * / @ that begin with a letter or digit"
            }
            Self::InvalidValue => {
                "tracestate value is not 1 to 256 printable ASCII characters without ',' and '='"
            }
            Self::TooManyMembers => "tracestate has more than 32 members",
        })
    }
}

impl core::error::Error for TraceStateError {}

/// A header value that was found to be a valid trace state, borrowed.
///
/// ```
/// use spanline_core::TraceStateRef;
/// let state = TraceStateRef::parse(b"congo=t61rcWkgMzE , rojo=1").unwrap();
/// assert_eq!(state.iter().collect::<Vec<_>>(), [("congo", "t61rcWkgMzE"), ("rojo", "1")]);
/// assert!(TraceStateRef::parse(b"Congo=1").is_err());
/// ```
#[derive(Clone, Copy)]
pub struct TraceStateRef<'a> {
    text: &'a str,
    members: u8,
    canonical: bool,
    duplicates: bool,
}

impl TraceStateRef<'_> {
    /// Whether this is a key: a small letter or digit, then up to 255 of `a-z 0-9 _ - * / @`.
    pub fn is_valid_key(key: &[u8]) -> bool {
        matches!(key, [first, rest @ ..]
            if rest.len() < MAX_PART && is(*first, KEY_FIRST) && rest.iter().all(|&c| is(c, KEY)))
    }

    /// Whether this is a value: 1 to 256 printable ASCII characters without `,` and `=`, the last one not a space.
    pub fn is_valid_value(value: &[u8]) -> bool {
        matches!(value, [.., last] if *last != b' ')
            && value.len() <= MAX_PART
            && value.iter().all(|&c| is(c, VALUE))
    }
}

impl<'a> TraceStateRef<'a> {
    /// Checks one header value (repeated headers are joined with `,` first). White space around members and empty
    /// members are allowed; one bad member, or more than 32, and the whole is refused, and so is a header of 8 MiB. Of
    /// repeated keys the left-most counts.
    pub fn parse(header: &'a [u8]) -> Result<Self, TraceStateError> {
        let mut scan = Scan::default();
        scan.run(header)?;
        Ok(Self {
            // Never fails: the scan lets only ASCII through.
            text: core::str::from_utf8(header).map_err(|_| TraceStateError::InvalidValue)?,
            members: scan.members as u8,
            canonical: scan.canonical,
            duplicates: scan.duplicates,
        })
    }

    /// The members, in order, each key once.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let Self { text, duplicates, .. } = *self;
        members(text).enumerate().filter_map(move |(at, (key, value))| {
            let repeated = duplicates && members(text).take(at).any(|(earlier, _)| earlier == key);
            (!repeated).then_some((key, value))
        })
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        find(self.text, key)
    }

    /// Whether there are no members.
    pub const fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// The header, when it is exactly what would be written: no white space around members, no empty member, no
    /// repeated key.
    pub const fn canonical(&self) -> Option<&'a str> {
        if self.canonical { Some(self.text) } else { None }
    }
}

impl fmt::Debug for TraceStateRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.text)
    }
}

/// The members of a valid trace state, repeated keys included.
pub(crate) fn members(text: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    text.split(',')
        .filter_map(|member| member.trim_matches([' ', '\t']).split_once('='))
}

/// The value of the left-most member with this key.
pub(crate) fn find<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    members(text)
        .find(|(known, _)| *known == key)
        .map(|(_, value)| value)
}

/// One pass over a header.
struct Scan {
    /// Where each key begins, and in the low nine bits how long it is: small, as it is cleared for every header.
    keys: [u32; MAX_MEMBERS],
    members: usize,
    canonical: bool,
    duplicates: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            keys: [0; MAX_MEMBERS],
            members: 0,
            canonical: true,
            duplicates: false,
        }
    }
}

impl Scan {
    fn run(&mut self, text: &[u8]) -> Result<(), TraceStateError> {
        if text.len() >= MAX_HEADER {
            return Err(TraceStateError::TooManyMembers);
        }
        let mut at = 0;
        loop {
            let start = skip(text, at, is_ows);
            self.canonical &= start == at;
            at = match text.get(start) {
                None | Some(b',') => {
                    self.canonical &= text.is_empty();
                    start
                }
                Some(_) => self.member(text, start)?,
            };
            if at == text.len() {
                return Ok(());
            }
            at += 1;
        }
    }

    /// One member that begins here; gives where it ends: at a comma or at the end of the text.
    #[inline]
    fn member(&mut self, text: &[u8], start: usize) -> Result<usize, TraceStateError> {
        if self.members == MAX_MEMBERS {
            return Err(TraceStateError::TooManyMembers);
        }
        let key_end = skip(text, start, |c| is(c, KEY));
        let key = &text[start..key_end];
        if !is(text[start], KEY_FIRST) || key.len() > MAX_PART || text.get(key_end) != Some(&b'=') {
            return Err(TraceStateError::InvalidKey);
        }
        let value_start = key_end + 1;
        let value_stop = skip_value(text, value_start);
        let end = skip(text, value_stop, is_ows);
        let mut value_end = value_stop;
        while value_end > value_start && text[value_end - 1] == b' ' {
            value_end -= 1;
        }
        let length = value_end - value_start;
        if length == 0 || length > MAX_PART || text.get(end).is_some_and(|&c| c != b',') {
            return Err(TraceStateError::InvalidValue);
        }
        self.canonical &= end == value_end;
        let repeated = self.keys[..self.members].iter().any(|&known| {
            let (at, length) = ((known >> KEY_BITS) as usize, (known & KEY_MASK) as usize);
            length == key.len() && &text[at..][..length] == key
        });
        self.duplicates |= repeated;
        self.canonical &= !repeated;
        self.keys[self.members] = (start as u32) << KEY_BITS | key.len() as u32;
        self.members += 1;
        Ok(end)
    }
}

/// The first place from here on whose byte cannot be part of a value: eight bytes at a time, as values are long.
#[inline]
fn skip_value(text: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let (words, _) = text.get(from..).unwrap_or_default().as_chunks::<8>();
    let mut at = from;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // With the high bits cleared no sum leaves its byte; adding (0x80 - x) asks whether a byte is at least x.
        let low = word & !HIGH;
        let printable = (low + 0x60 * ONES) & !(low + ONES);
        let comma = (low ^ (0x2c * ONES)) + 0x7f * ONES;
        let equals = (low ^ (0x3d * ONES)) + 0x7f * ONES;
        let wrong = (!(printable & comma & equals) | word) & HIGH;
        if wrong != 0 {
            return at + wrong.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    skip(text, at, |c| is(c, VALUE))
}

/// The first place from here on whose byte is not of the kind.
#[inline]
fn skip(text: &[u8], from: usize, kind: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&c| !kind(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_at_each_place_of_a_value() {
        for place in 0..20 {
            for byte in 0..=255u8 {
                let mut text = [b'v'; 20];
                text[place] = byte;
                let expected = if is(byte, VALUE) { 20 } else { place };
                assert_eq!(skip_value(&text, 0), expected, "{byte:02x} at {place}");
                assert_eq!(skip_value(&text, place), expected);
            }
        }
        assert_eq!(skip_value(b"abc", 3), 3);
    }
}
