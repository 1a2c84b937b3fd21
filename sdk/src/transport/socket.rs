//! The sockets under the HTTP client.
//!
//! The client's own time limits would start a thread for each name look-up, and it looks a name up for each request. So
//! it is given none, and a resolver that looks nothing up; the connector here does, when a connection is really made.

use super::connect::{Dialer, Target};
use super::connection::Connection;
use super::control::Control;
use super::{Failure, Route};
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;
use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport as HttpSocket,
};

/// A request head up to this size waits for the body and leaves with it.
const MAX_HELD: usize = 4 * 1024;

/// Resolves nothing: see the module.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Connects to the one receiver of a transport, whatever the URL says.
#[derive(Debug)]
pub(super) struct SocketConnector {
    dialer: Dialer,
    control: Arc<Control>,
    /// Put in front of the path of each request, because a proxy reads it.
    origin: Option<Arc<str>>,
}

impl SocketConnector {
    pub(super) fn new(route: Route, control: &Arc<Control>, authority: &str) -> Self {
        let asks_proxy = matches!(route.target, Target::Tcp { secure: false, .. }) && route.proxy.is_some();
        Self {
            origin: asks_proxy.then(|| format!("http://{authority}").into()),
            dialer: Dialer::new(route, control.clone()),
            control: control.clone(),
        }
    }
}

impl Connector for SocketConnector {
    type Out = Socket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Socket>, Error> {
        Ok(Some(Socket {
            connection: self.dialer.connect()?,
            control: self.control.clone(),
            origin: self.origin.clone(),
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            head: Vec::new(),
            begins: true,
            write_error: None,
            just_read: false,
        }))
    }
}

/// One connection.
pub(super) struct Socket {
    connection: Connection,
    control: Arc<Control>,
    origin: Option<Arc<str>>,
    buffers: LazyBuffers,
    /// The head of a request, held back so that it leaves together with the beginning of the body.
    head: Vec<u8>,
    /// What is written next begins a request.
    begins: bool,
    /// A receiver may answer (413, 429) and close before it has read everything: the answer counts, if there is one.
    write_error: Option<ErrorKind>,
    /// Whether an answer was read since the connection was last looked at.
    just_read: bool,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Socket {
    /// Writes the held head and `amount` bytes of the output buffer.
    fn write_out(&mut self, amount: usize) -> Result<(), Error> {
        let done = self.write_parts(amount);
        self.head.clear();
        match done {
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                self.write_error = Some(error.kind());
                Ok(())
            }
            other => other.map_err(Error::from),
        }
    }

    fn write_parts(&mut self, amount: usize) -> io::Result<()> {
        let total = self.head.len() + amount;
        let mut written = 0;
        while written < total {
            let body = self.buffers.output().get(..amount).unwrap_or_default();
            let head = self.head.get(written..).unwrap_or_default();
            let body = body
                .get(written.saturating_sub(self.head.len())..)
                .unwrap_or_default();
            let parts = [IoSlice::new(head), IoSlice::new(body)];
            match self.connection.write_vectored(&parts)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => written += count,
            }
        }
        self.connection.flush()
    }
}

/// A request's head as a proxy wants it: the whole URL in its first line.
fn with_origin(head: &[u8], origin: &str) -> Vec<u8> {
    let path = head
        .iter()
        .position(|byte| *byte == b' ')
        .map_or(0, |space| space + 1);
    let (method, rest) = head.split_at(path);
    [method, origin.as_bytes(), rest].concat()
}

impl HttpSocket for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        if self.write_error.is_some() {
            return Ok(());
        }
        let begins = std::mem::take(&mut self.begins);
        if begins && (amount <= MAX_HELD || self.origin.is_some()) {
            let head = self.buffers.output().get(..amount).unwrap_or_default();
            self.head = match &self.origin {
                Some(origin) => with_origin(head, origin),
                None => head.to_vec(),
            };
            return Ok(());
        }
        self.write_out(amount)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        if self.write_error.is_none() && !self.head.is_empty() {
            self.write_out(0)?;
        }
        self.begins = true;
        match self.connection.read(self.buffers.input_append_buf())? {
            0 if self.control.stopped() => Err(io::Error::from(Failure::interrupted()).into()),
            0 => match self.write_error {
                Some(kind) => Err(io::Error::from(kind).into()),
                None => Ok(false),
            },
            count => {
                self.buffers.input_appended(count);
                self.just_read = true;
                Ok(true)
            }
        }
    }

    /// Asked twice for each request: when its answer was read, and before the next one. What happened in between only
    /// the second look can tell, so the first costs nothing.
    fn is_open(&mut self) -> bool {
        if std::mem::take(&mut self.just_read) {
            return self.write_error.is_none();
        }
        self.connection.is_quiet()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_secure()
    }
}
