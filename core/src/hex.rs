//! Strict lowercase hexadecimal, as the wire formats write it.

/// Parses exactly `2 * N` lowercase hex digits. Upper case, signs, spaces and any other length are refused.
pub(crate) fn parse_lower<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    parse_with(text, lower_digit)
}

/// Parses exactly `2 * N` hex digits of either case.
pub(crate) fn parse_any<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    parse_with(text, any_digit)
}

fn parse_with<const N: usize>(text: &[u8], digit: fn(u8) -> Option<u8>) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

/// The value of one lowercase hex digit.
pub(crate) fn lower_digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    }
}

/// The value of one hex digit of either case.
pub(crate) fn any_digit(c: u8) -> Option<u8> {
    lower_digit(c.to_ascii_lowercase())
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes `bytes` as lowercase hex into the front of `out`, which holds at least twice as many bytes.
pub(crate) fn write_lower(bytes: &[u8], out: &mut [u8]) {
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
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

    #[test]
    fn written_digits_are_read_back() {
        let mut out = [0; 4];
        write_lower(&[0x0f, 0xa9], &mut out);
        assert_eq!(&out, b"0fa9");
    }
}
