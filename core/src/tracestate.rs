//! W3C tracestate (Trace Context level 2).

use alloc::sync::Arc;
use core::fmt;

/// An immutable, always valid list of `key=value` members; cheap to clone.
///
/// Kept as the canonical header text (`k=v,k=v`, no spaces), so that writing it is a copy.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct TraceState(Option<Arc<str>>);

/// Why a key or value was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TraceStateError {
    /// The key does not match the standard's grammar.
    InvalidKey,
    /// The value does not match the standard's grammar.
    InvalidValue,
}

impl TraceState {
    /// No members.
    pub const EMPTY: Self = Self(None);

    /// The members as one header value; empty when there are none.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("")
    }

    /// Whether there are no members.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}
