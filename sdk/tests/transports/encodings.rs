//! JSON, compression, and requests in parts.

use crate::common::{Answer, Receiver, finish, problems_during};
use crate::names;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline::{Builder, Provider};

fn otlp(receiver: &Receiver) -> Builder {
    let builder = spanline::init().without_environment().exporter("otlp");
    builder.endpoint(receiver.url()).delay_ms(3_600_000)
}

fn record(provider: &Provider, spans: usize) {
    let tracer = provider.tracer("encodings");
    for number in 0..spans {
        let span = tracer.span(&format!("span {number}")).start();
        span.set("text", "quote \" and \u{e9}").set("number", 7);
        // Not an infinity: the foreign decoder does not know how JSON writes those.
        span.set("double", -0.25);
        span.end();
    }
}

#[test]
fn json_is_read_by_others() {
    let receiver = Receiver::start();
    let both: Vec<_> = ["http/json", "http/protobuf"]
        .into_iter()
        .map(|protocol| {
            let provider = otlp(&receiver).protocol(protocol).build().unwrap();
            record(&provider, 3);
            let stats = finish(&provider);
            assert_eq!(stats.exporters[0].exported, 3);
            receiver.requests().pop().unwrap()
        })
        .collect();
    assert_eq!(both[0].header("content-type"), Some("application/json"));
    assert_eq!(both[1].header("content-type"), Some("application/x-protobuf"));
    let json: ExportTraceServiceRequest = serde_json::from_slice(&both[0].body).unwrap();
    let protobuf = ExportTraceServiceRequest::decode(&both[1].body[..]).unwrap();
    assert_eq!(names(&json), ["span 0", "span 1", "span 2"]);
    let plain = |mut request: ExportTraceServiceRequest| {
        for span in &mut request.resource_spans[0].scope_spans[0].spans {
            // What differs between two recordings.
            (span.trace_id, span.span_id) = (vec![], vec![]);
            (span.start_time_unix_nano, span.end_time_unix_nano) = (0, 0);
        }
        format!("{request:?}")
    };
    assert_eq!(plain(json), plain(protobuf));
}

#[test]
fn answers_in_json_are_understood() {
    let json = |answer: Answer| answer.header("content-type", "application/json; charset=utf-8");
    let partial = r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"bad names"}}"#;
    let receiver = Receiver::start().answer([
        json(Answer::status(200).body(partial)),
        json(Answer::status(400).body(r#"{"code":3,"message":"no such tenant"}"#)),
        json(Answer::status(200).body("{}")),
        // One that ignores in which form it was asked.
        Answer::status(200).header("content-type", "application/x-protobuf"),
    ]);
    let provider = otlp(&receiver).protocol("http/json").build().unwrap();
    let ((), said) = problems_during(|| {
        for _ in 0..4 {
            record(&provider, 5);
            assert!(provider.flush().complete);
        }
    });
    let exporter = &finish(&provider).exporters[0];
    assert_eq!((exporter.exported, exporter.rejected), (13, 2));
    assert_eq!(exporter.failed, [("400".to_owned(), 5)]);
    for words in ["\"bad names\"", "\"no such tenant\""] {
        assert!(said.iter().any(|said| said.message.contains(words)), "{said:?}");
    }
}

#[cfg(feature = "zstd")]
#[test]
fn zstd_is_read_by_others() {
    for protocol in ["http/json", "http/protobuf"] {
        let receiver = Receiver::start();
        let provider = otlp(&receiver).protocol(protocol).compression("zstd").build();
        let provider = provider.unwrap();
        for _ in 0..2 {
            record(&provider, 100);
            assert!(provider.flush().complete);
        }
        finish(&provider);
        let requests = receiver.requests();
        assert_eq!(requests.len(), 2);
        for request in requests {
            assert_eq!(request.header("content-encoding"), Some("zstd"));
            let body = zstd::stream::decode_all(&request.body[..]).unwrap();
            assert!(body.len() > 2 * request.body.len());
            let decoded = match protocol {
                "http/json" => serde_json::from_slice(&body).unwrap(),
                _ => ExportTraceServiceRequest::decode(&body[..]).unwrap(),
            };
            assert_eq!(names(&decoded).len(), 100);
        }
    }
}

#[test]
fn a_request_over_the_limit_goes_in_parts() {
    for protocol in ["http/json", "http/protobuf"] {
        let receiver = Receiver::start().answer([Answer::status(200), Answer::status(503)]);
        let provider = otlp(&receiver)
            .protocol(protocol)
            .options(|options| options.max_request_bytes = Some(4_000))
            .build()
            .unwrap();
        record(&provider, 100);
        // In JSON each of these takes two bytes, so that this span alone is over the limit.
        let text = "\"".repeat(3_000);
        let tracer = provider.tracer("large");
        tracer.span("large").start().set("text", &text).end();
        let exporter = &finish(&provider).exporters[0];
        let mut arrived = Vec::new();
        let requests = receiver.requests();
        for (number, request) in requests.iter().enumerate() {
            assert!(request.body.len() <= 4_000, "{}", request.body.len());
            let decoded = match protocol {
                "http/json" => serde_json::from_slice(&request.body).unwrap(),
                _ => ExportTraceServiceRequest::decode(&request.body[..]).unwrap(),
            };
            // The second was answered with 503 and came again, and nothing else twice.
            if number != 1 {
                arrived.extend(names(&decoded).into_iter().map(str::to_owned));
            }
        }
        let mut expected: Vec<String> = (0..100).map(|number| format!("span {number}")).collect();
        let lost = u64::from(protocol == "http/json");
        expected.extend((lost == 0).then(|| "large".to_owned()));
        assert_eq!(arrived, expected, "{protocol}");
        assert!(requests.len() > 5);
        assert_eq!(exporter.exported, 101 - lost, "{protocol}");
        // By itself, or with others of its batch that arrived.
        let failed: u64 = exporter.failed.iter().map(|(_, spans)| spans).sum();
        assert_eq!(failed + exporter.rejected, lost, "{exporter:?}");
    }
}
