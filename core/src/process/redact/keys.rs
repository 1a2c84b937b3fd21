//! Keys that are meant.

use crate::sample::Pattern;
use alloc::{borrow::Cow, boxed::Box, vec::Vec};

/// Patterns for keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    pattern: Pattern,
    /// In lower case.
    lower: Option<Pattern>,
}

impl Keys {
    pub(super) fn push(&mut self, pattern: Pattern) {
        let lower = |text: &str| -> Box<str> { text.to_ascii_lowercase().into() };
        let lower = match &pattern {
            Pattern::Exact(text) => Some(Pattern::Exact(lower(text))),
            Pattern::Glob(text) => Some(Pattern::Glob(lower(text))),
            Pattern::Custom(_) => None,
        };
        self.0.push(Key { pattern, lower });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a pattern fits as it stands.
    pub(super) fn fit(&self, key: &str) -> bool {
        self.0.iter().any(|known| known.pattern.matches(key))
    }

    /// The same without regard to case, but for patterns by code.
    pub(super) fn fit_any_case(&self, key: &str) -> bool {
        let lower = match key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(key.to_ascii_lowercase()),
            false => Cow::Borrowed(key),
        };
        self.0.iter().any(|known| match &known.lower {
            Some(pattern) => pattern.matches(&lower),
            None => known.pattern.matches(key),
        })
    }
}
