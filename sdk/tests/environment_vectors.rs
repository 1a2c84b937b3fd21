//! The vectors of the environment: each case runs in a process of its own, started with exactly that environment,
//! which initialises Spanline and says what the public calls say.

mod common;

use common::{Receiver, same, text};
use spanline::options::TABLE;
use spanline::{Context, ExportBatch, ExportResult, Level as LogLevel, SpanContext, SpanExporter, SpanKind};
use spanline::{SpanId, TraceFlags, TraceId, TraceState};
use spanline_test_vectors::serde_json::{self, Map, json};
use spanline_test_vectors::{Case, Level, Outcome, Value as Json, run};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Stands before the line that the child prints.
const MARK: &str = "says ";

/// Takes the resource of what is exported.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Map<String, Json>>>);

impl SpanExporter for Seen {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        for span in batch.spans() {
            let attributes = span.resource.attributes().iter();
            let texts = attributes.filter_map(|a| Some((a.key.to_string(), json!(a.value.as_str()?))));
            self.0.lock().unwrap().extend(texts);
        }
        ExportResult::success()
    }
}

/// What the environment of this process makes of a provider that the code says nothing about, but where spans go.
fn describe() -> Json {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let sink = warnings.clone();
    spanline::set_log_sink(Some(Arc::new(move |level, line| {
        if level == LogLevel::Warn {
            sink.lock().unwrap().push(line.to_owned());
        }
    })));
    let seen = Seen::default();
    let provider = spanline::init()
        .add_exporter("seen", seen.clone())
        .start()
        .unwrap();
    let warned = warnings.lock().unwrap().clone();

    // A sampled parent, so that the span is exported whatever the sampler says of roots.
    let ids = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let parent = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::EMPTY);
    let parent = Context::EMPTY.with_remote_span_context(parent);
    let span = spanline::tracer("environment")
        .span("work")
        .kind(SpanKind::Server)
        .parent(&parent)
        .start();
    let recording = span.is_recording();
    let context = span
        .in_context()
        .with_baggage(spanline::Baggage::EMPTY.set("k", "v", None).unwrap());
    let mut written: Vec<(String, String)> = Vec::new();
    spanline::inject_context(&context, &mut written);
    span.end();
    assert!(spanline::flush().unwrap().stats.balances());

    let options = provider.options();
    let settings: Map<String, Json> = options
        .iter()
        .map(|setting| {
            (
                setting.name.to_owned(),
                json!([setting.value, setting.source.to_string()]),
            )
        })
        .collect();
    let resource = seen.0.lock().unwrap().clone();
    let fields =
        spanline::propagator().map(|p| p.fields().iter().map(ToString::to_string).collect::<Vec<_>>());
    json!({
        "warnings": warned,
        "settings": settings,
        "disabled": options.disabled,
        "recording": recording,
        "sampler": provider.sampler_description(),
        "written": written.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        "fields": fields,
        "resource": resource,
        "endpoint": options.endpoint,
        "headers": received_headers(),
    })
}

/// The headers of a request that the real exporter makes, without those that it always makes.
fn received_headers() -> Json {
    let receiver = Receiver::start();
    let provider = spanline::init()
        .exporter("otlp")
        .endpoint(receiver.url())
        .options(|options| {
            options.protocol = Some("http/protobuf".to_owned());
            options.compression = Some("none".to_owned());
            options.timeout_ms = Some(10_000);
        })
        .sampler("always_on")
        .disabled(false)
        .build()
        .unwrap();
    provider.tracer("environment").span("work").start().end();
    assert!(provider.shutdown().unwrap().stats.balances());
    let own = [
        "host",
        "content-type",
        "content-length",
        "user-agent",
        "accept-encoding",
        "accept",
    ];
    let requests = receiver.requests();
    let headers = requests[0]
        .headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()));
    json!(headers.collect::<Vec<_>>())
}

/// The child: run alone it prints what it finds. Among the other tests of this file it checks that the description
/// holds together, whatever the environment of the test run is.
#[test]
fn the_environment_is_described() {
    let described = describe();
    println!("\n{MARK}{described}");
    assert_eq!(described["settings"].as_object().unwrap().len(), TABLE.len());
    assert_eq!(
        described["disabled"] != true,
        described["recording"] == true || described["sampler"] == "AlwaysOffSampler"
    );
}

fn child(env: &Json) -> Json {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args([
        "--exact",
        "the_environment_is_described",
        "--nocapture",
        "--test-threads=1",
    ]);
    command.env_clear().stdin(Stdio::null());
    for (name, value) in env.as_object().expect("an environment") {
        command.env(name, text(value));
    }
    let output = command.output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let line = out.lines().find_map(|line| line.strip_prefix(MARK));
    let Some(line) = line else {
        std::io::stderr().write_all(&output.stderr).unwrap();
        panic!("the child said nothing: {out}");
    };
    serde_json::from_str(line).unwrap()
}

fn setting<'a>(said: &'a Json, option: &str) -> &'a str {
    text(&said["settings"][option][0])
}

fn compare(case: &Case, found: &[(&str, Json)]) -> Result<(), String> {
    for (member, expected) in case.get("expect").as_object().unwrap() {
        let found = found.iter().find(|(name, _)| name == member);
        let (_, found) = found.ok_or_else(|| format!("unknown expect member {member}"))?;
        same(member, found, expected)?;
    }
    Ok(())
}

fn env_value(case: &Case) -> Outcome {
    let said = child(case.get("env"));
    let warned = json!(!said["warnings"].as_array().unwrap().is_empty());
    match case.op() {
        "boolean" => {
            let same = same("recording", said["recording"] == true, said["disabled"] == false)
                // Context is carried on also when nothing is recorded.
                .and_then(|()| same("written", &said["written"], &json!(["traceparent", "baggage"])));
            same.and_then(|()| compare(case, &[("value", said["disabled"].clone()), ("warn", warned)]))
                .into()
        }
        "number" => {
            let variable = text(case.get("name"));
            let option = TABLE
                .iter()
                .find(|option| option.variables.contains(&variable))
                .expect("an option");
            let value = match setting(&said, option.name) {
                "none" => Json::Null,
                number => json!(number.parse::<u64>().expect("a number")),
            };
            compare(case, &[("value", value), ("warn", warned)]).into()
        }
        "sampler" => sampler(case, &said).into(),
        "propagators" => propagators(case, &said),
        _ => resource(case, &said).into(),
    }
}

fn sampler(case: &Case, said: &Json) -> Result<(), String> {
    let config = setting(said, "sampler");
    // The description of the sampler that runs names the same samplers, outermost first.
    let named = config
        .split(['(', '=', ')'])
        .filter(|word| word.starts_with(char::is_uppercase));
    let description = text(&said["sampler"]);
    for name in named {
        if !description.contains(name) {
            return Err(format!("{config} runs as {description}"));
        }
    }
    compare(case, &[("sampler_config", json!(config))])
}

fn propagators(case: &Case, said: &Json) -> Outcome {
    let expected = case.expect("propagators").as_array().expect("a list");
    let written = expected.iter().flat_map(|name| match text(name) {
        "tracecontext" => vec!["traceparent"],
        "b3multi" => vec!["x-b3-traceid", "x-b3-spanid", "x-b3-sampled"],
        "jaeger" => vec!["uber-trace-id", "uberctx-k"],
        other => vec![other],
    });
    let configured = match setting(said, "propagators") {
        "none" => Vec::new(),
        list => list.split(',').collect(),
    };
    same("written", &said["written"], &json!(written.collect::<Vec<_>>()))
        .and_then(|()| same("no fields", said["fields"] == json!([]), expected.is_empty()))
        .and_then(|()| compare(case, &[("propagators", json!(configured))]))
        .into()
}

fn resource(case: &Case, said: &Json) -> Result<(), String> {
    let expected = case.expect("attributes").as_object().expect("attributes");
    let found = said["resource"].as_object().unwrap();
    let detected = [
        "telemetry.sdk.",
        "process.",
        "host.",
        "os.",
        "service.instance.id",
    ];
    for (key, value) in found {
        let value = match (key.as_str(), text(value).split_once(':')) {
            ("service.name", Some(("unknown_service", executable))) => {
                same("executable", executable.starts_with("environment_vectors"), true)?;
                json!("unknown_service")
            }
            _ => value.clone(),
        };
        match expected.get(key) {
            Some(expected) => same(key, &value, expected)?,
            None if detected.iter().any(|prefix| key.starts_with(prefix)) => {}
            None => return Err(format!("{key} is {value}, expected nothing")),
        }
    }
    let missing = expected.keys().find(|key| !found.contains_key(*key));
    same("missing", missing, None)
}

#[test]
fn env_values() {
    let ops = ["boolean", "number", "sampler", "propagators", "resource"];
    run("sdk", Level::Surface, "env_values.json", &ops, env_value);
}

fn otlp_option(case: &Case) -> Outcome {
    let mut env = case.get("env").clone();
    if case.op() == "endpoint_grpc" {
        env["OTEL_EXPORTER_OTLP_PROTOCOL"] = json!("grpc");
    }
    let said = child(&env);
    let number = |name| match setting(&said, name) {
        "none" => Json::Null,
        number => json!(number.parse::<u64>().expect("a number")),
    };
    match case.op() {
        "endpoint_grpc" => {
            let (scheme, target) = text(&said["endpoint"]).split_once("://").expect("a URL");
            compare(
                case,
                &[("target", json!(target)), ("tls", json!(scheme == "https"))],
            )
        }
        "endpoint_http" => compare(case, &[("url", said["endpoint"].clone())]),
        "headers" => compare(case, &[("headers", said["headers"].clone())]),
        _ => {
            let (compression, protocol) = (setting(&said, "compression"), setting(&said, "protocol"));
            compare(
                case,
                &[
                    ("timeout_ms", number("timeout_ms")),
                    ("compression", json!(compression)),
                    ("protocol", json!(protocol)),
                ],
            )
        }
    }
    .into()
}

#[test]
fn otlp_env() {
    let ops = ["endpoint_http", "endpoint_grpc", "headers", "option"];
    run("sdk", Level::Surface, "otlp_env.json", &ops, otlp_option);
}
