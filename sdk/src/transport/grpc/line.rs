//! Blocking bytes under a library that polls.
//!
//! The connection is driven by one thread that does nothing else meanwhile, so nothing has to be non-blocking: the
//! driver says before each poll whether a read may wait. What is written is gathered and leaves in few system calls
//! when the driver flushes, since the library flushes after every frame.

use super::super::Connection;
use super::super::Failure;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Written bytes are gathered up to this size, and leave together with what comes next: three frames of the usual size,
/// of which two were copied, for a third of the system calls.
const GATHERED: usize = 40 * 1024;
/// A peer that sends more than this while nobody listened is not waited for.
const MOST_READS: u32 = 64;

/// What a read does during the next poll.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    /// Nothing: there is something better to do.
    Off,
    /// The first one waits for bytes, the others do nothing.
    Wait,
    /// This many take what is there.
    Take(u32),
}

/// One end of a connection; the library has one handle on it and the driver another.
#[derive(Clone, Debug)]
pub(super) struct Line(Arc<Mutex<Wire>>);

#[derive(Debug)]
struct Wire {
    connection: Connection,
    reading: Reading,
    /// Written, not sent.
    gathered: Vec<u8>,
    /// What ended it, which the library passes on as a text only.
    failure: Option<Failure>,
    /// A peer may answer and close before it has read everything: the answer counts, if there is one.
    deaf: Option<ErrorKind>,
    /// The first bytes received: they tell who answers when it is not HTTP/2.
    greeting: Vec<u8>,
}

impl Line {
    pub(super) fn new(connection: Connection) -> Self {
        Self(Arc::new(Mutex::new(Wire {
            connection,
            reading: Reading::Off,
            gathered: Vec::new(),
            failure: None,
            deaf: None,
            greeting: Vec::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `poll`, whose first read may wait for bytes until the attempt's deadline.
    pub(super) fn waiting<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.lock().reading = Reading::Wait;
        let polled = poll();
        self.lock().reading = Reading::Off;
        polled
    }

    /// Runs `poll`, whose reads take what has arrived and never wait.
    pub(super) fn taking<T>(&self, poll: impl FnOnce() -> T) -> io::Result<T> {
        let mut wire = self.lock();
        wire.connection.set_nonblocking(true)?;
        wire.reading = Reading::Take(MOST_READS);
        drop(wire);
        let polled = poll();
        let mut wire = self.lock();
        wire.reading = Reading::Off;
        wire.connection.set_nonblocking(false)?;
        Ok(polled)
    }

    /// Sends what was written; waits until it is taken.
    pub(super) fn flush(&self) -> io::Result<()> {
        let mut wire = self.lock();
        match wire.gathered.is_empty() {
            true => Ok(()),
            false => wire.send(&[]),
        }
    }

    /// What ended the connection, if it ended on this level.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    /// The first bytes that the peer sent.
    pub(super) fn greeting(&self) -> Vec<u8> {
        self.lock().greeting.clone()
    }
}

impl Wire {
    fn failed(&mut self, error: io::Error) -> io::Error {
        self.failure.get_or_insert_with(|| Failure::of(&error));
        error
    }

    fn read(&mut self, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.reading = match self.reading {
            Reading::Off | Reading::Take(0) => return Poll::Pending,
            Reading::Wait => Reading::Off,
            Reading::Take(left) => Reading::Take(left - 1),
        };
        match self.connection.read(buffer.initialize_unfilled()) {
            Ok(0) if self.deaf.is_some() => {
                let kind = self.deaf.unwrap_or(ErrorKind::BrokenPipe);
                Poll::Ready(Err(self.failed(kind.into())))
            }
            Ok(count) => {
                buffer.advance(count);
                let missing = 5 - self.greeting.len();
                self.greeting.extend(buffer.filled().iter().take(missing));
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(self.failed(error))),
        }
    }

    /// Takes all of these bytes.
    fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let total = parts.iter().map(|part| part.len()).sum::<usize>();
        if self.gathered.len() + total > GATHERED {
            self.send(parts)?;
        } else {
            parts
                .iter()
                .for_each(|part| self.gathered.extend_from_slice(part));
        }
        Ok(total)
    }

    /// Sends what was gathered and these bytes; waits until they are taken.
    fn send(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        let mut slices = vec![IoSlice::new(&gathered)];
        slices.extend(parts.iter().map(|part| IoSlice::new(part)));
        let sent = match self.deaf {
            Some(_) => Ok(()),
            None => write_all(&mut self.connection, &mut slices).and_then(|()| self.connection.flush()),
        };
        self.gathered = gathered;
        self.gathered.clear();
        match sent {
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                self.deaf = Some(error.kind());
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
            Ok(()) => Ok(()),
        }
    }
}

fn write_all(to: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Takes away what is empty.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match to.write_vectored(slices)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            count => IoSlice::advance_slices(&mut slices, count),
        }
    }
    Ok(())
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.lock().read(buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.lock().write(&[IoSlice::new(bytes)]))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.lock().write(parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing: the driver flushes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The socket is closed when it is dropped; what was written has been taken in.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
