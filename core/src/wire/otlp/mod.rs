//! OTLP 1.11: the trace messages, written and read without a second span model.
//!
//! A span is encoded once, by [`SpanParts`], and read in place by [`SpanView`]. With the feature `alloc` there are
//! also `SpanEdit`, which copies a span with changes, decoders of whole requests and responses, and the JSON mapping
//! in both directions.

mod check;
mod frame;
pub(super) mod keys;
mod parts;
mod pieces;
mod span;
pub(super) mod text;
mod value;
mod value_view;
mod view;

#[cfg(feature = "alloc")]
mod edit;
#[cfg(feature = "alloc")]
mod entity_view;
#[cfg(feature = "alloc")]
mod envelope;
#[cfg(feature = "alloc")]
pub(crate) mod json;
#[cfg(feature = "alloc")]
mod part;
#[cfg(feature = "alloc")]
mod request;
#[cfg(feature = "alloc")]
mod response;
#[cfg(feature = "alloc")]
mod rewrite;
#[cfg(feature = "alloc")]
mod status;

pub use crate::wire::proto::{WireError, WireErrorKind};
pub use frame::{
    EVENT_ATTRIBUTES, LINK_ATTRIBUTES, RESOURCE_ATTRIBUTES, RESOURCE_SPANS, SCOPE_ATTRIBUTES, SCOPE_SPANS,
    SPAN_ATTRIBUTES, SPAN_EVENTS, SPAN_LINKS, SPANS, framed_len, framed_spans, write_frame,
};
pub use parts::{EventParts, LinkParts};
pub use pieces::{SpanHead, SpanTail, span_flags};
pub use span::SpanParts;
pub use text::ValueText;
pub use value::{SHORT_ATTRIBUTE, attribute_key, attribute_len, write_attribute, write_short_attribute};
pub use value_view::{Attributes, ListView, ValueView};
pub use view::{EventView, LinkView, ResourceView, ScopeView, SpanView};

#[cfg(feature = "alloc")]
pub use edit::SpanEdit;
#[cfg(feature = "alloc")]
pub use envelope::{encode_resource, encode_scope};
#[cfg(feature = "alloc")]
pub use json::{JsonRequest, decode_request_json, write_json_request, write_json_span};
#[cfg(feature = "alloc")]
pub use part::part_of_request;
#[cfg(feature = "alloc")]
pub use parts::{push_event, push_link};
#[cfg(feature = "alloc")]
pub use request::{
    DecodeError, RequestView, ResourceSpansView, ScopeSpansView, SpanError, decode_request_protobuf,
};
#[cfg(feature = "alloc")]
pub use response::{
    ExportOutcome, decode_response, decode_response_json, encode_response, encode_response_json,
};
#[cfg(feature = "alloc")]
pub use rewrite::{FieldChange, Place, Rewrite, SpanChanges, Visited, change_fields};
#[cfg(feature = "alloc")]
pub use status::RpcStatus;
#[cfg(feature = "alloc")]
pub use value::push_attribute;
#[cfg(feature = "alloc")]
pub(crate) use value_view::pair as attribute_pair;
