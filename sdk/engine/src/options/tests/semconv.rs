//! What instrumentations go by.

use super::{super::*, error, names, of_env, with};
use alloc::{string::ToString, vec::Vec};
use spanline_core::semconv::{Conventions, KNOWN_METHODS, Names, OPT_IN};

const OPT_IN_VARIABLE: &str = "OTEL_SEMCONV_STABILITY_OPT_IN";
const METHODS: &str = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS";
const EXCEPTIONS: &str = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";

#[test]
fn the_table_lists_what_the_rules_know() {
    assert_eq!(find("semconv_opt_in").unwrap().values, OPT_IN);
}

#[test]
fn present_names_alone_by_default() {
    let (effective, notices) = of_env(&[]);
    assert_eq!(
        (effective.conventions(), notices),
        (Conventions::default(), [].to_vec())
    );
    assert_eq!(effective.http_known_methods, KNOWN_METHODS);
}

#[test]
fn old_names_on_request() {
    let (effective, notices) =
        of_env(&[(OPT_IN_VARIABLE, "http/dup, ,Database,gen_ai_latest,http,HTTP/dup")]);
    assert_eq!(effective.semconv_opt_in, ["http/dup", "database", "http"]);
    let conventions = effective.conventions();
    assert_eq!(
        (conventions.http, conventions.database),
        (Names::Both, Names::Stable)
    );
    assert_eq!(
        effective.source("semconv_opt_in"),
        Some(Source::Environment(OPT_IN_VARIABLE))
    );
    // What others are asked for is nobody's mistake.
    let levels: Vec<LogLevel> = notices.iter().map(|notice| notice.level).collect();
    assert_eq!(levels, [LogLevel::Debug]);

    let code = Options {
        semconv_opt_in: names(&["rpc/dup"]),
        ..Options::default()
    };
    let (effective, _) = with(&code, &[(OPT_IN_VARIABLE, "http/dup")]).unwrap();
    assert_eq!(
        (effective.conventions().rpc, effective.conventions().http),
        (Names::Both, Names::Stable)
    );
    let wrong = error(Options {
        semconv_opt_in: names(&["databse/dup"]),
        ..Options::default()
    });
    assert_eq!(wrong.hint(), Some("database/dup"));
}

#[test]
fn known_methods_replace_the_default_ones() {
    let (effective, _) = of_env(&[(METHODS, "GET, PROPFIND,,")]);
    assert_eq!(effective.http_known_methods, ["GET", "PROPFIND"]);
    let methods = effective.conventions().methods;
    assert_eq!(
        (methods.known("propfind"), methods.known("POST")),
        (Some("PROPFIND"), None)
    );
    let (effective, _) = of_env(&[(METHODS, ",")]);
    assert_eq!(effective.conventions(), Conventions::default());
    let code = Options {
        http_known_methods: names(&["X"]),
        ..Options::default()
    };
    let (effective, _) = with(&code, &[(METHODS, "GET")]).unwrap();
    assert_eq!(effective.conventions().methods.known("X"), Some("X"));
}

#[test]
fn whoever_wants_exceptions_as_logs_is_told() {
    for (value, warned) in [("logs", true), ("logs/dup", true), ("other", false), ("", false)] {
        let (_, notices) = of_env(&[(EXCEPTIONS, value)]);
        assert_eq!(notices.len(), usize::from(warned), "{value}");
        assert!(
            notices
                .iter()
                .all(|notice| notice.to_string().contains("exceptions stay"))
        );
    }
}
