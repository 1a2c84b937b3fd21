//! Where a value comes from.

use alloc::string::String;
use core::fmt;

/// Where the value of an option comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// This environment variable.
    Environment(&'static str),
    /// The configuration file.
    File,
    /// The code.
    Code,
}

impl fmt::Display for Source {
    /// `default`, `code`, `file`, or the name of the variable.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Environment(variable) => variable,
            Self::File => "file",
            Self::Code => "code",
        })
    }
}

/// One line of the list of effective options.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The option's name.
    pub name: &'static str,
    /// Its value as text, `none` when there is none; secrets are masked.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
}
