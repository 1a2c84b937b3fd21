//! A connection to a receiver, protected or not.

use super::stream::{Bounded, is_timeout};
use std::io::{self, IoSlice, Read, Write};

/// A connected socket with what TLS needs, if it is protected. Reads and writes end at the attempt's deadline; a read of
/// zero bytes is the end. Dropping it closes the socket and writes nothing.
pub(crate) struct Connection {
    socket: Bounded,
    #[cfg(feature = "tls")]
    tls: Option<Session>,
}

/// The protected part.
#[cfg(feature = "tls")]
struct Session {
    state: Box<rustls::ClientConnection>,
    /// Who the peer proved to be, for messages.
    host: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("socket", &self.socket)
            .field("secure", &self.is_secure())
            .finish()
    }
}

impl Connection {
    /// An unprotected one.
    pub(super) fn plain(socket: Bounded) -> Self {
        Self {
            socket,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// A protected one, after the handshake.
    #[cfg(feature = "tls")]
    pub(super) fn secured(socket: Bounded, state: Box<rustls::ClientConnection>, host: &str) -> Self {
        let host = host.to_owned();
        Self {
            socket,
            tls: Some(Session { state, host }),
        }
    }

    /// Whether it is protected.
    pub(crate) fn is_secure(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Makes reads, writes and flushes return at once with `WouldBlock`; the deadline is then the caller's matter.
    pub(crate) fn set_nonblocking(&mut self, nonblocking: bool) -> io::Result<()> {
        self.socket.set_nonblocking(nonblocking)
    }

    /// Whether the peer has neither closed it nor said anything unasked: whether it can carry another request. Costs a
    /// call of the system and never waits.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let Ok(()) = self.set_nonblocking(true) else {
            return false;
        };
        let quiet = self.hears_nothing();
        quiet && self.set_nonblocking(false).is_ok()
    }

    /// Tickets and the like may arrive under TLS; only what they carry counts.
    fn hears_nothing(&mut self) -> bool {
        matches!(self.read(&mut [0]), Err(error) if is_timeout(&error))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(Session { state, host }) = &mut self.tls {
            loop {
                match state.reader().read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // Closed without a word: what is missing then, HTTP knows.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                    other => return other,
                }
                // An end, too, is told by the reader.
                super::tls::receive(state, &mut self.socket, host)?;
            }
        }
        self.socket.read(buffer)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// Under TLS what was taken may still wait for [`Write::flush`].
    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(Session { state, .. }) = &mut self.tls {
            loop {
                let taken = state.writer().write_vectored(parts)?;
                if taken > 0 || parts.iter().all(|part| part.is_empty()) {
                    return Ok(taken);
                }
                // Its buffer is full.
                super::tls::transmit(state, &mut self.socket)?;
            }
        }
        self.socket.write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(Session { state, .. }) = &mut self.tls {
            while state.wants_write() {
                super::tls::transmit(state, &mut self.socket)?;
            }
        }
        self.socket.flush()
    }
}
