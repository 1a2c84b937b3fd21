//! Numbers of credit cards.

use super::find::{before, next};
use core::ops::Range;

const SHORTEST: usize = 12;
const LONGEST: usize = 19;

pub(super) fn find(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let start = next(text, from, |byte| byte.is_ascii_digit())?;
        let group = group_end(text, start);
        if begins(text, start)
            && let Some(end) = card_end(text, start)
        {
            return Some(start..end);
        }
        from = group;
    }
}

/// Where the digits from here on end.
fn group_end(text: &str, start: usize) -> usize {
    start + super::find::run(text, start, |byte| byte.is_ascii_digit())
}

/// Whether a number may begin here: not within one, nor behind its decimal point; and no issuer has others.
fn begins(text: &str, start: usize) -> bool {
    let issued = matches!(text.as_bytes().get(start), Some(b'2'..=b'6'));
    let digit = |at: usize| before(text, at).is_some_and(|byte| byte.is_ascii_digit());
    let behind_point = before(text, start) == Some(b'.') && digit(start.saturating_sub(1));
    issued && !digit(start) && !behind_point
}

/// The end of the longest number with a right check digit that begins here and ends with a group of digits.
fn card_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut digits = [0_u8; LONGEST];
    let (mut count, mut at, mut found) = (0, start, None);
    loop {
        let end = group_end(text, at);
        for byte in bytes.get(at..end)? {
            let Some(place) = digits.get_mut(count) else {
                return found;
            };
            *place = byte - b'0';
            count += 1;
        }
        if count >= SHORTEST && luhn(digits.get(..count)?) {
            found = Some(end);
        }
        let goes_on =
            matches!(bytes.get(end), Some(b' ' | b'-')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !goes_on {
            return found;
        }
        at = end + 1;
    }
}

fn luhn(digits: &[u8]) -> bool {
    let digits = digits.iter().rev().enumerate();
    let sum: u32 = digits
        .map(|(at, &digit)| match (at % 2, digit) {
            (0, digit) => u32::from(digit),
            (_, digit @ 0..=4) => 2 * u32::from(digit),
            (_, digit) => 2 * u32::from(digit) - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
