//! An HTTP/2 connection, driven by the thread that uses it.
//!
//! There is no runtime: between two calls nobody looks at the connection, so an idle process is not woken. What the peer
//! sent meanwhile (PING, GOAWAY, the end) is taken in before the next call.

use super::super::Connection;
use super::super::{FailKind, Failure};
use super::line::Line;
use bytes::Bytes;
use bytes::buf::Chain;
use h2::client::{self, SendRequest};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// The body of a request: the head of its one message and the message.
pub(super) type Payload = Chain<Bytes, Bytes>;

/// A peer's headers and trailers have to fit in.
const MAX_HEADERS: u32 = 64 * 1024;

/// Remembers that something was woken, so that it is polled again before anybody waits for the peer.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// HTTP/2 on a connection, for one call at a time.
#[derive(Debug)]
pub(super) struct Http2 {
    line: Line,
    frames: client::Connection<Line, Payload>,
    requests: SendRequest<Payload>,
    woken: Arc<Woken>,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(super) struct NoAnswer {
    /// In words.
    pub(super) failure: Failure,
    /// The peer has not looked at the call, or ended the whole connection: on a connection that was kept this means only
    /// that the peer is tired of it, and another one may do.
    pub(super) stale: bool,
}

impl Http2 {
    /// Begins to speak HTTP/2. Nothing is sent before the first call.
    pub(super) fn open(connection: Connection) -> Result<Self, Failure> {
        let line = Line::new(connection);
        let woken = Arc::new(Woken::default());
        let mut builder = client::Builder::new();
        builder.enable_push(false).max_header_list_size(MAX_HEADERS);
        let opening = pin!(builder.handshake(line.clone()));
        let waker = Waker::from(woken.clone());
        match opening.poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(Ok((requests, frames))) => Ok(Self {
                line,
                frames,
                requests,
                woken,
            }),
            Poll::Ready(Err(error)) => Err(Failure::new(FailKind::Other, error.to_string())),
            // It writes and does not read, and writes are never pending.
            Poll::Pending => Err(Failure::new(FailKind::Other, "the connection did not begin")),
        }
    }

    /// Sends requests.
    pub(super) fn requests(&self) -> SendRequest<Payload> {
        self.requests.clone()
    }

    /// Takes in what the peer sent since the last call. False: the connection has ended or ends.
    pub(super) fn refresh(&mut self) -> bool {
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let polled = self.line.taking(|| Pin::new(&mut self.frames).poll(&mut context));
        matches!(polled, Ok(Poll::Pending))
            && self.line.flush().is_ok()
            && matches!(self.requests.poll_ready(&mut context), Poll::Ready(Ok(())))
    }

    /// Runs a call to its end. Gives what became of it, and whether the connection can be used again.
    pub(super) fn run<T>(
        &mut self,
        call: impl Future<Output = Result<T, h2::Error>>,
    ) -> (Result<T, NoAnswer>, bool) {
        let mut call = pin!(call);
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            self.woken.0.store(false, Ordering::Release);
            let called = call.as_mut().poll(&mut context);
            // What the call asked for is written; of what it no longer wants, the peer is told.
            let mut open = self.write(&mut context);
            match called {
                Poll::Ready(Ok(answer)) => return (Ok(answer), open),
                Poll::Ready(Err(error)) => return (Err(self.no_answer(&error)), open),
                Poll::Pending => {}
            }
            if open && !self.woken.0.load(Ordering::Acquire) {
                let frames = &mut self.frames;
                let polled = self.line.waiting(|| Pin::new(frames).poll(&mut context));
                open = polled.is_pending() && self.line.flush().is_ok();
            }
            if !open {
                // The end of the connection is the end of the call, which may have been answered just before.
                let ended = match call.as_mut().poll(&mut context) {
                    Poll::Ready(Ok(answer)) => Ok(answer),
                    Poll::Ready(Err(error)) => Err(self.no_answer(&error)),
                    Poll::Pending => Err(self.broken()),
                };
                return (ended, false);
            }
        }
    }

    /// Writes what there is to write. False: the connection has ended.
    fn write(&mut self, context: &mut Context<'_>) -> bool {
        let polled = Pin::new(&mut self.frames).poll(context);
        self.line.flush().is_ok() && polled.is_pending()
    }

    fn broken(&self) -> NoAnswer {
        let closed = || Failure::new(FailKind::Reset, "the connection was closed before an answer");
        let mut failure = self.line.failure().unwrap_or_else(closed);
        let stale = failure.kind == FailKind::Reset;
        let greeting = self.line.greeting();
        if stale && let Some(hint) = stranger(&greeting) {
            return NoAnswer {
                failure: Failure::new(FailKind::Other, hint),
                stale: false,
            };
        }
        if stale && !greeting.is_empty() {
            failure.kind = FailKind::BrokenOff;
        }
        NoAnswer { failure, stale }
    }

    fn no_answer(&self, error: &h2::Error) -> NoAnswer {
        let reason = error.reason().unwrap_or(h2::Reason::NO_ERROR);
        if self.line.failure().is_some() || error.is_io() {
            return self.broken();
        }
        let (stale, kind, message) = if error.is_reset() && error.is_remote() {
            let message = format!("the receiver broke the call off: {}", name(reason));
            (reason == h2::Reason::REFUSED_STREAM, FailKind::BrokenOff, message)
        } else if error.is_go_away() && error.is_remote() {
            let message = format!("the receiver ended the connection: {}", name(reason));
            (true, FailKind::BrokenOff, message)
        } else if let Some(hint) = stranger(&self.line.greeting()) {
            (false, FailKind::Other, hint.to_owned())
        } else {
            (
                false,
                FailKind::Other,
                format!("the receiver's HTTP/2 is broken: {error}"),
            )
        };
        NoAnswer {
            failure: Failure::new(kind, message),
            stale,
        }
    }
}

/// The error code of HTTP/2 by its name there.
fn name(reason: h2::Reason) -> String {
    let text = format!("{reason:?}");
    if text.starts_with("Reason") {
        return format!("error {}", u32::from(reason));
    }
    text
}

/// Who answers like this instead of a receiver of gRPC.
fn stranger(greeting: &[u8]) -> Option<&'static str> {
    match greeting {
        [b'H', b'T', b'T', b'P', b'/', ..] => Some(
            "the endpoint speaks HTTP/1.1, not gRPC: check the port (OTLP over gRPC is usually at 4317, Jaeger's own format at 14250)",
        ),
        [0x15 | 0x16, 3, ..] => Some("the endpoint speaks TLS: use https"),
        // The first frame is SETTINGS.
        [_, _, _, kind, ..] if *kind != 4 => {
            Some("what answers there does not speak HTTP/2: is it another service's port?")
        }
        _ => None,
    }
}
