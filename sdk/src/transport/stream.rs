//! A connected socket whose reads and writes end at the attempt's deadline.

use super::control::Control;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// The system is told a new limit for a read or write only when it differs from the last one by more than this, so an
/// attempt may take this much longer than its timeout.
const SLACK: Duration = Duration::from_millis(20);

/// A socket, of the kinds that there are.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// A Unix domain socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Calls the same method on whichever socket there is.
macro_rules! on_socket {
    ($stream:expr, $socket:ident => $call:expr) => {
        match $stream {
            Stream::Tcp($socket) => $call,
            #[cfg(unix)]
            Stream::Unix($socket) => $call,
        }
    };
}

impl Stream {
    /// Shuts it down, from any thread.
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        on_socket!(self, socket => socket.shutdown(how))
    }

    /// Whether calls return at once.
    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        on_socket!(self, socket => socket.set_nonblocking(nonblocking))
    }

    fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        on_socket!(self, socket => socket.set_read_timeout(limit))
    }

    fn set_write_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        on_socket!(self, socket => socket.set_write_timeout(limit))
    }

    /// One read of the system.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        on_socket!(self, socket => { let mut socket = socket; socket.read(buffer) })
    }

    fn send(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        on_socket!(self, socket => { let mut socket = socket; socket.write_vectored(parts) })
    }
}

/// Whether the system gave up waiting.
pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// A socket that knows its attempt's deadline. A call that fails because of it, or because the transport was stopped,
/// fails with a [`super::Failure`] inside the error.
#[derive(Debug)]
pub(crate) struct Bounded {
    /// Shared with [`Control`] (weakly), so that it can be shut down while in use.
    stream: Arc<Stream>,
    control: Arc<Control>,
    /// What the system was told last.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    nonblocking: bool,
}

impl Bounded {
    /// Wraps a socket that was just connected, and makes it known to whoever interrupts.
    pub(super) fn new(stream: Stream, control: &Arc<Control>) -> io::Result<Self> {
        let stream = Arc::new(stream);
        control.register(&stream)?;
        Ok(Self {
            stream,
            control: control.clone(),
            read_timeout: None,
            write_timeout: None,
            nonblocking: false,
        })
    }

    /// Makes calls return at once with `WouldBlock` instead of waiting; their deadline is then the caller's matter.
    pub(crate) fn set_nonblocking(&mut self, nonblocking: bool) -> io::Result<()> {
        self.stream.set_nonblocking(nonblocking)?;
        self.nonblocking = nonblocking;
        Ok(())
    }
}

/// Tells the system how long the next call may take, if it was told something else.
fn limit(
    left: Option<Duration>,
    told: &mut Option<Duration>,
    tell: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
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

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.nonblocking {
                let left = self.control.left()?;
                limit(left, &mut self.read_timeout, |limit| {
                    self.stream.set_read_timeout(limit)
                })?;
            }
            match self.stream.receive(buffer) {
                Ok(0) if self.control.stopped() => return Err(super::Failure::interrupted().into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The deadline, unless the system was told a little less than was left.
                Err(error) if is_timeout(&error) && !self.nonblocking => self.read_timeout = None,
                other => return other,
            }
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            if !self.nonblocking {
                let left = self.control.left()?;
                limit(left, &mut self.write_timeout, |limit| {
                    self.stream.set_write_timeout(limit)
                })?;
            }
            match self.stream.send(parts) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The deadline, unless the system was told a little less than was left.
                Err(error) if is_timeout(&error) && !self.nonblocking => self.write_timeout = None,
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
