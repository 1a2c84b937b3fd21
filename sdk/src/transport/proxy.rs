//! A proxy between us and the receiver: its URL and the tunnel through it.

use super::endpoint::{Endpoint, EndpointError};
use super::{FailKind, Failure};
use std::fmt;
use std::io::{self, Read, Write};

/// The head of a proxy's answer has to fit in.
const MAX_HEAD: usize = 16 * 1024;

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    host: String,
    port: u16,
    authorization: Option<String>,
}

impl Proxy {
    /// Takes `http://user:password@host:port`; the scheme may be left out, the port is 80 then. Nothing but an HTTP proxy
    /// is offered.
    pub(crate) fn parse(url: &str) -> Result<Self, ProxyError> {
        let url = if url.contains("://") {
            url.to_owned()
        } else {
            format!("http://{url}")
        };
        let endpoint = Endpoint::parse(&url).map_err(|error| match error {
            EndpointError::Scheme | EndpointError::Tls => ProxyError::Scheme,
            _ => ProxyError::Malformed,
        })?;
        if endpoint.is_secure() || endpoint.is_unix() {
            return Err(ProxyError::Scheme);
        }
        Ok(Self {
            host: endpoint.host().to_owned(),
            port: endpoint.port(),
            authorization: endpoint.authorization().map(str::to_owned),
        })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The Proxy-Authorization header that user and password in the URL ask for.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Asks the proxy for a tunnel to this host, after which the socket is as if connected to it.
    pub(super) fn tunnel(
        &self,
        socket: &mut (impl Read + Write),
        host: &str,
        port: u16,
    ) -> Result<(), Failure> {
        let authority = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str("Proxy-Authorization: ");
            request.push_str(authorization);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        let head = exchange(socket, request.as_bytes()).map_err(|error| {
            let failure = Failure::of(&error);
            Failure::new(failure.kind, format!("the proxy: {}", failure.message))
        })?;
        let status = status(&head).ok_or_else(|| {
            let message = "the proxy's answer is not HTTP: is there a proxy at that port?";
            Failure::new(FailKind::Other, message)
        })?;
        match status {
            200..=299 => Ok(()),
            407 => Err(Failure::new(
                FailKind::Proxy,
                "the proxy asks for credentials (407): give user and password in the proxy's URL",
            )),
            // What a receiver says with these may be over soon; so may this.
            429 | 502 | 503 | 504 => {
                let message = format!("the proxy cannot reach {authority} now ({status})");
                Err(Failure::new(FailKind::Other, message))
            }
            _ => {
                let message = format!("the proxy refuses to connect to {authority} ({status})");
                Err(Failure::new(FailKind::Proxy, message))
            }
        }
    }
}

/// Shows neither user nor password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// Sends a request and reads the head of its answer, and not a byte more: what follows belongs to the tunnel.
fn exchange(socket: &mut (impl Read + Write), request: &[u8]) -> io::Result<Vec<u8>> {
    socket.write_all(request)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let mut byte = [0];
        if socket.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
        if head.len() > MAX_HEAD {
            return Err(Failure::new(FailKind::Other, "its answer has no end").into());
        }
    }
    Ok(head)
}

/// The status of an answer's head.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    match rest {
        [b'0' | b'1', b' ', a, b, c, end, ..] if !end.is_ascii_digit() => {
            [a, b, c].into_iter().try_fold(0u16, |status, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| status * 10 + u16::from(digit - b'0'))
            })
        }
        _ => None,
    }
}

/// Why a proxy cannot be used. The text does not repeat its URL, which may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ProxyError {
    /// Not a URL of a host and, if at all, a port from 1 to 65535.
    Malformed,
    /// Not an HTTP proxy.
    Scheme,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the proxy is not a URL of the form http://user:password@host:port",
            Self::Scheme => "the proxy's scheme is not http: nothing but an HTTP proxy can be used",
        })
    }
}

impl std::error::Error for ProxyError {}
