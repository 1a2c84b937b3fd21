//! The options of exporters, by what they change in what is sent.

use crate::common::{Receiver, finish};
#[cfg(feature = "tls")]
use spanline::ErrorKind;
use spanline::options::{ExporterOption, Headers};
use spanline::{Builder, Provider};
use spanline_test_vectors::serde_json::{self, Value as Json};
use std::path::PathBuf;

fn plain() -> Builder {
    spanline::init().without_environment().delay_ms(0)
}

fn one_span(provider: &Provider) {
    provider.tracer("t").span("work").start().end();
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("settings-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn exporters_side_by_side_have_settings_of_their_own() {
    let (first, second) = (Receiver::start(), Receiver::start());
    let own = ExporterOption {
        endpoint: Some(second.url()),
        protocol: Some("http/json".to_owned()),
        compression: Some("none".to_owned()),
        headers: Some(Headers::from_iter([("x-tenant", "blue")])),
        bearer_token: Some("abc".into()),
        user_agent: Some("shop/1.2".to_owned()),
        ..ExporterOption::from("otlp")
    };
    let provider = plain()
        .exporter("otlp")
        .exporter(own)
        .endpoint(first.url())
        .compression("gzip")
        .header("x-tenant", "green")
        .credentials("user", "pass")
        .build()
        .unwrap();
    one_span(&provider);
    let stats = finish(&provider);
    let names: Vec<_> = stats
        .exporters
        .iter()
        .map(|exporter| exporter.name.as_str())
        .collect();
    assert_eq!(names, ["otlp", "otlp_2"]);
    assert!(
        stats.exporters.iter().all(|exporter| exporter.exported == 1),
        "{stats:#?}"
    );

    let request = &first.requests()[0];
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert_eq!(request.header("x-tenant"), Some("green"));
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("Spanline-OTLP-Exporter-Rust/"), "{agent}");

    let request = &second.requests()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-encoding"), None);
    assert_eq!(request.header("x-tenant"), Some("blue"));
    assert_eq!(request.header("authorization"), Some("Bearer abc"));
    let agent = request.header("user-agent").unwrap();
    assert!(
        agent.starts_with("shop/1.2 Spanline-OTLP-Exporter-Rust/"),
        "{agent}"
    );
    let json: Json = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"],
        "work"
    );
}

#[test]
fn the_file_exporter_appends_and_rotates() {
    let path = folder("file").join("spans.jsonl");
    let exporter = ExporterOption {
        path: Some(path.to_str().unwrap().to_owned()),
        max_bytes: Some(1),
        max_files: Some(2),
        ..ExporterOption::from("file")
    };
    let provider = plain().exporter(exporter).build().unwrap();
    for _ in 0..3 {
        one_span(&provider);
        assert!(provider.flush().complete);
    }
    assert_eq!(finish(&provider).exporters[0].exported, 3);
    let lines = |path: &PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
    assert_eq!((lines(&path), lines(&path.with_extension("jsonl.1"))), (1, 1));
    assert!(!path.with_extension("jsonl.2").exists());
    let json: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(
        json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"],
        "work"
    );
}

#[test]
fn a_plain_request_goes_to_the_proxy_with_its_credentials() {
    let proxy = Receiver::start();
    let url = proxy.url().replace("http://", "http://user:pass@");
    let provider = plain()
        .exporter("otlp")
        .endpoint("http://collector.invalid:4318/v1/traces")
        .proxy(url)
        .build()
        .unwrap();
    one_span(&provider);
    assert_eq!(finish(&provider).exporters[0].exported, 1);
    let request = &proxy.requests()[0];
    assert!(
        request
            .line
            .starts_with("POST http://collector.invalid:4318/v1/traces "),
        "{}",
        request.line
    );
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[cfg(feature = "tls")]
#[test]
fn certificates_that_cannot_be_used_are_errors_at_once() {
    let folder = folder("certificates");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(path("empty.pem"), "").unwrap();
    let to = || {
        plain()
            .exporter("otlp")
            .endpoint("https://collector.invalid/v1/traces")
    };
    let refused = |builder: Builder, kind, option| {
        let error = builder.build().unwrap_err();
        assert_eq!((error.kind(), error.option()), (kind, Some(option)), "{error}");
        error.to_string()
    };
    let text = refused(
        to().certificate(path("absent.pem")),
        ErrorKind::Tls,
        "certificate",
    );
    assert!(text.contains("absent.pem"), "{text}");
    refused(to().certificate(path("empty.pem")), ErrorKind::Tls, "certificate");
    refused(
        to().client_certificate(path("empty.pem"), path("empty.pem")),
        ErrorKind::Tls,
        "client_certificate",
    );
    let alone = to().options(|options| options.client_key = Some(path("empty.pem")));
    refused(alone, ErrorKind::Missing, "client_certificate");
}
