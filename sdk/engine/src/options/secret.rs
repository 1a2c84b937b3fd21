//! A text that is never shown.

use alloc::string::String;
use core::fmt;

/// A text that neither `Debug` nor `Display` shows: a password, a token.
///
/// ```
/// use spanline_engine::options::Secret;
/// let token = Secret::from("s3cret");
/// assert_eq!((token.expose(), token.to_string().as_str()), ("s3cret", "***"));
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The text itself: for the request, not for messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
