//! Commands of Redis without their values.

use super::MAX_QUERY_BYTES;
use alloc::string::String;

/// Longest name of a command; modules bring names of their own (`FT.AGGREGATE`).
const MAX_NAME: usize = 32;

/// The name of a command, and `?` for each of its arguments, keys included: `SET ? ?`. Arguments are what stands
/// between white space, or in quotes as the command line has them; a line that follows is one more argument, since a value
/// may hold the end of a line. `None` for what does not begin with the name of a command. At most [`MAX_QUERY_BYTES`].
pub(super) fn command(text: &str) -> Option<String> {
    let text = text.trim_ascii_start();
    let (name, mut rest) = text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()));
    let is_name = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'|'));
    if !is_name {
        return None;
    }
    let mut out = String::from(name);
    while out.len() + 2 <= MAX_QUERY_BYTES {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            break;
        }
        out.push_str(" ?");
        rest = rest.get(argument(rest.as_bytes())..).unwrap_or_default();
    }
    Some(out)
}

/// Where the argument ends that begins the text.
fn argument(text: &[u8]) -> usize {
    let quote = text.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate().skip(1) {
        match quote {
            None if byte.is_ascii_whitespace() => return at,
            Some(_) if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(quote) if byte == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}
