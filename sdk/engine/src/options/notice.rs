//! What to tell the user about the environment.

use super::LogLevel;
use alloc::string::String;
use core::fmt;

/// Something about the configuration that the user should know. For the host to log, after [`super::resolve()`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Notice {
    /// How bad it is: `Error` when nothing is exported because of it, `Warn` when what was asked for does not happen, `Info`
    /// when it does.
    pub level: LogLevel,
    /// The option it is about.
    pub option: &'static str,
    /// The variable it is about, when there is one.
    pub variable: Option<&'static str>,
    /// One line for people, without secrets.
    pub text: String,
}

impl fmt::Display for Notice {
    /// The variable or option, then the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable.unwrap_or(self.option), self.text)
    }
}
