//! Trace and span ids (W3C Trace Context level 2, OpenTelemetry trace API "SpanContext").

use crate::hex;
use core::fmt;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The all-zero id, which is invalid and stands for "none".
            pub const INVALID: Self = Self([0; $bytes]);

            /// An id of exactly these bytes, in network order.
            #[inline]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Parses exactly
            #[doc = stringify!($digits)]
            /// lowercase hex digits; the all-zero id is parsed too. Anything else is `None`.
            #[inline]
            pub fn from_hex(text: &str) -> Option<Self> {
                Self::from_hex_bytes(text.as_bytes())
            }

            /// As [`Self::from_hex`], over bytes that need not be UTF-8.
            #[inline]
            pub fn from_hex_bytes(text: &[u8]) -> Option<Self> {
                hex::parse_lower(text).map(Self)
            }

            /// As [`Self::from_hex_bytes`], but digits may be of either case.
            #[inline]
            pub fn from_hex_any_case(text: &[u8]) -> Option<Self> {
                hex::parse_any(text).map(Self)
            }

            /// The id's bytes, in network order.
            #[inline]
            pub const fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// The id's bytes, borrowed.
            #[inline]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// The id as lowercase hex digits (ASCII).
            #[inline]
            pub fn to_hex(self) -> [u8; $digits] {
                let mut out = [0; $digits];
                hex::write_lower(&self.0, &mut out);
                out
            }

            /// Whether any byte differs from zero.
            #[inline]
            pub const fn is_valid(self) -> bool {
                $name::any_bit(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = self.to_hex();
                f.pad(core::str::from_utf8(&hex).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id_type! {
    /// The id that all spans of one trace share: 16 bytes.
    ///
    /// ```
    /// use spanline_core::TraceId;
    /// let id = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
    /// assert!(id.is_valid());
    /// assert_eq!(id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    /// ```
    TraceId, 16, 32
}

id_type! {
    /// The id of one span within its trace: 8 bytes.
    ///
    /// ```
    /// use spanline_core::SpanId;
    /// assert_eq!(SpanId::from_hex("00f067aa0ba902b7").unwrap().to_bytes()[1], 0xf0);
    /// assert!(SpanId::from_hex("00F067AA0BA902B7").is_none());
    /// ```
    SpanId, 8, 16
}

impl TraceId {
    #[inline]
    const fn any_bit(bytes: &[u8; 16]) -> bool {
        u128::from_ne_bytes(*bytes) != 0
    }

    /// The right-most seven bytes as a number: the trace's randomness under W3C level 2, 56 bits.
    #[inline]
    pub const fn randomness(self) -> u64 {
        (u128::from_be_bytes(self.0) & 0x00ff_ffff_ffff_ffff) as u64
    }
}

impl SpanId {
    #[inline]
    const fn any_bit(bytes: &[u8; 8]) -> bool {
        u64::from_ne_bytes(*bytes) != 0
    }
}
