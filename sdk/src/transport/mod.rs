//! Carrying one request to a receiver and saying what became of it.
//!
//! A transport does not retry, queue or count: the exporter's state machine does. It is used by one sender thread at a
//! time, blocks that thread for at most the timeout of the attempt, and can be stopped from another one.

mod endpoint;
#[cfg(all(test, target_os = "linux"))]
mod figures;
mod gzip;
mod http;
mod socket;
#[cfg(test)]
mod tests;

pub(crate) use endpoint::Endpoint;
pub(crate) use gzip::GzipCompressor;
pub(crate) use http::HttpTransport;
pub(crate) use socket::Interrupt;

use std::time::Duration;

/// One POST: the body is complete and already compressed where `content_encoding` says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpRequest<'a> {
    /// Where to.
    pub(crate) endpoint: &'a Endpoint,
    /// Further headers, as configured. Those that describe the body or the connection are left out, the last of
    /// several of one name wins, and those with a bad name or value are skipped.
    pub(crate) headers: &'a [(String, String)],
    /// The Content-Type.
    pub(crate) content_type: &'static str,
    /// The Content-Encoding, when compressed.
    pub(crate) content_encoding: Option<&'static str>,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SendOutcome {
    /// The receiver answered.
    Response(Response),
    /// It answered with more than `max_response_bytes`.
    TooLarge,
    /// There was no answer.
    Failed {
        /// Why.
        kind: FailKind,
        /// Why, in words; without headers, bodies or credentials.
        message: String,
    },
}

impl SendOutcome {
    fn failed(kind: FailKind, message: impl Into<String>) -> Self {
        Self::Failed {
            kind,
            message: message.into(),
        }
    }
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Response {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The Retry-After header, as it came.
    pub(crate) retry_after: Option<String>,
    /// The Content-Type header.
    pub(crate) content_type: Option<String>,
    /// The body, decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether `body` is all of it: it may have ended early or not have been decodable. The status counts all the same.
    pub(crate) body_complete: bool,
}

/// Why there was no answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum FailKind {
    /// Nobody listens there.
    ConnectRefused,
    /// No way to there.
    Unreachable,
    /// The name is not known, or the name service does not answer.
    Dns,
    /// The connection broke before an answer.
    Reset,
    /// The attempt had its time.
    Timeout,
    /// TLS failed or is not supported.
    Tls,
    /// The URL cannot be used.
    BadUrl,
    /// [`Interrupt::stop`] was called.
    Interrupted,
    /// Anything else: not HTTP, no resources.
    Other,
}

impl FailKind {
    /// Whether another attempt may do better.
    pub(crate) fn retryable(self) -> bool {
        !matches!(self, Self::Tls | Self::BadUrl)
    }

    /// Whether this says that nothing is there at all, so that an exit need not wait for it.
    pub(crate) fn endpoint_dead(self) -> bool {
        matches!(self, Self::ConnectRefused | Self::Unreachable | Self::Dns)
    }
}

/// Something that carries requests.
pub(crate) trait Transport: Send {
    /// Carries one request; blocks for at most `timeout` (`None`: without limit), apart from a name look-up, which the
    /// system does not let anybody bound and which happens only when a connection is made.
    fn send(&mut self, request: &HttpRequest<'_>, timeout: Option<Duration>) -> SendOutcome;

    /// A handle by which another thread stops this transport.
    fn interrupt(&self) -> Interrupt;
}
