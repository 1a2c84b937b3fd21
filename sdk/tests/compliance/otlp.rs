//! OTLP over HTTP to a receiver in this process: what is sent, and what the answers lead to.

use crate::common::{Answer, Receiver, balanced, finish, problems_during};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use spanline::{Builder, EntityRef, InstrumentationScope, KeyValue, Level, Provider, Resource, Stats};
use std::io::Read;
use std::time::Duration;

fn to(receiver: &Receiver) -> Builder {
    let builder = spanline::init().without_environment().exporter("otlp");
    builder.endpoint(receiver.url()).delay_ms(0)
}

fn one_span(provider: &Provider) {
    provider.tracer("t").span("work").start().end();
}

fn names(body: &[u8]) -> Vec<String> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    scopes
        .flat_map(|scope| scope.spans)
        .map(|span| span.name)
        .collect()
}

#[test]
fn spans_are_posted_as_protobuf() {
    let receiver = Receiver::start();
    let provider = to(&receiver).header("x-tenant", "blue").build().unwrap();
    one_span(&provider);
    let stats = finish(&provider);
    assert_eq!((stats.exporters[0].exported, stats.exporters[0].attempts), (1, 1));
    let requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(request.header("x-tenant"), Some("blue"));
    assert_eq!(names(&request.body), ["work"]);
}

/// Says of which entity `rack` is the identity.
#[derive(Debug)]
struct Rack;

impl Rack {
    fn resource() -> Resource {
        let rack = EntityRef {
            entity_type: "rack".into(),
            id_keys: vec!["rack".into()],
            ..EntityRef::default()
        };
        Resource::new([KeyValue::new("rack", "r7")], None).with_entity_refs([rack])
    }
}

impl spanline::ResourceDetector for Rack {
    fn name(&self) -> &str {
        "rack"
    }

    fn detect(&self) -> Resource {
        Self::resource()
    }
}

#[test]
fn entities_are_referred_to_only_when_asked_for() {
    let sent = |change: &dyn Fn(Builder) -> Builder| {
        let receiver = Receiver::start();
        let provider = change(to(&receiver)).build().unwrap();
        one_span(&provider);
        finish(&provider);
        let request = ExportTraceServiceRequest::decode(&*receiver.requests()[0].body).unwrap();
        let resource = request.resource_spans[0].resource.clone().unwrap();
        assert!(resource.attributes.iter().any(|one| one.key == "rack"));
        let types = resource.entity_refs.into_iter().map(|one| one.r#type);
        types.collect::<Vec<_>>()
    };
    assert_eq!(sent(&|builder| builder.detector(Rack)).len(), 0);
    assert_eq!(sent(&|builder| builder.resource(Rack::resource())).len(), 0);
    assert_eq!(
        sent(&|builder| builder.detector(Rack).entity_refs(true)),
        ["rack"]
    );
    assert_eq!(
        sent(&|builder| builder.resource(Rack::resource()).entity_refs(true)),
        ["rack"]
    );
    let other = |builder: Builder| builder.detector(Rack).resource_attribute("rack", "r8");
    assert_eq!(sent(&|builder| other(builder).entity_refs(true)).len(), 0);
}

#[test]
fn nothing_is_sent_when_nothing_ended() {
    let receiver = Receiver::start();
    let provider = to(&receiver).build().unwrap();
    assert!(provider.flush().complete);
    finish(&provider);
    assert!(receiver.requests().is_empty());
}

#[test]
fn the_exporter_names_itself() {
    let receiver = Receiver::start();
    let provider = to(&receiver).build().unwrap();
    one_span(&provider);
    finish(&provider);
    let agent = receiver.requests()[0]
        .header("user-agent")
        .map(str::to_ascii_lowercase);
    let expected = format!("spanline-otlp-exporter-rust/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(agent, Some(expected));
}

#[test]
fn bodies_are_compressed_when_asked() {
    let receiver = Receiver::start();
    let provider = to(&receiver).compression("gzip").build().unwrap();
    one_span(&provider);
    finish(&provider);
    let request = &receiver.requests()[0];
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    GzDecoder::new(&request.body[..]).read_to_end(&mut body).unwrap();
    assert_eq!(names(&body), ["work"]);
}

#[test]
fn schema_urls_of_resource_and_scope_are_sent() {
    let receiver = Receiver::start();
    let resource = Resource::new([], Some("https://resource/1".into()));
    let provider = to(&receiver).resource(resource).build().unwrap();
    let scope = InstrumentationScope {
        schema_url: Some("https://scope/1".into()),
        ..InstrumentationScope::named("t")
    };
    provider.tracer_of(scope).span("work").start().end();
    finish(&provider);
    let request = ExportTraceServiceRequest::decode(&receiver.requests()[0].body[..]).unwrap();
    let resource = &request.resource_spans[0];
    assert_eq!(resource.schema_url, "https://resource/1");
    assert_eq!(resource.scope_spans[0].schema_url, "https://scope/1");
}

/// Sends one span to a receiver that answers so, and gives the statistics and the number of requests.
fn answered(answer: Answer, change: impl FnOnce(Builder) -> Builder) -> (Stats, usize) {
    let receiver = Receiver::start().answer([answer]);
    let provider = change(to(&receiver)).build().unwrap();
    one_span(&provider);
    let stats = finish(&provider);
    (stats, receiver.requests().len())
}

#[test]
fn a_final_answer_is_not_retried() {
    for status in [400, 401, 403, 404, 413, 500, 501] {
        let (stats, requests) = answered(Answer::status(status), |builder| builder);
        assert_eq!(requests, 1, "{status}");
        assert_eq!(stats.exporters[0].failed, [(status.to_string(), 1)]);
    }
}

#[test]
fn a_retryable_answer_is_retried_after_a_pause() {
    for status in [429, 502, 503, 504] {
        let receiver = Receiver::start().answer([Answer::status(status)]);
        let provider = to(&receiver).build().unwrap();
        one_span(&provider);
        let requests = receiver.wait_for(2);
        let pause = requests[1].at - requests[0].at;
        // One second, give or take a fifth.
        assert!(pause >= Duration::from_millis(780), "{status}: {pause:?}");
        assert_eq!(
            requests[0].body, requests[1].body,
            "each attempt is byte for byte the same"
        );
        let stats = finish(&provider);
        assert_eq!((stats.exporters[0].attempts, stats.exporters[0].exported), (2, 1));
    }
}

#[test]
fn a_throttling_answer_sets_the_pause() {
    let answer = Answer::status(429).header("retry-after", "2");
    let receiver = Receiver::start().answer([answer]);
    let provider = to(&receiver).build().unwrap();
    one_span(&provider);
    let requests = receiver.wait_for(2);
    let pause = requests[1].at - requests[0].at;
    assert!(pause >= Duration::from_millis(1_980), "{pause:?}");
    assert_eq!(finish(&provider).exporters[0].exported, 1);
}

#[test]
fn a_flush_cuts_the_pause_short() {
    let answer = Answer::status(503).header("retry-after", "240");
    let receiver = Receiver::start().answer([answer]);
    let provider = to(&receiver).build().unwrap();
    one_span(&provider);
    receiver.wait_for(1);
    assert!(provider.flush().complete);
    assert_eq!(receiver.requests().len(), 2);
    finish(&provider);
}

#[test]
fn a_span_over_the_request_limit_is_not_sent() {
    let receiver = Receiver::start();
    let builder = to(&receiver).options(|options| options.max_request_bytes = Some(2_000));
    let provider = builder.build().unwrap();
    let tracer = provider.tracer("t");
    let text = "x".repeat(2_500);
    tracer.span("large").attribute("k", text.as_str()).start().end();
    for _ in 0..20 {
        tracer.span("small").attribute("k", &text[..400]).start().end();
    }
    let stats = finish(&provider);
    assert_eq!((stats.dropped.too_large, stats.exporters[0].exported), (1, 20));
    let requests = receiver.requests();
    assert!(requests.iter().all(|request| request.body.len() <= 2_000));
    let sent: Vec<_> = requests.iter().flat_map(|request| names(&request.body)).collect();
    assert_eq!(sent, ["small"; 20]);
}

#[test]
fn an_answer_over_the_limit_is_not_read_and_not_retried() {
    let answer = Answer::status(200).body(vec![0; 10_000]);
    let (stats, requests) = answered(answer, |builder| {
        builder.options(|options| options.max_response_bytes = Some(1_000))
    });
    assert_eq!(requests, 1);
    assert_eq!(stats.exporters[0].failed, [("response_too_large".to_owned(), 1)]);
}

#[test]
fn partial_success_is_counted_and_logged() {
    let partial = |rejected_spans, text: &str| {
        let partial = ExportTracePartialSuccess {
            rejected_spans,
            error_message: text.to_owned(),
        };
        let response = ExportTraceServiceResponse {
            partial_success: Some(partial),
        };
        Answer::status(200).body(response.encode_to_vec())
    };
    let ((stats, requests), said) = problems_during(|| answered(partial(1, "quota is used up"), |b| b));
    assert_eq!(
        (stats.exporters[0].exported, stats.exporters[0].rejected, requests),
        (0, 1, 1)
    );
    let quota = said
        .iter()
        .find(|problem| problem.message.contains("quota is used up"))
        .expect("logged");
    assert_eq!(
        (quota.kind.as_str(), quota.level),
        ("export_partial", Level::Warn)
    );

    let ((stats, _), said) = problems_during(|| answered(partial(0, "soon full"), |b| b));
    assert_eq!((stats.exporters[0].exported, stats.exporters[0].rejected), (1, 0));
    assert!(
        said.iter().any(|problem| problem.message.contains("soon full")),
        "{said:?}"
    );
}

#[test]
fn an_answer_that_cannot_be_read_counts_as_delivered() {
    let ((stats, requests), said) = problems_during(|| {
        answered(Answer::status(200).body("<html>a proxy</html>"), |builder| {
            builder
        })
    });
    assert_eq!((stats.exporters[0].exported, requests), (1, 1));
    assert!(
        said.iter().any(|problem| problem.kind == "export_answer"),
        "{said:?}"
    );
}

#[test]
fn a_receiver_that_comes_late_gets_everything() {
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let builder = spanline::init()
        .without_environment()
        .exporter("otlp")
        .delay_ms(0);
    let provider = builder
        .endpoint(format!("http://{address}/v1/traces"))
        .build()
        .unwrap();
    one_span(&provider);
    let short = provider.flush_within(Duration::from_millis(50));
    assert!(!short.complete);
    assert_eq!(short.stats.exporters[0].held, 1);
    let receiver = Receiver::at(address);
    one_span(&provider);
    assert!(provider.flush().complete);
    assert_eq!(balanced(&provider).exporters[0].exported, 2);
    assert!(!receiver.requests().is_empty());
    finish(&provider);
}
