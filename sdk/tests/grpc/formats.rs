//! The same trace by every exporter that sends to a receiver, read by decoders that are not ours and compared.

use super::*;
#[path = "../common/receiver.rs"]
#[allow(dead_code, reason = "a part of it is used")]
mod http;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanline::options::ExporterOption;
use spanline::{SpanKind, StatusCode, Value};
use spanline_test_vectors::formats;
use spanline_test_vectors::json::hex;
use spanline_test_vectors::serde_json::{Value as Json, json};
use std::time::{Duration as Length, SystemTime, UNIX_EPOCH};

const NANOS: u64 = 1_544_712_660_000_000_123;

fn at(nanos: u64) -> SystemTime {
    UNIX_EPOCH + Length::from_nanos(NANOS + nanos)
}

/// A request that a server answers by a call which fails, and by a message that it sends on.
fn trace(provider: &Provider) {
    let tracer = provider.tracer("shop");
    let before = tracer
        .span("before")
        .kind(SpanKind::Consumer)
        .start_time(at(0))
        .start();
    let reason: [(&str, Value<'_>); 1] = [("reason", "batch".into())];
    let server = tracer
        .span("GET /cart")
        .kind(SpanKind::Server)
        .start_time(at(1_000))
        .link(before.context(), &reason)
        .start();
    server
        .set("http.route", "/cart")
        .set("items", 3)
        .set("ratio", 0.5)
        .set("vip", true);
    let list = [Value::from("a"), Value::from(1)];
    server.set("list", Value::List(&list));
    server.set("raw", Value::Bytes(&[0, 255]));
    let under = spanline::Context::EMPTY.with_span(server.context().clone(), None);
    let client = tracer
        .span("SELECT")
        .kind(SpanKind::Client)
        .parent(&under)
        .start_time(at(2_000))
        .attribute("server.address", "db")
        .start();
    client.add_event_at("retry", at(2_500), &[("attempt", 2.into())]);
    client.set_status(StatusCode::Error, "timed out");
    client.end_at(at(3_999));
    server.set_status(StatusCode::Ok, "");
    server.end_at(at(1_001_000));
    before.end_at(at(500));
}

fn exporter(name: &str, protocol: &str, endpoint: String) -> ExporterOption {
    ExporterOption {
        protocol: Some(protocol.to_owned()),
        endpoint: Some(endpoint),
        ..name.into()
    }
}

/// The only request that came, with its path and `Content-Type`.
fn only(receiver: &http::Receiver) -> (String, String, Vec<u8>) {
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    let kind = request.header("content-type").unwrap().to_owned();
    (request.line.clone(), kind, request.body.clone())
}

#[test]
fn one_trace_by_every_exporter_is_the_same_trace_to_every_receiver() {
    let _turn = turn();
    let over_http: Vec<_> = (0..5).map(|_| http::Receiver::start()).collect();
    let url = |index: usize, path: &str| over_http[index].url().replace("/v1/traces", path);
    let (grpc, jaeger) = (Receiver::start(), Receiver::start());
    let list = [
        exporter("otlp", "http/protobuf", url(0, "/v1/traces")),
        exporter("otlp", "http/json", url(1, "/v1/traces")),
        exporter("otlp", "grpc", grpc.url()),
        exporter("zipkin", "http/json", url(2, "/api/v2/spans")),
        exporter("zipkin", "http/protobuf", url(3, "/api/v2/spans")),
        exporter(
            "jaeger",
            "http/thrift.binary",
            url(4, "/api/traces?format=jaeger.thrift"),
        ),
        exporter("jaeger", "grpc", jaeger.url()),
    ];
    let mut builder = spanline::init()
        .without_environment()
        .service_name("cart")
        .resource_attribute("host.name", "h")
        .delay_ms(3_600_000);
    for exporter in list {
        builder = builder.exporter(exporter);
    }
    let provider = builder.build().unwrap();
    trace(&provider);
    let report = provider.flush_within(LIMIT);
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    let names: Vec<_> = report
        .stats
        .exporters
        .iter()
        .map(|e| (e.name.as_str(), e.exported))
        .collect();
    assert_eq!(
        names,
        [
            ("otlp", 3),
            ("otlp_2", 3),
            ("otlp_3", 3),
            ("zipkin", 3),
            ("zipkin_2", 3),
            ("jaeger", 3),
            ("jaeger_2", 3)
        ]
    );

    // OTLP is the same by all three ways, and what the others are compared with.
    let (_, _, body) = only(&over_http[0]);
    assert_eq!(grpc.calls()[0].message, body);
    let otlp = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let (_, _, body) = only(&over_http[1]);
    let by_json: ExportTraceServiceRequest = spanline_test_vectors::serde_json::from_slice(&body).unwrap();
    assert_eq!(by_json, otlp);
    let spans = &otlp.resource_spans[0].scope_spans[0].spans;
    assert_eq!(spans.len(), 3);

    let (line, kind, body) = only(&over_http[2]);
    assert_eq!(
        (line.as_str(), kind.as_str()),
        ("POST /api/v2/spans HTTP/1.1", "application/json")
    );
    let zipkin: Json = spanline_test_vectors::serde_json::from_slice(&body).unwrap();
    let (line, kind, body) = only(&over_http[3]);
    assert_eq!(
        (line.as_str(), kind.as_str()),
        ("POST /api/v2/spans HTTP/1.1", "application/x-protobuf")
    );
    assert_eq!(formats::zipkin::read_protobuf(&body).unwrap(), zipkin);

    let (line, kind, body) = only(&over_http[4]);
    assert_eq!(line, "POST /api/traces?format=jaeger.thrift HTTP/1.1");
    assert_eq!(kind, "application/vnd.apache.thrift.binary");
    let thrift = formats::jaeger::read_batch(&body).unwrap();
    let call = &jaeger.calls()[0];
    assert_eq!(call.path, "/jaeger.api_v2.CollectorService/PostSpans");
    let api_v2 = formats::jaeger::read_post_spans(&call.message).unwrap();
    for read in [&thrift, &api_v2] {
        assert_eq!(read["service"], "cart");
        assert_eq!(read["process"]["host.name"], json!({ "string": "h" }));
    }

    for (index, span) in spans.iter().enumerate() {
        same_in_zipkin(&zipkin[index], span);
        same_in_jaeger(&thrift["spans"][index], span, 1_000);
        same_in_jaeger(&api_v2["spans"][index], span, 1);
    }
    let tags = &zipkin[0]["tags"];
    assert_eq!(tags["otel.status_code"], "ERROR");
    assert_eq!(tags["error"], "timed out");
    assert_eq!(zipkin[0]["remoteEndpoint"], json!({ "serviceName": "db" }));
    assert_eq!(zipkin[0]["annotations"][0]["value"], "\"retry\":{\"attempt\":2}");
    for (key, value) in [
        ("items", "3"),
        ("ratio", "0.5"),
        ("vip", "true"),
        ("list", "[\"a\",1]"),
        ("raw", "AP8="),
        ("host.name", "h"),
        ("otel.scope.name", "shop"),
    ] {
        assert_eq!(zipkin[1]["tags"][key], value);
    }
    for read in [&thrift, &api_v2] {
        let tags = &read["spans"][0]["tags"];
        assert_eq!(tags["otel.status_code"], json!({ "string": "ERROR" }));
        assert_eq!(tags["error"], json!({ "bool": true }));
        assert_eq!(tags["otel.status_description"], json!({ "string": "timed out" }));
        assert_eq!(tags["span.kind"], json!({ "string": "client" }));
        let fields = &read["spans"][0]["logs"][0]["fields"];
        assert_eq!(
            fields,
            &json!({ "event": { "string": "retry" }, "attempt": { "int": 2 } })
        );
        let tags = &read["spans"][1]["tags"];
        for (key, value) in [
            ("items", json!({ "int": 3 })),
            ("ratio", json!({ "double": 0.5 })),
            ("vip", json!({ "bool": true })),
            ("list", json!({ "string": "[\"a\",1]" })),
            ("raw", json!({ "binary": "00ff" })),
            ("otel.scope.name", json!({ "string": "shop" })),
        ] {
            assert_eq!(tags[key], value);
        }
    }
}

/// Ids, parent, name and times, which no format loses but to the microsecond.
fn same_in_zipkin(found: &Json, span: &Span) {
    assert_eq!(found["traceId"], hex(&span.trace_id));
    assert_eq!(found["id"], hex(&span.span_id));
    let parent = (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id));
    assert_eq!(found["parentId"].as_str(), parent.as_deref());
    assert_eq!(found["name"], span.name);
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    assert_eq!(found["timestamp"], start / 1_000);
    assert_eq!(found["duration"], ((end - start) / 1_000).max(1));
    assert_eq!(found["localEndpoint"], json!({ "serviceName": "cart" }));
    let kind = ["", "", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"][span.kind as usize];
    assert_eq!(found["kind"], kind);
    let events: Vec<u64> = span
        .events
        .iter()
        .map(|event| event.time_unix_nano / 1_000)
        .collect();
    let annotations = found["annotations"].as_array().into_iter().flatten();
    let annotations: Vec<u64> = annotations
        .map(|one| one["timestamp"].as_u64().unwrap())
        .collect();
    assert_eq!(annotations, events);
}

/// The same; `unit` is that of its times in nanoseconds.
fn same_in_jaeger(found: &Json, span: &Span, unit: u64) {
    assert_eq!(found["trace_id"], hex(&span.trace_id));
    assert_eq!(found["span_id"], hex(&span.span_id));
    let parent = match span.parent_span_id.is_empty() {
        true => "0".repeat(16),
        false => hex(&span.parent_span_id),
    };
    assert_eq!(found["parent_id"], parent);
    assert_eq!(found["name"], span.name);
    assert_eq!(found["flags"], 1);
    let cut = |nanos: u64| nanos / unit * unit;
    let (start, end) = (span.start_time_unix_nano, span.end_time_unix_nano);
    assert_eq!(found["start"], cut(start));
    assert_eq!(found["duration"], cut(end - start));
    let links = span
        .links
        .iter()
        .map(|link| json!([1, hex(&link.trace_id), hex(&link.span_id)]));
    assert_eq!(found["references"], links.collect::<Json>());
    let events: Vec<u64> = span
        .events
        .iter()
        .map(|event| cut(event.time_unix_nano))
        .collect();
    let logs = found["logs"].as_array().into_iter().flatten();
    let logs: Vec<u64> = logs.map(|one| one["time"].as_u64().unwrap()).collect();
    assert_eq!(logs, events);
}

/// A provider that sends to this Jaeger by gRPC when it is flushed.
fn to_jaeger(receiver: &Receiver, more: impl FnOnce(Builder) -> Builder) -> Provider {
    build(&receiver.url(), |builder| more(builder.exporter("jaeger")))
}

#[test]
fn jaeger_by_grpc_is_retried_split_and_compressed_as_otlp_is() {
    let _turn = turn();
    let receiver = Receiver::start().answer([Answer::status(14, "not yet")]);
    let provider = to_jaeger(&receiver, |builder| builder.compression("gzip"));
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].exported, SPANS);
    let calls = receiver.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].message, calls[1].message);
    assert_eq!(calls[1].header("grpc-encoding"), "gzip");

    let receiver = Receiver::start();
    let small = ExporterOption {
        max_request_bytes: Some(1_200),
        ..exporter("jaeger", "grpc", receiver.url())
    };
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    let provider = builder.exporter(small).build().unwrap();
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].exported, SPANS);
    let calls = receiver.calls();
    assert!(calls.len() > 1);
    let read = |call: &receiver::Call| formats::jaeger::read_post_spans(&call.message).unwrap();
    let spans = calls.iter().map(|call| {
        assert!(call.message.len() <= 1_200);
        read(call)["spans"].as_array().unwrap().len() as u64
    });
    assert_eq!(spans.sum::<u64>(), SPANS);
}

#[test]
fn a_receiver_of_something_else_is_told_of() {
    let _turn = turn();
    let receiver = Receiver::with(Setup {
        nothing: true,
        ..Setup::default()
    });
    let provider = to_jaeger(&receiver, |builder| builder);
    let said = said_during(|| {
        let stats = flushed(&provider);
        assert_eq!(stats.exporters[0].failed, [("UNIMPLEMENTED".to_owned(), SPANS)]);
    });
    assert!(
        said[0]
            .1
            .ends_with("check the endpoint: no Jaeger that takes api_v2 is there"),
        "{said:?}"
    );
}
