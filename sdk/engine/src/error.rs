//! The one error type.

use alloc::{boxed::Box, string::String, sync::Arc};
use core::{error::Error as StdError, fmt};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// What kind of error it is. The numbers and names never change; new kinds may be added.
        ///
        /// 1 to 99 are about configuration, 100 to 199 about the life of the engine, 200 to 299 about exporting, 300
        /// and above about faults.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[non_exhaustive]
        #[repr(u32)]
        pub enum ErrorKind {
            $($(#[$doc])* $variant = $number,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, in snake case: the same in every language.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// An option that does not exist.
    UnknownOption = 1, "unknown_option";
    /// A value of the right type that is out of range or not one of the known names.
    BadValue = 2, "bad_value";
    /// A value of the wrong type.
    WrongType = 3, "wrong_type";
    /// A value that is needed is absent.
    Missing = 4, "missing";
    /// Something known that this build does not offer.
    Unsupported = 5, "unsupported";
    /// Text that cannot be read as what it should be.
    Parse = 6, "parse";
    /// A key of a configuration that has no place where it stands.
    UnknownKey = 7, "unknown_key";
    /// There is a running instance already.
    AlreadyStarted = 100, "already_started";
    /// The instance was shut down before.
    ShutDown = 101, "shut_down";
    /// The deadline passed before the work was done.
    Timeout = 102, "timeout";
    /// The receiver could not be reached, or the connection broke.
    Connection = 200, "connection";
    /// The receiver refused the data; sending it again is of no use.
    Rejected = 201, "rejected";
    /// The receiver asked to slow down, or is not ready for the moment.
    Unavailable = 202, "unavailable";
    /// The request or the answer is larger than allowed.
    TooLarge = 203, "too_large";
    /// The secure connection could not be made: certificates, keys.
    Tls = 204, "tls";
    /// A file, a thread or another service of the system could not be had.
    Io = 300, "io";
    /// Code that was passed in (a sampler, a processor, an exporter) panicked.
    UserPanic = 301, "user_panic";
    /// A fault of this library.
    Internal = 302, "internal";
}

impl ErrorKind {
    /// The stable number.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether trying again may help, when nothing else is known about the error.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Timeout | Self::Connection | Self::Unavailable)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What went wrong: a kind, a message for people, and whether trying again may help.
///
/// Errors about configuration also carry the option they are about and, where a name was not known, the name that was
/// probably meant; the message contains both.
///
/// ```
/// use spanline_engine::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Timeout, "flush did not end within 30000 ms");
/// assert_eq!(error.kind().number(), 102);
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "flush did not end within 30000 ms");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    retryable: bool,
    option: Option<String>,
    hint: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind; retryable as the kind is.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            retryable: kind.is_retryable(),
            option: None,
            hint: None,
            source: None,
        }))
    }

    /// The same, caused by another error.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The same, retryable or not.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// The same, about this option.
    #[must_use]
    pub fn with_option(mut self, option: impl Into<String>) -> Self {
        self.0.option = Some(option.into());
        self
    }

    /// The same with this in front of message and option: the place that the option is in.
    #[must_use]
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.0.message.insert_str(0, place);
        if let Some(option) = &mut self.0.option {
            option.insert_str(0, place);
        }
        self
    }

    /// The same with what was probably meant.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.0.hint = hint.map(Into::into);
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// One line for people. Never holds secrets.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether trying again may help.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The option that it is about, when it is about one.
    pub fn option(&self) -> Option<&str> {
        self.0.option.as_deref()
    }

    /// The name that was probably meant, when a name was not known.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

/// The message first: this is what a `main` that returns the error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.0.message, self.0.kind)?;
        match &self.0.source {
            Some(source) => write!(f, ", caused by: {source:?}"),
            None => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_source_chain_is_kept() {
        let inner = Error::new(ErrorKind::Connection, "connection refused");
        let outer = Error::new(ErrorKind::Unavailable, "export failed").with_source(inner);
        let source = StdError::source(&outer).unwrap();
        assert_eq!(source.to_string(), "connection refused");
        assert!(source.source().is_none());
        assert!(outer.is_retryable() && !outer.clone().with_retryable(false).is_retryable());
    }

    #[test]
    fn numbers_and_names_are_unique() {
        for (i, a) in ErrorKind::ALL.iter().enumerate() {
            for b in &ErrorKind::ALL[i + 1..] {
                assert!(a.number() < b.number() && a.name() != b.name(), "{a} {b}");
            }
        }
    }
}
