//! Base64, read.

use alloc::vec::Vec;

/// Decodes either alphabet, with or without padding. Anything else is `None`.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digits = match text {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] => digits,
        digits => digits,
    };
    if digits.len() < text.len() && !text.len().is_multiple_of(4) || digits.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for chunk in digits.chunks(4) {
        let mut group = 0;
        for &byte in chunk {
            group = group << 6 | digit(byte)?;
        }
        group <<= 6 * (4 - chunk.len());
        out.extend(group.to_be_bytes().into_iter().skip(1).take(chunk.len() - 1));
    }
    Some(out)
}

fn digit(byte: u8) -> Option<u32> {
    Some(
        match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        }
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn both_alphabets_with_and_without_padding() {
        for text in ["+/8=", "-_8=", "+/8", "-_8"] {
            assert_eq!(
                decode(text.as_bytes()).as_deref(),
                Some(&[0xfb, 0xff][..]),
                "{text}"
            );
        }
        for bad in ["A", "AAAA=", "A===", "AA=A", "A A", "=", "AAA\n", "AAAAA"] {
            assert_eq!(decode(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(decode(b""), Some(alloc::vec![]));
    }
}
