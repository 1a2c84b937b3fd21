//! TLS: what the options name is read at start-up, everything else at the first connection.

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod client;
#[cfg(feature = "tls")]
mod words;

#[cfg(not(feature = "tls"))]
pub(crate) use absent::{TlsClient, TlsMaterial};
#[cfg(feature = "tls")]
pub(crate) use client::{TlsClient, TlsMaterial};
#[cfg(feature = "tls")]
pub(super) use client::{receive, transmit};

use std::fmt;
use std::path::{Path, PathBuf};

/// The files that the options name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct TlsFiles {
    /// `certificate`: the trusted authorities, in place of the machine's.
    pub(crate) certificate: Option<PathBuf>,
    /// `client_certificate`: the chain that we show, our own certificate first.
    pub(crate) client_certificate: Option<PathBuf>,
    /// `client_key`: its key.
    pub(crate) client_key: Option<PathBuf>,
}

/// What is wrong with one of the files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TlsFileError {
    /// The option that names it.
    pub(crate) option: &'static str,
    message: String,
}

impl fmt::Display for TlsFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TlsFileError {}

impl TlsFileError {
    pub(crate) fn new(option: &'static str, path: &Path, what: impl fmt::Display) -> Self {
        let message = format!("{option}: {}: {what}", path.display());
        Self { option, message }
    }
}
