//! Why there was no answer, and how that travels through code that knows only errors of input and output.

use std::fmt;
use std::io::{self, ErrorKind};

/// Asked where somebody speaks another protocol.
pub(crate) const ANOTHER_PORT: &str = ": is it another service's port?";

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
    /// The same by a peer that had begun to speak HTTP/2.
    #[cfg_attr(not(any(feature = "grpc", test)), expect(dead_code))]
    BrokenOff,
    /// The attempt had its time.
    Timeout,
    /// The peers cannot agree on a protected connection: certificates above all.
    Tls,
    /// The proxy refuses, and would again.
    Proxy,
    /// The URL cannot be used.
    BadUrl,
    /// [`super::Interrupt::stop`] was called.
    Interrupted,
    /// Anything else: not HTTP, no resources.
    Other,
}

impl FailKind {
    /// Whether another attempt may do better.
    pub(crate) fn retryable(self) -> bool {
        !matches!(self, Self::Tls | Self::Proxy | Self::BadUrl)
    }

    /// Whether this says that nothing is there at all, so that an exit need not wait for it.
    pub(crate) fn endpoint_dead(self) -> bool {
        matches!(self, Self::ConnectRefused | Self::Unreachable | Self::Dns)
    }

    /// The word under which spans are counted as failed.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::BadUrl => "bad_url",
            _ => "transport",
        }
    }
}

/// A failure in words; without headers, bodies or credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailKind,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(kind: FailKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The deadline of the attempt has come.
    pub(crate) fn timeout() -> Self {
        Self::new(FailKind::Timeout, "no answer within the timeout")
    }

    /// Another thread has stopped the transport.
    pub(crate) fn interrupted() -> Self {
        Self::new(FailKind::Interrupted, "stopped by shutdown")
    }

    /// What is known of an error: the failure in it, or what its kind says.
    pub(crate) fn of(error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return inner.clone();
        }
        let kind = match error.kind() {
            ErrorKind::ConnectionRefused => FailKind::ConnectRefused,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable => FailKind::Unreachable,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
            | ErrorKind::UnexpectedEof => FailKind::Reset,
            ErrorKind::TimedOut => return Self::timeout(),
            _ => FailKind::Other,
        };
        let message = match error.kind() {
            ErrorKind::UnexpectedEof => "the connection was closed before an answer".to_owned(),
            _ => error.to_string(),
        };
        Self { kind, message }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailKind::Timeout => ErrorKind::TimedOut,
            FailKind::Interrupted => ErrorKind::NotConnected,
            _ => ErrorKind::Other,
        };
        Self::new(kind, failure)
    }
}
