//! Environment variables, by what they change in a process that is started with them. What they parse to is in
//! `environment_vectors.rs`.

mod common;

use common::{Answer, Receiver, text};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use spanline::{ExportBatch, ExportResult, FinishedSpan, SpanExporter};
use spanline_test_vectors::Value as Json;
use spanline_test_vectors::serde_json::{self, json};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MARK: &str = "says ";

/// Keeps spans and the sizes of the batches in which they came.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<(Vec<FinishedSpan>, Vec<u64>)>>);

impl SpanExporter for Seen {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let mut seen = self.0.lock().unwrap();
        seen.1.push(batch.len());
        let spans = batch
            .spans()
            .map(|span| FinishedSpan::from_view(span.view, span.scope.clone()));
        seen.0.extend(spans);
        ExportResult::success()
    }
}

fn say(what: &Json) {
    println!("\n{MARK}{what}");
}

/// A child: what the environment leaves of a span with 200 of everything, and how its log is.
#[test]
fn child_records() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    spanline::set_log_sink(Some(Arc::new(move |level, line| {
        sink.lock().unwrap().push(format!("{}: {line}", level.name()));
    })));
    let seen = Seen::default();
    let provider = spanline::init()
        .add_exporter("seen", seen.clone())
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    let long = "x".repeat(1_000);
    let many: Vec<_> = keys
        .iter()
        .map(|key| (key.as_str(), long.as_str().into()))
        .collect();
    let span = tracer.span("span").start();
    span.set_many(&many)
        .add_event("event", &many)
        .add_link(span.context(), &many);
    for _ in 0..199 {
        span.add_event("event", &[]).add_link(span.context(), &[]);
    }
    span.end();
    for _ in 0..9 {
        tracer.span("more").start().end();
    }
    // Wrongly ordered on purpose: a warning of the library's own.
    let first = spanline::context::attach(spanline::Context::EMPTY);
    let second = spanline::context::attach(spanline::Context::EMPTY);
    drop((first, second));
    let report = provider.shutdown().unwrap();
    assert!(report.complete && report.stats.balances());
    let (spans, batches) = seen.0.lock().unwrap().clone();
    let span = spans.iter().find(|span| span.name == "span");
    let recorded = span.map(|span| {
        let length =
            |attribute: Option<&spanline::KeyValue>| attribute.and_then(|a| Some(a.value.as_str()?.len()));
        json!({
            "attributes": span.attributes.len(),
            "events": span.events.len(),
            "links": span.links.len(),
            "event attributes": span.events.first().map(|event| event.attributes.len()),
            "link attributes": span.links.first().map(|link| link.attributes.len()),
            "length": length(span.attributes.first()),
            "length in events": span.events.first().map(|event| length(event.attributes.first())),
        })
    });
    let lines = lines.lock().unwrap().clone();
    say(
        &json!({ "span": recorded, "batches": batches, "log": lines, "sampler": provider.sampler_description() }),
    );
}

/// A child: the environment alone decides where the span goes.
#[test]
fn child_exports() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    spanline::set_log_sink(Some(Arc::new(move |level, line| {
        sink.lock().unwrap().push(format!("{}: {line}", level.name()));
    })));
    // Outside a child the environment is that of the test run, where nobody may listen.
    let provider = spanline::init().build().unwrap();
    let enabled = provider.tracer("t").enabled();
    provider.tracer("t").span("where it goes").start().end();
    let report = provider.shutdown_within(Duration::from_secs(5)).unwrap();
    assert!(report.stats.balances(), "{report:?}");
    let exporters = report
        .stats
        .exporters
        .iter()
        .map(|exporter| json!([exporter.name, exporter.exported]));
    let lines = lines.lock().unwrap().clone();
    say(&json!({ "exporters": exporters.collect::<Vec<_>>(), "enabled": enabled, "log": lines }));
}

/// Runs a child with exactly this environment; gives what it says and all that it printed.
fn child(name: &str, env: &[(&str, &str)]) -> (Json, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.env_clear().envs(env.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{out}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let line = out
        .lines()
        .find_map(|line| line.strip_prefix(MARK))
        .expect("it says something");
    (serde_json::from_str(line).unwrap(), out)
}

fn records(env: &[(&str, &str)]) -> Json {
    child("child_records", env).0
}

/// A variable cuts one number of the span and nothing else.
#[track_caller]
fn limits(variable: &str, value: &str, cut: &[(&str, u64)]) {
    let mut expected = json!({
        "attributes": 128, "events": 128, "links": 128, "event attributes": 128, "link attributes": 128,
        "length": 1_000, "length in events": 1_000,
    });
    for (name, number) in cut {
        expected[*name] = json!(number);
    }
    assert_eq!(records(&[(variable, value)])["span"], expected, "{variable}");
}

#[test]
fn limits_of_attributes() {
    limits("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "5", &[("attributes", 5)]);
    limits("OTEL_ATTRIBUTE_COUNT_LIMIT", "6", &[("attributes", 6)]);
    limits(
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
        "7",
        &[("event attributes", 7)],
    );
    limits("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "8", &[("link attributes", 8)]);
}

#[test]
fn limits_of_lengths() {
    let cut = [("length", 9), ("length in events", 9)];
    limits("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9", &cut);
    limits("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9", &cut);
}

#[test]
fn limits_of_events_and_links() {
    limits("OTEL_SPAN_EVENT_COUNT_LIMIT", "3", &[("events", 3)]);
    limits("OTEL_SPAN_LINK_COUNT_LIMIT", "4", &[("links", 4)]);
}

#[test]
fn batches() {
    let batches = |env: &[(&str, &str)]| -> Vec<u64> {
        let said = records(env);
        said["batches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|size| size.as_u64().unwrap())
            .collect()
    };
    let small = batches(&[
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "3"),
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
    ]);
    assert_eq!(small.iter().sum::<u64>(), 10);
    assert!(small.iter().all(|&size| size <= 3), "{small:?}");
    let whole = batches(&[("OTEL_BSP_SCHEDULE_DELAY", "3600000")]);
    assert_eq!(whole, [10], "nothing was due before the shutdown");
    let (said, _) = child(
        "child_exports",
        &[
            ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
            ("OTEL_TRACES_EXPORTER", "memory"),
        ],
    );
    assert_eq!(said["exporters"], json!([["memory", 1]]));
}

#[test]
fn samplers() {
    let off = records(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    assert_eq!(
        (&off["span"], &off["sampler"]),
        (&Json::Null, &json!("AlwaysOffSampler"))
    );
    let none = [
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0"),
    ];
    assert_eq!(records(&none)["span"], Json::Null);
    let all = [
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "1"),
    ];
    assert_eq!(records(&all)["span"]["attributes"], json!(128));
}

#[test]
fn disabled() {
    let said = records(&[("OTEL_SDK_DISABLED", "true")]);
    assert_eq!((&said["span"], &said["batches"]), (&Json::Null, &json!([])));
}

/// How many lines of a level the library's log has.
fn lines(said: &Json, level: &str) -> usize {
    let lines = said["log"].as_array().unwrap().iter();
    lines.filter(|line| text(line).starts_with(level)).count()
}

#[test]
fn log_levels() {
    // A wrong value makes one warning, the wrong order of detaching another.
    let wrong = ("OTEL_BSP_SCHEDULE_DELAY", "soon");
    for (level, warnings) in [("warn", 2), ("info", 2), ("DEBUG", 2), ("error", 0), ("none", 0)] {
        let said = records(&[("OTEL_LOG_LEVEL", level), wrong]);
        assert_eq!(lines(&said, "warn"), warnings, "{level}: {}", said["log"]);
    }
    let said = records(&[wrong]);
    assert_eq!(lines(&said, "warn"), 2, "info is the default");
    let said = records(&[("OTEL_LOG_LEVEL", "loud")]);
    assert!(
        said["log"].to_string().contains("OTEL_LOG_LEVEL"),
        "{}",
        said["log"]
    );
}

#[test]
fn exporters() {
    let exporters = |value: &str| child("child_exports", &[("OTEL_TRACES_EXPORTER", value)]);
    let (said, out) = exporters("console");
    assert_eq!(said["exporters"], json!([["console", 1]]));
    assert!(out.contains("  * where it goes"), "{out}");
    let (said, out) = exporters("memory, discard");
    assert_eq!(said["exporters"], json!([["memory", 1], ["discard", 1]]));
    assert!(!out.contains("where it goes"));
    let (said, _) = exporters("none");
    assert_eq!(
        (&said["exporters"], &said["enabled"]),
        (&json!([]), &json!(false))
    );
    let (said, _) = exporters("memory,carrier pigeon");
    assert_eq!(said["exporters"], json!([["memory", 1]]));
    assert!(
        said["log"].to_string().contains("OTEL_TRACES_EXPORTER"),
        "{}",
        said["log"]
    );
}

#[test]
fn otlp_exporter() {
    let receiver = Receiver::start().answer([Answer::status(200)]);
    let base = receiver.url().replace("/v1/traces", "");
    let env = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", base.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=blue,service.name=not this"),
    ];
    let (said, _) = child("child_exports", &env);
    assert_eq!(said["exporters"], json!([["otlp", 1]]));
    let request = &receiver.requests()[0];
    assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(request.header("api-key"), Some("a b"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&request.body[..]), &mut body).unwrap();
    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let resource = format!("{:?}", request.resource_spans[0].resource);
    for part in ["\"team\"", "\"blue\"", "\"shop\""] {
        assert!(resource.contains(part), "{part}: {resource}");
    }
    assert!(!resource.contains("not this"));
}

/// What a child says of its resource over OTLP, when it is started with these variables too.
fn sent_resource(env: &[(&str, &str)]) -> (Resource, Json) {
    let receiver = Receiver::start().answer([Answer::status(200)]);
    let url = receiver.url();
    let env: Vec<_> = env
        .iter()
        .copied()
        .chain([("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*url)])
        .collect();
    let (said, _) = child("child_exports", &env);
    let request = ExportTraceServiceRequest::decode(&*receiver.requests()[0].body).unwrap();
    let group = request.resource_spans.into_iter().next().unwrap();
    (group.resource.unwrap(), said["log"].clone())
}

#[test]
fn entities() {
    let list = "service{service.name=low}[service.version=1%2C0];host{host.id=h-1}[rack=r7]@urn:x;bad{";
    let env = [
        ("OTEL_ENTITIES", list),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop"),
        ("OTEL_RUST_EXPERIMENTAL_ENTITIES", "true"),
    ];
    let (plain, log) = sent_resource(&env[..2]);
    let value = |key: &str| {
        let found: Vec<_> = plain.attributes.iter().filter(|one| one.key == key).collect();
        assert_eq!(found.len(), 1, "{key}: {plain:?}");
        format!("{:?}", found[0].value)
    };
    for (key, expected) in [
        ("service.name", "\"shop\""),
        ("service.version", "\"1,0\""),
        // Above what is detected.
        ("host.id", "\"h-1\""),
        ("rack", "\"r7\""),
    ] {
        assert!(value(key).contains(expected), "{key}: {}", value(key));
    }
    assert!(plain.entity_refs.is_empty());
    assert!(
        log.to_string().contains("warn: OTEL_ENTITIES: entity 3 "),
        "{log}"
    );

    let (asked, _) = sent_resource(&env);
    assert_eq!(asked.attributes.len(), plain.attributes.len());
    // The service got another name: it is not the one that was described.
    let [host] = &*asked.entity_refs else {
        panic!("{asked:?}");
    };
    assert_eq!((&*host.r#type, &*host.schema_url), ("host", "urn:x"));
    assert_eq!(
        (&host.id_keys[..], &host.description_keys[..]),
        (&["host.id".into()][..], &["rack".into()][..])
    );
}

#[cfg(not(feature = "tls"))]
#[test]
#[ignore = "the program of the test below"]
fn child_starts() {
    let provider = spanline::init().build().unwrap();
    println!("EXPORTERS {}", provider.stats().exporters.len());
}

/// What the environment asks for and this build has not is a warning and no exporter, never a program that does not
/// start.
#[cfg(not(feature = "tls"))]
#[test]
fn an_endpoint_that_cannot_be_used_leaves_no_exporter() {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program)
        .args(["--ignored", "--exact", "--nocapture", "child_starts"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example")
        .output()
        .unwrap();
    let (out, log) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(out.contains("EXPORTERS 0"), "{out}{log}");
    assert!(
        log.contains("OTEL_EXPORTER_OTLP_ENDPOINT: `https` needs the feature `tls`"),
        "{log}"
    );
}

#[test]
fn exporters_that_are_not_otlp() {
    for (name, protocol, path, kind) in [
        ("ZIPKIN", "", "/api/v2/spans", "application/json"),
        ("ZIPKIN", "http/json", "/elsewhere", "application/json"),
        (
            "ZIPKIN",
            "http/protobuf",
            "/api/v2/spans",
            "application/x-protobuf",
        ),
        (
            "JAEGER",
            "",
            "/api/traces",
            "application/vnd.apache.thrift.binary",
        ),
    ] {
        let receiver = Receiver::start();
        let url = receiver.url().replace("/v1/traces", path);
        let of = |what: &str| format!("OTEL_EXPORTER_{name}_{what}");
        let (endpoint, protocol_of, timeout) = (of("ENDPOINT"), of("PROTOCOL"), of("TIMEOUT"));
        let exporter = name.to_lowercase();
        let env = [
            ("OTEL_TRACES_EXPORTER", exporter.as_str()),
            (&endpoint, url.as_str()),
            (&protocol_of, protocol),
            (&timeout, "30000"),
            // What is for others.
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "no such thing"),
        ];
        let (said, _) = child("child_exports", &env);
        assert_eq!(said["exporters"], json!([[exporter, 1]]), "{said}");
        assert_eq!(lines(&said, "warn"), 0, "{said}");
        let requests = receiver.requests();
        assert_eq!(requests[0].line, format!("POST {path} HTTP/1.1"));
        assert_eq!(requests[0].header("content-type"), Some(kind));
        assert_eq!(requests[0].header("x-key"), None);
    }
    let wrong = [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_EXPORTER_ZIPKIN_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "1s"),
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "ftp://x"),
    ];
    let (said, _) = child("child_exports", &wrong);
    assert_eq!(said["exporters"][0][0], "zipkin", "{said}");
    let log = said["log"].to_string();
    for (variable, _) in &wrong[1..] {
        assert!(log.contains(variable), "{log}");
    }
}
