//! The formats beside W3C's, the environment and SQL comments.

use crate::common::{same, text};
use crate::propagation::{check, given, propagate, with};
use spanline::environment::Environment;
use spanline::propagate::XTracePropagator;
use spanline::sql::{self, SqlComment};
use spanline::{Context, Provider};
use spanline_test_vectors::{Case, Level, run};
use std::collections::BTreeMap;

/// A provider with the propagators that the case names, or else this one.
fn configured(case: &Case, otherwise: &[&str]) -> Provider {
    let named = case.get("config")["propagators"].as_array();
    let names: Vec<&str> = match named {
        Some(names) => names.iter().map(text).collect(),
        None => otherwise.to_vec(),
    };
    let builder = spanline::init().without_environment().exporter("none");
    builder.propagators(names).build().unwrap()
}

fn served(provider: &Provider, case: &Case) -> Result<(), String> {
    let _provider = provider.enter();
    if case.op() != "fields" {
        return propagate(case);
    }
    let propagator = spanline::propagator().unwrap();
    let mut fields = propagator.fields();
    fields.sort_unstable();
    let mut expected: Vec<_> = case
        .expect("fields")
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    expected.sort_unstable();
    same("fields", fields, expected)
}

#[test]
fn b3() {
    let (single, multi) = (with("b3"), with("b3multi"));
    let ops = ["extract", "inject", "fields"];
    run("sdk", Level::Surface, "b3.json", &ops, |case| {
        let is_multi = case.get("config")["inject"] == "multi";
        served(if is_multi { &multi } else { &single }, case)
    });
}

#[test]
fn jaeger() {
    let provider = with("jaeger");
    let ops = ["extract", "inject", "fields"];
    run("sdk", Level::Surface, "jaeger.json", &ops, |case| {
        served(&provider, case)
    });
}

#[test]
fn custom_headers() {
    let provider = with("xtrace");
    let ops = ["extract", "inject"];
    run("sdk", Level::Surface, "custom_headers.json", &ops, |case| {
        let config = case.get("config");
        if config.is_null() {
            return served(&provider, case);
        }
        let (trace, span) = (text(&config["trace_header"]), text(&config["span_header"]));
        let names = XTracePropagator::new()
            .with_names(trace.to_owned(), span.to_owned(), "X-Parent-ID")
            .unwrap();
        let builder = spanline::init().without_environment().exporter("none");
        served(&builder.propagator(names).build().unwrap(), case)
    });
}

#[test]
fn messaging() {
    let ops = ["extract", "inject", "extract_composite"];
    run("sdk", Level::Surface, "messaging.json", &ops, |case| {
        served(&configured(case, &["messaging"]), case)
    });
}

#[test]
fn grpc() {
    run("sdk", Level::Surface, "grpc.json", &["extract"], |case| {
        served(&configured(case, &["tracecontext"]), case)
    });
}

fn env_carrier_case(case: &Case) -> Result<(), String> {
    let provider = configured(case, &["tracecontext", "baggage"]);
    let _provider = provider.enter();
    if case.op() == "extract_env" {
        let variables = case.get("env").as_object().unwrap().iter();
        let environment: Environment = variables
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let found = spanline::extract(&environment);
        return check(&found, &Context::EMPTY, case.get("expect"));
    }
    let mut written = Environment::new();
    spanline::inject_context(&given(case.get("context"))?, &mut written);
    let expected = case.expect("env").as_object().unwrap().iter();
    let expected: BTreeMap<&str, &str> = expected
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    for absent in case.expect("absent").as_array().unwrap() {
        same("absent", written.variable(text(absent)), None)?;
    }
    same("environment", written.iter().collect(), expected)
}

#[test]
fn env_carrier() {
    let ops = ["extract_env", "inject_env"];
    run("sdk", Level::Surface, "env_carrier.json", &ops, env_carrier_case);
}

#[test]
fn sqlcommenter() {
    let builder = spanline::init().without_environment().exporter("none");
    let provider = builder
        .options(|options| options.propagate.database = Some(true))
        .build()
        .unwrap();
    let _provider = provider.enter();
    run("sdk", Level::Surface, "sqlcommenter.json", &["comment"], |case| {
        let pairs = case.get("attributes").as_object().unwrap().iter();
        let comment = pairs.fold(SqlComment::new(), |comment, (key, value)| {
            comment.pair(key, text(value))
        });
        let commented = sql::comment_with(text(case.get("sql")), comment);
        same("statement", &*commented, text(case.expect("sql")))
    });
}
