//! The `traceparent` text (W3C Trace Context level 2, version 00), without allocation.

use crate::{SpanId, TraceFlags, TraceId, hex, tracestate_ref::trim_ows};

/// What `traceparent` carries. Both ids are valid.
///
/// ```
/// use spanline_core::propagate::TraceParent;
/// let text = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let parent = TraceParent::parse(text).unwrap();
/// assert!(parent.flags().is_sampled());
/// assert_eq!(&parent.format(), text);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

impl TraceParent {
    /// The length of a formatted value: 55 bytes.
    pub const LENGTH: usize = 55;

    /// A value of these parts; `None` when one of the ids is invalid.
    #[inline]
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Option<Self> {
        if trace_id.is_valid() && span_id.is_valid() {
            Some(Self {
                trace_id,
                span_id,
                flags,
            })
        } else {
            None
        }
    }

    /// Reads a header value; spaces and tabs around it are allowed. Version 00 has exactly 55 characters; of a higher
    /// one (but `ff`) the first 55 are read and the rest, which then begins with `-`, is ignored. Hex is lowercase
    /// only. Of the flags, *sampled* and *random* are kept.
    #[inline]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (head, rest) = trim_ows(value).split_first_chunk::<{ Self::LENGTH }>()?;
        let version = two_digits(&head[..2])?;
        let tail_fits = match (version, rest) {
            (0xff, _) => false,
            (_, []) => true,
            (0, _) => false,
            (_, [first, ..]) => *first == b'-',
        };
        if !tail_fits || head[2] != b'-' || head[35] != b'-' || head[52] != b'-' {
            return None;
        }
        let trace_id = TraceId::from_hex_bytes(&head[3..35])?;
        let span_id = SpanId::from_hex_bytes(&head[36..52])?;
        let flags = two_digits(&head[53..])?;
        Self::new(trace_id, span_id, TraceFlags::from_bits(flags))
    }

    /// The header value (ASCII), always of version 00.
    #[inline]
    pub fn format(&self) -> [u8; Self::LENGTH] {
        let mut out = *b"00-00000000000000000000000000000000-0000000000000000-00";
        hex::write_lower(self.trace_id.as_bytes(), &mut out[3..35]);
        hex::write_lower(self.span_id.as_bytes(), &mut out[36..52]);
        out[54] += self.flags.bits();
        out
    }

    /// The trace id.
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The id of the span that is the parent.
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The flags.
    pub const fn flags(&self) -> TraceFlags {
        self.flags
    }
}

/// Two hex digits. The first is a zero in all that is sent today.
#[inline]
fn two_digits(text: &[u8]) -> Option<u8> {
    match text {
        [b'0', digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => hex::parse_lower(text).map(|[byte]| byte),
    }
}
