//! Files named in code, and the examples.

use crate::common::{Receiver, finish, only_span};
use crate::{File, memory_file};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use spanline::config::{Registry, parse_file};
use spanline::options::Source;
use spanline::{ErrorKind, OwnedValue};
use std::path::Path;

#[test]
fn what_the_code_sets_wins_over_the_file() {
    let file = File::new(
        "wins.yaml",
        &memory_file(
            "    - batch: { exporter: { discard: } }\n  sampler: { always_off: }\nresource: { attributes: [ {name: service.name, value: f}, {name: k, value: f} ] }\npropagator: { composite: [ {baggage: } ] }\n",
        ),
    );
    let plain = spanline::init().config_file(file.path()).build().unwrap();
    assert_eq!(plain.sampler_description(), "AlwaysOffSampler");
    assert_eq!(plain.options().exporter.len(), 2);
    let provider = spanline::init()
        .config_file(file.path())
        .service_name("c")
        .sampler("always_on")
        .exporter("memory")
        .propagators(["tracecontext"])
        .build()
        .unwrap();
    let text = |key| provider.resource().get(key).and_then(OwnedValue::as_str);
    assert_eq!((text("service.name"), text("k")), (Some("c"), Some("f")));
    let options = provider.options();
    assert_eq!(
        (options.exporter.len(), options.source("exporter")),
        (1, Some(Source::Code))
    );
    assert_eq!(provider.propagator().fields(), ["traceparent", "tracestate"]);
    provider.tracer("t").span("s").start().end();
    only_span(&provider);
    finish(&provider);
}

#[test]
fn a_file_disables_tracers_after_the_rules_of_the_code() {
    let file = File::new(
        "tracers.yaml",
        &memory_file(
            "  tracer_configurator/development:\n    default_config: { enabled: false }\n    tracers:\n      - { name: 'io.shop.stock?', config: { enabled: false } }\n      - { name: 'io.shop.*', config: { enabled: true } }\n",
        ),
    );
    let tried = |builder: spanline::Builder| {
        let provider = builder.config_file(file.path()).build().unwrap();
        let names = ["io.shop.orders", "io.shop.stock2", "io.shop.stock", "other"];
        for name in names {
            let outer = provider.tracer("io.shop.outer").span("outer").enter();
            let tracer = provider.tracer(name);
            let span = tracer.span(name).enter();
            assert_eq!(span.is_recording(), tracer.enabled(), "{name}");
            assert_eq!(span.context() == outer.context(), !tracer.enabled(), "{name}");
        }
        let spans = provider.finished_spans().unwrap();
        let recorded = names.map(|name| spans.iter().any(|span| span.name == name));
        finish(&provider);
        recorded
    };
    assert_eq!(tried(spanline::init()), [true, false, true, false]);
    let code = spanline::init().disable_scope("*.orders").enable_scope("oth??");
    assert_eq!(tried(code), [false, false, true, true]);
}

#[test]
fn without_the_environment_a_file_has_no_variables() {
    let file = File::new(
        "variables.yaml",
        &memory_file("resource: { attributes: [ {name: k, value: '${PATH:-none}'} ] }\n"),
    );
    let value = |builder: spanline::Builder| {
        let provider = builder.config_file(file.path()).build().unwrap();
        provider
            .resource()
            .get("k")
            .and_then(OwnedValue::as_str)
            .map(String::from)
    };
    assert_eq!(
        value(spanline::init().without_environment()).as_deref(),
        Some("none")
    );
    assert_eq!(value(spanline::init()), std::env::var("PATH").ok());
}

#[test]
fn a_file_that_the_code_names_and_that_is_wrong_is_an_error() {
    let missing = spanline::init()
        .config_file("/nowhere/spanline.yaml")
        .build()
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.message().contains("/nowhere/spanline.yaml"), "{missing}");
    let file = File::new("wrong.yaml", "file_format: '1.1'\n\nressource: {}\n");
    let wrong = spanline::init().config_file(file.path()).build().unwrap_err();
    assert!(
        wrong
            .message()
            .starts_with(&format!("{}:3:1: ressource: ", file.path())),
        "{wrong}"
    );
    let exporters = "[ {simple: {exporter: {console: }}}, {batch: {exporter: {otlp_http: {endpoint: 'https://127.0.0.1:1', tls: {ca_file: /nowhere/ca}}}}} ]";
    let tls = File::new(
        "tls.yaml",
        &format!("file_format: '1.1'\ntracer_provider:\n  processors: {exporters}\n"),
    );
    let wrong = spanline::init().config_file(tls.path()).build().unwrap_err();
    assert!(
        wrong
            .message()
            .starts_with(&format!("{}:3:72: tracer_provider.processors[1].", tls.path())),
        "{wrong}"
    );
    let empty = File::new("empty.yaml", "");
    let wrong = parse_file(&empty.0).unwrap_err();
    assert_eq!(
        (wrong.kind(), wrong.option()),
        (ErrorKind::Missing, Some("file_format"))
    );
    let large = File::new("large.yaml", &"#".repeat((1 << 20) + 1));
    assert_eq!(parse_file(&large.0).unwrap_err().kind(), ErrorKind::Parse);
    let binary = File::new("binary.yaml", "");
    std::fs::write(&binary.0, b"a: \xff").unwrap();
    assert_eq!(parse_file(&binary.0).unwrap_err().kind(), ErrorKind::Parse);
}

#[test]
fn what_no_option_accepts_is_told_at_its_place_in_the_file() {
    let built = |name: &str, text: &str| {
        let file = File::new(name, text);
        let error = spanline::init().config_file(file.path()).build().unwrap_err();
        let message = error.message().strip_prefix(&file.path());
        (message.unwrap().to_owned(), error.option().unwrap().to_owned())
    };
    for (path, below, item) in [
        (
            "enrich.rules[1]",
            "enrich: { rules: [ delete k, bogus ] }",
            "bogus",
        ),
        ("filter.rules[0]", "filter: { rules: [ bogus ] }", "bogus"),
        (
            "redact.patterns[1]",
            "redact: { patterns: [ email, emial ] }",
            "emial",
        ),
        ("redact.keys[0]", "redact: { mask: X, keys: [ '~(' ] }", "'~('"),
        (
            "redact.query_parameters[1]",
            "redact: { query_parameters: [ id, '' ] }",
            "''",
        ),
        (
            "tail.policies[0].string_attribute.values[1]",
            "tail: { policies: [ { name: a, type: string_attribute, string_attribute: { key: k, values: [ 'a', '(' ], enabled_regex_matching: true } } ] }",
            "'('",
        ),
    ] {
        let text = memory_file(&format!("distribution:\n  spanline:\n\n    {below}\n"));
        let (message, option) = built("placed.yaml", &text);
        let path = format!("distribution.spanline.{path}");
        let place = format!(":8:{}: {path}: ", 5 + below.find(item).unwrap());
        assert_eq!(option, path);
        let said = message
            .strip_prefix(&place)
            .unwrap_or_else(|| panic!("{place} {message}"));
        assert!(
            !said.contains("rules[") && !said.contains("patterns["),
            "twice: {message}"
        );
    }
}

#[test]
fn files_are_written_as_a_file_says() {
    let [first, second] = ["first", "second"].map(|name| File::new(&format!("{name}.jsonl"), ""));
    let text = format!(
        "file_format: '1.1'\ntracer_provider:\n  processors:\n    - batch: {{ exporter: {{ file: {{ path: '{}' }} }} }}\n    - batch: {{ exporter: {{ otlp_file/development: {{ output_stream: 'file://{}' }} }} }}\n",
        first.path(),
        second.path()
    );
    let model = spanline::config::parse(&text, |_| None).unwrap();
    let provider = model.create(&Registry::new()).unwrap().provider;
    provider.tracer("t").span("written").start().end();
    finish(&provider);
    for file in [first, second] {
        let lines = std::fs::read_to_string(&file.0).unwrap();
        assert!(
            lines.lines().count() == 1 && lines.contains("\"written\""),
            "{lines}"
        );
    }
}

/// What a request says: service name and version, and how many spans there are.
fn sent(body: &[u8]) -> (String, String, usize) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let group = &request.resource_spans[0];
    let attribute = |key: &str| {
        let attributes = &group.resource.as_ref().unwrap().attributes;
        let value = attributes.iter().find(|attribute| attribute.key == key);
        format!("{:?}", value.and_then(|attribute| attribute.value.as_ref()))
    };
    let spans = group.scope_spans.iter().map(|scope| scope.spans.len()).sum();
    (attribute("service.name"), attribute("service.version"), spans)
}

#[test]
fn the_examples_start_and_send() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/configuration");
    for (name, variable) in [
        ("spanline.yaml", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        ("short.yaml", "COLLECTOR"),
    ] {
        let receiver = Receiver::start();
        let text = std::fs::read_to_string(examples.join(name)).unwrap();
        let url = match variable {
            "COLLECTOR" => receiver.url().replace("/v1/traces", ""),
            _ => receiver.url(),
        };
        let model = spanline::config::parse(&text, |name| (name == variable).then(|| url.clone())).unwrap();
        let provider = model.create(&Registry::new()).unwrap().provider;
        provider.tracer("t").span("s").start().end();
        finish(&provider);
        let request = receiver.wait_for(1).remove(0);
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        let mut body = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(&request.body[..]);
        std::io::Read::read_to_end(&mut reader, &mut body).unwrap();
        let (service, version, spans) = sent(&body);
        assert!(
            service.contains("\"shop\"") && version.contains("\"1.10\""),
            "{service} {version}"
        );
        assert_eq!(spans, 1);
    }
}
