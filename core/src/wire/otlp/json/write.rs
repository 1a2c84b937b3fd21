//! Spans and requests as JSON.

use super::super::entity_view::{EntityRefView, entity_refs};
use super::super::request::{RequestView, ScopeSpansView};
use super::super::value::MAX_DEPTH;
use super::super::value_view::{Attributes, ValueView};
use super::super::view::{EventView, LinkView, ResourceView, ScopeView, SpanView};
use crate::wire::json::{base64, number, string};
use core::fmt::{Display, Result, Write};

/// The members of an object, written one after the other; what is at its default is left out.
struct Object<'w, W> {
    out: &'w mut W,
    empty: bool,
}

impl<'w, W: Write> Object<'w, W> {
    fn open(out: &'w mut W) -> core::result::Result<Self, core::fmt::Error> {
        out.write_char('{')?;
        Ok(Self { out, empty: true })
    }

    fn close(self) -> Result {
        self.out.write_char('}')
    }

    fn name(&mut self, name: &str) -> core::result::Result<&mut W, core::fmt::Error> {
        if !core::mem::take(&mut self.empty) {
            self.out.write_char(',')?;
        }
        write!(self.out, "\"{name}\":")?;
        Ok(self.out)
    }

    fn text(&mut self, name: &str, text: &str) -> Result {
        if text.is_empty() {
            Ok(())
        } else {
            string(self.name(name)?, text)
        }
    }

    fn number<N: Display + Default + PartialEq>(&mut self, name: &str, value: N) -> Result {
        if value == N::default() {
            Ok(())
        } else {
            write!(self.name(name)?, "{value}")
        }
    }

    /// 64-bit numbers and ids stand as strings.
    fn quoted<N: Display + Default + PartialEq>(&mut self, name: &str, value: N) -> Result {
        if value == N::default() {
            Ok(())
        } else {
            write!(self.name(name)?, "\"{value}\"")
        }
    }

    fn list<I: Iterator + Clone>(
        &mut self,
        name: &str,
        items: I,
        mut each: impl FnMut(I::Item, &mut W) -> Result,
    ) -> Result {
        let mut items = items.peekable();
        if items.peek().is_none() {
            return Ok(());
        }
        let out = self.name(name)?;
        for (at, item) in items.enumerate() {
            out.write_char(if at == 0 { '[' } else { ',' })?;
            each(item, out)?;
        }
        out.write_char(']')
    }

    fn attributes(&mut self, name: &str, attributes: Attributes<'_>, depth: u32) -> Result {
        self.list(name, attributes, |(key, value), out| {
            let mut pair = Object::open(out)?;
            string(pair.name("key")?, key)?;
            any_value(value, depth, pair.name("value")?)?;
            pair.close()
        })
    }
}

/// Writes a whole request as one JSON object without line ends: a line of the file exporter.
pub fn write_json_request(request: RequestView<'_>, out: &mut impl Write) -> Result {
    let mut root = Object::open(out)?;
    root.list("resourceSpans", request.resource_spans(), |group, out| {
        let mut object = Object::open(out)?;
        let bytes = group.resource();
        let resource = ResourceView::ours(&bytes);
        let mut inner = Object::open(object.name("resource")?)?;
        inner.attributes("attributes", resource.attributes(), 1)?;
        inner.number("droppedAttributesCount", resource.dropped_attributes())?;
        inner.list("entityRefs", entity_refs(resource), entity_ref)?;
        inner.close()?;
        object.list("scopeSpans", group.scope_spans(), scope_spans)?;
        object.text("schemaUrl", group.schema_url())?;
        object.close()
    })?;
    root.close()
}

fn entity_ref(entity: EntityRefView<'_>, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    object.text("schemaUrl", entity.schema_url())?;
    object.text("type", entity.entity_type())?;
    object.list("idKeys", entity.id_keys(), |key, out| string(out, key))?;
    object.list("descriptionKeys", entity.description_keys(), |key, out| {
        string(out, key)
    })?;
    object.close()
}

fn scope_spans(group: ScopeSpansView<'_>, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    let bytes = group.scope();
    let scope = ScopeView::ours(&bytes);
    let mut inner = Object::open(object.name("scope")?)?;
    inner.text("name", scope.name())?;
    inner.text("version", scope.version())?;
    inner.attributes("attributes", scope.attributes(), 1)?;
    inner.number("droppedAttributesCount", scope.dropped_attributes())?;
    inner.close()?;
    object.list("spans", group.spans_unchecked(), |span, out| {
        write_json_span(span, out)
    })?;
    object.text("schemaUrl", group.schema_url())?;
    object.close()
}

/// Writes one span as a JSON object.
///
/// ```
/// use spanline_core::{SpanId, TraceId, wire::otlp::{SpanParts, SpanView, write_json_span}};
/// let parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
/// let mut message = vec![0; parts.encoded_len()];
/// parts.write_to(&mut message);
/// let mut json = String::new();
/// write_json_span(SpanView::ours(&message), &mut json).unwrap();
/// assert!(json.contains(r#""spanId":"0202020202020202""#));
/// ```
pub fn write_json_span(span: SpanView<'_>, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    object.quoted("traceId", span.trace_id())?;
    object.quoted("spanId", span.span_id())?;
    object.text("traceState", span.trace_state())?;
    object.quoted("parentSpanId", span.parent_span_id())?;
    object.number("flags", span.flags())?;
    object.text("name", span.name())?;
    object.number("kind", span.kind_number())?;
    object.quoted("startTimeUnixNano", span.start_unix_nano())?;
    object.quoted("endTimeUnixNano", span.end_unix_nano())?;
    object.attributes("attributes", span.attributes(), 1)?;
    object.number("droppedAttributesCount", span.dropped_attributes())?;
    object.list("events", span.events(), event)?;
    object.number("droppedEventsCount", span.dropped_events())?;
    object.list("links", span.links(), link)?;
    object.number("droppedLinksCount", span.dropped_links())?;
    let (code, message) = span.status_number();
    if code != 0 || !message.is_empty() {
        let mut status = Object::open(object.name("status")?)?;
        status.text("message", message)?;
        status.number("code", code)?;
        status.close()?;
    }
    object.close()
}

fn event(event: EventView<'_>, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    object.quoted("timeUnixNano", event.time_unix_nano())?;
    object.text("name", event.name())?;
    object.attributes("attributes", event.attributes(), 1)?;
    object.number("droppedAttributesCount", event.dropped_attributes())?;
    object.close()
}

fn link(link: LinkView<'_>, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    object.quoted("traceId", link.trace_id())?;
    object.quoted("spanId", link.span_id())?;
    object.text("traceState", link.trace_state())?;
    object.attributes("attributes", link.attributes(), 1)?;
    object.number("droppedAttributesCount", link.dropped_attributes())?;
    object.number("flags", link.flags())?;
    object.close()
}

/// A value of this depth.
fn any_value(value: ValueView<'_>, depth: u32, out: &mut impl Write) -> Result {
    let mut object = Object::open(out)?;
    match value {
        ValueView::Empty => {}
        ValueView::Bool(value) => write!(object.name("boolValue")?, "{value}")?,
        ValueView::I64(value) => write!(object.name("intValue")?, "\"{value}\"")?,
        ValueView::F64(value) => number(object.name("doubleValue")?, value, "\"")?,
        ValueView::Str(text) => string(object.name("stringValue")?, text)?,
        ValueView::Bytes(bytes) => {
            let out = object.name("bytesValue")?;
            out.write_char('"')?;
            base64(out, bytes)?;
            out.write_char('"')?;
        }
        ValueView::List(list) if depth <= MAX_DEPTH => {
            let mut inner = Object::open(object.name("arrayValue")?)?;
            inner.list("values", list, |value, out| any_value(value, depth + 1, out))?;
            inner.close()?;
        }
        ValueView::Map(map) if depth <= MAX_DEPTH => {
            let mut inner = Object::open(object.name("kvlistValue")?)?;
            inner.attributes("values", map, depth + 1)?;
            inner.close()?;
        }
        ValueView::List(_) | ValueView::Map(_) => {}
    }
    object.close()
}
