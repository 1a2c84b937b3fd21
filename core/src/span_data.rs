//! The small enumerations of a span, with their OTLP numbers.

/// What role a span plays in a request. The numbers are OTLP's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// Work inside one process (the default).
    #[default]
    Internal = 1,
    /// Handles an incoming request.
    Server = 2,
    /// Makes an outgoing request and waits.
    Client = 3,
    /// Hands a message over, without waiting for who handles it.
    Producer = 4,
    /// Handles a message.
    Consumer = 5,
}

impl SpanKind {
    /// The kind of this OTLP number; 0 (unspecified) and unknown numbers are `None`.
    pub const fn from_otlp(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => return None,
        })
    }

    /// Lower-case name: `internal`, `server`, `client`, `producer`, `consumer`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// The status of a span. The order `Ok > Error > Unset` decides which of two calls wins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
#[repr(u8)]
pub enum StatusCode {
    /// Nothing was said (the default).
    #[default]
    Unset = 0,
    /// The operation is known to be good; final.
    Ok = 1,
    /// The operation failed.
    Error = 2,
}

impl StatusCode {
    /// The status of this OTLP number; unknown numbers are `None`.
    pub const fn from_otlp(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Unset,
            1 => Self::Ok,
            2 => Self::Error,
            _ => return None,
        })
    }
}
