//! W3C tracestate, owned (Trace Context level 2).

use crate::tracestate_ref::{MAX_MEMBERS, TraceStateError, TraceStateRef, find, members};
use alloc::{string::String, sync::Arc};
use core::fmt;

/// An immutable, always valid list of `key=value` members; cheap to clone.
///
/// Kept as the canonical header text (`k=v,k=v`, no spaces), so that writing it is a copy. Every change gives a new
/// value; what is refused leaves the old one as it was.
///
/// ```
/// use spanline_core::TraceState;
/// let state = TraceState::parse(b"rojo=1, congo=2").unwrap();
/// assert_eq!(state.set("congo", "3").unwrap().as_str(), "congo=3,rojo=1");
/// assert_eq!(state.delete("rojo").get("congo"), Some("2"));
/// assert!(state.set("Congo", "3").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TraceState(Option<Arc<str>>);

impl TraceState {
    /// No members.
    pub const EMPTY: Self = Self(None);

    /// Reads one header value (join repeated headers with `,` first), under the rules of [`TraceStateRef::parse`].
    /// One pass over the text, and one allocation when the header is already canonical.
    pub fn parse(header: &[u8]) -> Result<Self, TraceStateError> {
        let view = TraceStateRef::parse(header)?;
        Ok(match view.canonical() {
            _ if view.is_empty() => Self::EMPTY,
            Some(text) => Self(Some(Arc::from(text))),
            None => Self::join(header.len(), view.iter()),
        })
    }

    /// A trace state of these members, in this order; of repeated keys the first counts. At most 32, counted with
    /// repeated ones.
    pub fn from_members<'a>(
        members: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, TraceStateError> {
        let mut text = String::new();
        for (count, (key, value)) in members.into_iter().enumerate() {
            if count == MAX_MEMBERS {
                return Err(TraceStateError::TooManyMembers);
            }
            check(key, value)?;
            if find(&text, key).is_none() {
                push(&mut text, key, value);
            }
        }
        Ok(Self::from_canonical(&text))
    }

    /// The members as one header value; empty when there are none.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("")
    }

    /// Whether there are no members.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        members(self.as_str())
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        find(self.as_str(), key)
    }

    /// The same with this member in front, added or updated; the others keep their order. When there are 32 others,
    /// the right-most is dropped.
    ///
    /// # Errors
    /// Key or value do not match the grammar.
    pub fn set(&self, key: &str, value: &str) -> Result<Self, TraceStateError> {
        check(key, value)?;
        let others = self.iter().filter(|(known, _)| *known != key);
        let all = core::iter::once((key, value)).chain(others).take(MAX_MEMBERS);
        Ok(Self::join(self.as_str().len() + key.len() + value.len() + 2, all))
    }

    /// The same without this member.
    #[must_use]
    pub fn delete(&self, key: &str) -> Self {
        if self.get(key).is_none() {
            return self.clone();
        }
        Self::join(
            self.as_str().len(),
            self.iter().filter(|(known, _)| *known != key),
        )
    }

    /// The same with whole members dropped until [`TraceState::as_str`] has at most `length` bytes: first those
    /// longer than 128, from the right, then the others, from the right.
    #[must_use]
    pub fn truncate(&self, length: usize) -> Self {
        let mut left = self.as_str().len();
        if left <= length {
            return self.clone();
        }
        let mut kept = [""; MAX_MEMBERS];
        let mut count = 0;
        for (slot, member) in kept.iter_mut().zip(self.as_str().split(',')) {
            *slot = member;
            count += 1;
        }
        for over in [128, 0] {
            for slot in kept[..count].iter_mut().rev() {
                if left > length && slot.len() > over {
                    left = left.saturating_sub(slot.len() + 1);
                    *slot = "";
                }
            }
        }
        Self::join(
            left,
            kept[..count].iter().filter_map(|member| member.split_once('=')),
        )
    }

    fn join<'a>(capacity: usize, members: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut text = String::with_capacity(capacity);
        for (key, value) in members {
            push(&mut text, key, value);
        }
        Self::from_canonical(&text)
    }

    fn from_canonical(text: &str) -> Self {
        Self((!text.is_empty()).then(|| Arc::from(text)))
    }
}

fn check(key: &str, value: &str) -> Result<(), TraceStateError> {
    if !TraceStateRef::is_valid_key(key.as_bytes()) {
        return Err(TraceStateError::InvalidKey);
    }
    if !TraceStateRef::is_valid_value(value.as_bytes()) {
        return Err(TraceStateError::InvalidValue);
    }
    Ok(())
}

fn push(text: &mut String, key: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(key);
    text.push('=');
    text.push_str(value);
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_longer_than_128_go_first() {
        let long = |key: &str, length: usize| alloc::format!("{key}={}", "x".repeat(length - 2));
        let text = [long("a", 128), long("b", 129), long("c", 128)].join(",");
        let state = TraceState::parse(text.as_bytes()).unwrap();
        let keys = |length| {
            state
                .truncate(length)
                .iter()
                .map(|(key, _)| key)
                .collect::<String>()
        };
        assert_eq!(keys(text.len()), "abc");
        assert_eq!(keys(text.len() - 1), "ac");
        assert_eq!(keys(256), "a");
        assert_eq!(keys(127), "");
    }

    #[test]
    fn members_are_counted_before_repeated_ones_are_left_out() {
        let members = |count| TraceState::from_members(core::iter::repeat_n(("k", "v"), count));
        assert_eq!(members(32).unwrap().as_str(), "k=v");
        assert_eq!(members(33), Err(TraceStateError::TooManyMembers));
    }
}
