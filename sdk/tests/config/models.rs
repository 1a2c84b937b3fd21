//! `parse` and `create`.

use crate::common::{finish, spans};
use crate::memory_file;
use spanline::config::{Node, Registry, parse};
use spanline::options::Source;
use spanline::{ErrorKind, OwnedValue};

fn none(_: &str) -> Option<String> {
    None
}

#[test]
fn a_file_becomes_a_model_and_a_model_a_provider_and_propagators() {
    let text = memory_file("propagator: { composite: [ {baggage: } ] }\nlog_level: fatal2\n");
    let model = parse(&text, none).unwrap();
    assert!(model.tree().find(["propagator", "composite"]).is_some());
    let created = model.create(&Registry::new()).unwrap();
    assert_eq!(created.propagator.fields(), ["baggage"]);
    let provider = created.provider;
    provider.tracer("t").span("work").start().end();
    assert_eq!(spans(&provider)[0].name, "work");
    let options = provider.options();
    assert_eq!(options.source("log_level"), Some(Source::File));
    assert_eq!(options.source("exporter"), Some(Source::File));
    assert_eq!(options.log_level.name(), "error");
    finish(&provider);
}

#[test]
fn absent_and_null_differ_in_a_model() {
    let model = parse(&memory_file("resource:\n"), none).unwrap();
    assert!(model.tree().get("resource").is_some_and(Node::is_null));
    assert!(model.tree().get("propagator").is_none());
    let null = parse("file_format: '1.1'\ntracer_provider:\n", none).unwrap_err();
    assert_eq!(
        (null.kind(), null.option()),
        (ErrorKind::Missing, Some("tracer_provider.processors"))
    );
    let absent = parse("file_format: '1.1'\n", none)
        .unwrap()
        .create(&Registry::new())
        .unwrap();
    let span = absent.provider.tracer("t").span("s").start();
    assert!(!span.is_recording());
    assert!(absent.propagator.fields().is_empty());
}

#[test]
fn variables_are_replaced_and_types_found_after_that() {
    let env = |name: &str| match name {
        "RATIO" => Some("0.25".to_owned()),
        "KIND" => Some("a: {b: 1}".to_owned()),
        _ => None,
    };
    let more = "  sampler:\n    trace_id_ratio_based:\n      ratio: ${RATIO}\nresource: { attributes: [ {name: k, value: \"${KIND}\"} ] }\n";
    let provider = parse(&memory_file(more), env)
        .unwrap()
        .create(&Registry::new())
        .unwrap()
        .provider;
    assert_eq!(provider.sampler_description(), "TraceIdRatioBased{0.250000}");
    let attribute = provider.resource().get("k").and_then(OwnedValue::as_str);
    assert_eq!(attribute, Some("a: {b: 1}"));
    let quoted = memory_file("  sampler: { trace_id_ratio_based: { ratio: \"${RATIO}\" } }\n");
    assert_eq!(parse(&quoted, env).unwrap_err().kind(), ErrorKind::WrongType);
    assert_eq!(
        parse(&memory_file("disabled: ${1A}\n"), env).unwrap_err().kind(),
        ErrorKind::Parse
    );
}

#[test]
fn what_is_wrong_is_told_with_place_path_and_hint() {
    let error = parse(&memory_file("resource:\n  atributes: []\n"), none).unwrap_err();
    assert_eq!(
        (error.kind(), error.option(), error.hint()),
        (
            ErrorKind::UnknownKey,
            Some("resource.atributes"),
            Some("attributes")
        )
    );
    assert!(
        error.message().starts_with("6:3: resource.atributes: "),
        "{error}"
    );
    // An option out of its range is told at the place that sets it.
    let model = parse(
        &memory_file("distribution: { spanline: { buffer_bytes: 5 } }\n"),
        none,
    )
    .unwrap();
    let error = model.create(&Registry::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::BadValue, Some("distribution.spanline.buffer_bytes"))
    );
    assert!(error.message().starts_with("5:43: "), "{error}");
    let text = "file_format: '1.1'\ntracer_provider:\n  processors: [ {batch: {exporter: {otlp_http: {endpoint: 'ftp://x'}}}} ]\n";
    let error = parse(text, none).unwrap().create(&Registry::new()).unwrap_err();
    let path = "tracer_provider.processors[0].batch.exporter.otlp_http";
    assert_eq!(error.option(), Some(path));
    assert!(
        error.message().starts_with("3:37: ") && error.message().contains("endpoint"),
        "{error}"
    );
}

/// The standard makes it empty: that stays, and is said.
#[test]
fn a_variable_that_is_not_set_is_told_with_its_place() {
    let text = "file_format: '1.1'\nresource:\n  attributes:\n  - {name: a, value: \"x${UNSET_HERE}\"}\n  - {name: b, value: \"${ALSO:-d}\"}\n  - {name: c, value: \"${UNSET_HERE}\"}\n";
    let model = parse(text, none).unwrap();
    let said: Vec<String> = model.remarks().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "4:22: UNSET_HERE: the variable is not set, and nothing takes its place; `${NAME:-default}` gives a default",
            "1:1: there is no `tracer_provider`: no spans are recorded",
        ]
    );
}

#[test]
fn secrets_of_a_file_are_not_shown() {
    let text = "file_format: '1.1'\ntracer_provider:\n  processors: [ {batch: {exporter: {otlp_http: {headers_list: 'k=s3cret,bad\u{e9}=s3cret'}}}} ]\n";
    let model = parse(text, none).unwrap();
    let shown = format!("{:?} {:?}", model.options(), model.remarks());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_resource_has_only_what_the_file_says_and_the_detectors_it_names() {
    let create = |more: &str| {
        let model = parse(&memory_file(more), none).unwrap();
        model.create(&Registry::new()).unwrap().provider
    };
    let bare = create("");
    assert!(bare.resource().get("process.pid").is_none() && bare.resource().get("host.name").is_none());
    assert!(bare.resource().get("telemetry.sdk.name").is_some());
    assert_eq!(bare.resource().schema_url(), Some(spanline::SCHEMA_URL));
    let detected = create(
        "resource:\n  schema_url: https://example.org/1\n  detection/development:\n    attributes: { excluded: [ '*.pid' ] }\n    detectors: [ {process: }, {service: }, {host: }, {container: } ]\n",
    );
    let resource = detected.resource();
    assert!(resource.get("process.executable.name").is_some() && resource.get("process.pid").is_none());
    assert!(resource.get("service.instance.id").is_some() && resource.get("host.arch").is_some());
    assert_eq!(resource.schema_url(), Some("https://example.org/1"));
}

#[test]
fn several_exporters_have_settings_of_their_own() {
    let text = "
file_format: '1.1'
tracer_provider:
  processors:
    - batch: { exporter: { otlp_http: { endpoint: 'http://127.0.0.1:1/a', timeout: 100 } }, schedule_delay: 50 }
    - batch: { exporter: { otlp_http: { endpoint: 'http://127.0.0.1:1/b', compression: gzip } } }
    - simple: { exporter: { memory: } }
";
    let provider = parse(text, none)
        .unwrap()
        .create(&Registry::new())
        .unwrap()
        .provider;
    let options = provider.options();
    let exporters: Vec<_> = options
        .exporter
        .iter()
        .map(|e| {
            (
                e.name.as_str(),
                e.endpoint.as_str(),
                e.timeout_ms,
                e.compression.name(),
            )
        })
        .collect();
    assert_eq!(exporters[0], ("otlp", "http://127.0.0.1:1/a", Some(100), "none"));
    assert_eq!(
        exporters[1],
        ("otlp_2", "http://127.0.0.1:1/b", Some(10_000), "gzip")
    );
    assert_eq!((exporters[2].0, options.delay_ms), ("memory", 0));
}

#[test]
fn zipkin_and_jaeger_stand_in_a_file() {
    let text = "
file_format: '1.1'
tracer_provider:
  processors:
    - batch: { exporter: { zipkin: { endpoint: 'http://127.0.0.1:1/z', timeout: 5, encoding: protobuf, compression: gzip } } }
    - batch: { exporter: { zipkin: } }
    - batch: { exporter: { jaeger: { username: me, password: secret, headers: [ { name: a, value: b } ] } } }
    - batch: { exporter: { otlp_http: } }
";
    let provider = parse(text, none)
        .unwrap()
        .create(&Registry::new())
        .unwrap()
        .provider;
    let options = provider.options();
    let said: Vec<_> = options
        .exporter
        .iter()
        .map(|e| {
            (
                e.name.as_str(),
                e.endpoint.as_str(),
                e.protocol.name(),
                e.timeout_ms,
                e.headers.len(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("zipkin", "http://127.0.0.1:1/z", "http/protobuf", Some(5), 0),
            (
                "zipkin_2",
                "http://localhost:9411/api/v2/spans",
                "http/json",
                Some(10_000),
                0
            ),
            (
                "jaeger",
                "http://localhost:14268/api/traces",
                "http/thrift.binary",
                Some(10_000),
                2
            ),
            (
                "otlp",
                "http://localhost:4318/v1/traces",
                "http/protobuf",
                Some(10_000),
                0
            ),
        ]
    );
    let wrong = text.replace("encoding: protobuf", "encoding: thrift");
    let error = parse(&wrong, none).map(|_| ()).unwrap_err();
    assert!(
        error.message().contains("`json`") && error.message().contains("encoding"),
        "{error}"
    );
}

#[test]
fn a_tree_without_a_text_is_a_model_too() {
    let memory = Node::map([("memory", Node::default())]);
    let batch = Node::map([("batch", Node::map([("exporter", memory)]))]);
    let tree = Node::map([
        ("file_format", Node::from("1.0")),
        (
            "tracer_provider",
            Node::map([("processors", Node::list([batch]))]),
        ),
    ]);
    let model = spanline::config::Model::from_tree(tree).unwrap();
    assert!(model.create(&Registry::new()).is_ok());
}
