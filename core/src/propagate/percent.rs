//! Percent-encoding.

use crate::hex;
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Writes one byte as `%XX`.
pub(super) fn push(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    out.push('%');
    out.push(digit(byte >> 4));
    out.push(digit(byte));
}

/// Writes a text whose bytes stay where `keep` says so, which it says of ASCII alone.
pub(super) fn encode(text: &str, keep: impl Fn(u8) -> bool, out: &mut String) {
    for &byte in text.as_bytes() {
        if byte.is_ascii() && keep(byte) {
            out.push(char::from(byte));
        } else {
            push(out, byte);
        }
    }
}

/// A `%` that two hex digits do not follow stays.
pub(crate) fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let decoded = match tail.first_chunk::<2>() {
            Some(digits) if *first == b'%' => hex::parse_any::<1>(digits),
            _ => None,
        };
        match decoded {
            Some([byte]) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        let mut out = String::new();
        encode("a~\u{e9}%/\n", |c| c.is_ascii_alphanumeric(), &mut out);
        assert_eq!(out, "a%7E%C3%A9%25%2F%0A");
        assert_eq!(&*decode(out.as_bytes()), "a~\u{e9}%/\n".as_bytes());
        for same in ["", "%", "%2", "%G0", "%%", "a%0"] {
            assert_eq!(&*decode(same.as_bytes()), same.as_bytes());
        }
        assert_eq!(&*decode(b"%%41%2f%"), b"%A/%");
    }
}
