//! The work that is measured, the same for every subject.

use std::hint::black_box;

/// A piece of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// A root span without anything, made current, ended.
    Bare,
    /// A child of a current parent with three attributes, made current, ended.
    Typical,
    /// Ten attributes of mixed types, an event with two, status Ok.
    Rich,
    /// The typical span under a parent-based ratio of 0.
    Unsampled,
    /// `traceparent` and `tracestate` out of headers and into new ones.
    Carried,
    /// Typical spans at a steady pace through the OTLP/HTTP exporter to a receiver on this machine.
    Exported,
    /// The same as fast as one thread can, with default settings.
    Burst,
}

impl Work {
    pub(crate) const ALL: [Self; 7] = [
        Self::Bare,
        Self::Typical,
        Self::Rich,
        Self::Unsampled,
        Self::Carried,
        Self::Exported,
        Self::Burst,
    ];

    /// The name in results and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "w0",
            Self::Typical => "w1",
            Self::Rich => "w2",
            Self::Unsampled => "w3",
            Self::Carried => "w4",
            Self::Exported => "w5",
            Self::Burst => "burst",
        }
    }

    /// What it is, in a few words.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Bare => "bare root span, made current, ended",
            Self::Typical => "child of a current parent, made current, 3 attributes, ended",
            Self::Rich => "10 attributes, an event with 2, status Ok",
            Self::Unsampled => "W1 under a parent-based ratio of 0",
            Self::Carried => "traceparent and tracestate out of headers, into new ones",
            Self::Exported => "W1 at a steady pace through OTLP/HTTP protobuf to a receiver on this machine",
            Self::Burst => "200,000 of W1 through the same as fast as one thread can",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.name() == name)
    }

    /// Whether the real exporter is part of it.
    pub(crate) const fn is_exported(self) -> bool {
        matches!(self, Self::Exported | Self::Burst)
    }
}

/// The name of a typical span.
pub(crate) const NAME: &str = "GET /api/users/{id}";

/// Headers as a request brings them.
pub(crate) const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
pub(crate) const TRACESTATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

/// Calls so many times.
#[inline(always)]
pub(crate) fn repeat(calls: u64, mut call: impl FnMut()) {
    for _ in 0..calls {
        call();
    }
}

/// Hides a value from the optimiser, as a real one would be.
#[inline]
pub(crate) fn real<T>(value: T) -> T {
    black_box(value)
}
