//! `env_values` and `otlp_env`: each case's environment is resolved as a map. And the precedence of the limits.

mod common;

use common::compare;
use spanline_core::{KeyValue, Resource};
use spanline_engine::options::{Effective, Layers, LogLevel, Notice, Options, TABLE, resolve};
use spanline_test_vectors::{Case, Level, Outcome, Value, run, serde_json::json};
use std::collections::BTreeMap;

fn environment(case: &Case) -> BTreeMap<String, String> {
    case.get("env")
        .as_object()
        .expect("an environment")
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned()))
        .collect()
}

fn resolved(case: &Case) -> (Effective, Vec<Notice>) {
    of_layers(&Options::default(), &environment(case))
}

fn of_layers(code: &Options, env: &BTreeMap<String, String>) -> (Effective, Vec<Notice>) {
    let mut notices = Vec::new();
    let layers = Layers {
        code,
        file: None,
        env: &|name| env.get(name).cloned(),
        features: &["grpc", "tls", "zstd"],
    };
    let effective = resolve(&layers, &mut notices).expect("the environment causes no errors");
    (effective, notices)
}

fn warned(notices: &[Notice]) -> Value {
    json!(notices.iter().any(|notice| notice.level == LogLevel::Warn))
}

fn env_value(case: &Case) -> Outcome {
    let (effective, notices) = resolved(case);
    match case.op() {
        "boolean" => compare(
            case,
            &[("value", json!(effective.disabled)), ("warn", warned(&notices))],
        ),
        "number" => {
            let variable = case.get("name").as_str().expect("a variable");
            let option = TABLE.iter().find(|option| option.variables.contains(&variable));
            let option = option.expect("an option").name;
            let setting = effective.iter().find(|setting| setting.name == option);
            let value = match setting.expect("a setting").value.as_str() {
                "none" => Value::Null,
                number => json!(number.parse::<u64>().expect("a number")),
            };
            compare(case, &[("value", value), ("warn", warned(&notices))])
        }
        "sampler" => compare(case, &[("sampler_config", json!(effective.sampler.to_string()))]),
        "propagators" => compare(case, &[("propagators", json!(effective.propagators))]),
        "resource" => {
            let base = Resource::new([KeyValue::new("service.name", "unknown_service")], None);
            let resource = base.merge(&effective.resource);
            let attributes: BTreeMap<&str, &str> = resource
                .attributes()
                .iter()
                .map(|attribute| (&*attribute.key, attribute.value.as_str().expect("text")))
                .collect();
            compare(case, &[("attributes", json!(attributes))])
        }
        op => Outcome::Failed(format!("unknown op {op}")),
    }
}

#[test]
fn env_values() {
    let ops = ["boolean", "number", "sampler", "propagators", "resource"];
    run("engine", Level::Engine, "env_values.json", &ops, env_value);
}

fn otlp_option(case: &Case) -> Outcome {
    let (effective, _) = resolved(case);
    match case.op() {
        "endpoint_grpc" => {
            let mut env = environment(case);
            env.insert("OTEL_EXPORTER_OTLP_PROTOCOL".to_owned(), "grpc".to_owned());
            let (effective, _) = of_layers(&Options::default(), &env);
            let (scheme, target) = effective.endpoint.split_once("://").expect("a URL");
            compare(
                case,
                &[("target", json!(target)), ("tls", json!(scheme == "https"))],
            )
        }
        "endpoint_http" => compare(case, &[("url", json!(effective.endpoint))]),
        "headers" => {
            let headers: Vec<_> = effective.headers.iter().collect();
            compare(case, &[("headers", json!(headers))])
        }
        "option" => compare(
            case,
            &[
                ("timeout_ms", json!(effective.timeout_ms)),
                ("compression", json!(effective.compression.name())),
                ("protocol", json!(effective.protocol.name())),
            ],
        ),
        op => Outcome::Failed(format!("unknown op {op}")),
    }
}

#[test]
fn otlp_env() {
    let ops = ["endpoint_http", "endpoint_grpc", "headers", "option"];
    run("engine", Level::Engine, "otlp_env.json", &ops, otlp_option);
}

fn precedence(case: &Case) -> Outcome {
    let mut code = Options::default();
    for (name, value) in case.get("limits").as_object().expect("limits") {
        let place = match name.as_str() {
            "AttributeCountLimit" => &mut code.attribute_limits.count,
            "AttributeValueLengthLimit" => &mut code.attribute_limits.value_length,
            "SpanAttributeCountLimit" => &mut code.limits.attributes,
            "SpanAttributeValueLengthLimit" => &mut code.limits.value_length,
            "AttributePerEventCountLimit" => &mut code.limits.event_attributes,
            "AttributePerLinkCountLimit" => &mut code.limits.link_attributes,
            other => return Outcome::Failed(format!("unknown limit {other}")),
        };
        *place = value.as_u64();
    }
    let (effective, _) = of_layers(&code, &BTreeMap::new());
    let limits = effective.span_limits();
    compare(
        case,
        &[
            ("span", json!(limits.attributes)),
            ("event", json!(limits.event_attributes)),
            ("link", json!(limits.link_attributes)),
            ("span_value_length", json!(limits.value.length)),
        ],
    )
}

#[test]
fn limits_precedence() {
    run(
        "engine",
        Level::Engine,
        "attribute_limits.json",
        &["precedence"],
        precedence,
    );
}
