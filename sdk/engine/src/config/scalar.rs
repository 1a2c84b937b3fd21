//! The types of plain scalars: the core schema of YAML 1.2.

use super::Value;
use alloc::borrow::ToOwned;

/// What a scalar that is not in quotes stands for. `yes`, `on` and `1:30` are text, `012` is twelve; whole numbers
/// beyond 64 bits become [`Value::Float`].
///
/// ```
/// use spanline_engine::config::{plain_scalar, Value};
/// assert_eq!(plain_scalar("0x1F"), Value::Int(31));
/// assert_eq!(plain_scalar("no"), Value::Str("no".into()));
/// ```
pub fn plain_scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    integer(text)
        .or_else(|| float(text))
        .unwrap_or_else(|| Value::Str(text.to_owned()))
}

fn integer(text: &str) -> Option<Value> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', b'x', ..] => (&text[2..], 16),
        _ => return decimal(text),
    };
    // Checked before, because the standard library would accept a sign here.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    Some(match i64::from_str_radix(digits, radix) {
        Ok(number) => Value::Int(number),
        Err(_) => Value::Float(digits.chars().fold(0.0, |sum, digit| {
            sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or_default())
        })),
    })
}

fn decimal(text: &str) -> Option<Value> {
    let digits = unsigned(text);
    let fits = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    fits.then(|| text.parse().ok().map(Value::Int)).flatten()
}

fn float(text: &str) -> Option<Value> {
    let body = unsigned(text);
    if matches!(body, ".inf" | ".Inf" | ".INF") {
        let negative = text.starts_with('-');
        return Some(Value::Float(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }));
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fits = digits(whole)
        && digits(fraction)
        && whole.len() + fraction.len() > 0
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    fits.then(|| text.parse().ok().map(Value::Float)).flatten()
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, number) in [
            ("0", 0),
            ("-19", -19),
            ("+3", 3),
            ("012", 12),
            ("0o14", 12),
            ("0xFf", 255),
        ] {
            assert_eq!(plain_scalar(text), Value::Int(number), "{text}");
        }
        for (text, number) in [
            ("0.", 0.0),
            ("-.5", -0.5),
            ("+12e03", 12_000.0),
            ("-2E-05", -2e-5),
            ("-.INF", f64::NEG_INFINITY),
            ("+.inf", f64::INFINITY),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("0xFFFFFFFFFFFFFFFFF", 295_147_905_179_352_830_000.0),
        ] {
            assert_eq!(plain_scalar(text), Value::Float(number), "{text}");
        }
        assert!(matches!(plain_scalar(".NaN"), Value::Float(number) if number.is_nan()));
    }

    #[test]
    fn what_looks_like_something_else_is_text() {
        for text in [
            "yes", "No", "on", "nULL", "tRUE", "0o8", "0o", "0x", "0x+1", "0xg", "-0x1", "1_000", "1:30",
            ".", "+", "-", "e3", "1e", "1e+", "inf", "nan", "-.nan", "infinity", "--1", "+-1", "1.2.3", " 1",
        ] {
            assert_eq!(plain_scalar(text), Value::Str(text.into()), "{text}");
        }
    }
}
