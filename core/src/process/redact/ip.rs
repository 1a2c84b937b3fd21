//! IP addresses.

use super::find::{before, next, run};
use core::{
    net::{Ipv4Addr, Ipv6Addr},
    ops::Range,
};

pub(super) fn find_v4(text: &str, from: usize) -> Option<Range<usize>> {
    let part = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    find(text, from, part, |address| address.parse::<Ipv4Addr>().is_ok())
}

pub(super) fn find_v6(text: &str, from: usize) -> Option<Range<usize>> {
    let part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    find(text, from, part, |address| {
        // `::` alone says nothing, and stands in many a name.
        address.len() > 2 && address.parse::<Ipv6Addr>().is_ok()
    })
}

/// The next longest run of such bytes, without what ends a sentence, that is an address and not a part of a word.
fn find(
    text: &str,
    mut from: usize,
    part: impl Fn(u8) -> bool,
    is_address: impl Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    loop {
        let mut start = next(text, from, &part)?;
        let end = start + run(text, start, &part);
        let whole = text.get(start..end).unwrap_or_default();
        if whole.starts_with(':') && !whole.starts_with("::") {
            // As in `peer:2001:db8::1`.
            start += 1;
        }
        let is_word =
            before(text, start).is_some_and(word) || text.as_bytes().get(end).copied().is_some_and(word);
        let whole = text.get(start..end).unwrap_or_default();
        let trimmed = whole.trim_end_matches('.');
        for address in [trimmed, trimmed.strip_suffix(':').unwrap_or(trimmed)] {
            if !is_word && is_address(address) {
                return Some(start..start + address.len());
            }
        }
        from = end;
    }
}
