//! Numbers of the JSON mapping, which may stand as strings.

use super::skip;

/// Digits with an optional minus sign; a fraction or exponent only where the value is whole and exact.
pub(super) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if !digits.is_empty() && digits.len() <= 20 && digits.iter().all(u8::is_ascii_digit) {
        let value = digits
            .iter()
            .fold(0, |value, digit| value * 10 + i128::from(digit - b'0'));
        return Some(if negative { -value } else { value });
    }
    let value = float(text)?;
    let whole = value as i64;
    (value.abs() <= 9_007_199_254_740_992.0 && whole as f64 == value).then_some(whole.into())
}

/// A finite number as JSON writes it.
pub(super) fn float(text: &str) -> Option<f64> {
    if skip::number(text.as_bytes(), 0) != Ok(text.len()) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}
