//! The OTLP vectors: exact bytes, JSON, responses and status details.
#![cfg(feature = "alloc")]

mod common;

use common::{Case, Json, Level, only_members, run, same, text};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline_core::wire::otlp::{self, ExportOutcome, RequestView, SpanParts};
use spanline_core::{
    InstrumentationScope, KeyValue, OwnedValue, Resource, SpanId, SpanKind, StatusCode, TraceFlags, TraceId,
    Value, ValueLimits,
};
use spanline_test_vectors::json::{SPAN_MEMBERS, hex, unhex};
use spanline_test_vectors::serde_json;

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

fn attributes(list: &Json) -> Vec<(String, OwnedValue)> {
    let list = list.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]).into(), value(&pair[1])))
        .collect()
}

fn borrowed(attributes: &[(String, OwnedValue)]) -> Vec<(&str, Value<'_>)> {
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

fn request(input: &Json) -> Vec<u8> {
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

fn json(body: &[u8]) -> (String, Json) {
    let mut text = String::new();
    otlp::write_json_request(RequestView::ours(body), &mut text).unwrap();
    let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    (text, json)
}

fn encode_request(case: &Case) -> Result<(), String> {
    let body = request(case.get("input"));
    same("protobuf", hex(&body), text(case.expect("protobuf_hex")).into())?;

    // The reference reads the same and would write the same.
    let theirs = ExportTraceServiceRequest::decode(&*body).map_err(|error| error.to_string())?;
    same("length by the reference", theirs.encoded_len(), body.len())?;

    // JSON, and back.
    let (text, value) = json(&body);
    same("json", &value, case.expect("json"))?;
    let read = otlp::decode_request_json(text.as_bytes()).map_err(|error| error.to_string())?;
    same("rejected", read.rejected.len(), 0)?;
    same("protobuf from json", read.protobuf, body.clone())?;

    let view = otlp::decode_request_protobuf(&body).map_err(|error| error.to_string())?;
    for group in view.resource_spans().flat_map(|group| group.scope_spans()) {
        for span in group.spans() {
            span.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn outcome(case: &Case, found: Result<ExportOutcome, otlp::DecodeError>) -> Result<(), String> {
    let expected = case.get("expect");
    only_members(
        expected,
        &[
            "result",
            "rejected_spans",
            "error_message",
            "warning",
            "undecodable",
        ],
    )?;
    let warning = expected["warning"].as_str().map(String::from);
    let expected = match (
        text(&expected["result"]),
        expected["undecodable"].as_bool().unwrap_or_default(),
    ) {
        ("success", true) => {
            return if found.is_err() {
                Ok(())
            } else {
                Err(format!("was read: {found:?}"))
            };
        }
        ("success", false) => warning.map_or(ExportOutcome::Success, ExportOutcome::Warning),
        ("partial", false) => ExportOutcome::Partial {
            rejected_spans: expected["rejected_spans"].as_i64().unwrap(),
            error_message: text(&expected["error_message"]).into(),
        },
        other => return Err(format!("unknown result {other:?}")),
    };
    same("outcome", found, Ok(expected.clone()))?;
    same(
        "written",
        otlp::decode_response(&otlp::encode_response(&expected)),
        Ok(expected.clone()),
    )?;
    let written = otlp::encode_response_json(&expected);
    same(
        "written json",
        otlp::decode_response_json(written.as_bytes()),
        Ok(expected),
    )
}

#[test]
fn otlp_trace() {
    run(
        "core",
        Level::Engine,
        "otlp_trace.json",
        &["encode_request", "decode_response", "decode_response_json"],
        |case| match case.op() {
            "encode_request" => encode_request(case),
            "decode_response" => outcome(
                case,
                otlp::decode_response(&unhex(text(case.get("protobuf_hex")))),
            ),
            _ => outcome(
                case,
                otlp::decode_response_json(text(case.get("body")).as_bytes()),
            ),
        },
    );
}

#[test]
fn status_details() {
    run(
        "core",
        Level::Engine,
        "otlp_retry.json",
        &["status_details"],
        |case| {
            let status = otlp::RpcStatus::decode_base64(text(case.get("trailer")))
                .map_err(|error| error.to_string())?;
            same("code", Some(i64::from(status.code)), case.expect("code").as_i64())?;
            same("message", status.message.as_str(), text(case.expect("message")))?;
            let delay = status.retry_delay.map(|delay| delay.as_millis() as u64);
            same("delay", delay, case.expect("retry_delay_ms").as_u64())?;
            same(
                "written",
                otlp::RpcStatus::decode(&status.encode()),
                Ok(status.clone()),
            )?;
            same(
                "as json",
                otlp::RpcStatus::decode_json(status.encode_json().as_bytes()),
                Ok(status),
            )
        },
    );
}

/// The length and depth limits at the encoder; counts are the engine's.
#[test]
fn value_limits() {
    let mut served = 0;
    for case in spanline_test_vectors::load("attribute_limits.json")
        .unwrap()
        .iter()
        .filter(|case| case.op() == "apply")
    {
        let limits = case.get("limits");
        if !limits["count"].is_null() || case.expect("dropped").as_u64() != Some(0) {
            continue;
        }
        let defaults = ValueLimits::default();
        let limits = ValueLimits {
            length: limits["value_length"].as_u64().map(|length| length as u32),
            depth: limits["depth"]
                .as_u64()
                .map_or(defaults.depth, |depth| depth as u32),
        };
        let set = attributes(case.get("set"));
        let expected = attributes(case.expect("attributes"));
        let event = otlp::EventParts {
            attributes: &borrowed(&set),
            ..Default::default()
        };
        let mut out = vec![0; event.encoded_len(128, &limits)];
        assert_eq!(event.write_to(128, &limits, &mut out), out.len(), "{}", case.id());
        let event = otlp::framed_spans(&out)
            .next()
            .map(otlp::EventView::ours)
            .unwrap();
        let found: Vec<_> = event
            .attributes()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", case.id());
        served += 1;
    }
    assert!(served >= 10, "{served} cases");
}
