//! The vectors of the Zipkin and Jaeger exporters. What ours writes in protobuf or Thrift is read by decoders of others.
#![cfg(feature = "alloc")]

mod common;

use common::batch::request;
use common::{Case, Level, run, same, text};
use spanline_core::SpanId;
use spanline_core::wire::otlp::{RequestView, ResourceSpansView};
use spanline_core::wire::{jaeger, zipkin};
use spanline_test_vectors::formats;
use spanline_test_vectors::json::{hex, unhex};
use spanline_test_vectors::serde_json;

#[test]
fn zipkin_export() {
    run(
        "core",
        Level::Engine,
        "zipkin_export.json",
        &["encode_json"],
        |case| {
            let body = request(case.get("input"));
            let mut json = String::new();
            zipkin::write_json_list(RequestView::ours(&body), &mut json)
                .map_err(|error| error.to_string())?;
            let found: serde_json::Value =
                serde_json::from_str(&json).map_err(|error| format!("{error}: {json}"))?;
            same("json", &found, case.expect("json"))?;
            let mut protobuf = Vec::new();
            zipkin::encode_list(RequestView::ours(&body), &mut protobuf);
            same(
                "protobuf",
                &formats::zipkin::read_protobuf(&protobuf)?,
                case.expect("json"),
            )
        },
    );
}

fn group(body: &[u8]) -> ResourceSpansView<'_> {
    RequestView::ours(body).resource_spans().next().unwrap()
}

fn encode_batch(case: &Case) -> Result<(), String> {
    let body = request(case.get("input"));
    let (mut thrift, mut proto) = (Vec::new(), Vec::new());
    jaeger::encode_batch(group(&body), &mut thrift);
    jaeger::encode_post_spans(group(&body), &mut proto);
    same(
        "thrift",
        hex(&thrift),
        text(case.expect("thrift_binary_hex")).into(),
    )?;
    same(
        "api_v2",
        hex(&proto),
        text(case.expect("api_v2_proto_hex")).into(),
    )?;
    // Both say the same; Thrift without the nanoseconds.
    let thrift = formats::jaeger::read_batch(&thrift)?;
    let mut proto = formats::jaeger::read_post_spans(&proto)?;
    let cut = |time: &mut serde_json::Value| *time = (time.as_u64().unwrap() / 1_000 * 1_000).into();
    for span in proto["spans"].as_array_mut().into_iter().flatten() {
        cut(&mut span["start"]);
        cut(&mut span["duration"]);
        for log in span["logs"].as_array_mut().into_iter().flatten() {
            cut(&mut log["time"]);
        }
    }
    same("thrift, read by others,", thrift, proto)
}

#[test]
fn jaeger_export() {
    run(
        "core",
        Level::Engine,
        "jaeger_export.json",
        &["span_id_to_i64", "encode_batch"],
        |case| match case.op() {
            "encode_batch" => encode_batch(case),
            _ => {
                let id = SpanId::from_bytes(unhex(text(case.get("hex"))).try_into().unwrap());
                let found = jaeger::span_id_to_i64(id).to_string();
                same("number", found.as_str(), text(case.expect("i64")))
            }
        },
    );
}
