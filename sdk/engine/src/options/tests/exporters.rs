//! Several exporters, each with settings of its own.

use super::{super::*, exporters, kinds, of_env, with, with_file};
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

#[test]
fn a_scheme_in_capitals_is_secured_too() {
    for (url, tls) in [("HTTPS://h", true), ("https://h", true), ("HTTP://h", false)] {
        let (effective, _) = of_env(&[("OTEL_EXPORTER_OTLP_ENDPOINT", url)]);
        assert_eq!(effective.exporter[0].tls(), tls, "{url}");
    }
}
