//! Zipkin and Jaeger over HTTP: what is sent, what is made of the answers, and in which parts.

use crate::common::{Answer, Receiver, Request, finish, problems_during};
use spanline::{Builder, KeyValue, Provider};
use spanline_test_vectors::formats;
use spanline_test_vectors::serde_json::{self, Value as Json, json};
use std::io::Read;

/// Each format with its path and `Content-Type`, and the component that writes it.
const FORMATS: [(&str, &str, &str, &str, &str); 3] = [
    (
        "zipkin",
        "http/json",
        "/api/v2/spans",
        "application/json",
        "zipkin_http_span_exporter",
    ),
    (
        "zipkin",
        "http/protobuf",
        "/api/v2/spans",
        "application/x-protobuf",
        "zipkin_http_span_exporter",
    ),
    (
        "jaeger",
        "http/thrift.binary",
        "/api/traces",
        "application/vnd.apache.thrift.binary",
        "jaeger_http_span_exporter",
    ),
];

fn to(receiver: &Receiver, exporter: &str, protocol: &str, path: &str) -> Builder {
    let url = receiver.url().replace("/v1/traces", path);
    let builder = spanline::init().without_environment().exporter(exporter);
    builder.protocol(protocol).endpoint(url).delay_ms(3_600_000)
}

fn record(provider: &Provider, spans: usize) {
    let tracer = provider.tracer("formats");
    for number in 0..spans {
        let span = tracer.span(&format!("span {number}")).start();
        span.set("text", "quote \" and \u{e9}");
        span.end();
    }
}

/// The names of the spans in a body, whichever format it has.
fn names(protocol: &str, body: &[u8]) -> Vec<String> {
    let (list, key) = match protocol {
        "http/json" => (serde_json::from_slice(body).unwrap(), "name"),
        "http/protobuf" => (formats::zipkin::read_protobuf(body).unwrap(), "name"),
        _ => (
            formats::jaeger::read_batch(body).unwrap()["spans"].clone(),
            "name",
        ),
    };
    let list: &Vec<Json> = list.as_array().unwrap();
    list.iter()
        .map(|span| span[key].as_str().unwrap().to_owned())
        .collect()
}

fn expected(spans: usize) -> Vec<String> {
    (0..spans).map(|number| format!("span {number}")).collect()
}

/// Whether a metric has a point with these attributes, and what it counts.
fn counted(provider: &Provider, name: &str, attributes: &[(&str, &str)]) -> Option<u64> {
    let metrics = provider.metrics();
    let has = |list: &[KeyValue], key: &str, value: &str| {
        let found = list.iter().find(|attribute| attribute.key == key);
        found.is_some_and(|attribute| attribute.value.as_str() == Some(value))
    };
    let point = metrics.get(name)?.points.iter().find(|point| {
        attributes
            .iter()
            .all(|(key, value)| has(&point.attributes, key, value))
    })?;
    Some(point.value.count())
}

#[test]
fn what_is_sent_says_what_it_is_and_is_counted_as_that() {
    for (exporter, protocol, path, content_type, component) in FORMATS {
        let receiver = Receiver::start().answer([Answer::status(202)]);
        let provider = to(&receiver, exporter, protocol, path)
            .header("x-key", "1")
            .bearer_token("t0ken")
            .build()
            .unwrap();
        record(&provider, 3);
        assert!(provider.flush().complete);
        let name = format!("{component}/0");
        let attributes = [
            ("otel.component.type", component),
            ("otel.component.name", name.as_str()),
            ("server.address", "127.0.0.1"),
        ];
        let exported = counted(&provider, "otel.sdk.exporter.span.exported", &attributes);
        assert_eq!(exported, Some(3), "{protocol}");
        let stats = finish(&provider);
        assert_eq!(
            (stats.exporters[0].name.as_str(), stats.exporters[0].exported),
            (exporter, 3)
        );
        let requests: Vec<Request> = receiver.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].line, format!("POST {path} HTTP/1.1"));
        assert_eq!(requests[0].header("content-type"), Some(content_type));
        assert_eq!(requests[0].header("x-key"), Some("1"));
        let agent = requests[0].header("user-agent").unwrap().to_lowercase();
        assert!(
            agent.starts_with(&format!("spanline-{exporter}-exporter-rust/")),
            "{agent}"
        );
        assert_eq!(requests[0].header("authorization"), Some("Bearer t0ken"));
        assert_eq!(names(protocol, &requests[0].body), expected(3));
    }
}

#[test]
fn a_receiver_that_is_busy_gets_the_same_again_and_one_that_refuses_does_not() {
    for (exporter, protocol, path, ..) in FORMATS {
        let receiver = Receiver::start().answer([
            Answer::status(503).header("retry-after", "0"),
            Answer::status(429).header("retry-after", "0"),
            Answer::status(202),
            Answer::status(400).body("no such thing\r\n"),
        ]);
        let provider = to(&receiver, exporter, protocol, path).build().unwrap();
        let ((), said) = problems_during(|| {
            for _ in 0..2 {
                record(&provider, 4);
                assert!(provider.flush().complete);
            }
        });
        let exporter = &finish(&provider).exporters[0];
        assert_eq!(exporter.exported, 4);
        assert_eq!(exporter.failed, [("400".to_owned(), 4)]);
        let requests = receiver.requests();
        assert_eq!(requests.len(), 4);
        assert_eq!(requests[0].body, requests[1].body);
        assert_eq!(requests[0].body, requests[2].body);
        let words = "answered 400 \"no such thing\"; the batch is lost";
        assert!(said.iter().any(|said| said.message.contains(words)), "{said:?}");
    }
}

#[test]
fn requests_may_be_compressed_with_gzip() {
    for (exporter, protocol, path, ..) in FORMATS {
        let receiver = Receiver::start();
        let provider = to(&receiver, exporter, protocol, path)
            .compression("gzip")
            .build()
            .unwrap();
        record(&provider, 50);
        finish(&provider);
        let request = &receiver.requests()[0];
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        let mut body = Vec::new();
        flate2::read::GzDecoder::new(&request.body[..])
            .read_to_end(&mut body)
            .unwrap();
        assert_eq!(names(protocol, &body), expected(50));
    }
}

#[test]
fn a_request_over_the_limit_of_its_format_goes_in_parts() {
    for (exporter, protocol, path, ..) in FORMATS {
        let receiver = Receiver::start();
        let provider = to(&receiver, exporter, protocol, path)
            .options(|options| options.max_request_bytes = Some(4_000))
            .build()
            .unwrap();
        record(&provider, 100);
        // Larger in each of the formats than it may be.
        let text = "\"".repeat(4_000);
        let tracer = provider.tracer("large");
        tracer.span("large").start().set("text", &text).end();
        let ((), said) = problems_during(|| assert!(provider.flush().complete));
        assert!(
            said.iter().any(|said| said.message.contains("max_request_bytes")),
            "{said:?}"
        );
        let stats = finish(&provider);
        assert_eq!(stats.exporters[0].exported, 100, "{protocol}: {stats:#?}");
        let requests = receiver.requests();
        assert!(requests.len() > 3);
        assert!(requests.iter().all(|request| request.body.len() <= 4_000));
        let arrived: Vec<String> = requests
            .iter()
            .flat_map(|request| names(protocol, &request.body))
            .collect();
        assert_eq!(arrived, expected(100), "{protocol}");
    }
}

/// The structure of the configuration, and a service that has no name.
#[test]
fn a_batch_has_the_resource_of_the_process() {
    let receiver = Receiver::start();
    let provider = to(&receiver, "zipkin", "http/json", "/api/v2/spans")
        .service_name("cart")
        .resource_attribute("deployment.environment.name", "test")
        .build()
        .unwrap();
    record(&provider, 1);
    finish(&provider);
    let list: Json = serde_json::from_slice(&receiver.requests()[0].body).unwrap();
    assert_eq!(list[0]["localEndpoint"], json!({ "serviceName": "cart" }));
    assert_eq!(list[0]["tags"]["deployment.environment.name"], "test");
    assert_eq!(list[0]["tags"]["telemetry.sdk.name"], "spanline");
    assert_eq!(list[0]["tags"]["service.name"], Json::Null);
}
