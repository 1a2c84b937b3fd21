//! The batches of the vectors, encoded as ours are.

use super::{Json, only_members, text};
use spanline_core::wire::otlp::{self, SpanParts};
use spanline_core::{
    InstrumentationScope, KeyValue, OwnedValue, Resource, SpanId, SpanKind, StatusCode, TraceFlags, TraceId,
    Value, ValueLimits,
};
use spanline_test_vectors::json::{SPAN_MEMBERS, unhex};

fn value(typed: &Json) -> OwnedValue {
    let plain = &typed["v"];
    match text(&typed["t"]) {
        "string" => text(plain).into(),
        "bool" => plain.as_bool().unwrap().into(),
        "int" => text(plain).parse::<i64>().unwrap().into(),
        "double" => text(plain).parse::<f64>().unwrap().into(),
        "bytes" => OwnedValue::Bytes(unhex(text(plain))),
        "array" => OwnedValue::List(plain.as_array().unwrap().iter().map(value).collect()),
        "map" => OwnedValue::Map(attributes(plain)),
        "empty" => OwnedValue::Empty,
        other => panic!("unknown type {other}"),
    }
}

pub(crate) fn attributes(list: &Json) -> Vec<(String, OwnedValue)> {
    let list = list.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]).into(), value(&pair[1])))
        .collect()
}

pub(crate) fn borrowed(attributes: &[(String, OwnedValue)]) -> Vec<(&str, Value<'_>)> {
    attributes
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_value()))
        .collect()
}

fn key_values(list: &Json) -> Vec<KeyValue> {
    attributes(list)
        .into_iter()
        .map(|(key, value)| KeyValue::new(key, value))
        .collect()
}

fn owned(text: &Json) -> Option<std::borrow::Cow<'static, str>> {
    text.as_str().map(|text| text.to_owned().into())
}

fn number<T: TryFrom<u64>>(value: &Json) -> T {
    let number = value
        .as_u64()
        .or_else(|| value.as_str().map(|text| text.parse().unwrap()));
    number
        .unwrap_or_default()
        .try_into()
        .unwrap_or_else(|_| panic!("{value}"))
}

fn span(span: &Json) -> Vec<u8> {
    only_members(span, SPAN_MEMBERS).unwrap();
    let limits = ValueLimits::default();
    let mut encoded = Vec::new();
    for (key, value) in &attributes(&span["attributes"]) {
        otlp::push_attribute(
            otlp::SPAN_ATTRIBUTES,
            key,
            value.as_value(),
            &limits,
            &mut encoded,
        );
    }
    let mut events = Vec::new();
    for event in span["events"].as_array().into_iter().flatten() {
        let list = attributes(&event["attributes"]);
        let parts = otlp::EventParts {
            time_unix_nano: number(&event["time"]),
            name: text(&event["name"]),
            attributes: &borrowed(&list),
            dropped_attributes: number(&event["dropped"]),
        };
        let at = events.len();
        events.resize(at + parts.encoded_len(128, &limits), 0);
        assert_eq!(parts.write_to(128, &limits, &mut events[at..]), events.len() - at);
    }
    let mut links = Vec::new();
    for link in span["links"].as_array().into_iter().flatten() {
        let list = attributes(&link["attributes"]);
        let parts = otlp::LinkParts {
            trace_id: TraceId::from_hex(text(&link["trace_id"])).unwrap(),
            span_id: SpanId::from_hex(text(&link["span_id"])).unwrap(),
            trace_state: link["tracestate"].as_str().unwrap_or_default(),
            flags: TraceFlags::from_bits(number(&link["trace_flags"])),
            is_remote: link["remote"].as_bool().unwrap_or_default(),
            attributes: &borrowed(&list),
            dropped_attributes: number(&link["dropped"]),
        };
        let at = links.len();
        links.resize(at + parts.encoded_len(128, &limits), 0);
        assert_eq!(parts.write_to(128, &limits, &mut links[at..]), links.len() - at);
    }
    let parts = SpanParts {
        trace_id: TraceId::from_hex(text(&span["trace_id"])).unwrap(),
        span_id: SpanId::from_hex(text(&span["span_id"])).unwrap(),
        trace_state: span["tracestate"].as_str().unwrap_or_default(),
        parent_span_id: span["parent_span_id"]
            .as_str()
            .map_or(SpanId::INVALID, |id| SpanId::from_hex(id).unwrap()),
        parent_is_remote: span["parent_remote"].as_bool().unwrap_or_default(),
        flags: TraceFlags::from_bits(number(&span["trace_flags"])),
        name: text(&span["name"]),
        kind: match span["kind"].as_str().unwrap_or("INTERNAL") {
            "INTERNAL" => SpanKind::Internal,
            "SERVER" => SpanKind::Server,
            "CLIENT" => SpanKind::Client,
            "PRODUCER" => SpanKind::Producer,
            "CONSUMER" => SpanKind::Consumer,
            other => panic!("{other}"),
        },
        start_unix_nano: number(&span["start"]),
        end_unix_nano: number(&span["end"]),
        attributes: &encoded,
        dropped_attributes: number(&span["dropped_attributes"]),
        events: &events,
        dropped_events: number(&span["dropped_events"]),
        links: &links,
        dropped_links: number(&span["dropped_links"]),
        status: match span["status"]["code"].as_str().unwrap_or("UNSET") {
            "UNSET" => StatusCode::Unset,
            "OK" => StatusCode::Ok,
            "ERROR" => StatusCode::Error,
            other => panic!("{other}"),
        },
        status_message: span["status"]["message"].as_str().unwrap_or_default(),
    };
    let mut message = vec![0; parts.encoded_len()];
    assert_eq!(parts.write_to(&mut message), message.len());
    message
}

fn frame(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![0; otlp::framed_len(length)];
    let mut at = otlp::write_frame(&mut out, 0, tag, length);
    for part in parts {
        out[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    assert_eq!(at, out.len());
    out
}

/// The request that a batch of a vector is.
pub(crate) fn request(input: &Json) -> Vec<u8> {
    let (resource, scope) = (&input["resource"], &input["scope"]);
    let resource = Resource::new(
        key_values(&resource["attributes"]),
        owned(&resource["schema_url"]),
    );
    let scope = InstrumentationScope {
        name: owned(&scope["name"]).unwrap_or_default(),
        version: owned(&scope["version"]),
        schema_url: owned(&scope["schema_url"]),
        attributes: key_values(&scope["attributes"]),
    };
    let spans = input["spans"].as_array().unwrap();
    let spans: Vec<u8> = spans
        .iter()
        .flat_map(|one| frame(otlp::SPANS, &[&span(one)]))
        .collect();
    let (head, tail) = otlp::encode_scope(&scope);
    let scope_spans = frame(otlp::SCOPE_SPANS, &[&head, &spans, &tail]);
    let (head, tail) = otlp::encode_resource(&resource);
    frame(otlp::RESOURCE_SPANS, &[&head, &scope_spans, &tail])
}
