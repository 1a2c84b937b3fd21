//! A build without TLS: certificates are refused at start-up, and so are connections that would need them.

use super::super::connection::Connection;
use super::super::stream::Bounded;
use super::super::{FailKind, Failure};
use super::{TlsFileError, TlsFiles};
use std::io;

/// No certificates.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsMaterial {}

impl TlsMaterial {
    /// An error for each file: the option cannot do anything.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, TlsFileError> {
        let named = [
            ("certificate", &files.certificate),
            ("client_certificate", &files.client_certificate),
            ("client_key", &files.client_key),
        ];
        match named
            .into_iter()
            .find_map(|(option, path)| Some((option, path.as_deref()?)))
        {
            Some((option, path)) => Err(TlsFileError::new(option, path, "needs the cargo feature tls")),
            None => Ok(Self {}),
        }
    }
}

/// Makes no connections.
#[derive(Debug)]
pub(crate) struct TlsClient;

impl TlsClient {
    pub(crate) fn new(_: TlsMaterial, _: &'static [&'static [u8]]) -> Self {
        Self
    }

    pub(crate) fn secure(&self, _: Bounded, _: &str) -> io::Result<Connection> {
        Err(Failure::new(FailKind::Tls, "https needs the cargo feature tls").into())
    }
}
