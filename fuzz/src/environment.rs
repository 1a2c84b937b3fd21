//! What the environment says: options, and the kernel's files about a container.

use crate::texts;
use spanline::__fuzz::container_id;
use spanline_core::Resource;
use spanline_engine::options::{
    Effective, Exporter, ExporterSettings, Layers, Notice, Options, config_file, misspelt, resolve,
};
use std::collections::BTreeMap;

/// Every feature that an option needs.
const ALL: &[&str] = &["config-file", "grpc", "spool", "tls", "zstd"];

/// What is not to be shown; never a part of an input that is looked at for it.
const SECRET: &str = "s3cr3t";

const RESOURCE: &str = "OTEL_RESOURCE_ATTRIBUTES";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const TRACES_HEADERS: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";

type Variables = BTreeMap<String, String>;

/// Each line with a `=` is a variable. The whole input is what the kernel says of control groups and of mounts.
pub fn environment(input: &[u8]) {
    let pairs = texts(input).filter_map(|line| line.split_once('='));
    let env: Variables = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for name in env.keys() {
        assert_ne!(misspelt(name), Some(name.as_str()));
    }
    resolved(&env, &[]);
    let (effective, _) = resolved(&env, ALL);
    endpoint(&effective, &env);
    resource(&effective.resource);
    hidden(&env);
    container(str::from_utf8(input).unwrap_or_default());
}

/// The environment is no error; and what holds for every exporter.
fn resolved(env: &Variables, features: &[&str]) -> (Effective, Vec<Notice>) {
    let value = |name: &str| env.get(name).cloned();
    let layers = Layers {
        code: &Options::default(),
        file: None,
        env: &value,
        features,
    };
    config_file(&layers).expect("the environment is no error");
    let mut notices = Vec::new();
    let effective = resolve(&layers, &mut notices).expect("the environment is no error");
    for notice in &notices {
        assert!(!notice.text.is_empty() && !notice.text.contains('\n'), "{notice}");
    }
    effective.exporter.iter().for_each(exporter);
    assert!(effective.iter().all(|setting| !setting.name.is_empty()));
    (effective, notices)
}

fn is_network(kind: Exporter) -> bool {
    matches!(kind, Exporter::Otlp | Exporter::Zipkin | Exporter::Jaeger)
}

fn exporter(exporter: &ExporterSettings) {
    assert!((1..=8).contains(&exporter.concurrent_sends));
    if is_network(exporter.kind) {
        let url = &exporter.endpoint;
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
        let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
        assert!(["http", "https", "unix"].contains(&&*scheme), "{url}");
        assert_eq!(exporter.tls(), scheme == "https", "{url}");
    }
    for (name, value) in exporter.headers.iter() {
        assert!(!name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase()));
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')));
    }
    let proxy = exporter.proxy.as_deref().unwrap_or("http:");
    assert!(proxy.to_ascii_lowercase().starts_with("http:"), "{proxy}");
}

/// An endpoint that was resolved is resolved to itself.
fn endpoint(effective: &Effective, env: &Variables) {
    let [only] = &effective.exporter[..] else { return };
    if only.kind != Exporter::Otlp {
        return;
    }
    let mut env = env.clone();
    env.remove(ENDPOINT);
    env.insert(TRACES_ENDPOINT.to_owned(), only.endpoint.clone());
    let (again, _) = resolved(&env, ALL);
    let again = &again.exporter[0];
    assert_eq!((&again.endpoint, again.tls()), (&only.endpoint, only.tls()));
}

/// Attributes that are written as the variable has them are read again. What an entity is known by is there.
fn resource(resource: &Resource) {
    for entity in resource.entity_refs() {
        for key in entity.id_keys.iter().chain(&entity.description_keys) {
            assert!(resource.get(key).is_some(), "{key}");
        }
    }
    let encode = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let pairs = resource.attributes().iter().map(|attribute| {
        let value = attribute.value.as_str().expect("a text");
        format!("{}={}", encode(&attribute.key), encode(value))
    });
    let list = pairs.collect::<Vec<_>>().join(",");
    let (again, _) = resolved(&Variables::from([(RESOURCE.to_owned(), list)]), ALL);
    assert_eq!(again.resource.attributes(), resource.attributes());
}

/// Values of headers, and user and password of endpoints and proxies, are not shown, whatever stands around them.
fn hidden(env: &Variables) {
    if env
        .iter()
        .any(|(name, value)| name.contains(SECRET) || value.contains(SECRET))
    {
        return;
    }
    let mut env = env.clone();
    for name in [HEADERS, TRACES_HEADERS] {
        let list = env.entry(name.to_owned()).or_default();
        *list = format!("{list},k={SECRET}");
    }
    for name in [ENDPOINT, TRACES_ENDPOINT, "http_proxy", "https_proxy"] {
        if let Some(url) = env.get_mut(name) {
            let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            *url = format!("http://u:{SECRET}@{host}");
        }
    }
    let (effective, notices) = resolved(&env, ALL);
    let settings: Vec<_> = effective.iter().collect();
    let shown = format!("{effective:?}{notices:?}{settings:?}{:?}", effective.exporter);
    assert!(!shown.contains(SECRET), "{shown}");
    for exporter in &effective.exporter {
        assert!(!exporter.masked_endpoint().contains(SECRET));
        if exporter.kind == Exporter::Otlp {
            let mut headers = exporter.headers.iter();
            assert!(headers.any(|(name, value)| (name, value) == ("k", SECRET)));
        }
    }
}

/// An id is 64 digits that were there.
fn container(text: &str) {
    for (control_groups, mounts) in [(text, ""), ("", text)] {
        if let Some(id) = container_id(control_groups, || mounts.to_owned()) {
            assert!(id.len() == 64 && text.contains(&id));
            assert!(
                id.bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            );
        }
    }
}
