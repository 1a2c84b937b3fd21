//! The OTLP vectors: exact bytes, JSON, responses and status details.
#![cfg(feature = "alloc")]

mod common;

use common::batch::{attributes, borrowed, request};
use common::{Case, Json, Level, only_members, run, same, text};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline_core::ValueLimits;
use spanline_core::wire::otlp::{self, ExportOutcome, RequestView};
use spanline_test_vectors::json::{hex, unhex};
use spanline_test_vectors::serde_json;

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
