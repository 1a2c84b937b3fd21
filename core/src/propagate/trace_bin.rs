//! The binary trace context of OpenCensus, version 0, without allocation.

use crate::{SpanId, TraceFlags, TraceId};

/// What the gRPC metadata `grpc-trace-bin` carries. Both ids are valid; of the flags there is *sampled* alone.
///
/// ```
/// use spanline_core::{SpanId, TraceFlags, TraceId, propagate::TraceBin};
/// let (trace_id, span_id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
/// let bin = TraceBin::new(trace_id, span_id, TraceFlags::SAMPLED).unwrap();
/// assert_eq!(TraceBin::parse(&bin.format()), Some(bin));
/// assert_eq!(TraceBin::parse(b""), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceBin {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
}

impl TraceBin {
    /// The length of a formatted value: 29 bytes.
    pub const LENGTH: usize = 29;

    /// A value of these parts; `None` when one of the ids is invalid.
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Option<Self> {
        if trace_id.is_valid() && span_id.is_valid() {
            Some(Self {
                trace_id,
                span_id,
                flags: TraceFlags::NONE.with_sampled(flags.is_sampled()),
            })
        } else {
            None
        }
    }

    /// Reads a value of version 0. Its fields come in any order, the last one of a number counts; the first unknown
    /// field ends it. Without options it is not sampled. `None` when an id is missing, cut off or zero.
    #[inline]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let [0, rest @ ..] = value else {
            return None;
        };
        let mut rest = rest;
        let (mut trace_id, mut span_id, mut options) = (TraceId::INVALID, SpanId::INVALID, 0);
        loop {
            rest = match rest {
                [0, tail @ ..] => {
                    let (bytes, tail) = tail.split_first_chunk()?;
                    trace_id = TraceId::from_bytes(*bytes);
                    tail
                }
                [1, tail @ ..] => {
                    let (bytes, tail) = tail.split_first_chunk()?;
                    span_id = SpanId::from_bytes(*bytes);
                    tail
                }
                [2, byte, tail @ ..] => {
                    options = *byte;
                    tail
                }
                _ => return Self::new(trace_id, span_id, TraceFlags::from_bits(options)),
            };
        }
    }

    /// The value as it is written.
    #[inline]
    pub fn format(&self) -> [u8; Self::LENGTH] {
        let mut out = [0; Self::LENGTH];
        out[2..18].copy_from_slice(self.trace_id.as_bytes());
        out[18] = 1;
        out[19..27].copy_from_slice(self.span_id.as_bytes());
        out[27] = 2;
        out[28] = self.flags.bits();
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
