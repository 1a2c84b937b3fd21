//! The pairs of a SQL comment, read.

use super::percent;
use crate::tracestate_ref::trim_ows;
use alloc::{string::String, vec::Vec};

/// `key='value',...`; `None` when the text is anything else.
pub(super) fn read(text: &[u8]) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        let equals = rest.iter().position(|&c| c == b'=')?;
        let key = trim_ows(&rest[..equals]);
        // A raw `!` or `+` at the front makes a comment that is executed, or a hint; our writers encode all of these.
        let is_odd = |&c: &u8| c.is_ascii_whitespace() || b"!+',".contains(&c);
        if key.is_empty() || key.iter().any(is_odd) {
            return None;
        }
        let quoted = skip_ows(&rest[equals + 1..]).strip_prefix(b"'")?;
        let (value, tail) = read_value(quoted)?;
        pairs.push((text_of(key), text_of(&value)));
        match skip_ows(tail) {
            [] => return Some(pairs),
            [b',', tail @ ..] => rest = tail,
            _ => return None,
        }
    }
}

/// Up to the closing quote, and what is behind that; a quote with a backslash before it belongs to the value.
fn read_value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [b'\\', b'\'', tail @ ..] => {
                value.push(b'\'');
                tail
            }
            [b'\'', tail @ ..] => return Some((value, tail)),
            [byte, tail @ ..] => {
                value.push(*byte);
                tail
            }
            [] => return None,
        };
    }
}

fn skip_ows(text: &[u8]) -> &[u8] {
    let first = text.iter().position(|&c| c != b' ' && c != b'\t');
    &text[first.unwrap_or(text.len())..]
}

fn text_of(encoded: &[u8]) -> String {
    String::from_utf8_lossy(&percent::decode(encoded)).into_owned()
}
