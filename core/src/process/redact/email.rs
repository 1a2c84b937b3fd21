//! Addresses of e-mail.

use super::find::next;
use core::ops::Range;

pub(super) fn find(text: &str, from: usize) -> Option<Range<usize>> {
    let mut at = next(text, from, |byte| byte == b'@')?;
    loop {
        let local = text.get(from..at).unwrap_or_default();
        let local = local.len() - local.trim_end_matches(is_local).len();
        let domain = domain(text.get(at + 1..).unwrap_or_default());
        if local > 0 && domain > 0 {
            return Some(at - local..at + 1 + domain);
        }
        at = next(text, at + 1, |byte| byte == b'@')?;
    }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '\'' | '-')
}

/// The length of a name of a host with a dot in it, whose last part is no number; 0 when there is none.
fn domain(text: &str) -> usize {
    let whole = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-')));
    let whole = text.get(..whole.unwrap_or(text.len())).unwrap_or_default();
    // The end of a sentence.
    let whole = whole.trim_end_matches(['.', '-']);
    let last = whole.rsplit_once('.').map_or("", |(_, last)| last);
    let named = last.chars().nth(1).is_some() && last.contains(char::is_alphabetic);
    match named && !whole.starts_with(['.', '-']) {
        true => whole.len(),
        false => 0,
    }
}
