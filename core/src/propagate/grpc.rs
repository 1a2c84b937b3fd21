//! gRPC metadata.

use super::{Getter, Setter, TextMapPropagator, TraceBin};
use crate::{Context, SpanContext, TraceState, tracestate_ref::trim_ows, wire::base64, wire::json};
use alloc::{string::String, vec, vec::Vec};
use core::fmt;

const NAME: &str = "grpc-trace-bin";
/// The longest value that is looked at. Ours have 39 characters; behind the known fields there may be unknown ones.
const LONGEST: usize = 1024;

/// Reads and writes the gRPC metadata `grpc-trace-bin`, the binary format of OpenCensus.
///
/// The value is base64, as it stands in HTTP/2 headers: read with and without padding, written without. Libraries that
/// decode such metadata give the bytes themselves, which are read, too; to libraries that also encode it, give
/// [`TraceBin::format`].
///
/// ```
/// use spanline_core::{Context, propagate::{GrpcTraceBinPropagator, TextMapPropagator}};
/// let metadata = [("grpc-trace-bin", "AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE")];
/// let context = GrpcTraceBinPropagator::new().extract(Context::EMPTY, &metadata);
/// assert!(context.span_context().is_sampled());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct GrpcTraceBinPropagator;

impl GrpcTraceBinPropagator {
    /// The propagator; it has no options.
    pub const fn new() -> Self {
        Self
    }

    /// As [`TextMapPropagator::inject`], compiled for one type of carrier.
    #[inline]
    pub fn inject_into<S: Setter + ?Sized>(context: &Context, carrier: &mut S) {
        let span = context.span_context();
        let Some(bin) = TraceBin::new(span.trace_id(), span.span_id(), span.flags()) else {
            return;
        };
        if context.is_suppressed() {
            return;
        }
        let mut text = Unpadded(String::with_capacity(40));
        // Writing to a String never fails.
        let _ = json::base64(&mut text, &bin.format());
        carrier.set(NAME, &text.0);
    }

    /// As [`TextMapPropagator::extract`], compiled for one type of carrier.
    #[inline]
    pub fn extract_from<G: Getter + ?Sized>(context: Context, carrier: &G) -> Context {
        let Some(bin) = carrier.get(NAME).and_then(read) else {
            return context;
        };
        let (trace_id, span_id, flags) = (bin.trace_id(), bin.span_id(), bin.flags());
        let span = SpanContext::new(trace_id, span_id, flags, true, TraceState::EMPTY);
        context.with_remote_span_context(span)
    }
}

impl TextMapPropagator for GrpcTraceBinPropagator {
    fn inject(&self, context: &Context, carrier: &mut dyn Setter) {
        Self::inject_into(context, carrier);
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        Self::extract_from(context, carrier)
    }

    fn fields(&self) -> Vec<&str> {
        vec![NAME]
    }
}

fn read(value: &[u8]) -> Option<TraceBin> {
    if value.len() > LONGEST {
        return None;
    }
    // The version, which no text begins with.
    if value.first() == Some(&0) {
        return TraceBin::parse(value);
    }
    TraceBin::parse(&base64::decode(trim_ows(value))?)
}

/// Base64 without its padding.
struct Unpadded(String);

impl fmt::Write for Unpadded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text.trim_end_matches('='));
        Ok(())
    }
}

/// gRPC metadata to be written: names are made lower case, and what metadata cannot hold is left out.
///
/// For metadata that is a list or a map of texts. It is read as it is.
///
/// ```
/// use spanline_core::propagate::{GrpcMetadata, Setter};
/// let mut metadata: Vec<(String, String)> = Vec::new();
/// let mut carrier = GrpcMetadata(&mut metadata);
/// carrier.set("X-Trace-ID", "4bf92f3577b34da6a3ce929d0e0e4736");
/// carrier.set("not a name", "1");
/// carrier.set("name", "caf\u{e9}");
/// assert_eq!(metadata[0].0, "x-trace-id");
/// assert_eq!(metadata.len(), 1);
/// ```
#[derive(Debug)]
pub struct GrpcMetadata<S>(
    /// Where it is written to.
    pub S,
);

impl<S: Setter> Setter for GrpcMetadata<S> {
    fn set(&mut self, name: &str, value: &str) {
        let is_name = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
        let fits =
            !name.is_empty() && name.bytes().all(is_name) && value.bytes().all(|c| matches!(c, b' '..=b'~'));
        if !fits {
            return;
        }
        if name.bytes().any(|c| c.is_ascii_uppercase()) {
            self.0.set(&name.to_ascii_lowercase(), value);
        } else {
            self.0.set(name, value);
        }
    }
}
