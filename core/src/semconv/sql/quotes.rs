//! Where a string or a quoted name ends. Nothing here looks at a byte twice, apart from a constant.

use super::dialect::Backslash;

/// Behind the quote that closes what begins with the quote at `start`. Two quotes stand for one. `None`: it does not
/// end, or dialects differ about where.
pub(super) fn quoted(bytes: &[u8], start: usize, close: u8, backslash: Backslash) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if backslash == Backslash::Escapes => at += 2,
            b'\\' if backslash == Backslash::Unsure => {
                let run = bytes.get(at..)?.iter().take_while(|&&byte| byte == b'\\').count();
                at += run;
                if run % 2 == 1 && bytes.get(at) == Some(&close) {
                    return None;
                }
            }
            byte if byte == close => {
                if bytes.get(at + 1) != Some(&close) {
                    return Some(at + 1);
                }
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// How long a UUID is: five groups of hex digits.
pub(super) const UUID: usize = 36;

/// Whether a UUID begins here, which CQL has without quotes, and nothing else goes on behind it.
pub(super) fn is_uuid(bytes: &[u8], start: usize) -> bool {
    let Some(text) = bytes.get(start..start + UUID) else {
        return false;
    };
    let next = bytes.get(start + UUID);
    next.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'$' | b'\'' | 0x80..))
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The same without doubled quotes (`[name]` of SQLite).
pub(super) fn until(bytes: &[u8], start: usize, close: u8) -> Option<usize> {
    let rest = bytes.get(start..)?;
    Some(start + rest.iter().position(|&byte| byte == close)? + 1)
}

/// The end of a string of Oracle whose quote is at `quote`: `[...]'`, `!...!'`.
pub(super) fn delimited(text: &str, quote: usize) -> Option<usize> {
    let open = text.get(quote + 1..)?.chars().next()?;
    let close = match open {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let mut at = quote + 1 + open.len_utf8();
    loop {
        let found = at + text.get(at..)?.find(close)? + close.len_utf8();
        if text.as_bytes().get(found) == Some(&b'\'') {
            return Some(found + 1);
        }
        at = found;
    }
}

/// The tag of a string of PostgreSQL between dollars, dollars included, if one begins at `start`.
pub(super) fn dollar_tag(text: &str, start: usize) -> Option<&str> {
    let rest = text.get(start + 1..)?;
    let length = rest
        .bytes()
        .take_while(|&byte| byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80)
        .count();
    let begins_with_digit = rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
    if begins_with_digit || rest.as_bytes().get(length) != Some(&b'$') {
        return None;
    }
    text.get(start..start + length + 2)
}

/// PostgreSQL joins strings that only a line break and comments lie between; the next one has the escapes of the
/// first. Where that begins, if it does.
pub(super) fn continued(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut line_break = false;
    loop {
        match *bytes.get(at)? {
            b'\'' if line_break => return Some(at),
            b'\n' | b'\r' => line_break = true,
            byte if byte.is_ascii_whitespace() || byte == 0x0b => {}
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at += bytes
                    .get(at..)?
                    .iter()
                    .position(|&byte| byte == b'\n' || byte == b'\r')?;
                line_break = true;
            }
            _ => return None,
        }
        at += 1;
    }
}

/// The end of the comment `/*` at `start`. `None`: it does not end. The second of the pair is whether another one
/// begins within.
pub(super) fn comment(bytes: &[u8], start: usize, nests: bool) -> (Option<usize>, bool) {
    let (mut at, mut depth, mut within) = (start + 2, 1_usize, false);
    loop {
        match bytes.get(at..at + 2) {
            None => return (None, within),
            Some(b"*/") => {
                at += 2;
                depth -= 1;
                if depth == 0 {
                    return (Some(at), within);
                }
            }
            Some(b"/*") => {
                at += 2;
                within = true;
                depth += usize::from(nests);
            }
            Some(_) => at += 1,
        }
    }
}

/// The end of the line.
pub(super) fn line(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r');
    start + length.unwrap_or(rest.len())
}

/// Whether bytes hold something that begins a string, a quoted name or a comment somewhere.
pub(super) fn is_telling(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .any(|byte| matches!(byte, b'\'' | b'"' | b'`' | b'\\' | b'$'))
        || bytes.windows(2).any(|pair| pair == b"/*" || pair == b"*/")
}
