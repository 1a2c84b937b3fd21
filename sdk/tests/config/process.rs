//! Files that the environment names: each case in a process of its own.

use crate::{File, memory_file};
use spanline_test_vectors::Value as Json;
use spanline_test_vectors::serde_json::{self, json};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const MARK: &str = "says ";

/// Not a test by itself: starts as the environment says, and says what came of it.
#[test]
fn child() {
    if std::env::var_os("SPANLINE_TEST_CHILD").is_none() {
        return;
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    spanline::set_log_sink(Some(Arc::new(move |level, line| {
        sink.lock().unwrap().push(format!("{}: {line}", level.name()));
    })));
    let provider = spanline::init().start().unwrap();
    let span = spanline::tracer("t").span("s").start();
    let recording = span.is_recording();
    span.end();
    let options = provider.options();
    let said = json!({
        "recording": recording,
        "service": provider.resource().get("service.name").and_then(|name| name.as_str().map(ToOwned::to_owned)),
        "sampler": provider.sampler_description(),
        "delay": options.delay_ms,
        "exporters": options.exporter.iter().map(|exporter| exporter.name.clone()).collect::<Vec<_>>(),
        "delay_source": options.source("delay_ms").map(|source| source.to_string()),
        "fields": spanline::propagator().map(|p| p.fields().iter().map(ToString::to_string).collect::<Vec<_>>()),
        "log": *lines.lock().unwrap(),
        "balances": provider.shutdown().unwrap().stats.balances(),
    });
    println!("{MARK}{said}");
}

fn started_with(env: &[(&str, &str)]) -> Json {
    said_by("process::child", env)
}

fn said_by(child: &str, env: &[(&str, &str)]) -> Json {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture"])
        .env_clear()
        .env("SPANLINE_TEST_CHILD", "1")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once(MARK));
    let Some((_, said)) = line else {
        panic!(
            "the child says {text} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let said: Json = serde_json::from_str(said).unwrap();
    assert_eq!(said["balances"], json!(true));
    said
}

fn logged(said: &Json, what: &str) -> bool {
    let log = said["log"].as_array().unwrap();
    log.iter().any(|line| line.as_str().unwrap().contains(what))
}

#[test]
fn the_environment_names_a_file_and_counts_only_where_the_file_refers_to_it() {
    let file = File::new(
        "named.yaml",
        &memory_file("resource: { attributes: [ {name: service.name, value: \"${OTEL_SERVICE_NAME}\"} ] }\n"),
    );
    let said = started_with(&[
        ("OTEL_CONFIG_FILE", &file.path()),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_BSP_SCHEDULE_DELAY", "7"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_PROPAGATORS", "baggage"),
        ("OTEL_SDK_DISABLED", "true"),
    ]);
    assert_eq!(said["recording"], json!(true));
    assert_eq!((&said["service"], &said["delay"]), (&json!("shop"), &json!(500)));
    assert_eq!(said["exporters"], json!(["memory"]));
    assert_eq!(said["fields"], json!([]));
    assert_eq!(said["delay_source"], json!("default"));
    assert!(
        said["sampler"]
            .as_str()
            .unwrap()
            .starts_with("ParentBased{root=AlwaysOnSampler")
    );
}

#[test]
fn the_old_name_of_the_variable_counts_with_a_warning_and_the_new_one_first() {
    let file = File::new("old.yaml", &memory_file("  sampler: { always_on: }\n"));
    let said = started_with(&[("OTEL_EXPERIMENTAL_CONFIG_FILE", &file.path())]);
    assert_eq!(said["sampler"], json!("AlwaysOnSampler"));
    assert!(logged(&said, "warn: OTEL_EXPERIMENTAL_CONFIG_FILE"), "{said}");
    let both = started_with(&[
        ("OTEL_CONFIG_FILE", &file.path()),
        ("OTEL_EXPERIMENTAL_CONFIG_FILE", "/nowhere"),
    ]);
    assert_eq!(both["sampler"], json!("AlwaysOnSampler"));
    assert!(!logged(&both, "EXPERIMENTAL"), "{both}");
}

#[test]
fn a_file_of_the_environment_that_is_wrong_is_reported_and_nothing_is_recorded() {
    let broken = File::new("broken.yaml", "file_format: '1.1'\ntracer_provder: {}\n");
    let negative = File::new(
        "negative.yaml",
        &memory_file("  sampler: { rate_limited: { per_second: -1 } }\n"),
    );
    let certificate = File::new(
        "certificate.yaml",
        "file_format: '1.1'\ntracer_provider:\n  processors: [ {batch: {exporter: {otlp_http: {endpoint: 'https://127.0.0.1:1', tls: {ca_file: /nowhere/ca.pem}}}}} ]\n",
    );
    let filter = File::new(
        "filter.yaml",
        &memory_file("distribution:\n  spanline:\n    filter: { rules: [ nonsense ] }\n"),
    );
    for (path, what) in [
        (filter.path(), "filter.rules[0]: "),
        (broken.path(), "2:1: tracer_provder: "),
        (negative.path(), "rate_limited"),
        (certificate.path(), ""),
        ("/nowhere/spanline.yaml".to_owned(), "cannot be read"),
    ] {
        let said = started_with(&[("OTEL_CONFIG_FILE", &path)]);
        assert_eq!(said["recording"], json!(false), "{said}");
        assert_eq!((&said["fields"]), (&json!([])), "{said}");
        assert!(
            logged(&said, "error: OTEL_CONFIG_FILE: ") && logged(&said, what),
            "{said}"
        );
    }
}

#[test]
fn the_short_form_is_a_file_too() {
    let file = File::new(
        "short.yaml",
        "tracing:\n  sdk:\n    sampling: { strategy: always_on }\n    exporters: { memory: }\n    resource: { attributes: { service.name: \"${NAME:-short}\" } }\n",
    );
    let said = started_with(&[
        ("OTEL_CONFIG_FILE", &file.path()),
        ("OTEL_SERVICE_NAME", "ignored"),
    ]);
    assert_eq!(
        (&said["service"], &said["sampler"]),
        (&json!("short"), &json!("AlwaysOnSampler"))
    );
    assert_eq!(said["exporters"], json!(["memory"]));
    assert_eq!(said["fields"], json!(["traceparent", "tracestate", "baggage"]));
}

/// Not a test by itself: each of these is a mistake in code, whatever the environment says.
#[test]
fn child_with_mistakes() {
    if std::env::var_os("SPANLINE_TEST_CHILD").is_none() {
        return;
    }
    let bogus = || Some(vec!["bogus".to_owned()]);
    let mistakes: [(&str, spanline::Builder); 4] = [
        (
            "enrich.rules[0]",
            spanline::init().options(|options| options.enrich.rules = bogus()),
        ),
        (
            "redact.patterns[0]",
            spanline::init().options(|options| options.redact.patterns = bogus()),
        ),
        (
            "filter.rules[0]",
            spanline::init().options(|options| options.filter.rules = bogus()),
        ),
        ("tail.policies", spanline::init().tail_sampling([])),
    ];
    let told = mistakes.map(|(option, builder)| {
        let error = builder.build().err();
        let is_about = |error: spanline::Error| error.option() == Some(option);
        (option, error.is_some_and(is_about))
    });
    println!("{MARK}{}", json!({ "balances": true, "told": told }));
}

#[test]
fn a_mistake_in_code_is_no_mistake_of_the_file() {
    let file = File::new(
        "good.yaml",
        &memory_file("distribution:\n  spanline:\n    tail: { policies: [ error ] }\n"),
    );
    let said = said_by(
        "process::child_with_mistakes",
        &[("OTEL_CONFIG_FILE", &file.path())],
    );
    for told in said["told"].as_array().unwrap() {
        assert_eq!(told[1], json!(true), "{said}");
    }
}
