//! Durations as Go writes them: `1.5s`, `100ms`, `1m30s`.

/// Parses a duration into nanoseconds; the error says what is wrong. Signs are refused: no search wants one.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is not a duration such as 1.5s, 100ms, 300us or 1m30s");
    if text == "0" {
        return Ok(0);
    }
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after_number) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(wrong());
        }
        let (unit, after_unit) = unit(after_number).ok_or_else(wrong)?;
        let part = scale(whole, fraction, unit).ok_or_else(|| format!("\"{text}\" is too long"))?;
        total = total
            .checked_add(part)
            .ok_or_else(|| format!("\"{text}\" is too long"))?;
        rest = after_unit;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The unit at the front, in nanoseconds. `ms` comes before `m`.
fn unit(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("\u{b5}s", 1_000),
        ("\u{3bc}s", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    UNITS
        .iter()
        .find_map(|&(name, ns)| text.strip_prefix(name).map(|rest| (ns, rest)))
}

fn scale(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    let mut value = 0_u64;
    for digit in whole.bytes() {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let mut ns = value.checked_mul(unit)?;
    // Digits below a nanosecond are cut off, as Go does.
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        ns = ns.checked_add(u64::from(digit - b'0') * place)?;
    }
    Some(ns)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn go_durations() {
        let cases = [
            ("1.5s", 1_500_000_000),
            ("100ms", 100_000_000),
            ("300us", 300_000),
            ("2\u{b5}s", 2_000),
            ("2\u{3bc}s", 2_000),
            ("10ns", 10),
            ("1m", 60_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1m30s", 90_000_000_000),
            ("0", 0),
            (".5ms", 500_000),
            ("1.s", 1_000_000_000),
            ("1.0000000009s", 1_000_000_000),
        ];
        for (text, ns) in cases {
            assert_eq!(parse(text), Ok(ns), "{text}");
        }
        for text in [
            "",
            "1",
            "s",
            ".s",
            "1x",
            "-1s",
            "+1s",
            " 1s",
            "1s ",
            "1e3s",
            "99999999999h",
            "18446744073709551616ns",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
