//! Reading texts of the environment, strictly.

use alloc::{string::String, vec::Vec};

/// ASCII digits only: no sign, space, exponent or grouping. `None` also beyond 2^63 - 1.
pub(crate) fn integer(text: &str) -> Option<u64> {
    let number = text.bytes().try_fold(0u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })?;
    (!text.is_empty() && number <= i64::MAX as u64).then_some(number)
}

/// A decimal number without sign: digits, at most one point among them, at most one exponent behind them.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fits = digits(whole)
        && digits(fraction)
        && whole.len() + fraction.len() > 0
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    fits.then(|| text.parse().ok()).flatten()
}

/// The non-empty items of a comma-separated list, trimmed.
pub(crate) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(|item| item.trim_matches(is_space))
        .filter(|item| !item.is_empty())
}

/// White space and line ends.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Percent-decoded bytes. A `%` without two hex digits is an error when `strict`, else it stays.
pub(super) fn percent_decode(text: &str, strict: bool) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = match tail {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = &tail[2..];
            }
            None if *first == b'%' && strict => return None,
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    Some(decoded)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// A value for a message: in quotes, escaped, at most 60 characters of it.
pub(crate) fn quoted(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((end, _)) => alloc::format!("{:?}...", &value[..end]),
        None => alloc::format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_digits_only() {
        assert_eq!(integer("0"), Some(0));
        assert_eq!(integer("007"), Some(7));
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX as u64));
        for bad in [
            "",
            "9223372036854775808",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x1",
            "1_0",
            "\u{663}",
        ] {
            assert_eq!(integer(bad), None, "{bad}");
        }
    }

    #[test]
    fn decimals_have_no_sign_and_no_words() {
        for (text, number) in [
            ("0", 0.0),
            ("0.25", 0.25),
            (".5", 0.5),
            ("1.", 1.0),
            ("1e-3", 0.001),
            ("2E+1", 20.0),
        ] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for bad in [
            "", ".", "+1", "-0", "1 ", "nan", "inf", "infinity", "1e", "1e+", "e1", "1.2.3", "0x1", "1_0",
        ] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn percent_decoding() {
        assert_eq!(
            percent_decode("a%2Cb%c3%A9+", true).unwrap(),
            "a,b\u{e9}+".as_bytes()
        );
        for bad in ["%", "%2", "%zz", "a%2g", "%%20"] {
            assert_eq!(percent_decode(bad, true), None, "{bad}");
        }
        assert_eq!(percent_decode("50%off %%20%", false).unwrap(), b"50%off % %");
    }

    #[test]
    fn quoted_values_are_short_and_plain() {
        assert_eq!(quoted("a\n\"b"), r#""a\n\"b""#);
        assert!(quoted(&"\u{e9}".repeat(1000)).chars().count() < 70);
    }
}
