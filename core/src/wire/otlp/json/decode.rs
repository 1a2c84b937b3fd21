//! Whole export requests in JSON, made into protobuf.

use super::super::check;
use super::super::request::{DecodeError, SpanError};
use super::cursor::Json;
use super::value::{key_value, prefix};
use crate::wire::proto::{Reader, Sink};
use alloc::vec::Vec;

/// An export request that came in JSON.
#[derive(Clone, Debug, Default)]
pub struct JsonRequest {
    /// The request in protobuf, without the spans that were refused; all that is left is checked.
    pub protobuf: Vec<u8>,
    /// Why spans were refused, and how many for each reason.
    pub rejected: Vec<(SpanError, u64)>,
}

type Done = Result<(), DecodeError>;

/// Reads an `ExportTraceServiceRequest` in the JSON mapping and makes protobuf of it. The body must be well-formed JSON,
/// and everything outside of a span as it should be, or the whole is refused; anything wrong inside a span refuses that
/// span alone. Names must be in camel case, ids in hex, enumerations numbers; 64-bit numbers may be strings or numbers,
/// `null` is as good as absent, unknown names are ignored, of a repeated name the last counts.
///
/// Needs memory for about as many bytes as the body has.
///
/// ```
/// use spanline_core::wire::otlp::{RequestView, decode_request_json};
/// let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
///     {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"op"},
///     {"traceId":"no id"}]}]}]}"#;
/// let request = decode_request_json(body).unwrap();
/// let group = RequestView::ours(&request.protobuf).resource_spans().next().unwrap();
/// let span = group.scope_spans().flat_map(|scope| scope.spans()).next().unwrap().unwrap();
/// assert_eq!(span.name(), "op");
/// assert_eq!(request.rejected[0].0.reason(), "the trace id is not 32 hex digits");
/// ```
pub fn decode_request_json(body: &[u8]) -> Result<JsonRequest, DecodeError> {
    let root = Json::parse(body)?;
    let mut request = JsonRequest::default();
    let [groups] = root.members(["resourceSpans"])?;
    each(groups, |group| {
        let start = request.protobuf.len();
        resource_spans(group, &mut request)?;
        close(&mut request.protobuf, 0x0a, start);
        Ok(())
    })?;
    Ok(request)
}

/// Visits the elements of an array that may be absent.
fn each<'a>(array: Option<Json<'a>>, visit: impl FnMut(Json<'a>) -> Done) -> Done {
    array.map_or(Ok(()), |array| array.elements(visit))
}

/// Frames what was written from this place on.
fn close(out: &mut Vec<u8>, tag: u8, start: usize) {
    let mut header = Vec::with_capacity(12);
    header.frame(tag, out.len() - start);
    prefix(out, start, &header);
}

fn resource_spans(group: Json<'_>, request: &mut JsonRequest) -> Done {
    let [resource, scopes, url] = group.members(["resource", "scopeSpans", "schemaUrl"])?;
    if let Some(resource) = resource {
        let out = &mut request.protobuf;
        let start = out.len();
        let [list, dropped] = resource.members(["attributes", "droppedAttributesCount"])?;
        attributes(list, 0x0a, out)?;
        count(dropped, 0x10, out)?;
        close(out, 0x0a, start);
    }
    each(scopes, |scope| {
        let start = request.protobuf.len();
        scope_spans(scope, request)?;
        close(&mut request.protobuf, 0x12, start);
        Ok(())
    })?;
    text(url, 0x1a, &mut request.protobuf)
}

fn scope_spans(group: Json<'_>, request: &mut JsonRequest) -> Done {
    let [scope, spans, url] = group.members(["scope", "spans", "schemaUrl"])?;
    if let Some(scope) = scope {
        let out = &mut request.protobuf;
        let start = out.len();
        let [name, version, list, dropped] =
            scope.members(["name", "version", "attributes", "droppedAttributesCount"])?;
        text(name, 0x0a, out)?;
        text(version, 0x12, out)?;
        attributes(list, 0x1a, out)?;
        count(dropped, 0x20, out)?;
        close(out, 0x0a, start);
    }
    each(spans, |value| {
        let out = &mut request.protobuf;
        let start = out.len();
        let message = span(value, out).map_err(|error| SpanError(error.message()));
        match message.and_then(|()| Ok(check::span(Reader::new(out.get(start..).unwrap_or_default()))?)) {
            Ok(()) => close(out, 0x12, start),
            Err(reason) => {
                out.truncate(start);
                match request.rejected.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, spans)) => *spans += 1,
                    None => request.rejected.push((reason, 1)),
                }
            }
        }
        Ok(())
    })?;
    text(url, 0x1a, &mut request.protobuf)
}

const SPAN: [&str; 16] = [
    "traceId",
    "spanId",
    "traceState",
    "parentSpanId",
    "name",
    "kind",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "droppedAttributesCount",
    "events",
    "droppedEventsCount",
    "links",
    "droppedLinksCount",
    "status",
    "flags",
];

fn span(value: Json<'_>, out: &mut Vec<u8>) -> Done {
    let [
        trace,
        id,
        state,
        parent,
        name,
        kind,
        start,
        end,
        list,
        dropped,
        events,
        dropped_events,
        links,
        dropped_links,
        state_of,
        flags,
    ] = value.members(SPAN)?;
    hex_id::<16>(trace, 0x0a, "the trace id is not 32 hex digits", out)?;
    hex_id::<8>(id, 0x12, "the span id is not 16 hex digits", out)?;
    text(state, 0x1a, out)?;
    hex_id::<8>(parent, 0x22, "the parent span id is not 16 hex digits", out)?;
    text(name, 0x2a, out)?;
    enumeration(kind, 0x30, out)?;
    time(start, 0x39, out)?;
    time(end, 0x41, out)?;
    attributes(list, 0x4a, out)?;
    count(dropped, 0x50, out)?;
    each(events, |value| {
        let begin = out.len();
        event(value, out)?;
        close(out, 0x5a, begin);
        Ok(())
    })?;
    count(dropped_events, 0x60, out)?;
    each(links, |value| {
        let begin = out.len();
        link(value, out)?;
        close(out, 0x6a, begin);
        Ok(())
    })?;
    count(dropped_links, 0x70, out)?;
    if let Some(status) = state_of {
        let begin = out.len();
        let [message, code] = status.members(["message", "code"])?;
        text(message, 0x12, out)?;
        enumeration(code, 0x18, out)?;
        close(out, 0x7a, begin);
    }
    if let Some(flags) = flags.map(Json::u32).transpose()?.filter(|&flags| flags != 0) {
        out.fixed([0x85, 0x01]);
        out.fixed(flags.to_le_bytes());
    }
    Ok(())
}

fn event(value: Json<'_>, out: &mut Vec<u8>) -> Done {
    let [when, name, list, dropped] =
        value.members(["timeUnixNano", "name", "attributes", "droppedAttributesCount"])?;
    time(when, 0x09, out)?;
    text(name, 0x12, out)?;
    attributes(list, 0x1a, out)?;
    count(dropped, 0x20, out)
}

fn link(value: Json<'_>, out: &mut Vec<u8>) -> Done {
    let [trace, id, state, list, dropped, flags] = value.members([
        "traceId",
        "spanId",
        "traceState",
        "attributes",
        "droppedAttributesCount",
        "flags",
    ])?;
    hex_id::<16>(trace, 0x0a, "a link's trace id is not 32 hex digits", out)?;
    hex_id::<8>(id, 0x12, "a link's span id is not 16 hex digits", out)?;
    text(state, 0x1a, out)?;
    attributes(list, 0x22, out)?;
    count(dropped, 0x28, out)?;
    if let Some(flags) = flags.map(Json::u32).transpose()?.filter(|&flags| flags != 0) {
        out.fixed([0x35]);
        out.fixed(flags.to_le_bytes());
    }
    Ok(())
}

fn attributes(list: Option<Json<'_>>, tag: u8, out: &mut Vec<u8>) -> Done {
    each(list, |attribute| key_value(&mut attribute.cursor(), tag, 1, out))
}

fn text(value: Option<Json<'_>>, tag: u8, out: &mut Vec<u8>) -> Done {
    if let Some(value) = value {
        out.optional(tag, value.str()?.as_bytes());
    }
    Ok(())
}

fn count(value: Option<Json<'_>>, tag: u8, out: &mut Vec<u8>) -> Done {
    if let Some(value) = value {
        out.optional_varint(tag, value.u32()?.into());
    }
    Ok(())
}

fn time(value: Option<Json<'_>>, tag: u8, out: &mut Vec<u8>) -> Done {
    if let Some(value) = value {
        out.optional_fixed64(tag, value.u64()?);
    }
    Ok(())
}

fn enumeration(value: Option<Json<'_>>, tag: u8, out: &mut Vec<u8>) -> Done {
    if let Some(value) = value {
        // Negative numbers are sign-extended, as protobuf does.
        out.optional_varint(tag, i64::from(value.enumeration()?) as u64);
    }
    Ok(())
}

/// An id; the empty text is as good as absent.
fn hex_id<const N: usize>(
    value: Option<Json<'_>>,
    tag: u8,
    message: &'static str,
    out: &mut Vec<u8>,
) -> Done {
    match value {
        Some(value) if !value.str()?.is_empty() => out.framed(tag, &value.id::<N>(message)?),
        _ => {}
    }
    Ok(())
}
