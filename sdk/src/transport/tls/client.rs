//! Certificates and handshakes, by rustls and ring.
//!
//! The provider is always named: another crate of the program may bring a second one, and then there is no default.
//! A connection that is dropped writes nothing, so a forked child can forget its copies.

use super::super::connection::Connection;
use super::super::stream::Bounded;
use super::super::{FailKind, Failure};
use super::words::failure;
use super::{TlsFileError, TlsFiles};
use once_cell::race::OnceBox;
use rustls::client::ResolvesClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A PEM file larger than this is not one.
const MAX_PEM_BYTES: u64 = 16 * 1024 * 1024;

/// The files, read and checked. Holds nothing that changes, so a forked child can use its copy.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsMaterial {
    /// `None`: the machine's.
    roots: Option<Arc<RootCertStore>>,
    identity: Option<Arc<dyn ResolvesClientCert>>,
}

impl TlsMaterial {
    /// Reads the files. What is missing, not readable, not PEM, without a usable certificate or key, or does not belong
    /// together is an error that names option and path.
    pub(crate) fn load(files: &TlsFiles) -> Result<Self, TlsFileError> {
        Ok(Self {
            roots: files.certificate.as_deref().map(roots_of).transpose()?,
            identity: identity(files)?,
        })
    }
}

/// The sections of one kind in a PEM file; an error when there is none.
fn sections<T: PemObject>(option: &'static str, path: &Path, what: &str) -> Result<Vec<T>, TlsFileError> {
    let error = |what: &dyn fmt::Display| TlsFileError::new(option, path, what);
    let file = std::fs::File::open(path).map_err(|cause| error(&format_args!("cannot be read: {cause}")))?;
    let mut text = Vec::new();
    let read = file.take(MAX_PEM_BYTES + 1).read_to_end(&mut text);
    read.map_err(|cause| error(&format_args!("cannot be read: {cause}")))?;
    if text.len() as u64 > MAX_PEM_BYTES {
        return Err(error(&"is too large for a PEM file"));
    }
    let found: Result<Vec<T>, _> = T::pem_slice_iter(&text).collect();
    // The words of the cause may repeat the file's content.
    let found = found.map_err(|_| error(&"is not valid PEM"))?;
    if found.is_empty() {
        return Err(error(&format_args!("has no {what} in PEM form")));
    }
    Ok(found)
}

fn roots_of(path: &Path) -> Result<Arc<RootCertStore>, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in sections::<CertificateDer<'static>>("certificate", path, "certificate")? {
        roots
            .add(certificate)
            .map_err(|_| TlsFileError::new("certificate", path, "holds a certificate that cannot be read"))?;
    }
    Ok(Arc::new(roots))
}

fn identity(files: &TlsFiles) -> Result<Option<Arc<dyn ResolvesClientCert>>, TlsFileError> {
    let (chain, key) = match (&files.client_certificate, &files.client_key) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => (chain, key),
        (Some(chain), None) => {
            let what = "needs client_key beside it";
            return Err(TlsFileError::new("client_certificate", chain, what));
        }
        (None, Some(key)) => {
            let what = "needs client_certificate beside it";
            return Err(TlsFileError::new("client_key", key, what));
        }
    };
    let certificates = sections::<CertificateDer<'static>>("client_certificate", chain, "certificate")?;
    let mut keys = sections::<PrivateKeyDer<'static>>("client_key", key, "private key")?;
    let certified = CertifiedKey::from_der(certificates, keys.swap_remove(0), &ring::default_provider())
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsFileError::new("client_key", key, "does not belong to client_certificate")
            }
            rustls::Error::InvalidCertificate(_) => TlsFileError::new(
                "client_certificate",
                chain,
                "holds a certificate that cannot be read",
            ),
            _ => TlsFileError::new("client_key", key, "holds a key that cannot be used"),
        })?;
    Ok(Some(Arc::new(SingleCertAndKey::from(certified))))
}

/// The machine's authorities, read once; a forked child never waits for a parent that was reading them.
fn native_roots() -> Result<Arc<RootCertStore>, Failure> {
    static ROOTS: OnceBox<Arc<RootCertStore>> = OnceBox::new();
    ROOTS
        .get_or_try_init(|| read_native_roots().map(Box::new))
        .cloned()
}

fn read_native_roots() -> Result<Arc<RootCertStore>, Failure> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(Arc::new(roots));
    }
    #[cfg(feature = "webpki-roots")]
    {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Ok(Arc::new(roots))
    }
    #[cfg(not(feature = "webpki-roots"))]
    {
        let cause = found.errors.first().map(|error| format!(" ({error})"));
        Err(Failure::new(
            FailKind::Tls,
            format!(
                "this machine has no trusted certificates{}: install its ca-certificates, name a file in the option \
                 certificate, or build with the cargo feature webpki-roots",
                cause.unwrap_or_default()
            ),
        ))
    }
}

/// Makes protected connections. Belongs to one transport: its cache of sessions has a lock, which a forked child must
/// not inherit.
#[derive(Debug)]
pub(crate) struct TlsClient {
    material: TlsMaterial,
    /// The protocols to agree on, such as `h2`.
    protocols: &'static [&'static [u8]],
    config: OnceLock<Arc<ClientConfig>>,
}

impl TlsClient {
    /// A client that has read nothing yet.
    pub(crate) fn new(material: TlsMaterial, protocols: &'static [&'static [u8]]) -> Self {
        Self {
            material,
            protocols,
            config: OnceLock::new(),
        }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let roots = match &self.material.roots {
            Some(roots) => roots.clone(),
            None => native_roots()?,
        };
        let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failure(&error, ""))?
            .with_root_certificates(roots);
        let mut config = match &self.material.identity {
            Some(identity) => builder.with_client_cert_resolver(identity.clone()),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(self.config.get_or_init(|| Arc::new(config)).clone())
    }

    /// Agrees with whoever is at the other end of `socket`, who must prove to be `host`.
    pub(crate) fn secure(&self, mut socket: Bounded, host: &str) -> io::Result<Connection> {
        let session = self.handshake(host, &mut socket)?;
        Ok(Connection::secured(socket, session, host))
    }

    fn handshake(&self, host: &str, socket: &mut (impl Read + Write)) -> io::Result<Box<ClientConnection>> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            Failure::new(
                FailKind::BadUrl,
                format!("{host} is not a name that TLS can check"),
            )
        })?;
        let session = ClientConnection::new(self.config()?, name);
        let mut session = Box::new(session.map_err(|error| failure(&error, host))?);
        while session.is_handshaking() || session.wants_write() {
            if session.wants_write() {
                transmit(&mut session, socket)?;
            } else {
                receive(&mut session, socket, host)?;
            }
        }
        Ok(session)
    }
}

/// Sends some of what is ready.
pub(crate) fn transmit(session: &mut ClientConnection, socket: &mut impl Write) -> io::Result<()> {
    match session.write_tls(socket)? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        _ => Ok(()),
    }
}

/// Takes in what the peer sent, waiting for it. False: it has closed the connection.
pub(crate) fn receive(
    session: &mut ClientConnection,
    socket: &mut (impl Read + Write),
    host: &str,
) -> io::Result<bool> {
    let count = session.read_tls(socket)?;
    if count == 0 && session.is_handshaking() {
        let message = "the receiver closed the connection while TLS was being agreed on";
        return Err(Failure::new(FailKind::Reset, message).into());
    }
    if let Err(error) = session.process_new_packets() {
        // Tells the peer why, if that can be done.
        let _ = session.write_tls(socket);
        return Err(failure(&error, host).into());
    }
    Ok(count > 0)
}
