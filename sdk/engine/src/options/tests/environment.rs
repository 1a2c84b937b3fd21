//! What the environment says; and that none breaks anything.

use super::{super::*, kinds, of_env, with, with_file};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use proptest::prelude::*;
use spanline_core::KeyValue;

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
fn what_is_not_there_is_one_warning_and_no_exporter_in_the_environment() {
    for (env, feature, exporters) in [
        (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "`grpc`", &[][..]),
        (("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), "`zstd`", &[]),
        (("OTEL_EXPORTER_OTLP_ENDPOINT", "https://h"), "`tls`", &[]),
    ] {
        let (effective, notices) = with_file(&Options::default(), None, &[env], &[]).unwrap();
        assert_eq!(kinds(&effective), exporters, "{env:?}");
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
    let (effective, _) = with_file(&Options::default(), None, &env, &[]).unwrap();
    assert_eq!(kinds(&effective), [Exporter::Console]);
}

#[test]
fn who_is_left_without_an_exporter_is_told_what_comes_of_it() {
    let said = |text: &str| of_env(&[("OTEL_TRACES_EXPORTER", text)]).1[0].text.clone();
    let nothing = "; nothing is exported, but by exporters that the code adds";
    assert!(said("oltp").ends_with(nothing), "{}", said("oltp"));
    for other in ["oltp,console", "oltp,none"] {
        assert!(said(other).ends_with("it is left out"), "{}", said(other));
    }
}

#[test]
fn an_endpoint_that_is_ignored_says_what_to_write_and_what_counts() {
    const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const SIGNAL: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    let said = |env: &[(&str, &str)]| {
        let (_, notices) = of_env(env);
        let all: Vec<String> = notices.iter().map(|notice| notice.text.clone()).collect();
        all.join("\n")
    };
    let wrong = "it is not an `http` or `https` URL with a host";
    let default = "it is ignored, and the default `http://localhost:4318/v1/traces` is used";
    assert_eq!(
        said(&[(BASE, "localhost:4318")]),
        format!("{wrong}: write `http://` in front of it; {default}")
    );
    assert_eq!(said(&[(BASE, "ws://h")]), format!("{wrong}; {default}"));
    assert_eq!(
        said(&[(SIGNAL, "u:secret@h:1/x"), (BASE, "http://h")]),
        format!("{wrong}: write `http://` in front of it; it is ignored, and `{BASE}` counts")
    );
    let code = Options {
        endpoint: Some("h:4318".to_owned()),
        ..Options::default()
    };
    let error = with(&code, &[]).unwrap_err();
    assert!(
        error.message().ends_with("write `http://` in front of it"),
        "{error}"
    );
}

#[test]
fn exporter_lists() {
    let list = |text: &str| kinds(&of_env(&[("OTEL_TRACES_EXPORTER", text)]).0);
    assert_eq!(
        list(" Console , otlp,,console"),
        [Exporter::Console, Exporter::Otlp]
    );
    assert_eq!(list("otlp,none"), []);
    assert_eq!(list("bogus"), []);
    assert_eq!(list(""), [Exporter::Otlp]);
    let code = Options {
        exporter: Some(Vec::new()),
        ..Options::default()
    };
    assert_eq!(kinds(&with(&code, &[]).unwrap().0), []);
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
            // These only say that the process is a CGI program, and that exceptions are wanted as logs.
            let others = ["REQUEST_METHOD", "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"];
            assert!(index.is_some() || others.contains(&name), "only variables of the table are read");
            values.get(index?).cloned()
        };
        let mut notices = Vec::new();
        let grpc = Options { protocol: Some("grpc".to_owned()), ..Options::default() };
        let layers = Layers { code: &grpc, file: None, env: &env, features: super::ALL };
        let of_grpc = resolve(&layers, &mut notices);
        prop_assert!(of_grpc.is_ok_and(|effective| effective.endpoint.split("://").count() == 2));
        let code = Options::default();
        let layers = Layers { code: &code, ..layers };
        let effective = resolve(&layers, &mut notices);
        prop_assert!(effective.is_ok());
        let effective = effective.unwrap();
        prop_assert_eq!(effective.iter().count(), TABLE.len());
        prop_assert!(effective.endpoint.to_ascii_lowercase().starts_with("http"));
        for (name, value) in effective.headers.iter() {
            prop_assert!(!name.is_empty() && value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)));
        }
        prop_assert!(effective.max_batch_spans >= 1);
        prop_assert!(!effective.sampler.to_string().is_empty());
    }
}

#[test]
fn a_part_of_the_remote_argument_that_is_wrong_is_left_out() {
    for (argument, expected, told) in [
        (
            "pollingIntervalMs=5",
            "endpoint=http://localhost:5778,interval=5ms,initial=TraceIdRatioBased(0.001)",
            0,
        ),
        (
            "endpoint=HTTPS://h/p , initialSamplingRate=1",
            "endpoint=HTTPS://h/p,interval=60000ms,initial=TraceIdRatioBased(1)",
            0,
        ),
        (
            "endpoint=h:1",
            "endpoint=http://localhost:5778,interval=60000ms,initial=TraceIdRatioBased(0.001)",
            1,
        ),
        (
            "pollingIntervalMs=0",
            "endpoint=http://localhost:5778,interval=60000ms,initial=TraceIdRatioBased(0.001)",
            1,
        ),
        (
            "pollingIntervalMs=+5",
            "endpoint=http://localhost:5778,interval=60000ms,initial=TraceIdRatioBased(0.001)",
            1,
        ),
        (
            "initialSamplingRate=2,what=1,0.5",
            "endpoint=http://localhost:5778,interval=60000ms,initial=TraceIdRatioBased(0.001)",
            3,
        ),
        (
            "endpoint=http://a:b@h",
            "endpoint=http://...@h,interval=60000ms,initial=TraceIdRatioBased(0.001)",
            0,
        ),
    ] {
        let (effective, notices) = of_env(&[
            ("OTEL_TRACES_SAMPLER", "Jaeger_Remote"),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        assert_eq!(
            effective.sampler.to_string(),
            format!("JaegerRemote({expected})"),
            "{argument}"
        );
        assert_eq!(notices.len(), told, "{argument}: {notices:?}");
    }
}

#[test]
fn a_probability_that_cannot_be_is_told() {
    for (name, argument, expected, told) in [
        (
            "parentbased_probability",
            "1e-30",
            "ParentBased(root=Probability(1))",
            1,
        ),
        ("probability", "1e-30", "Probability(1)", 1),
        ("probability", "1e-15", "Probability(0.000000000000001)", 0),
        ("probability", "0", "AlwaysOff", 0),
        ("probability", "2", "Probability(1)", 1),
        (
            "traceidratio",
            "0.0000000001",
            "TraceIdRatioBased(0.0000000001)",
            0,
        ),
    ] {
        let (effective, notices) = of_env(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        assert_eq!(effective.sampler.to_string(), expected, "{argument}");
        assert_eq!(notices.len(), told, "{argument}: {notices:?}");
    }
}
