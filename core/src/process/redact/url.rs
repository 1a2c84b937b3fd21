//! Secrets in URLs.

use super::find::next;
use core::ops::Range;

/// What ends a URL within a text.
fn is_end(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`')
}

/// User and password: what stands between `://` and the last `@` in front of the path.
pub(super) fn find_credentials(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let start = from + text.get(from..)?.find("://")? + 3;
        let rest = text.get(start..)?;
        let end = rest.find(|c| is_end(c) || matches!(c, '/' | '\\' | '?' | '#'));
        let authority = rest.get(..end.unwrap_or(rest.len()))?;
        if let Some(length) = authority.rfind('@').filter(|length| *length > 0) {
            return Some(start..start + length);
        }
        from = start;
    }
}

/// The value of a parameter whose name is meant.
pub(super) fn find_parameter(
    text: &str,
    from: usize,
    is_meant: &dyn Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let delimiter = |byte: u8| matches!(byte, b'?' | b'&' | b';');
    let mut start = match from {
        0 => 0,
        from => next(text, from, delimiter)? + 1,
    };
    loop {
        let rest = text.get(start..)?;
        let name = rest.find(|c| is_end(c) || matches!(c, '=' | '?' | '&' | ';' | '#' | '/'));
        let name = rest.get(..name.unwrap_or(rest.len()))?;
        if let Some(value) = rest.get(name.len()..).and_then(|rest| rest.strip_prefix('='))
            && is_meant(name)
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
