//! The sockets under the HTTP client: one deadline for a whole attempt, and a way to stop it from outside.
//!
//! The client's own time limits would start a thread for each name look-up, and it looks a name up for each request. So
//! it is given none, and a resolver that looks nothing up; the connector here does, when a connection is really made.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport as HttpSocket,
};
use ureq::{Error, Timeout};

/// The system is told a new limit for a read or write only when it differs from the last one by more than this, so an
/// attempt may take this much longer than its timeout.
const SLACK: Duration = Duration::from_millis(20);
/// The least time that one of several addresses gets to connect.
const MIN_CONNECT: Duration = Duration::from_millis(10);
/// How many addresses of a name are tried.
const MAX_ADDRESSES: usize = 16;
/// A request head up to this size waits for the body and leaves with it.
const MAX_HELD: usize = 4 * 1024;

/// What the sending thread and an interrupting one share.
#[derive(Debug, Default)]
pub(super) struct Control {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    deadline: Option<Instant>,
    stopped: bool,
    /// The connections that are open: one, or two while a broken one is replaced.
    streams: Vec<Weak<TcpStream>>,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the deadline of the attempt that begins.
    pub(super) fn begin(&self, timeout: Option<Duration>) {
        self.lock().deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    }

    pub(super) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The time left, `None` for no limit; an error when there is none left or the transport was stopped.
    fn left(&self) -> Result<Option<Duration>, Error> {
        let state = self.lock();
        if state.stopped {
            return Err(io::Error::from(ErrorKind::NotConnected).into());
        }
        let Some(deadline) = state.deadline else {
            return Ok(None);
        };
        match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Error::Timeout(Timeout::Global)),
            left => Ok(Some(left)),
        }
    }

    /// Remembers a connection, unless stopped meanwhile.
    fn register(&self, stream: &Arc<TcpStream>) -> Result<(), Error> {
        let mut state = self.lock();
        if state.stopped {
            return Err(io::Error::from(ErrorKind::NotConnected).into());
        }
        state.streams.retain(|known| known.strong_count() > 0);
        state.streams.push(Arc::downgrade(stream));
        Ok(())
    }
}

/// Stops a transport from another thread.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(pub(super) Arc<Control>);

impl Interrupt {
    /// Ends the request that is under way, by shutting its connection down, and lets no other begin: both fail with
    /// `Interrupted`. A name look-up or the wait for a connection to be accepted is not cut short; it is the sender
    /// thread's to finish.
    pub(crate) fn stop(&self) {
        let streams = {
            let mut state = self.0.lock();
            state.stopped = true;
            std::mem::take(&mut state.streams)
        };
        for stream in streams.iter().filter_map(Weak::upgrade) {
            // An error means that it is closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Resolves nothing: see the module.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// Looks the name up and connects.
#[derive(Debug)]
pub(super) struct SocketConnector(pub(super) Arc<Control>);

impl Connector for SocketConnector {
    type Out = Socket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Socket>, Error> {
        let host = details.uri.host().ok_or(Error::HostNotFound)?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let port = details.uri.port_u16().unwrap_or(80);
        let found = (host, port).to_socket_addrs().map_err(|_| Error::HostNotFound)?;
        let addresses: Vec<SocketAddr> = found.take(MAX_ADDRESSES).collect();
        let stream = Arc::new(self.connect_any(&addresses)?);
        // Requests are written whole; waiting for more only delays their end.
        stream.set_nodelay(true)?;
        self.0.register(&stream)?;
        Ok(Some(Socket {
            stream,
            control: Arc::clone(&self.0),
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            head: Vec::new(),
            write_timeout: None,
            read_timeout: None,
            write_error: None,
            just_read: false,
        }))
    }
}

impl SocketConnector {
    /// The first address that accepts; the time left is shared between those not tried yet.
    fn connect_any(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
        let mut last = Error::HostNotFound;
        for (index, address) in addresses.iter().enumerate() {
            let remaining = u32::try_from(addresses.len() - index).unwrap_or(1);
            let connected = match self.0.left()? {
                Some(left) => TcpStream::connect_timeout(address, (left / remaining).max(MIN_CONNECT)),
                None => TcpStream::connect(address),
            };
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) if is_timeout(&error) => last = Error::Timeout(Timeout::Connect),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// One connection.
pub(super) struct Socket {
    /// Shared with [`Control`] (weakly), so that it can be shut down while in use.
    stream: Arc<TcpStream>,
    control: Arc<Control>,
    buffers: LazyBuffers,
    /// The head of a request, held back so that it leaves together with the beginning of the body.
    head: Vec<u8>,
    /// What the system was told last.
    write_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    /// A receiver may answer (413, 429) and close before it has read everything: the answer counts, if there is one.
    write_error: Option<ErrorKind>,
    /// Whether an answer was read since the connection was last looked at.
    just_read: bool,
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// Tells the system how long the next call may take, if it was told something else.
fn limit(
    left: Option<Duration>,
    told: &mut Option<Duration>,
    tell: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> Result<(), Error> {
    let near = match (left, *told) {
        (None, None) => true,
        (Some(left), Some(told)) => left.abs_diff(told) <= SLACK,
        _ => false,
    };
    if !near {
        tell(left)?;
        *told = left;
    }
    Ok(())
}

impl Socket {
    /// Writes the held head and `amount` bytes of the output buffer.
    fn write_out(&mut self, amount: usize) -> Result<(), Error> {
        let total = self.head.len() + amount;
        let mut written = 0;
        while written < total {
            let left = self.control.left()?;
            limit(left, &mut self.write_timeout, |limit| {
                self.stream.set_write_timeout(limit)
            })?;
            let body = self.buffers.output().get(..amount).unwrap_or_default();
            let head = self.head.get(written..).unwrap_or_default();
            let body = body
                .get(written.saturating_sub(self.head.len())..)
                .unwrap_or_default();
            match (&*self.stream).write_vectored(&[IoSlice::new(head), IoSlice::new(body)]) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The deadline, unless the system was told a little less than was left.
                Err(error) if is_timeout(&error) => self.write_timeout = None,
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    self.write_error = Some(error.kind());
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.head.clear();
        Ok(())
    }
}

impl HttpSocket for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        if self.write_error.is_some() {
            return Ok(());
        }
        if self.head.is_empty() && amount <= MAX_HELD {
            self.head
                .extend_from_slice(self.buffers.output().get(..amount).unwrap_or_default());
            return Ok(());
        }
        self.write_out(amount)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        if self.write_error.is_none() {
            self.write_out(0)?;
        }
        loop {
            let left = self.control.left()?;
            limit(left, &mut self.read_timeout, |limit| {
                self.stream.set_read_timeout(limit)
            })?;
            match (&*self.stream).read(self.buffers.input_append_buf()) {
                Ok(0) if self.control.stopped() => {
                    return Err(io::Error::from(ErrorKind::NotConnected).into());
                }
                Ok(0) => match self.write_error {
                    Some(kind) => return Err(io::Error::from(kind).into()),
                    None => return Ok(false),
                },
                Ok(count) => {
                    self.buffers.input_appended(count);
                    self.just_read = true;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The deadline, unless the system was told a little less than was left.
                Err(error) if is_timeout(&error) => self.read_timeout = None,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asked twice for each request: when its answer was read, and before the next one. What happened in between only
    /// the second look can tell, so the first costs nothing.
    fn is_open(&mut self) -> bool {
        if std::mem::take(&mut self.just_read) {
            return self.write_error.is_none();
        }
        if self.stream.set_nonblocking(true).is_err() {
            return false;
        }
        // Bytes that nobody asked for, an end or an error: not usable.
        let quiet =
            matches!((&*self.stream).read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        quiet && self.stream.set_nonblocking(false).is_ok()
    }
}
