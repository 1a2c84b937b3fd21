//! What is wrong with a configuration, and where.

use alloc::string::String;
use core::fmt;

/// A setting of the policies that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TailError {
    /// Where it stands, with the names of the configuration: `policies[2].latency.upper_threshold_ms`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl TailError {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for TailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.problem, self.hint)
    }
}

impl core::error::Error for TailError {}
