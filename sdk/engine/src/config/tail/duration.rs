//! Durations as the Collector writes them: `30s`, `1m30s`, `1.5h`.

use crate::config::{Node, Value};
use alloc::{borrow::ToOwned, format, string::String};

const UNITS: [(&str, u128); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Whole milliseconds, rounded up: what is more than nothing must not become nothing. Only 0 needs no unit: a plain number
/// is one of nanoseconds there, which nobody means.
///
/// # Errors
/// What to write instead.
pub(super) fn milliseconds(node: &Node) -> Result<u64, String> {
    let nanos = match &node.value {
        Value::Int(0) => Some(0),
        Value::Int(number) if *number > 0 => {
            return Err(format!(
                "a unit is needed here: write `{number}s` or `{number}ms`"
            ));
        }
        Value::Str(text) => nanoseconds(text),
        _ => None,
    };
    let whole = nanos.and_then(|nanos| u64::try_from(nanos.div_ceil(1_000_000)).ok());
    whole.ok_or_else(|| "this is no duration such as `30s`".to_owned())
}

fn nanoseconds(text: &str) -> Option<u128> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut sum) = (text, 0u128);
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, behind) = rest.split_at(number);
        let unit = behind
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(part(digits, *nanos)?)?;
        rest = behind;
    }
    (!text.is_empty()).then_some(sum)
}

/// So many units, of which there may be a fraction.
fn part(digits: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') || whole.len() > 18 {
        return None;
    }
    let number = |digits: &str| {
        digits
            .bytes()
            .fold(0u128, |sum, digit| sum * 10 + u128::from(digit - b'0'))
    };
    let mut sum = number(whole).checked_mul(unit)?;
    // Finer than a nanosecond is nothing.
    let mut unit = unit;
    for digit in fraction.bytes().take(18) {
        sum += u128::from(digit - b'0') * unit / 10;
        unit /= 10;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_the_collector_reads_them() {
        for (text, expected) in [
            ("30s", Some(30_000)),
            ("0s", Some(0)),
            ("0", Some(0)),
            ("500ms", Some(500)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            (".5s", Some(500)),
            ("1us", Some(1)),
            ("1.0005s", Some(1_001)),
            ("", None),
            ("30", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("1d", None),
            ("-1s", None),
            ("+1s", None),
            ("1s ", None),
            ("1 s", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(milliseconds(&Node::from(text)).ok(), expected, "{text}");
        }
        assert_eq!(milliseconds(&Node::from(0)), Ok(0));
        for number in [Node::from(30), Node::from(-1), Node::from(1.5)] {
            let problem = milliseconds(&number).unwrap_err();
            assert_eq!(
                problem.contains("write `30s`"),
                number == Node::from(30),
                "{problem}"
            );
        }
    }
}
