//! Exporters that are not OTLP's: Zipkin and Jaeger.

use super::{super::*, kinds, with, with_file};
use crate::ErrorKind;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

fn otlp() -> ExporterOption {
    "otlp".into()
}

fn list(exporter: Vec<ExporterOption>) -> Options {
    Options {
        exporter: Some(exporter),
        ..Options::default()
    }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn zipkin() -> ExporterOption {
    "zipkin".into()
}

#[test]
fn zipkin_and_jaeger_have_variables_and_defaults_of_their_own() {
    let (effective, notices) = with(&list(vec![zipkin(), "jaeger".into()]), &[]).unwrap();
    assert_eq!(notices, []);
    let [zipkin, jaeger] = &effective.exporter[..] else {
        panic!("{effective:?}");
    };
    let said = |settings: &ExporterSettings| {
        (
            settings.endpoint.clone(),
            settings.protocol,
            settings.timeout_ms,
            settings.max_request_bytes,
        )
    };
    assert_eq!(
        said(zipkin),
        (
            "http://localhost:9411/api/v2/spans".to_owned(),
            Protocol::HttpJson,
            Some(10_000),
            Some(5 << 20)
        )
    );
    assert_eq!(
        said(jaeger),
        (
            "http://localhost:14268/api/traces".to_owned(),
            Protocol::HttpThriftBinary,
            Some(10_000),
            Some(4 << 20)
        )
    );
    let env = [
        ("OTEL_TRACES_EXPORTER", "zipkin,Jaeger"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "key=of-somebody-else"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otlp:1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://z:1/x"),
        ("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "0"),
        ("OTEL_EXPORTER_ZIPKIN_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_JAEGER_ENDPOINT", "http://j/p?key=1"),
        ("OTEL_EXPORTER_JAEGER_TIMEOUT", "7"),
        ("OTEL_EXPORTER_JAEGER_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_JAEGER_USER", "me"),
        ("OTEL_EXPORTER_JAEGER_PASSWORD", "s3cret"),
    ];
    let (effective, notices) = with(&Options::default(), &env).unwrap();
    assert_eq!(notices, []);
    let [zipkin, jaeger] = &effective.exporter[..] else {
        panic!("{effective:?}");
    };
    assert_eq!(
        said(zipkin),
        (
            "http://z:1/x".to_owned(),
            Protocol::HttpProtobuf,
            None,
            Some(5 << 20)
        )
    );
    assert_eq!(
        said(jaeger),
        ("http://j:80".to_owned(), Protocol::Grpc, Some(7), Some(4 << 20))
    );
    assert_eq!(zipkin.headers, Headers::default());
    assert_eq!(
        jaeger.headers,
        Headers::from_iter([("authorization", "Basic bWU6czNjcmV0")])
    );
    assert_eq!(
        [zipkin.compression, jaeger.compression],
        [Compression::None, Compression::None]
    );
    assert!(!alloc::format!("{effective:?} {:?}", effective.exporter).contains("s3cret"));
}

#[test]
fn credentials_of_the_code_stand_in_for_those_of_the_environment() {
    let env = [
        ("OTEL_EXPORTER_JAEGER_USER", "me"),
        ("OTEL_EXPORTER_JAEGER_PASSWORD", "s3cret"),
    ];
    let header = |jaeger: ExporterOption| {
        let (effective, notices) = with(&list(vec![jaeger]), &env).unwrap();
        assert_eq!(notices, []);
        let headers = &effective.exporter[0].headers;
        let found = headers.iter().find(|(name, _)| *name == "authorization");
        found.map(|(_, value)| value.to_owned())
    };
    let jaeger = || ExporterOption::from("jaeger");
    assert_eq!(header(jaeger()), text("Basic bWU6czNjcmV0"));
    let (effective, _) = with(&list(vec![jaeger()]), &env).unwrap();
    let shown = |name: &str| effective.iter().find(|setting| setting.name == name).unwrap();
    for (name, variable) in [("username", env[0].0), ("password", env[1].0)] {
        assert_eq!(shown(name).value, "***");
        assert_eq!(shown(name).source, Source::Environment(variable));
    }
    let own = ExporterOption {
        headers: Some(Headers::from_iter([("Authorization", "Own 1")])),
        ..jaeger()
    };
    assert_eq!(header(own), text("Own 1"));
    let token = ExporterOption {
        bearer_token: Some("t".into()),
        ..jaeger()
    };
    assert_eq!(header(token), text("Bearer t"));
    let user = ExporterOption {
        username: Some("a".into()),
        ..jaeger()
    };
    assert_eq!(header(user), text("Basic YTo="));
}

#[test]
fn alone_they_have_what_the_options_say() {
    let code = Options {
        endpoint: text("https://z/spans"),
        protocol: text("http/protobuf"),
        headers: Some(Headers::from_iter([("key", "1")])),
        ..list(vec![zipkin(), "console".into()])
    };
    let (effective, _) = with(&code, &[("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://other/")]).unwrap();
    let found = &effective.exporter[0];
    assert_eq!(found.endpoint, "https://z/spans");
    assert_eq!(found.protocol, Protocol::HttpProtobuf);
    assert_eq!(found.headers, Headers::from_iter([("key", "1")]));
    assert_eq!(effective.endpoint, "https://z/spans");
    assert_eq!(effective.exporter.len(), 2);

    // Of several kinds they are those of OTLP, but for what has nothing to do with where and as whom.
    let code = Options {
        timeout_ms: Some(5),
        exporter: Some(vec![zipkin(), "jaeger".into(), otlp()]),
        ..code
    };
    let (effective, _) = with(&code, &[]).unwrap();
    let endpoints: Vec<_> = effective.exporter.iter().map(|e| e.endpoint.as_str()).collect();
    assert_eq!(
        endpoints,
        [
            "http://localhost:9411/api/v2/spans",
            "http://localhost:14268/api/traces",
            "https://z/spans"
        ]
    );
    let headers: Vec<_> = effective.exporter.iter().map(|e| e.headers.len()).collect();
    assert_eq!(headers, [0, 0, 1]);
    assert!(effective.exporter.iter().all(|e| e.timeout_ms == Some(5)));
}

#[test]
fn what_a_file_says_for_another_kind_stays_beside_what_the_code_says() {
    let file = list(vec![
        ExporterOption {
            endpoint: text("http://of-file/otlp"),
            ..otlp()
        },
        ExporterOption {
            endpoint: text("http://of-file/zipkin"),
            timeout_ms: Some(1),
            ..zipkin()
        },
    ]);
    let code = Options {
        endpoint: text("http://of-code/otlp"),
        timeout_ms: Some(2),
        ..Options::default()
    };
    let (effective, _) = with_file(&code, Some(&file), &[], super::ALL).unwrap();
    let found: Vec<_> = effective
        .exporter
        .iter()
        .map(|e| (e.endpoint.as_str(), e.timeout_ms))
        .collect();
    assert_eq!(
        found,
        [
            ("http://of-code/otlp", Some(2)),
            ("http://of-file/zipkin", Some(2))
        ]
    );
}

#[test]
fn what_they_do_not_have_is_refused() {
    let jaeger = || ExporterOption::from("jaeger");
    let bad = |exporter: ExporterOption, kind, option: &str| {
        let error = with(&list(vec![otlp(), exporter]), &[]).unwrap_err();
        assert_eq!((error.kind(), error.option()), (kind, Some(option)), "{error}");
        error
    };
    let protocol = |name: &str, exporter| ExporterOption {
        protocol: text(name),
        ..exporter
    };
    for (exporter, names) in [
        (protocol("grpc", zipkin()), "`http/json`, `http/protobuf`"),
        (
            protocol("http/protobuf", jaeger()),
            "`http/thrift.binary`, `grpc`",
        ),
        (
            protocol("http/thrift.binary", otlp()),
            "`http/protobuf`, `http/json`, `grpc`",
        ),
    ] {
        let error = bad(exporter, ErrorKind::BadValue, "exporter[1].protocol");
        assert!(error.message().contains(names), "{error}");
    }
    for exporter in [zipkin(), jaeger()] {
        let zstd = ExporterOption {
            compression: text("zstd"),
            ..exporter.clone()
        };
        bad(zstd, ErrorKind::BadValue, "exporter[1].compression");
        let path = ExporterOption {
            path: text("/x"),
            ..exporter
        };
        bad(path, ErrorKind::UnknownOption, "exporter[1].path");
    }
    let insecure = ExporterOption {
        insecure: Some(true),
        ..zipkin()
    };
    bad(insecure, ErrorKind::UnknownOption, "exporter[1].insecure");
    for (env, said) in [
        (("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "zipkin:9411"), "it is ignored"),
        (
            ("OTEL_EXPORTER_ZIPKIN_PROTOCOL", "grpc"),
            "`http/json`, `http/protobuf`",
        ),
        (("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "1s"), "it is ignored"),
        (("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://z"), "`/api/v2/spans`"),
        (("OTEL_EXPORTER_JAEGER_USER", "a:b"), "colon"),
        (("OTEL_EXPORTER_JAEGER_PASSWORD", "b"), "no user"),
    ] {
        let names = ("OTEL_TRACES_EXPORTER", "zipkin,jaeger");
        let (effective, notices) = with(&Options::default(), &[names, env]).unwrap();
        assert_eq!(kinds(&effective), [Exporter::Zipkin, Exporter::Jaeger]);
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert_eq!(notices[0].variable, Some(env.0));
        assert!(notices[0].text.contains(said), "{notices:?}");
    }
    let env = [
        ("OTEL_TRACES_EXPORTER", "jaeger,zipkin"),
        ("OTEL_EXPORTER_JAEGER_PROTOCOL", "grpc"),
    ];
    let (effective, notices) = with_file(&Options::default(), None, &env, &[]).unwrap();
    assert_eq!(kinds(&effective), [Exporter::Zipkin]);
    assert!(
        notices[0].text.ends_with("there is no Jaeger exporter"),
        "{notices:?}"
    );
}

#[test]
fn jaeger_over_grpc_has_a_port_of_its_own_and_sockets_their_usual_path() {
    let of = |kind: &str, protocol: &str, endpoint: Option<&str>| {
        let exporter = ExporterOption {
            protocol: text(protocol),
            endpoint: endpoint.map(ToOwned::to_owned),
            ..ExporterOption::from(kind)
        };
        with(&list(vec![exporter]), &[]).unwrap().0.exporter[0]
            .endpoint
            .clone()
    };
    assert_eq!(of("jaeger", "grpc", None), "http://localhost:14250");
    assert_eq!(of("jaeger", "grpc", Some("j")), "https://j:14250");
    let socket = Some("unix:///x.sock");
    assert_eq!(
        of("jaeger", "http/thrift.binary", socket),
        "unix:///x.sock:/api/traces"
    );
    assert_eq!(of("zipkin", "http/json", socket), "unix:///x.sock:/api/v2/spans");
}
