//! Several exporters, each with settings of its own.

use super::{super::*, exporters, kinds, with, with_file};
use crate::{Error, ErrorKind};
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

#[test]
fn what_one_exporter_does_not_say_is_as_the_options_say() {
    let second = ExporterOption {
        protocol: text("grpc"),
        endpoint: text("far:1"),
        insecure: Some(true),
        compression: text("zstd"),
        timeout_ms: Some(0),
        concurrent_sends: Some(8),
        ..otlp()
    };
    let code = Options {
        headers: Some(Headers::from_iter([("key", "1")])),
        user_agent: text("shop/1"),
        ..list(vec![otlp(), second, "console".into()])
    };
    let env = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://near:4318"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "7"),
    ];
    let (effective, notices) = with(&code, &env).unwrap();
    assert_eq!(notices, []);
    let [first, second, console] = &effective.exporter[..] else {
        panic!("{effective:?}");
    };
    assert_eq!(first.endpoint, "http://near:4318/v1/traces");
    assert_eq!((first.timeout_ms, first.concurrent_sends), (Some(7), 1));
    assert_eq!(second.endpoint, "http://far:1");
    assert_eq!(
        (second.protocol, second.compression),
        (Protocol::Grpc, Compression::Zstd)
    );
    assert_eq!((second.timeout_ms, second.concurrent_sends), (None, 8));
    assert_eq!(second.headers, first.headers);
    assert_eq!(second.user_agent.as_deref(), Some("shop/1"));
    assert_eq!(
        [&first.name, &second.name, &console.name],
        ["otlp", "otlp_2", "console"]
    );
    // What one of them says is not what the options say.
    assert_eq!(effective.timeout_ms, Some(7));
    assert_eq!(effective.source("compression"), Some(Source::Default));
    assert_eq!(
        effective.iter().find(|s| s.name == "exporter").unwrap().value,
        "otlp,otlp_2,console"
    );
}

#[test]
fn an_exporter_over_another_protocol_reads_the_endpoint_by_its_rules() {
    let grpc = ExporterOption {
        protocol: text("grpc"),
        ..otlp()
    };
    let code = list(vec![grpc.clone(), otlp(), grpc, otlp()]);
    let env = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1/p")];
    let (effective, _) = with(&code, &env).unwrap();
    let endpoints: Vec<_> = effective.exporter.iter().map(|e| e.endpoint.as_str()).collect();
    // The same exporter twice is one.
    assert_eq!(endpoints, ["http://c:1", "http://c:1/p/v1/traces"]);
    let (effective, _) = with(&code, &[]).unwrap();
    assert_eq!(effective.exporter[0].endpoint, "http://localhost:4317");
    assert_eq!(effective.endpoint, "http://localhost:4318/v1/traces");
}

#[test]
fn a_wrong_member_is_an_error_with_its_place() {
    let bad = |exporter: ExporterOption, kind, option: &str| {
        let error = with(&list(vec!["console".into(), exporter]), &[]).unwrap_err();
        assert_eq!((error.kind(), error.option()), (kind, Some(option)), "{error}");
        assert!(error.message().starts_with(option), "{error}");
    };
    bad(
        ExporterOption {
            concurrent_sends: Some(9),
            ..otlp()
        },
        ErrorKind::BadValue,
        "exporter[1].concurrent_sends",
    );
    bad(
        ExporterOption {
            compression: text("gzpi"),
            ..otlp()
        },
        ErrorKind::BadValue,
        "exporter[1].compression",
    );
    bad(
        ExporterOption {
            path: text("x"),
            ..otlp()
        },
        ErrorKind::UnknownOption,
        "exporter[1].path",
    );
    bad(
        ExporterOption {
            endpoint: text("http://h/x"),
            ..ExporterOption::from("memory")
        },
        ErrorKind::UnknownOption,
        "exporter[1].endpoint",
    );
    bad(
        ExporterOption {
            client_key: text("key.pem"),
            ..otlp()
        },
        ErrorKind::Missing,
        "exporter[1].client_certificate",
    );
    let error = with_file(
        &list(vec![ExporterOption {
            protocol: text("grpc"),
            ..otlp()
        }]),
        None,
        &[],
        &[],
    );
    assert_eq!(error.unwrap_err().option(), Some("exporter[0].protocol"));
}

#[test]
fn a_file_exporter_has_a_path_and_no_rotation() {
    let own = ExporterOption {
        path: text("a.jsonl"),
        max_bytes: Some(1000),
        ..ExporterOption::from("file")
    };
    let (effective, _) = with(&list(vec!["file".into(), own, "otlp/stdout".into()]), &[]).unwrap();
    let files: Vec<_> = effective.exporter[..2]
        .iter()
        .map(|e| (e.file_path.as_str(), e.file_max_bytes, e.file_max_files))
        .collect();
    assert_eq!(files, [("spans.jsonl", None, 5), ("a.jsonl", Some(1000), 5)]);
    assert_eq!(kinds(&effective)[2], Exporter::OtlpStdout);
}

#[test]
fn credentials_become_a_header() {
    let header = |code: Options| -> Result<String, Error> {
        let (effective, _) = with(&code, &[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=old,a=1")])?;
        let shown = alloc::format!("{code:?} {effective:?} {:?}", effective.exporter);
        assert!(!shown.contains("s3cret"), "{shown}");
        let headers = &effective.exporter[0].headers;
        assert_eq!(headers.len(), 2);
        let found = headers.iter().find(|(name, _)| *name == "authorization");
        Ok(found.unwrap().1.to_owned())
    };
    let new = Options::default;
    assert_eq!(header(new()).unwrap(), "old");
    let bearer = Options {
        bearer_token: Some("s3cret".into()),
        ..new()
    };
    assert_eq!(header(bearer.clone()).unwrap(), "Bearer s3cret");
    let basic = Options {
        username: Some("s3cretuser".into()),
        password: Some("s3cret".into()),
        ..new()
    };
    assert_eq!(header(basic.clone()).unwrap(), "Basic czNjcmV0dXNlcjpzM2NyZXQ=");
    // A token of one exporter wins over a user of all.
    let own = ExporterOption {
        bearer_token: Some("s3cret2".into()),
        ..otlp()
    };
    let mixed = Options {
        exporter: Some(vec![own]),
        ..basic.clone()
    };
    assert_eq!(header(mixed).unwrap(), "Bearer s3cret2");
    for (wrong, option) in [
        (
            Options {
                username: basic.username.clone(),
                ..bearer.clone()
            },
            "bearer_token",
        ),
        (
            Options {
                bearer_token: Some("a b".into()),
                ..new()
            },
            "bearer_token",
        ),
        (
            Options {
                username: Some("a:b".into()),
                ..new()
            },
            "username",
        ),
        (
            Options {
                password: basic.password.clone(),
                ..new()
            },
            "username",
        ),
    ] {
        assert_eq!(header(wrong).unwrap_err().option(), Some(option));
    }
}

#[test]
fn a_key_without_a_certificate_leaves_no_exporter_in_the_environment() {
    for variable in [
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    ] {
        let (effective, notices) = with(&Options::default(), &[(variable, "x.pem")]).unwrap();
        assert_eq!(kinds(&effective), []);
        assert_eq!(
            notices.iter().map(|n| (n.level, n.variable)).collect::<Vec<_>>(),
            [(LogLevel::Error, Some(variable))]
        );
    }
    let both = [
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "k.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "c.pem"),
    ];
    let (effective, _) = with(&Options::default(), &both).unwrap();
    assert_eq!(effective.exporter[0].client_key.as_deref(), Some("k.pem"));
    assert_eq!(effective.exporter[0].client_certificate.as_deref(), Some("c.pem"));
}

#[test]
fn a_batch_fits_into_a_request_of_every_exporter() {
    let small = ExporterOption {
        max_request_bytes: Some(1000),
        ..otlp()
    };
    let (effective, _) = with(&list(vec![otlp(), small]), &[]).unwrap();
    assert_eq!(effective.max_batch_bytes, 1000);
    assert_eq!(effective.max_request_bytes, Some(64 << 20));
}

#[test]
fn the_proxy_of_the_environment_depends_on_the_endpoint() {
    let far = |url: &str| ExporterOption {
        endpoint: text(url),
        ..otlp()
    };
    let env = [
        ("HTTP_PROXY", "http://plain:1"),
        ("https_proxy", "http://user:s3cret@secure:2"),
        ("ALL_PROXY", "http://all:3"),
        ("no_proxy", "near.example, 10.0.0.0/8"),
    ];
    let code = list(
        [
            "http://h/x",
            "https://h/x",
            "http://a.near.example/x",
            "https://10.1.1.1/x",
            "http://localhost/x",
        ]
        .into_iter()
        .map(far)
        .collect(),
    );
    let (effective, notices) = with(&code, &env).unwrap();
    assert_eq!(notices, []);
    let proxies: Vec<_> = effective.exporter.iter().map(|e| e.proxy.as_deref()).collect();
    assert_eq!(
        proxies,
        [
            Some("http://plain:1/"),
            Some("http://user:s3cret@secure:2/"),
            None,
            None,
            None
        ]
    );
    let shown = alloc::format!("{effective:?} {:?}", effective.exporter);
    assert!(!shown.contains("s3cret"), "{shown}");

    // It also counts beside a configuration file, and not where the code says otherwise.
    let (effective, _) = with_file(&Options::default(), Some(&code), &env, super::ALL).unwrap();
    assert_eq!(effective.exporter[0].proxy.as_deref(), Some("http://plain:1/"));
    let none = Options {
        proxy: text("none"),
        ..code.clone()
    };
    let (effective, _) = with(&none, &env).unwrap();
    assert!(effective.exporter.iter().all(|e| e.proxy.is_none()));
    let own = Options {
        proxy: text("http://own:9"),
        ..list(vec![far("http://localhost/x")])
    };
    let (effective, _) = with(&own, &env).unwrap();
    assert_eq!(effective.exporter[0].proxy.as_deref(), Some("http://own:9/"));
    let error = with(
        &Options {
            proxy: text("socks5://p:1"),
            ..own
        },
        &[],
    )
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::BadValue, Some("proxy"))
    );
}

#[test]
fn a_request_to_a_cgi_program_sets_no_proxy() {
    let code = Options {
        endpoint: text("http://h/x"),
        ..Options::default()
    };
    let env = [("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")];
    assert_eq!(with(&code, &env).unwrap().0.proxy, None);
    assert!(with(&code, &env[..1]).unwrap().0.proxy.is_some());
    let (effective, notices) = with(&code, &[("all_proxy", "socks5://u:s3cret@p:1")]).unwrap();
    assert_eq!((effective.proxy, notices.len()), (None, 1));
    assert!(!alloc::format!("{notices:?}").contains("s3cret"));
}

#[test]
fn names_in_any_case_and_none_among_them() {
    let of = |names: &[&str]| {
        let code = Options {
            exporter: exporters(names),
            ..Options::default()
        };
        kinds(&with(&code, &[]).unwrap().0)
    };
    assert_eq!(
        of(&["OTLP", "Console", "otlp"]),
        [Exporter::Otlp, Exporter::Console]
    );
    assert_eq!(of(&["otlp", "none"]), []);
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
