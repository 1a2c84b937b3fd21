//! Precedence, sources, hints, masking, and that no environment breaks anything.

use super::*;
use crate::{Error, ErrorKind};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;
use spanline_core::KeyValue;

/// Resolves with these variables.
fn with(code: &Options, env: &[(&str, &str)]) -> Result<(Effective, Vec<Notice>), Error> {
    let mut notices = Vec::new();
    let value = |name: &str| {
        let found = env.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let effective = resolve(code, &value, &mut notices)?;
    Ok((effective, notices))
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
                "exporter" if info.values.contains(&name) => Exporter::from_name(name).map(Exporter::name),
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
    assert_eq!(effective.exporter, [Exporter::Otlp]);
    assert_eq!(effective.sampler.to_string(), "ParentBased(root=AlwaysOn)");
    assert_eq!(effective.span_limits(), spanline_core::SpanLimits::default());
    assert_eq!(
        (effective.max_batch_spans, effective.backlog_batch_spans()),
        (512, 4096)
    );
    assert_eq!(effective.buffer_bytes, 48 << 20);
    assert_eq!(effective.service_name, None);
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
fn a_limit_that_the_general_one_stands_in_for_has_its_source() {
    let (effective, _) = of_env(&[("OTEL_ATTRIBUTE_COUNT_LIMIT", "7")]);
    assert_eq!(effective.limits.attributes, 7);
    assert_eq!(
        effective.source("limits.attributes"),
        Some(Source::Environment("OTEL_ATTRIBUTE_COUNT_LIMIT"))
    );
    let mut code = Options::default();
    code.attribute_limits.count = Some(5);
    let (effective, _) = with(&code, &[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "9")]).unwrap();
    assert_eq!(
        (effective.limits.attributes, effective.attribute_limits.count),
        (9, 5)
    );
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
            exporter: names(&["OTPL"]),
            ..new()
        },
        ErrorKind::BadValue,
        "exporter",
        Some("otlp"),
    );
    bad(
        Options {
            exporter: names(&["zipkn"]),
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
                protocol: Some("HTTP/JSON".to_owned()),
                ..new()
            },
            "`http-json`",
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
                exporter: names(&["otlp", "zipkin"]),
                ..new()
            },
            "`zipkin`",
        ),
        (
            Options {
                propagators: names(&["b3multi"]),
                ..new()
            },
            "`b3`",
        ),
        (named("parentbased_jaeger_remote", None), "`jaeger-remote`"),
    ] {
        let error = error(code);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(feature), "{error}");
    }
}

#[test]
fn what_is_not_there_is_one_warning_and_no_exporter_in_the_environment() {
    for (env, feature, exporters) in [
        (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "`grpc`", &[][..]),
        (
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
            "`http-json`",
            &[],
        ),
        (("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), "`zstd`", &[]),
        (("OTEL_TRACES_EXPORTER", "jaeger"), "`jaeger`", &[]),
        (
            ("OTEL_TRACES_EXPORTER", "jaeger,console"),
            "`jaeger`",
            &[Exporter::Console],
        ),
    ] {
        let (effective, notices) = of_env(&[env]);
        assert_eq!(effective.exporter, exporters, "{env:?}");
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(
            (notices[0].level, notices[0].variable),
            (LogLevel::Warn, Some(env.0))
        );
        assert!(notices[0].text.contains(feature), "{notices:?}");
    }
    let env = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_EXPORTER", "console,otlp"),
    ];
    assert_eq!(of_env(&env).0.exporter, [Exporter::Console]);
}

#[test]
fn exporter_lists() {
    let list = |text: &str| of_env(&[("OTEL_TRACES_EXPORTER", text)]).0.exporter;
    assert_eq!(
        list(" Console , otlp,,console"),
        [Exporter::Console, Exporter::Otlp]
    );
    assert_eq!(list("otlp,none"), []);
    assert_eq!(list("bogus"), []);
    assert_eq!(list(""), [Exporter::Otlp]);
    let code = Options {
        exporter: names(&[]),
        ..Options::default()
    };
    assert_eq!(with(&code, &[]).unwrap().0.exporter, []);
}

#[test]
fn the_console_alone_has_no_delay() {
    let delay = |env: &[(&str, &str)]| of_env(env).0.delay_ms;
    assert_eq!(delay(&[("OTEL_TRACES_EXPORTER", "console")]), 0);
    assert_eq!(delay(&[("OTEL_TRACES_EXPORTER", "console,otlp")]), 500);
    assert_eq!(
        delay(&[
            ("OTEL_TRACES_EXPORTER", "console"),
            ("OTEL_BSP_SCHEDULE_DELAY", "40")
        ]),
        40
    );
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
    assert_eq!(rate(f64::MIN_POSITIVE), "ParentBased(root=AlwaysOff)");
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
        let sampler = with(&named(name, rate), &[]).unwrap().0.sampler.build();
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
fn the_resource_is_merged_key_by_key() {
    let env = [
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=1,b=2,service.version=3,service.name=low",
        ),
        ("OTEL_SERVICE_NAME", "high"),
    ];
    let (effective, _) = of_env(&env);
    assert_eq!(effective.service_name.as_deref(), Some("high"));
    assert_eq!(
        effective.source("service_name"),
        Some(Source::Environment("OTEL_SERVICE_NAME"))
    );
    assert_eq!(effective.service_version.as_deref(), Some("3"));
    assert_eq!(
        effective.source("service_version"),
        Some(Source::Environment("OTEL_RESOURCE_ATTRIBUTES"))
    );
    assert_eq!(effective.source("environment"), Some(Source::Default));

    let resource = Some(vec![
        KeyValue::new("b", 20),
        KeyValue::new("service.name", "mine"),
    ]);
    let code = Options {
        resource,
        environment: Some("test".to_owned()),
        ..Options::default()
    };
    let (effective, _) = with(&code, &env).unwrap();
    assert_eq!(effective.service_name.as_deref(), Some("mine"));
    assert_eq!(effective.source("service_name"), Some(Source::Code));
    let shown: Vec<String> = effective
        .resource
        .attributes()
        .iter()
        .map(|attribute| format!("{}={:?}", attribute.key, attribute.value))
        .collect();
    assert_eq!(
        shown,
        [
            r#"a=Str("1")"#,
            "b=I64(20)",
            r#"service.version=Str("3")"#,
            r#"service.name=Str("mine")"#,
            r#"deployment.environment.name=Str("test")"#,
        ]
    );
}

#[test]
fn secrets_are_nowhere() {
    let code = Options {
        headers: Some(Headers::from_iter([("api-key", "s3cret")])),
        endpoint: Some("http://user:s3cret@h/x?key=s3cret".to_owned()),
        ..Options::default()
    };
    let (effective, notices) = with(&code, &[]).unwrap();
    let text = format!(
        "{code:?} {effective:?} {notices:?} {:?}",
        effective.iter().collect::<Vec<_>>()
    );
    assert!(!text.contains("s3cret"), "{text}");
    assert!(
        text.contains("api-key=***") && text.contains("http://***@h/x?***"),
        "{text}"
    );

    let (effective, notices) = of_env(&[
        (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            "s3cret,b=\u{1}s3cret,c=s3cret,d\ns3cret=1",
        ),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "user:s3cret@h"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://user:s3cret@h"),
        ("OTEL_RESOURCE_ATTRIBUTES", "s3cret"),
    ]);
    let text = format!("{effective:?} {notices:?}");
    assert!(!text.contains("s3cret"), "{text}");
    assert_eq!(notices.len(), 6, "{notices:?}");
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

#[test]
fn log_levels_are_ordered() {
    assert!(LogLevel::None < LogLevel::Error && LogLevel::Debug < LogLevel::Trace);
    assert_eq!(
        of_env(&[("OTEL_LOG_LEVEL", "Verbose")]).0.log_level,
        LogLevel::Trace
    );
    let (effective, notices) = of_env(&[("OTEL_LOG_LEVEL", "loud")]);
    assert_eq!((effective.log_level, notices.len()), (LogLevel::Info, 1));
}

proptest! {
    /// No environment panics or is refused, and every variable is read at most through what the table says.
    #[test]
    fn no_environment_breaks_anything(
        values in proptest::collection::vec(prop_oneof![
            "\\PC{0,40}",
            "[a-z%=,;:/@.0-9 \\x00-\\x7f]{0,40}",
            "(https?://)?[a-z:@\\[\\]]{0,8}[:/?#0-9]{0,8}",
            "[0-9]{0,20}",
        ], TABLE.len() * 2),
    ) {
        let variables: Vec<&str> = TABLE.iter().flat_map(|info| info.variables).copied().collect();
        let env = |name: &str| {
            let index = variables.iter().position(|known| *known == name);
            values.get(index.expect("only variables of the table are read")).cloned()
        };
        let mut notices = Vec::new();
        let effective = resolve(&Options::default(), &env, &mut notices);
        prop_assert!(effective.is_ok());
        let effective = effective.unwrap();
        prop_assert_eq!(effective.iter().count(), TABLE.len());
        prop_assert!(effective.endpoint.starts_with("http"));
        for (name, value) in effective.headers.iter() {
            prop_assert!(!name.is_empty() && value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)));
        }
        prop_assert!(effective.max_batch_spans >= 1);
        effective.sampler.build();
    }
}
