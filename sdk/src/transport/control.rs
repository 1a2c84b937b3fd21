//! One deadline for a whole attempt, and a way to stop a transport from outside.

use super::Failure;
use super::stream::Stream;
use std::io;
use std::net::Shutdown;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What the sending thread and an interrupting one share.
#[derive(Debug, Default)]
pub(crate) struct Control {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    deadline: Option<Instant>,
    stopped: bool,
    /// The connections that are open: one, or two while a broken one is replaced.
    streams: Vec<Weak<Stream>>,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the deadline of the attempt that begins; `None`: without limit.
    pub(crate) fn begin(&self, timeout: Option<Duration>) {
        self.lock().deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    }

    /// Whether [`Interrupt::stop`] was called.
    pub(crate) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// The time left, `None` for no limit; a [`Failure`] when there is none left or the transport was stopped.
    pub(crate) fn left(&self) -> io::Result<Option<Duration>> {
        let state = self.lock();
        if state.stopped {
            return Err(Failure::interrupted().into());
        }
        let Some(deadline) = state.deadline else {
            return Ok(None);
        };
        match deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Failure::timeout().into()),
            left => Ok(Some(left)),
        }
    }

    /// Remembers a connection, unless stopped meanwhile.
    pub(crate) fn register(&self, stream: &Arc<Stream>) -> io::Result<()> {
        let mut state = self.lock();
        if state.stopped {
            return Err(Failure::interrupted().into());
        }
        state.streams.retain(|known| known.strong_count() > 0);
        state.streams.push(Arc::downgrade(stream));
        Ok(())
    }
}

/// Stops a transport from another thread.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(pub(crate) Arc<Control>);

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
