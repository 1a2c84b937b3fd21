//! Whole export requests in protobuf: the body is decided on first, then each span for itself.

use super::check;
use super::view::{SpanView, messages};
use crate::wire::proto::{Field, Reader, WireError};
use alloc::borrow::Cow;
use core::fmt;
use core::str;

/// Why a whole body could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    pub(super) message: &'static str,
    pub(super) offset: usize,
}

impl DecodeError {
    /// What is wrong, without the place.
    pub const fn message(&self) -> &'static str {
        self.message
    }

    /// Where, in bytes from the start of the body.
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.message, self.offset)
    }
}

impl core::error::Error for DecodeError {}

impl From<WireError> for DecodeError {
    fn from(error: WireError) -> Self {
        Self {
            message: error.kind.as_str(),
            offset: error.offset,
        }
    }
}

/// Why one span was refused; the others of its request are not concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpanError(pub(super) &'static str);

impl SpanError {
    /// What is wrong, in a few words. Equal mistakes have equal words.
    pub const fn reason(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for SpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for SpanError {}

impl From<WireError> for SpanError {
    fn from(error: WireError) -> Self {
        Self(error.kind.as_str())
    }
}

/// Checks everything of an `ExportTraceServiceRequest` that is not inside a `Span` message: an error there refuses the
/// whole body, before anything is given out. Spans are checked one by one while [`ScopeSpansView::spans`] gives them.
///
/// ```
/// use spanline_core::wire::otlp::decode_request_protobuf;
/// // A request with one span that is empty, so has no ids.
/// let request = decode_request_protobuf(&[0x0a, 4, 0x12, 2, 0x12, 0]).unwrap();
/// let group = request.resource_spans().next().unwrap();
/// let span = group.scope_spans().flat_map(|scope| scope.spans()).next().unwrap();
/// assert!(span.unwrap_err().reason().contains("trace id"));
/// assert!(decode_request_protobuf(&[0x0a, 5, 0x12]).is_err());
/// ```
pub fn decode_request_protobuf(body: &[u8]) -> Result<RequestView<'_>, DecodeError> {
    let mut groups = Reader::new(body);
    while let Some(field) = groups.next_field()? {
        if field.number == 1 {
            resource_spans(&field)?;
        }
    }
    Ok(RequestView(body))
}

fn resource_spans(field: &Field<'_>) -> Result<(), WireError> {
    let mut fields = field.message()?;
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => check::resource(field.message()?)?,
            2 => scope_spans(&field)?,
            3 => drop(field.str()?),
            _ => {}
        }
    }
    Ok(())
}

fn scope_spans(field: &Field<'_>) -> Result<(), WireError> {
    let mut fields = field.message()?;
    while let Some(field) = fields.next_field()? {
        match field.number {
            1 => check::scope(field.message()?)?,
            2 => drop(field.bytes()?),
            3 => drop(field.str()?),
            _ => {}
        }
    }
    Ok(())
}

/// An export request whose body is well-formed, read in place.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a>(&'a [u8]);

impl<'a> RequestView<'a> {
    /// A request that this library wrote, such as a batch.
    pub const fn ours(body: &'a [u8]) -> Self {
        Self(body)
    }

    /// The groups of spans that share a resource, in order.
    pub fn resource_spans(self) -> impl Iterator<Item = ResourceSpansView<'a>> + Clone {
        messages(self.0, 1).map(ResourceSpansView)
    }
}

/// A resource and what it produced.
#[derive(Clone, Copy, Debug)]
pub struct ResourceSpansView<'a>(&'a [u8]);

impl<'a> ResourceSpansView<'a> {
    /// The encoded `Resource`, empty when there is none; several are joined, which is how protobuf merges messages.
    /// Read it with [`super::ResourceView::ours`].
    pub fn resource(self) -> Cow<'a, [u8]> {
        joined(self.0)
    }

    /// The resource's schema URL; may be empty.
    pub fn schema_url(self) -> &'a str {
        schema_url(self.0)
    }

    /// The groups of spans that share a scope, in order.
    pub fn scope_spans(self) -> impl Iterator<Item = ScopeSpansView<'a>> + Clone {
        messages(self.0, 2).map(ScopeSpansView)
    }
}

/// A scope and what it produced.
#[derive(Clone, Copy, Debug)]
pub struct ScopeSpansView<'a>(&'a [u8]);

impl<'a> ScopeSpansView<'a> {
    /// The encoded `InstrumentationScope`, likewise. Read it with [`super::ScopeView::ours`].
    pub fn scope(self) -> Cow<'a, [u8]> {
        joined(self.0)
    }

    /// The schema URL of scope and spans; may be empty.
    pub fn schema_url(self) -> &'a str {
        schema_url(self.0)
    }

    /// The spans, in order, each checked by [`SpanView::check`].
    pub fn spans(self) -> impl Iterator<Item = Result<SpanView<'a>, SpanError>> + Clone {
        messages(self.0, 2).map(|message| SpanView::check(message).map_err(SpanError::from))
    }

    /// The spans unchecked, for requests that were checked or are ours.
    pub fn spans_unchecked(self) -> impl Iterator<Item = SpanView<'a>> + Clone {
        messages(self.0, 2).map(SpanView::ours)
    }
}

fn joined(message: &[u8]) -> Cow<'_, [u8]> {
    let mut parts = messages(message, 1);
    let first = parts.next().unwrap_or_default();
    let mut whole = Cow::Borrowed(first);
    parts.for_each(|part| whole.to_mut().extend_from_slice(part));
    whole
}

fn schema_url(message: &[u8]) -> &str {
    messages(message, 3)
        .last()
        .and_then(|url| str::from_utf8(url).ok())
        .unwrap_or_default()
}
