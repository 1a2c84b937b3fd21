//! What Jaeger sees of a span, however it is written.

use super::super::tags::Tags;
use crate::wire::otlp::{EventView, LinkView, ResourceSpansView, ScopeView, SpanView, ValueText, ValueView};
use crate::{SpanKind, StatusCode, TraceFlags};
use alloc::string::String;
use core::fmt::Write;

/// Gives each span that a resource produced with its tags.
pub(super) fn each_span(group: ResourceSpansView<'_>, mut each: impl FnMut(SpanView<'_>, &Tags<'_>)) {
    for scope_spans in group.scope_spans() {
        let scope = scope_spans.scope();
        let mut tags = Tags::default();
        for span in scope_spans.spans_unchecked() {
            tags.clear();
            collect(span, ScopeView::ours(&scope), &mut tags);
            each(span, &tags);
        }
    }
}

fn collect<'a>(span: SpanView<'a>, scope: ScopeView<'a>, tags: &mut Tags<'a>) {
    tags.scope(scope);
    tags.attributes(span.attributes());
    match span.kind() {
        Some(SpanKind::Client) => tags.text("span.kind", "client"),
        Some(SpanKind::Server) => tags.text("span.kind", "server"),
        Some(SpanKind::Producer) => tags.text("span.kind", "producer"),
        Some(SpanKind::Consumer) => tags.text("span.kind", "consumer"),
        Some(SpanKind::Internal) | None => {}
    }
    let (code, description) = span.status();
    match code {
        StatusCode::Unset => {}
        StatusCode::Ok => tags.text("otel.status_code", "OK"),
        StatusCode::Error => {
            tags.text("otel.status_code", "ERROR");
            tags.push("error", ValueView::Bool(true));
        }
    }
    tags.text("otel.status_description", description);
    tags.text("w3c.tracestate", span.trace_state());
    tags.dropped(span);
}

/// The fields of an event's log. Its name is one of them, unless an attribute has that key.
pub(super) fn log<'a>(event: EventView<'a>, fields: &mut Tags<'a>) {
    fields.clear();
    if event.attribute("event").is_none() {
        fields.push("event", ValueView::Str(event.name()));
    }
    fields.attributes(event.attributes());
    fields.dropped_attributes(event.dropped_attributes());
}

/// Only whether it was sampled: the other bits mean something else to Jaeger.
pub(super) fn flags(span: SpanView<'_>) -> u32 {
    span.flags() & u32::from(TraceFlags::SAMPLED.bits())
}

/// The links that point somewhere.
pub(super) fn links(span: SpanView<'_>) -> impl Iterator<Item = LinkView<'_>> + Clone {
    span.links()
        .filter(|link| link.trace_id().is_valid() && link.span_id().is_valid())
}

/// A value in one of the types that tags have.
pub(super) enum TagValue<'a> {
    Str(&'a str),
    Bool(bool),
    I64(i64),
    F64(f64),
    Bytes(&'a [u8]),
}

impl<'a> TagValue<'a> {
    /// Arrays and maps become text, which is put into `text`.
    pub(super) fn of(value: ValueView<'a>, text: &'a mut String) -> Self {
        match value {
            ValueView::Str(text) => Self::Str(text),
            ValueView::Bool(value) => Self::Bool(value),
            ValueView::I64(value) => Self::I64(value),
            ValueView::F64(value) => Self::F64(value),
            ValueView::Bytes(bytes) => Self::Bytes(bytes),
            value => {
                text.clear();
                // Writing to a String never fails.
                let _ = write!(text, "{}", ValueText(value));
                Self::Str(text)
            }
        }
    }
}
