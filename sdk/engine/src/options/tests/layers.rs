//! The configuration file between code and environment.

use super::{super::*, ALL, kinds, with, with_file};
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use spanline_core::KeyValue;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn code_over_file_over_default_and_no_environment() {
    let code = Options {
        timeout_ms: Some(1),
        ..Options::default()
    };
    let file = Options {
        timeout_ms: Some(2),
        delay_ms: Some(3),
        ..Options::default()
    };
    let env = [
        ("OTEL_BSP_SCHEDULE_DELAY", "4"),
        ("OTEL_SERVICE_NAME", "not-read"),
        ("OTEL_TRACES_SAMPLER", "not-read"),
        ("OTEL_CONFIG_FILE", "shop.yaml"),
    ];
    let (effective, notices) = with_file(&code, Some(&file), &env, ALL).unwrap();
    assert_eq!(notices, []);
    assert_eq!((effective.timeout_ms, effective.delay_ms), (Some(1), 3));
    assert_eq!(effective.source("timeout_ms"), Some(Source::Code));
    assert_eq!(effective.source("delay_ms"), Some(Source::File));
    assert_eq!(effective.service_name, None);
    assert_eq!(effective.config_file.as_deref(), Some("shop.yaml"));
    assert_eq!(
        effective.source("config_file"),
        Some(Source::Environment("OTEL_CONFIG_FILE"))
    );
}

#[test]
fn attributes_win_one_by_one() {
    let file = Options {
        service_name: text("low"),
        service_version: text("1"),
        resource: Some(vec![KeyValue::new("a", "file"), KeyValue::new("b", "file")]),
        ..Options::default()
    };
    let code = Options {
        resource: Some(vec![
            KeyValue::new("service.name", "high"),
            KeyValue::new("b", "code"),
        ]),
        ..Options::default()
    };
    let (effective, _) = with_file(&code, Some(&file), &[], ALL).unwrap();
    assert_eq!(effective.service_name.as_deref(), Some("high"));
    assert_eq!(effective.service_version.as_deref(), Some("1"));
    assert_eq!(effective.source("service_version"), Some(Source::File));
    let value = |key| effective.resource.get(key).unwrap().as_str().unwrap().to_owned();
    assert_eq!((value("a"), value("b")), ("file".to_owned(), "code".to_owned()));
    let (effective, _) = with_file(&Options::default(), Some(&file), &[], ALL).unwrap();
    assert_eq!(effective.service_name.as_deref(), Some("low"));
    assert_eq!(effective.resource.get("a").unwrap().as_str(), Some("file"));
    assert_eq!(effective.source("resource"), Some(Source::File));
}

#[test]
fn what_the_code_says_for_all_wins_over_what_the_file_says_for_one() {
    let of_file = ExporterOption {
        endpoint: text("http://file/x"),
        timeout_ms: Some(1),
        ..ExporterOption::from("otlp")
    };
    let file = Options {
        exporter: Some(vec![of_file]),
        ..Options::default()
    };
    let code = Options {
        endpoint: text("http://code/x"),
        ..Options::default()
    };
    let (effective, _) = with_file(&code, Some(&file), &[], ALL).unwrap();
    assert_eq!(effective.exporter[0].endpoint, "http://code/x");
    assert_eq!(effective.exporter[0].timeout_ms, Some(1));
    assert_eq!(effective.source("exporter"), Some(Source::File));
}

#[test]
fn a_file_names_no_other_file() {
    let file = Options {
        config_file: text("other.yaml"),
        ..Options::default()
    };
    let error = with_file(&Options::default(), Some(&file), &[], ALL).unwrap_err();
    assert_eq!(error.option(), Some("config_file"));
}

#[test]
fn which_file() {
    let of = |code: &Options, env: &[(&str, &str)], features: &[&str]| {
        let value = |name: &str| {
            let found = env.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let env = &value;
        config_file(&Layers {
            code,
            file: None,
            env,
            features,
        })
        .unwrap()
    };
    let none = Options::default();
    let code = Options {
        config_file: text("code.yaml"),
        ..Options::default()
    };
    let env = [("OTEL_CONFIG_FILE", "env.yaml")];
    let path = |source| Some(("env.yaml".to_owned(), Source::Environment(source)));
    assert_eq!(of(&none, &[], ALL), None);
    assert_eq!(of(&none, &env, ALL), path("OTEL_CONFIG_FILE"));
    assert_eq!(of(&code, &env, ALL), Some(("code.yaml".to_owned(), Source::Code)));
    assert_eq!(of(&none, &env, &[]), None);
    let old = [("OTEL_EXPERIMENTAL_CONFIG_FILE", "env.yaml")];
    assert_eq!(of(&none, &old, ALL), path("OTEL_EXPERIMENTAL_CONFIG_FILE"));
    let (_, notices) = with(&none, &old).unwrap();
    assert_eq!(notices.len(), 1);
    let old = [old[0], env[0]];
    assert_eq!(of(&none, &old, ALL), path("OTEL_CONFIG_FILE"));
    assert_eq!(with(&none, &old).unwrap().1, Vec::new());
    assert_eq!(kinds(&with(&none, &old).unwrap().0), [Exporter::Otlp]);
}

/// A build that cannot read files has no exporter then: no less than an error.
#[test]
fn a_file_that_the_build_cannot_read_is_an_error_in_the_environment_too() {
    let env = |name: &str| (name == "OTEL_CONFIG_FILE").then(|| "c.yaml".to_owned());
    let mut notices = Vec::new();
    let layers = Layers {
        code: &Options::default(),
        file: None,
        env: &env,
        features: &[],
    };
    let effective = resolve(&layers, &mut notices).unwrap();
    assert!(effective.exporter.is_empty());
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(notices[0].level, LogLevel::Error);
    assert!(notices[0].text.contains("`config-file`"), "{notices:?}");
}
