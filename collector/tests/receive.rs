//! OTLP/HTTP over real connections: what is kept, what is refused, and what the sender is told.

mod common;

use common::*;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use std::io::{Read, Write};

/// google.rpc.Status, for reading answers with a foreign decoder.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Status, code and message of a refused protobuf request.
fn refusal(answer: &Answer) -> (u16, i32, String) {
    assert_eq!(answer.header("content-type"), Some(PROTOBUF), "{}", answer.text());
    let status = RpcStatus::decode(answer.body.as_slice()).unwrap();
    (answer.status, status.code, status.message)
}

fn stored(world: &World) -> u64 {
    world.json("/api/status")["kept"]["spans"].as_u64().unwrap()
}

#[test]
fn protobuf_json_and_gzip_are_received() {
    let world = World::new();
    world.send(&request("api", vec![span(1, 1, 0, "plain", 0)]));
    let body = request("api", vec![span(2, 1, 0, "zipped", 0)]).encode_to_vec();
    let answer = world.post(
        &[("content-type", PROTOBUF), ("content-encoding", "gzip")],
        &gzip(&body),
    );
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some(PROTOBUF))
    );
    // Two gzip members are one stream.
    let body = request("api", vec![span(3, 1, 0, "zipped twice", 0)]).encode_to_vec();
    let two = [gzip(&body[..20]), gzip(&body[20..])].concat();
    assert_eq!(
        world
            .post(&[("content-type", PROTOBUF), ("content-encoding", "GZIP")], &two)
            .status,
        200
    );
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "00000000000000000000000000000004", "spanId": "0000000000000001", "name": "json",
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": 1700000000001500000_u64
    }]}]}]});
    let answer = world.post(
        &[("content-type", "application/json; charset=utf-8")],
        body.to_string().as_bytes(),
    );
    assert_eq!(
        (answer.status, answer.header("content-type"), answer.text()),
        (200, Some(JSON), "{}".to_owned())
    );

    let names: Vec<String> = (1..=4)
        .map(|id| {
            world.json(&format!("/api/traces/{id}"))["data"][0]["spans"][0]["operationName"].to_string()
        })
        .collect();
    assert_eq!(names, ["\"plain\"", "\"zipped\"", "\"zipped twice\"", "\"json\""]);
}

#[test]
fn every_vector_of_a_request_is_received() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/otlp_trace.json");
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut seen = 0;
    for case in vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["op"] == "encode_request")
    {
        let world = World::new();
        let answer = world.post(
            &[("content-type", JSON)],
            case["expect"]["json"].to_string().as_bytes(),
        );
        assert_eq!(
            (answer.status, answer.text()),
            (200, "{}".to_owned()),
            "{}",
            case["id"]
        );
        let from_json = world.json("/api/traces?raw=true")["data"].clone();
        if let Some(hex) = case["expect"]["protobuf_hex"].as_str() {
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            let world = World::new();
            let answer = world.post(&[("content-type", PROTOBUF)], &bytes);
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{}", case["id"]);
            assert_eq!(
                world.json("/api/traces?raw=true")["data"],
                from_json,
                "{}",
                case["id"]
            );
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn bad_spans_go_alone() {
    let world = World::new();
    let mut no_id = span(1, 2, 1, "no id", 0);
    no_id.span_id.clear();
    let mut short = span(1, 3, 1, "short trace id", 0);
    short.trace_id.truncate(8);
    let good = [span(1, 1, 0, "first", 0), span(1, 4, 1, "last", 10)];
    let spans = vec![good[0].clone(), no_id, short, good[1].clone()];
    let answer = world.post(
        &[("content-type", PROTOBUF)],
        &request("api", spans).encode_to_vec(),
    );
    assert_eq!(answer.status, 200);
    let partial = ExportTraceServiceResponse::decode(answer.body.as_slice())
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_spans, 2);
    assert!(!partial.error_message.is_empty());

    let trace = world.json("/api/traces/1");
    let names: Vec<_> = trace["data"][0]["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["operationName"])
        .collect();
    assert_eq!(names, ["first", "last"]);
    let status = world.json("/api/status");
    assert_eq!(status["spans"]["received"], 4);
    assert_eq!(status["spans"]["accepted"], 2);
    let rejected: u64 = status["spans"]["rejected"]
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(rejected, 2, "{status}");
}

#[test]
fn a_bad_span_in_json_goes_alone() {
    let world = World::new();
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [
        {"traceId": "00000000000000000000000000000001", "spanId": "0000000000000001", "name": "good"},
        {"traceId": "xyz", "spanId": "0000000000000002", "name": "bad"},
    ]}]}]});
    let answer = world.post(&[("content-type", JSON)], body.to_string().as_bytes());
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["partialSuccess"]["rejectedSpans"],
        "1",
        "{}",
        answer.text()
    );
    assert_eq!(stored(&world), 1);
}

#[test]
fn empty_requests_are_success() {
    let world = World::new();
    let answer = world.post(&[("content-type", PROTOBUF)], &[]);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let answer = world.post(&[("content-type", JSON)], b"{}");
    assert_eq!((answer.status, answer.text()), (200, "{}".to_owned()));
    world.send(&ExportTraceServiceRequest::default());
}

#[test]
fn undecodable_bodies_are_refused_in_their_own_format() {
    let world = World::new();
    let (status, code, message) = refusal(&world.post(&[("content-type", PROTOBUF)], b"\x0a\xff\x01"));
    assert_eq!((status, code), (400, 3));
    assert!(
        message.starts_with("the body is not an ExportTraceServiceRequest: "),
        "{message}"
    );
    let answer = world.post(&[("content-type", JSON)], b"{\"resourceSpans\": [");
    assert_eq!((answer.status, answer.header("content-type")), (400, Some(JSON)));
    assert_eq!(answer.json()["code"], 3);
    assert_eq!(world.json("/api/status")["requests"]["refused"]["undecodable"], 2);
}

#[test]
fn broken_gzip_is_refused() {
    let world = World::new();
    let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    let whole = gzip(&request("api", vec![span(1, 1, 0, "op", 0)]).encode_to_vec());
    let mut wrong_sum = whole.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 1;
    let cut = &whole[..whole.len() - 4];
    let trailing = [whole.as_slice(), b"and more"].concat();
    for body in [b"not gzip at all".as_slice(), b"", cut, &wrong_sum, &trailing] {
        let (status, code, message) = refusal(&world.post(&headers, body));
        assert_eq!((status, code), (400, 3), "{message}");
        assert!(message.contains("gzip"), "{message}");
    }
    assert_eq!(stored(&world), 0);
    assert_eq!(world.post(&headers, &whole).status, 200);
}

#[test]
fn bodies_over_the_bound_are_refused_before_they_take_memory() {
    let world = World::with(|config| config.max_body = 1 << 20);
    let headers = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    let bomb = gzip(&vec![0; 100 << 20]);
    assert!(bomb.len() < 1 << 20);
    let (status, code, message) = refusal(&world.post(&headers, &bomb));
    assert_eq!((status, code), (413, 8));
    assert!(
        message.contains("1048576 bytes") && message.contains("--max-body"),
        "{message}"
    );
    // Plain and too long: the answer is read although the sender is still writing when it is decided.
    let answer = world.post(&[("content-type", PROTOBUF)], &vec![0; 3 << 20]);
    assert_eq!(refusal(&answer).0, 413);
    assert_eq!(world.json("/api/status")["requests"]["refused"]["too_large"], 2);
}

#[test]
fn the_default_bound_is_20_mib_to_the_byte() {
    let world = World::new();
    let limit = 20 << 20;
    // A field that readers skip, of exactly so many bytes with its tag and length.
    let body = |total: usize| {
        let mut bytes = vec![0xfa, 0x3f];
        prost::encoding::encode_varint((total - 6) as u64, &mut bytes);
        assert_eq!(bytes.len(), 6);
        bytes.resize(total, b'x');
        bytes
    };
    let gzipped = [("content-type", PROTOBUF), ("content-encoding", "gzip")];
    assert_eq!(
        world.post(&[("content-type", PROTOBUF)], &body(limit)).status,
        200
    );
    assert_eq!(world.post(&gzipped, &gzip(&body(limit))).status, 200);
    assert_eq!(
        world.post(&[("content-type", PROTOBUF)], &body(limit + 1)).status,
        413
    );
    assert_eq!(world.post(&gzipped, &gzip(&body(limit + 1))).status, 413);
}

#[test]
fn other_types_encodings_methods_and_paths_are_refused_with_advice() {
    let world = World::new();
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, &'a str);
    let cases: [Case<'_>; 7] = [
        (
            "POST",
            "/v1/traces",
            &[("content-type", "text/plain")],
            415,
            "application/x-protobuf or application/json",
        ),
        ("POST", "/v1/traces", &[], 415, "there is no Content-Type"),
        (
            "POST",
            "/v1/traces",
            &[("content-type", JSON), ("content-encoding", "br")],
            415,
            "gzip or identity",
        ),
        ("GET", "/v1/traces", &[], 405, "POST /v1/traces"),
        (
            "PUT",
            "/v1/traces",
            &[("content-type", JSON)],
            405,
            "POST /v1/traces",
        ),
        (
            "POST",
            "/v1/metrics",
            &[("content-type", JSON)],
            404,
            "OTEL_METRICS_EXPORTER=none",
        ),
        ("GET", "/", &[], 404, "16686"),
    ];
    for (method, path, headers, status, advice) in cases {
        let answer = call(world.otlp, method, path, headers, b"");
        assert_eq!(answer.status, status, "{method} {path} {headers:?}");
        assert_eq!(answer.header("content-type"), Some(JSON));
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(advice), "{message}");
        assert_eq!(answer.header("allow").is_some(), status == 405);
    }
    let answer = world.post(&[("content-type", PROTOBUF), ("content-encoding", "zstd")], b"");
    assert_eq!(answer.header("accept-encoding"), Some("gzip, identity"));
    assert_eq!(refusal(&answer).0, 415);
}

#[test]
fn bytes_in_flight_are_bounded() {
    let world = World::with(|config| (config.max_body, config.max_in_flight) = (4 << 20, 8 << 20));
    // Two clients that send nearly all of a body and then wait hold the whole budget.
    let mut slow: Vec<_> = (0..2).map(|_| connect(world.otlp)).collect();
    for stream in &mut slow {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nHost: t\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {}\r\n\r\n",
            4 << 20
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![0; (4 << 20) - 1]).unwrap();
    }
    let body = request("api", vec![span(1, 1, 0, "op", 0)]).encode_to_vec();
    let mut busy = None;
    eventually("a request is refused while the budget is held", || {
        let answer = world.post(&[("content-type", PROTOBUF)], &body);
        let refused = answer.status == 503;
        busy = Some(answer);
        refused
    });
    let busy = busy.unwrap();
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert_eq!(refusal(&busy).1, 14);
    drop(slow);
    eventually("the budget comes back", || {
        world.post(&[("content-type", PROTOBUF)], &body).status == 200
    });
    assert!(
        world.json("/api/status")["requests"]["refused"]["busy"]
            .as_u64()
            .unwrap()
            > 0
    );
}

#[test]
fn connections_are_bounded() {
    let world = World::with(|config| config.max_connections = 2);
    let open: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = connect(world.otlp);
            stream
                .write_all(b"GET /nothing HTTP/1.1\r\nHost: t\r\n\r\n")
                .unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 404");
            stream
        })
        .collect();
    let answer = read_answer(&mut connect(world.otlp));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    drop(open);
    eventually("room again", || {
        call(world.otlp, "GET", "/", &[], b"").status == 404
    });
    assert!(
        world.json("/api/status")["requests"]["connectionsRefused"]
            .as_u64()
            .unwrap()
            > 0
    );
}

#[test]
fn browsers_may_send() {
    let preflight = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,traceparent"),
    ];
    let world = World::new();
    let answer = call(world.otlp, "OPTIONS", "/v1/traces", &preflight, b"");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("content-type,traceparent")
    );
    let answer = world.post(
        &[("content-type", JSON), ("origin", "https://shop.example")],
        b"{}",
    );
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let answer = world.post(
        &[("content-type", "text/plain"), ("origin", "https://shop.example")],
        b"{}",
    );
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (415, Some("*"))
    );

    let origins = vec!["https://shop.example".to_owned()];
    let world = World::with(|config| config.cors = spanline_collector::Cors::Origins(origins));
    let answer = call(world.otlp, "OPTIONS", "/v1/traces", &preflight, b"");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://shop.example")
    );
    let answer = world.post(
        &[("content-type", JSON), ("origin", "https://evil.example")],
        b"{}",
    );
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let world = World::with(|config| config.cors = spanline_collector::Cors::Off);
    assert_eq!(
        call(world.otlp, "OPTIONS", "/v1/traces", &preflight, b"").header("access-control-allow-origin"),
        None
    );
}

#[test]
fn memory_is_bounded_and_the_oldest_trace_goes() {
    let world = World::with(|config| config.memory = 200_000);
    for trace in 1..=1_000 {
        world.send(&request("api", vec![span(trace, 1, 0, "op", trace as u64)]));
    }
    let status = world.json("/api/status");
    let kept = status["kept"]["traces"].as_u64().unwrap();
    assert!(status["kept"]["bytes"].as_u64().unwrap() <= 200_000, "{status}");
    assert!(
        kept > 100 && kept + status["evicted"]["traces"].as_u64().unwrap() == 1_000,
        "{status}"
    );
    assert_eq!(world.get("/api/traces/1").status, 404);
    assert_eq!(world.get(&format!("/api/traces/{:x}", 1_000)).status, 200);
    let summary = world.stop();
    assert!(
        summary.starts_with("received 1,000 spans in 1,000 requests; kept "),
        "{summary}"
    );
    assert!(summary.contains("traces let go for memory: "), "{summary}");
}

#[test]
fn a_repeated_export_changes_nothing() {
    let world = World::new();
    let body = request("api", vec![span(1, 1, 0, "op", 0), span(1, 2, 1, "child", 5)]);
    world.send(&body);
    world.send(&body);
    let status = world.json("/api/status");
    assert_eq!(
        (&status["kept"]["spans"], &status["spans"]["duplicate"]),
        (&json!(2), &json!(2))
    );
    // The same id with other content is another span.
    world.send(&request("api", vec![span(1, 2, 1, "child, again", 5)]));
    assert_eq!(stored(&world), 3);
}
