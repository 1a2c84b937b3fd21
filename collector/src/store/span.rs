//! What is kept of a span: its OTLP bytes, and the few facts by which it is found.

use spanline_core::SpanId;
use spanline_core::wire::otlp::SpanView;
use std::mem::size_of;
use std::sync::Arc;

/// What an allocation costs beyond its length, roughly.
pub(crate) const MALLOC: usize = 16;
/// The two counts in front of what an `Arc` holds.
pub(crate) const ARC: usize = 16;

/// An OTLP Resource message with its schema URL; shared by all spans that came with these very bytes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resource {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) schema_url: Box<str>,
    /// `service.name`, or the standard's name for an unknown one.
    pub(crate) service: Box<str>,
}

/// An OTLP InstrumentationScope message with its schema URL, shared likewise.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) schema_url: Box<str>,
}

/// A span as it is kept.
#[derive(Debug)]
pub(crate) struct StoredSpan {
    pub(crate) id: SpanId,
    /// The all-zero id for a root.
    pub(crate) parent: SpanId,
    /// Nanoseconds since 1970.
    pub(crate) start: u64,
    /// Nanoseconds since 1970; as received, so it may be before `start`.
    pub(crate) end: u64,
    pub(crate) error: bool,
    pub(crate) bytes: Box<[u8]>,
    pub(crate) resource: Arc<Resource>,
    pub(crate) scope: Arc<Scope>,
}

impl StoredSpan {
    /// The whole span. Its bytes were checked when it was received.
    pub(crate) fn view(&self) -> SpanView<'_> {
        SpanView::ours(&self.bytes)
    }

    /// Nanoseconds; 0 when it ended before it started.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn is_root(&self) -> bool {
        !self.parent.is_valid()
    }

    pub(crate) fn service(&self) -> &str {
        &self.resource.service
    }

    /// Whether both are the same message from the same source: what a repeated export delivers.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.bytes == other.bytes
            && Arc::ptr_eq(&self.resource, &other.resource)
            && Arc::ptr_eq(&self.scope, &other.scope)
    }

    pub(crate) fn charge(&self) -> usize {
        size_of::<Self>() + ARC + MALLOC + self.bytes.len() + MALLOC
    }
}

impl Resource {
    pub(crate) fn charge(&self) -> usize {
        size_of::<Self>() + ARC + self.bytes.len() + self.schema_url.len() + self.service.len() + 4 * MALLOC
    }
}

impl Scope {
    pub(crate) fn charge(&self) -> usize {
        size_of::<Self>() + ARC + self.bytes.len() + self.schema_url.len() + 3 * MALLOC
    }
}
