//! The vectors of the formats beside W3C's: B3, Jaeger, plain headers, message properties, gRPC metadata and the
//! environment.
#![cfg(feature = "alloc")]

mod common;

use common::propagation::{check_extracted, context, extract, propagate};
use common::{Case, Level, only_members, run, same, text};
use spanline_core::Context;
use spanline_core::propagate::{
    B3Propagator, CompositePropagator, Environment, Getter, GrpcTraceBinPropagator, JaegerPropagator,
    MessagingPropagator, TextMapPropagator, TraceBin, XTracePropagator, by_name,
};
use spanline_test_vectors::json::{hex, unhex};
use std::sync::Arc;

/// The propagators that the case names, or else this one.
fn configured(case: &Case, otherwise: &str) -> CompositePropagator {
    let named = case.get("config")["propagators"].as_array();
    let names: Vec<&str> = match named {
        Some(names) => names.iter().map(text).collect(),
        None => vec![otherwise],
    };
    CompositePropagator::new(names.into_iter().map(|name| by_name(name).unwrap()))
}

#[test]
fn b3() {
    let ops = ["extract", "inject", "fields"];
    run("core", Level::Engine, "b3.json", &ops, |case| {
        match case.get("config")["inject"].as_str() {
            Some("multi") => propagate(&B3Propagator::multi(), case),
            _ => propagate(&B3Propagator::single(), case),
        }
    });
}

#[test]
fn jaeger() {
    let ops = ["extract", "inject", "fields"];
    run("core", Level::Engine, "jaeger.json", &ops, |case| {
        propagate(&JaegerPropagator::new(), case)
    });
}

#[test]
fn custom_headers() {
    let ops = ["extract", "inject"];
    run("core", Level::Engine, "custom_headers.json", &ops, |case| {
        let config = case.get("config");
        let mut propagator = XTracePropagator::new();
        if let (Some(trace), Some(span)) = (config["trace_header"].as_str(), config["span_header"].as_str()) {
            propagator = propagator
                .with_names(trace.to_owned(), span.to_owned(), "X-Parent-ID")
                .unwrap();
        }
        propagate(&propagator, case)
    });
}

#[test]
fn messaging() {
    let ops = ["extract", "inject", "extract_composite"];
    run("core", Level::Engine, "messaging.json", &ops, |case| {
        match case.op() {
            "extract_composite" => propagate(&configured(case, ""), case),
            _ => propagate(&MessagingPropagator::new(), case),
        }
    });
}

fn binary(case: &Case) -> Result<(), String> {
    let propagator = GrpcTraceBinPropagator::new();
    if case.op() == "inject_binary" {
        only_members(case.get("expect"), &["hex", "carrier"])?;
        let context = context(case.get("context"))?;
        let span = context.span_context();
        let bin = TraceBin::new(span.trace_id(), span.span_id(), span.flags());
        let bin = bin.map(|bin| hex(&bin.format()));
        same("bytes", bin.as_deref(), case.expect("hex").as_str())?;
        return propagate(&propagator, case);
    }
    // A library that decodes the metadata gives the bytes.
    if let Some(bytes) = case.get("hex").as_str().map(unhex) {
        let found = propagator.extract(Context::EMPTY, &[("grpc-trace-bin", bytes.as_slice())]);
        check_extracted(&found, &Context::EMPTY, case.get("expect"))?;
        same(
            "parsed",
            TraceBin::parse(&bytes).is_some(),
            case.expect("valid") == true,
        )?;
    }
    extract(&propagator, case)
}

#[test]
fn grpc() {
    let ops = ["extract", "extract_binary", "inject_binary"];
    run("core", Level::Engine, "grpc.json", &ops, |case| match case.op() {
        "extract" => propagate(&configured(case, "tracecontext"), case),
        _ => binary(case),
    });
}

fn environment(case: &Case) -> Environment {
    let members = case.get("env").as_object().into_iter().flatten();
    members.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn env_carrier_case(case: &Case) -> Result<(), String> {
    let both: Vec<Arc<dyn TextMapPropagator>> = ["tracecontext", "baggage"]
        .map(|name| by_name(name).unwrap())
        .into();
    let propagator = match case.get("config").is_null() {
        true => CompositePropagator::new(both),
        false => configured(case, ""),
    };
    match case.op() {
        "normalize" => same(
            "name",
            &*Environment::name_of(text(case.get("key"))),
            text(case.expect("key")),
        ),
        "keys" => {
            let environment = environment(case);
            let expected: Vec<_> = case.expect("keys").as_array().unwrap().iter().map(text).collect();
            same("keys", environment.keys(), expected)
        }
        "extract_env" => {
            let found = propagator.extract(Context::EMPTY, &environment(case));
            check_extracted(&found, &Context::EMPTY, case.get("expect"))
        }
        _ => {
            let mut written = Environment::new();
            propagator.inject(&context(case.get("context"))?, &mut written);
            let expected = case.expect("env").as_object().unwrap().iter();
            let expected: Environment = expected
                .map(|(name, value)| (name.clone(), text(value)))
                .collect();
            same("environment", &written, &expected)?;
            let absent = case.expect("absent").as_array().unwrap().iter().map(text);
            for name in absent {
                same("absent", written.variable(name), None)?;
            }
            Ok(())
        }
    }
}

#[test]
fn env_carrier() {
    let ops = ["normalize", "keys", "extract_env", "inject_env"];
    run("core", Level::Engine, "env_carrier.json", &ops, env_carrier_case);
}
