//! What Zipkin sees of a span, however it is written.

use super::super::tags::{Tags, micros, service_name};
use super::endpoint::{Remote, remote};
use crate::wire::json::string;
use crate::wire::otlp::text::json_value;
use crate::wire::otlp::{EventView, RequestView, ResourceView, ScopeView, SpanView, ValueView};
use crate::{SpanKind, StatusCode};
use core::fmt::{Result, Write};

/// One span with everything around it.
pub(super) struct ZipkinSpan<'a, 't> {
    pub(super) span: SpanView<'a>,
    pub(super) service: &'a str,
    pub(super) remote: Option<Remote<'a>>,
    pub(super) tags: &'t Tags<'a>,
}

impl ZipkinSpan<'_, '_> {
    /// Start in microseconds since the Unix epoch.
    pub(super) fn timestamp(&self) -> u64 {
        micros(self.span.start_unix_nano())
    }

    /// Microseconds; Zipkin knows none that is less than one.
    pub(super) fn duration(&self) -> u64 {
        let nanos = self
            .span
            .end_unix_nano()
            .saturating_sub(self.span.start_unix_nano());
        micros(nanos).max(1)
    }
}

/// Gives each span of a request with its tags.
pub(super) fn each_span<E>(
    request: RequestView<'_>,
    mut each: impl FnMut(&ZipkinSpan<'_, '_>) -> core::result::Result<(), E>,
) -> core::result::Result<(), E> {
    for group in request.resource_spans() {
        let resource = group.resource();
        let resource = ResourceView::ours(&resource);
        for scope_spans in group.scope_spans() {
            let scope = scope_spans.scope();
            let scope = ScopeView::ours(&scope);
            let mut tags = Tags::default();
            for span in scope_spans.spans_unchecked() {
                tags.clear();
                tags.attributes(span.attributes());
                let calls = matches!(span.kind(), Some(SpanKind::Client | SpanKind::Producer));
                let remote = if calls { remote(&tags) } else { None };
                tags.clear();
                tags.resource(resource);
                tags.scope(scope);
                tags.attributes(span.attributes());
                status(span, &mut tags);
                tags.dropped(span);
                each(&ZipkinSpan {
                    span,
                    service: service_name(resource),
                    remote,
                    tags: &tags,
                })?;
            }
        }
    }
    Ok(())
}

/// The status; any tag `error` is a failure to Zipkin, whatever its value.
fn status<'a>(span: SpanView<'a>, tags: &mut Tags<'a>) {
    let (code, description) = span.status();
    match code {
        StatusCode::Unset => {}
        StatusCode::Ok => tags.text("otel.status_code", "OK"),
        StatusCode::Error => {
            tags.text("otel.status_code", "ERROR");
            tags.push("error", ValueView::Str(description));
            return;
        }
    }
    if let Some(ValueView::Bool(false) | ValueView::Str("false")) = tags.get("error") {
        tags.remove("error");
    }
}

/// An event as the text of an annotation: its name, or name and attributes in the manner of JSON.
pub(super) fn annotation(event: EventView<'_>, out: &mut impl Write) -> Result {
    let mut attributes = event.attributes().peekable();
    if attributes.peek().is_none() {
        return out.write_str(event.name());
    }
    string(out, event.name())?;
    for (at, (key, value)) in attributes.enumerate() {
        out.write_str(if at == 0 { ":{" } else { "," })?;
        string(out, key)?;
        out.write_char(':')?;
        json_value(out, value)?;
    }
    out.write_char('}')
}
