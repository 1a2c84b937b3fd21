//! Text for a terminal: what comes from the network must not steer it, and must fit.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// This text without characters that move the cursor, start an escape sequence or turn the direction of writing;
/// each becomes U+FFFD.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if text.contains(hostile) {
        text.replace(hostile, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// Columns that this text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Exactly `columns` columns: cut with an ellipsis, or filled with spaces.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let missing = columns.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// At most `columns` columns, cut with an ellipsis.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > columns {
            break;
        }
        out.push(c);
    }
    if columns > 0 {
        out.push('\u{2026}');
    }
    out
}

/// A duration of so many nanoseconds, for people: `850 ns`, `12.3 us` (with a mu), `4.5 ms`, `1.23 s`, `2m 05s`.
pub(crate) fn duration(ns: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = ns as f64 / unit;
        let digits = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        let text = format!("{value:.digits$}");
        let text = if digits > 0 {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        format!("{text} {name}")
    };
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..999_500 => scaled(1e3, "\u{b5}s"),
        999_500..999_500_000 => scaled(1e6, "ms"),
        999_500_000..60_000_000_000 => scaled(1e9, "s"),
        _ => {
            let seconds = ns / 1_000_000_000;
            match seconds / 3600 {
                0 => format!("{}m {:02}s", seconds / 60, seconds % 60),
                hours => format!("{hours}h {:02}m", seconds / 60 % 60),
            }
        }
    }
}

/// `1 span`, `2 spans`, `1,234 spans`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n as u64), if n == 1 { "" } else { "s" })
}

/// A number with a comma every three digits.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The time of day of this Unix time in nanoseconds, UTC, with milliseconds.
pub(crate) fn time_of_day(unix_ns: u64) -> String {
    let ms = unix_ns / 1_000_000 % 86_400_000;
    let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    format!("{h:02}:{m:02}:{s:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_pass() {
        assert_eq!(
            clean("a\u{1b}[2Jb\r\n\u{202e}c\u{9b}31m"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c\u{fffd}31m"
        );
        assert!(matches!(clean("GET /caf\u{e9}"), Cow::Borrowed(_)));
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fit("\u{65e5}\u{672c}", 6), "\u{65e5}\u{672c}  ");
        assert_eq!(fit("\u{65e5}\u{672c}\u{8a9e}", 4), "\u{65e5}\u{2026} ");
        assert_eq!(cut("abcdef", 4), "abc\u{2026}");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn durations_for_people() {
        let cases = [
            (0, "0 ns"),
            (850, "850 ns"),
            (1_000, "1 \u{b5}s"),
            (12_345, "12.3 \u{b5}s"),
            (999_499, "999 \u{b5}s"),
            (999_500, "1 ms"),
            (123_400_000, "123 ms"),
            (1_230_000_000, "1.23 s"),
            (60_000_000, "60 ms"),
            (125_000_000_000, "2m 05s"),
            (3_725_000_000_000, "1h 02m"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(count(1, "span"), "1 span");
        assert_eq!(count(1_234_567, "span"), "1,234,567 spans");
        assert_eq!(time_of_day(1_700_000_000_123_456_789), "22:13:20.123Z");
    }
}
