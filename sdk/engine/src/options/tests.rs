//! Precedence, sources, hints and masking.

use super::*;
use crate::{Error, ErrorKind};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use spanline_core::KeyValue;

/// Resolves with these variables.
fn with(code: &Options, env: &[(&str, &str)]) -> Result<(Effective, Vec<Notice>), Error> {
    let mut notices = Vec::new();
    let value = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let layers = Layers {
        code,
        file: None,
        env: &value,
        features: ALL,
    };
    let effective = resolve(&layers, &mut notices)?;
    Ok((effective, notices))
}

/// Every feature that a name or an option needs.
const ALL: &[&str] = &["config-file", "grpc", "spool", "tls", "zstd"];

/// The same with a file between code and environment, and these features.
fn with_file(
    code: &Options,
    file: Option<&Options>,
    env: &[(&str, &str)],
    features: &[&str],
) -> Result<(Effective, Vec<Notice>), Error> {
    let mut notices = Vec::new();
    let value = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let layers = Layers {
        code,
        file,
        env: &value,
        features,
    };
    let effective = resolve(&layers, &mut notices)?;
    Ok((effective, notices))
}

fn kinds(effective: &Effective) -> Vec<Exporter> {
    effective.exporter.iter().map(|exporter| exporter.kind).collect()
}

fn exporters(names: &[&str]) -> Option<Vec<ExporterOption>> {
    Some(names.iter().map(|&name| name.into()).collect())
}

fn of_env(env: &[(&str, &str)]) -> (Effective, Vec<Notice>) {
    with(&Options::default(), env).unwrap()
}

fn error(code: Options) -> Error {
    with(&code, &[]).unwrap_err()
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn named(name: &str, rate: Option<f64>) -> Options {
    let name = name.to_owned();
    Options {
        sampler: Some(SamplerOption::Named { name, rate }),
        ..Options::default()
    }
}

mod entities;
mod environment;
mod exporters;
mod layers;
mod other_exporters;
mod plain;
mod semconv;

#[test]
fn the_table_and_the_types_agree() {
    for info in &TABLE {
        let offered = info
            .known()
            .filter(|&name| name != "none" || info.name == "compression");
        for name in offered {
            let known = match info.name {
                "protocol" => Protocol::from_name(name).map(Protocol::name),
                "compression" => Compression::from_name(name).map(Compression::name),
                "exporter" => Exporter::from_name(name).map(Exporter::name),
                "log_level" if name == "verbose" => Some(name),
                "log_level" => LogLevel::from_name(name).map(LogLevel::name),
                "clock" => ClockSource::from_name(name).map(ClockSource::name),
                "propagators" if info.values.contains(&name) => {
                    assert!(spanline_core::propagate::by_name(name).is_some(), "{name}");
                    Some(name)
                }
                _ => Some(name),
            };
            assert_eq!(known, Some(name), "{}", info.name);
        }
        assert!(info.min <= info.max, "{}", info.name);
    }
}

#[test]
fn defaults() {
    let (effective, notices) = of_env(&[]);
    assert_eq!(notices, []);
    assert_eq!(kinds(&effective), [Exporter::Otlp]);
    assert_eq!(effective.sampler.to_string(), "ParentBased(root=AlwaysOn)");
    assert_eq!(effective.span_limits(), spanline_core::SpanLimits::default());
    assert_eq!(
        (effective.max_batch_spans, effective.backlog_batch_spans()),
        (512, 4096)
    );
    assert_eq!(effective.buffer_bytes, 48 << 20);
    assert_eq!(effective.service_name, None);
    let switches = (
        effective.propagate.messaging,
        effective.propagate.database,
        effective.links_only,
    );
    assert_eq!(switches, (true, false, false));
    assert!(effective.iter().all(|setting| setting.source == Source::Default));
    assert_eq!(effective.iter().count(), TABLE.len());
}

#[test]
fn code_wins_over_the_environment_and_is_named_as_the_source() {
    let code = Options {
        timeout_ms: Some(1),
        disabled: Some(false),
        ..Options::default()
    };
    let env = [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "2"),
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_BSP_SCHEDULE_DELAY", "3"),
    ];
    let (effective, _) = with(&code, &env).unwrap();
    assert_eq!(
        (effective.timeout_ms, effective.disabled, effective.delay_ms),
        (Some(1), false, 3)
    );
    assert_eq!(effective.source("timeout_ms"), Some(Source::Code));
    assert_eq!(effective.source("disabled"), Some(Source::Code));
    assert_eq!(
        effective.source("delay_ms"),
        Some(Source::Environment("OTEL_BSP_SCHEDULE_DELAY"))
    );
    assert_eq!(effective.source("nothing"), None);
}

#[test]
fn bad_values_in_code_are_errors_with_hints() {
    let bad = |code: Options, kind, option, hint| {
        let error = error(code);
        assert_eq!(
            (error.kind(), error.option(), error.hint()),
            (kind, Some(option), hint),
            "{error}"
        );
        assert!(error.message().contains(option) && hint.is_none_or(|hint| error.message().contains(hint)));
    };
    let new = Options::default;
    let text = |text: &str| Some(text.to_owned());
    bad(
        Options {
            max_queue_spans: Some(0),
            ..new()
        },
        ErrorKind::BadValue,
        "max_queue_spans",
        None,
    );
    bad(
        Options {
            max_age_ms: Some(u64::MAX),
            ..new()
        },
        ErrorKind::BadValue,
        "max_age_ms",
        None,
    );
    bad(
        Options {
            compression: text("gizp"),
            ..new()
        },
        ErrorKind::BadValue,
        "compression",
        Some("gzip"),
    );
    bad(
        Options {
            exporter: exporters(&["OTPL"]),
            ..new()
        },
        ErrorKind::BadValue,
        "exporter",
        Some("otlp"),
    );
    bad(
        Options {
            exporter: exporters(&["zipkn"]),
            ..new()
        },
        ErrorKind::BadValue,
        "exporter",
        Some("zipkin"),
    );
    bad(
        Options {
            propagators: names(&["bagage"]),
            ..new()
        },
        ErrorKind::BadValue,
        "propagators",
        Some("baggage"),
    );
    bad(
        Options {
            endpoint: text("localhost:4318"),
            ..new()
        },
        ErrorKind::BadValue,
        "endpoint",
        None,
    );
    bad(
        Options {
            service_name: text(""),
            ..new()
        },
        ErrorKind::BadValue,
        "service_name",
        None,
    );
    bad(
        Options {
            resource: Some(vec![KeyValue::new("", 1)]),
            ..new()
        },
        ErrorKind::BadValue,
        "resource",
        None,
    );
    bad(
        Options {
            sampler: Some(1.5.into()),
            ..new()
        },
        ErrorKind::BadValue,
        "sampler",
        None,
    );
    bad(
        Options {
            sampler: Some(f64::NAN.into()),
            ..new()
        },
        ErrorKind::BadValue,
        "sampler",
        None,
    );
    bad(
        Options {
            sampler: Some("always_onn".into()),
            ..new()
        },
        ErrorKind::BadValue,
        "sampler",
        Some("always_on"),
    );
    bad(named("traceidratio", None), ErrorKind::Missing, "sampler", None);
    bad(
        named("always_on", Some(1.0)),
        ErrorKind::BadValue,
        "sampler",
        None,
    );
    let headers = |name: &str, value: &str| Options {
        headers: Some(Headers::from_iter([(name, value)])),
        ..new()
    };
    bad(headers("a b", "1"), ErrorKind::BadValue, "headers", None);
    bad(
        headers("Content-Type", "text/plain"),
        ErrorKind::BadValue,
        "headers",
        None,
    );
    assert!(!error(headers("key", "s3cret\n")).to_string().contains("s3cret"));
}

#[test]
fn what_is_not_there_is_an_error_in_code_that_names_the_feature() {
    let new = Options::default;
    for (code, feature) in [
        (
            Options {
                protocol: Some("grpc".to_owned()),
                ..new()
            },
            "`grpc`",
        ),
        (
            Options {
                compression: Some("zstd".to_owned()),
                ..new()
            },
            "`zstd`",
        ),
        (
            Options {
                endpoint: Some("https://h/v1/traces".to_owned()),
                ..new()
            },
            "`tls`",
        ),
        (
            Options {
                certificate: Some("/ca.pem".to_owned()),
                ..new()
            },
            "`tls`",
        ),
        (
            Options {
                spool_dir: Some("/spool".to_owned()),
                ..new()
            },
            "`spool`",
        ),
        (
            Options {
                config_file: Some("c.yaml".to_owned()),
                ..new()
            },
            "`config-file`",
        ),
    ] {
        let error = with_file(&code, None, &[], &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        // The same in a file.
        if code.config_file.is_none() {
            let in_file = with_file(&new(), Some(&code), &[], &[]).unwrap_err();
            assert_eq!(
                (in_file.kind(), in_file.message()),
                (error.kind(), error.message())
            );
        }
        assert!(error.message().contains(feature), "{error}");
    }
}

#[test]
fn samplers_in_code() {
    let config = |code: Options| with(&code, &[]).unwrap().0.sampler.to_string();
    let rate = |rate: f64| {
        config(Options {
            sampler: Some(rate.into()),
            ..Options::default()
        })
    };
    assert_eq!(rate(0.1), "ParentBased(root=Probability(0.1))");
    assert_eq!(rate(1.0), "ParentBased(root=Probability(1))");
    assert_eq!(rate(0.0), "ParentBased(root=AlwaysOff)");
    assert_eq!(rate(-0.0), "ParentBased(root=AlwaysOff)");
    let smallest = 1.0 / (1_u64 << 56) as f64;
    assert_eq!(
        rate(smallest),
        format!("ParentBased(root=Probability({smallest}))")
    );
    // Between that and 0 there is nothing that consistent sampling can say.
    for option in [
        SamplerOption::Rate(1e-30),
        SamplerOption::Named {
            name: "probability".into(),
            rate: Some(f64::MIN_POSITIVE),
        },
    ] {
        let code = Options {
            sampler: Some(option),
            ..Options::default()
        };
        let error = with(&code, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadValue);
        assert!(error.message().contains("2^-56"), "{error}");
    }
    assert_eq!(
        config(named("traceidratio", Some(f64::MIN_POSITIVE))),
        format!("TraceIdRatioBased({})", f64::MIN_POSITIVE)
    );
    assert_eq!(config(named("TraceIdRatio", Some(0.0))), "TraceIdRatioBased(0)");
}

#[test]
fn configured_samplers_are_built() {
    for (name, rate, description) in [
        ("always_on", None, "AlwaysOnSampler"),
        ("always_off", None, "AlwaysOffSampler"),
        ("probability", Some(0.5), "ProbabilitySampler{0.5}"),
        ("traceidratio", Some(0.5), "TraceIdRatioBased{0.500000}"),
        (
            "parentbased_probability",
            Some(0.5),
            "ParentBased{root=ProbabilitySampler{0.5},",
        ),
    ] {
        let config = with(&named(name, rate), &[]).unwrap().0.sampler;
        let sampler = config.build(&crate::config::no_host::NoHost).unwrap();
        assert!(
            sampler.description().starts_with(description),
            "{}",
            sampler.description()
        );
    }
}

#[test]
fn a_batch_follows_its_bounds() {
    let code = Options {
        max_queue_spans: Some(1000),
        ..Options::default()
    };
    let (effective, notices) = with(&code, &[]).unwrap();
    assert_eq!(
        (
            effective.max_batch_spans,
            effective.backlog_batch_spans(),
            notices.len()
        ),
        (512, 1000, 0)
    );
    let code = Options {
        max_queue_spans: Some(100),
        max_batch_spans: Some(200),
        ..code
    };
    let (effective, notices) = with(&code, &[]).unwrap();
    assert_eq!(
        (
            effective.max_batch_spans,
            effective.backlog_batch_spans(),
            notices.len()
        ),
        (100, 100, 1)
    );
    let code = Options {
        max_request_bytes: Some(1000),
        ..Options::default()
    };
    let (effective, notices) = with(&code, &[]).unwrap();
    assert_eq!((effective.max_batch_bytes, notices.len()), (1000, 0));
}

#[test]
fn an_endpoint_without_a_path_is_worth_a_word() {
    let code = Options {
        endpoint: Some("http://h:4318".to_owned()),
        ..Options::default()
    };
    let (effective, notices) = with(&code, &[]).unwrap();
    assert_eq!(effective.endpoint, "http://h:4318/");
    assert_eq!(
        notices.iter().map(|notice| notice.level).collect::<Vec<_>>(),
        [LogLevel::Info]
    );
}
