//! Secrets in URLs.

use super::find::next;
use crate::propagate::percent;
use alloc::borrow::Cow;
use core::ops::Range;

/// What ends a URL within a text.
fn is_end(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`')
}

/// User and password: what stands between `://` and the last `@` in front of the path. Where there is none, but what looks
/// like a user and a password begins there, the password may have had a `/`, `?` or `#` in it that should have been encoded:
/// then the last `@` of the URL counts.
pub(super) fn find_credentials(text: &str, mut from: usize) -> Option<Range<usize>> {
    // Up to there no `@` follows: what was looked through once for it is not looked through again.
    let mut without = 0;
    loop {
        let start = from + text.get(from..)?.find("://")? + 3;
        let rest = text.get(start..)?;
        let end = rest.find(|c| is_end(c) || matches!(c, '/' | '\\' | '?' | '#'));
        let authority = rest.get(..end.unwrap_or(rest.len()))?;
        if let Some(length) = authority.rfind('@').filter(|length| *length > 0) {
            return Some(start..start + length);
        }
        if start >= without && begins_with_user(authority) {
            let end = rest.find(is_end).unwrap_or(rest.len());
            if let Some(length) = rest.get(..end).and_then(|url| url.rfind('@')) {
                return Some(start..start + length);
            }
            without = start + end;
        }
        from = start;
    }
}

/// Whether it is `user:` and the beginning of a password, and not a host with a port.
fn begins_with_user(authority: &str) -> bool {
    let Some((user, password)) = authority.split_once(':') else {
        return false;
    };
    let is_port = password.bytes().all(|byte| byte.is_ascii_digit());
    // In brackets are addresses.
    (user.is_empty() || !is_port) && !user.starts_with('[')
}

/// The value of a parameter whose name is meant.
pub(super) fn find_parameter(
    text: &str,
    from: usize,
    is_meant: &dyn Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let delimiter = |byte: u8| matches!(byte, b'?' | b'&' | b';' | b'#');
    let mut start = match from {
        0 => 0,
        from => next(text, from, delimiter)? + 1,
    };
    loop {
        let rest = text.get(start..)?;
        let name = rest.find(|c| is_end(c) || matches!(c, '=' | '?' | '&' | ';' | '#' | '/'));
        let name = rest.get(..name.unwrap_or(rest.len()))?;
        if let Some(value) = rest.get(name.len()..).and_then(|rest| rest.strip_prefix('='))
            && names(&decoded(name)).any(is_meant)
        {
            let end = value.find(|c| is_end(c) || matches!(c, '&' | ';' | '#'));
            let length = end.unwrap_or(value.len());
            if length > 0 {
                let start = start + name.len() + 1;
                return Some(start..start + length);
            }
        }
        start = next(text, start + name.len(), delimiter)? + 1;
    }
}

/// A name without percent-encoding; as it is where that is not text.
fn decoded(name: &str) -> Cow<'_, str> {
    match percent::decode(name.as_bytes()) {
        Cow::Owned(bytes) => alloc::string::String::from_utf8(bytes).map_or(Cow::Borrowed(name), Cow::Owned),
        Cow::Borrowed(_) => Cow::Borrowed(name),
    }
}

/// What a name may be called: as it stands, what stands in front of brackets, and within the last.
fn names(name: &str) -> impl Iterator<Item = &str> {
    let front = name.split_once('[').map(|(front, _)| front);
    let last = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    [Some(name), front, last.map(|(_, last)| last)]
        .into_iter()
        .flatten()
}
