//! From a target to a connection: name look-up, addresses, proxy, TLS.

use super::connection::Connection;
use super::control::Control;
use super::proxy::Proxy;
use super::stream::{Bounded, Stream, is_timeout};
use super::tls::{TlsClient, TlsMaterial};
use super::{FailKind, Failure};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The least time that one of several addresses gets to connect.
const MIN_CONNECT: Duration = Duration::from_millis(10);
/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 16;

/// Where a receiver is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A host by name or address (without brackets), a port, and whether by TLS.
    Tcp { host: String, port: u16, secure: bool },
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// What a connection takes.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// Where to.
    pub(crate) target: Target,
    /// By way of whom; not used for a Unix socket.
    pub(crate) proxy: Option<Proxy>,
    /// Whether an unprotected connection, too, goes through a tunnel of the proxy. HTTP/1.1 asks the proxy for the whole
    /// URL instead.
    pub(crate) always_tunnel: bool,
    /// Certificates, for a target by TLS.
    pub(crate) tls: TlsMaterial,
    /// The protocols to agree on by TLS.
    pub(crate) protocols: &'static [&'static [u8]],
}

impl Route {
    /// The straight way, with the machine's authorities for TLS.
    pub(crate) fn to(target: Target) -> Self {
        Self {
            target,
            proxy: None,
            always_tunnel: false,
            tls: TlsMaterial::default(),
            protocols: &[],
        }
    }
}

/// Makes connections, one after the other, for one transport. Errors have a [`Failure`] inside, or a kind that says it.
#[derive(Debug)]
pub(crate) struct Dialer {
    route: Route,
    control: Arc<Control>,
    tls: TlsClient,
}

impl Dialer {
    /// A dialer that has done nothing yet.
    pub(crate) fn new(route: Route, control: Arc<Control>) -> Self {
        let tls = TlsClient::new(route.tls.clone(), route.protocols);
        Self { route, control, tls }
    }

    /// A connection within the time that [`Control::begin`] set, apart from a name look-up, which the system does not
    /// let anybody bound, and a Unix socket whose owner accepts nobody.
    pub(crate) fn connect(&self) -> io::Result<Connection> {
        let (host, port, secure) = match &self.route.target {
            #[cfg(unix)]
            Target::Unix(path) => {
                self.control.left()?;
                return Ok(Connection::plain(self.bounded(unix(path)?)?));
            }
            #[cfg(not(unix))]
            Target::Unix(_) => {
                let message = "this system has no Unix sockets";
                return Err(Failure::new(FailKind::BadUrl, message).into());
            }
            Target::Tcp { host, port, secure } => (host, *port, *secure),
        };
        let socket = match &self.route.proxy {
            Some(proxy) => {
                let mut socket = self.tcp(proxy.host(), proxy.port()).map_err(|error| {
                    let failure = Failure::of(&error);
                    Failure::new(failure.kind, format!("the proxy: {}", failure.message))
                })?;
                if secure || self.route.always_tunnel {
                    proxy.tunnel(&mut socket, host, port)?;
                }
                socket
            }
            None => self.tcp(host, port)?,
        };
        if secure {
            self.tls.secure(socket, host)
        } else {
            Ok(Connection::plain(socket))
        }
    }

    fn bounded(&self, stream: Stream) -> io::Result<Bounded> {
        Bounded::new(stream, &self.control)
    }

    /// The first address of the name that accepts; the time left is shared between those not tried yet.
    fn tcp(&self, host: &str, port: u16) -> io::Result<Bounded> {
        // The system's own resolver: hosts file, search domains, several servers, whatever it is set up for.
        let found = (host, port).to_socket_addrs().map_err(|error| {
            let message = format!("the host name {host} cannot be resolved ({error})");
            Failure::new(FailKind::Dns, message)
        })?;
        let addresses: Vec<SocketAddr> = found.take(MAX_ADDRESSES).collect();
        let mut last = Failure::new(FailKind::Dns, format!("the host name {host} has no address")).into();
        for (index, address) in addresses.iter().enumerate() {
            let remaining = u32::try_from(addresses.len() - index).unwrap_or(1);
            let connected = match self.control.left()? {
                Some(left) => TcpStream::connect_timeout(address, (left / remaining).max(MIN_CONNECT)),
                None => TcpStream::connect(address),
            };
            match connected {
                Ok(stream) => {
                    // Requests are written whole; waiting for more only delays their end.
                    stream.set_nodelay(true)?;
                    return self.bounded(Stream::Tcp(stream));
                }
                Err(error) if is_timeout(&error) => {
                    let message = format!("{address} did not accept a connection within the timeout");
                    last = Failure::new(FailKind::Timeout, message).into();
                }
                Err(error) => {
                    let Failure { kind, message } = Failure::of(&error);
                    last = Failure::new(kind, format!("{address}: {message}")).into();
                }
            }
        }
        Err(last)
    }
}

/// Connects to a Unix socket. Waits only if the queue of its owner is full.
#[cfg(unix)]
fn unix(path: &std::path::Path) -> io::Result<Stream> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(stream) => Ok(Stream::Unix(stream)),
        Err(error) => {
            let kind = match error.kind() {
                // Nobody has made the socket, or whoever had is gone.
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => FailKind::ConnectRefused,
                _ => FailKind::Other,
            };
            Err(Failure::new(kind, format!("the socket {}: {error}", path.display())).into())
        }
    }
}
