//! Strict hexadecimal, as the wire formats write it: eight digits at a time, without a branch per digit.

/// One in every byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of every byte.
const HIGH: u64 = 0x80 * ONES;

/// Parses exactly `2 * N` lowercase hex digits. Upper case, signs, spaces and any other length are refused.
#[inline]
pub(crate) fn parse_lower<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    parse::<N, false>(text)
}

/// Parses exactly `2 * N` hex digits of either case.
#[inline]
pub(crate) fn parse_any<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    parse::<N, true>(text)
}

#[inline]
fn parse<const N: usize, const ANY_CASE: bool>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    let (words, rest) = text.as_chunks::<8>();
    let (out_words, out_rest) = out.as_chunks_mut::<4>();
    let mut bad = 0;
    for (word, out) in words.iter().zip(out_words) {
        let (value, wrong) = eight_digits(fold::<ANY_CASE>(u64::from_be_bytes(*word)));
        bad |= wrong;
        *out = value.to_be_bytes();
    }
    for (pair, out) in rest.as_chunks::<2>().0.iter().zip(out_rest) {
        // Two digits, padded in front with six zeros.
        let word = 0x3030_3030_3030_0000 | u64::from(u16::from_be_bytes(*pair));
        let (value, wrong) = eight_digits(fold::<ANY_CASE>(word));
        bad |= wrong;
        *out = value as u8;
    }
    (bad == 0).then_some(out)
}

/// Makes capital letters small. Other characters may change too, but none of them into a hex digit: only bytes of
/// 0x40 and above are touched, and among them only capital letters lead to a small letter.
#[inline]
const fn fold<const ANY_CASE: bool>(word: u64) -> u64 {
    if ANY_CASE {
        word | (word & (0x40 * ONES)) >> 1
    } else {
        word
    }
}

/// The value of eight lowercase digits, and a number that is zero exactly when all of them are digits.
#[inline]
const fn eight_digits(word: u64) -> (u32, u64) {
    // With the high bits cleared, adding (0x80 - x) to a byte sets its high bit when the byte is at least x; no sum
    // leaves its byte.
    let low = word & !HIGH;
    let digit = (low + (0x80 - 0x30) * ONES) & !(low + (0x80 - 0x3a) * ONES);
    let letter = (low + (0x80 - 0x61) * ONES) & !(low + (0x80 - 0x67) * ONES);
    let wrong = (!(digit | letter) | word) & HIGH;
    // Letters have bit 6 set and their value is the low nibble plus nine.
    let nibbles = (word & (0x0f * ONES)).wrapping_add(((word >> 6) & ONES) * 9) & (0x0f * ONES);
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    ((pairs | pairs >> 16) as u32, wrong)
}

/// The value of one lowercase hex digit.
#[inline]
pub(crate) const fn lower_digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

/// Eight digits of one number, in order of the text when written big-endian.
#[inline]
const fn digits(value: u32) -> u64 {
    let pairs = value as u64;
    let bytes = (pairs | pairs << 16) & 0x0000_ffff_0000_ffff;
    let nibbles = (bytes | bytes << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (nibbles | nibbles << 4) & (0x0f * ONES);
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    nibbles + 0x30 * ONES + letters * (b'a' - b'0' - 10) as u64
}

/// Writes `bytes` as lowercase hex into the front of `out`, which holds at least twice as many bytes.
#[inline]
pub(crate) fn write_lower(bytes: &[u8], out: &mut [u8]) {
    let (words, rest) = bytes.as_chunks::<4>();
    let (head, tail) = out.split_at_mut(words.len() * 8);
    for (word, out) in words.iter().zip(head.as_chunks_mut::<8>().0) {
        *out = digits(u32::from_be_bytes(*word)).to_be_bytes();
    }
    for (byte, pair) in rest.iter().zip(tail.as_chunks_mut::<2>().0) {
        *pair = (digits(u32::from(*byte)) as u16).to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_lowercase_digits() {
        assert_eq!(parse_lower::<2>(b"0fa9"), Some([0x0f, 0xa9]));
        for bad in [&b"0FA9"[..], b"0fa", b"0fa90", b"+fa9", b" fa9", b"0fg9"] {
            assert_eq!(parse_lower::<2>(bad), None);
        }
        assert_eq!(parse_any::<2>(b"0FA9"), Some([0x0f, 0xa9]));
    }

    /// Every byte at every place of a word, and of the rest behind it, against the plain definition.
    #[test]
    fn each_byte_at_each_place() {
        for place in 0..10 {
            for byte in 0..=255u8 {
                let mut text = *b"0123456789";
                text[place] = byte;
                let mut plain = [0u8; 5];
                let mut lower = true;
                let mut any = true;
                for (i, &c) in text.iter().enumerate() {
                    lower &= lower_digit(c).is_some();
                    let value = lower_digit(c.to_ascii_lowercase());
                    any &= value.is_some();
                    plain[i / 2] |= value.unwrap_or(0) << (4 * (1 - i % 2));
                }
                assert_eq!(
                    parse_lower::<5>(&text),
                    lower.then_some(plain),
                    "{byte:02x} at {place}"
                );
                assert_eq!(
                    parse_any::<5>(&text),
                    any.then_some(plain),
                    "{byte:02x} at {place}"
                );
            }
        }
    }

    #[test]
    fn written_digits_are_read_back() {
        let mut out = [0; 10];
        write_lower(&[0x0f, 0xa9, 0, 0xff, 0xab], &mut out);
        assert_eq!(&out, b"0fa900ffab");
        for byte in 0..=255u8 {
            let mut out = [0; 10];
            write_lower(&[byte, 1, byte, 2, byte], &mut out);
            assert_eq!(parse_lower::<5>(&out), Some([byte, 1, byte, 2, byte]));
        }
    }
}
