//! Tokens and keys.

use super::find::{before, next, next_word, run};
use core::ops::Range;

/// Shorter ones behind `Bearer` are words.
const SHORTEST_TOKEN: usize = 8;

pub(super) fn find_bearer(text: &str, mut from: usize) -> Option<Range<usize>> {
    const WORD: &str = "bearer";
    loop {
        let at = next_word(text, from, WORD)?;
        let blanks = at + WORD.len();
        let start = blanks + run(text, blanks, |byte| matches!(byte, b' ' | b'\t'));
        let length = run(text, start, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
        });
        if start > blanks && length >= SHORTEST_TOKEN {
            return Some(start..start + length);
        }
        from = start;
    }
}

pub(super) fn find_jwt(text: &str, mut from: usize) -> Option<Range<usize>> {
    let part = |start: usize| {
        start
            + run(text, start, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
            })
    };
    let is_dot = |at: usize| text.as_bytes().get(at) == Some(&b'.');
    loop {
        // How base64 of `{"` begins.
        let start = from + text.get(from..)?.find("eyJ")?;
        let header = part(start);
        let payload = part(header + 1);
        if is_dot(header) && payload > header + 1 && is_dot(payload) {
            return Some(start..part(payload + 1));
        }
        from = header;
    }
}

pub(super) fn find_aws_id(text: &str, mut from: usize) -> Option<Range<usize>> {
    let part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    loop {
        let start = next(text, from, part)?;
        let end = start + run(text, start, part);
        let run = text.get(start..end).unwrap_or_default();
        let known = ["AKIA", "ASIA", "ABIA", "ACCA"]
            .iter()
            .any(|kind| run.starts_with(kind));
        let in_word = before(text, start).is_some_and(|byte| byte.is_ascii_alphanumeric());
        if known && !in_word && run.len() == 20 {
            return Some(start..end);
        }
        from = end;
    }
}

pub(super) fn find_aws_secret(text: &str, mut from: usize) -> Option<Range<usize>> {
    const WORD: &str = "secret";
    const LENGTH: usize = 40;
    loop {
        let name = next_word(text, from, WORD)? + WORD.len();
        let name = name
            + run(text, name, |byte| {
                byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-')
            });
        let between = |byte: u8| matches!(byte, b' ' | b'\t' | b'=' | b':' | b'"' | b'\'' | b'\\');
        let start = name + run(text, name, between);
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
        if start > name && run(text, start, part) == LENGTH {
            return Some(start..start + LENGTH);
        }
        from = name;
    }
}
