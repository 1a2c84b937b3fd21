//! Enrichment, by options and in code.

use crate::common::{finish, memory, only_span, problems_during};
use spanline::options::{EnrichOptions, RedactOptions};
use spanline::processors::{AttributeRule, SpanConditions};
use spanline::sample::Pattern;
use spanline::{Builder, CurrentSpan, ErrorKind, FinishedSpan, SpanKind, SpanProcessor};

fn list(items: &[&str]) -> Option<Vec<String>> {
    Some(items.iter().map(|&item| item.to_owned()).collect())
}

fn with(rules: &[&str]) -> Builder {
    memory().options(|options| {
        options.enrich = EnrichOptions {
            rules: list(rules),
            hash_salt: Some("pepper".into()),
        };
    })
}

fn pairs(span: &FinishedSpan) -> Vec<String> {
    let pairs = span.attributes.iter();
    pairs
        .map(|one| format!("{}={}", one.key, one.value.as_str().unwrap_or("?")))
        .collect()
}

/// Sets an attribute when spans end.
#[derive(Debug)]
struct Late;

impl SpanProcessor for Late {
    fn on_ending(&self, span: &CurrentSpan) {
        span.set("user.id", "u-17");
    }
}

#[test]
fn rules_see_what_was_set_last() {
    let provider = with(&["hash user.id", "insert ring=canary", "delete debug.*"])
        .service_name("shop")
        .enrich(AttributeRule::upsert("ring", "stable").when(SpanConditions::new().kind(SpanKind::Client)))
        .enrich(
            AttributeRule::update(Pattern::exact("ring"), "none")
                .when(SpanConditions::new().service(Pattern::exact("other"))),
        )
        .processor(Late)
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("debug.a", 1).set("kept", "yes").end();
    let span = only_span(&provider);
    // SHA-256 of `pepperu-17`.
    let hash = "23f27aa38e16e376bea59c99f1734c161efc7455752b3f0efe0898ca15c088db";
    assert_eq!(
        pairs(&span),
        [
            "kept=yes".to_owned(),
            format!("user.id={hash}"),
            "ring=canary".to_owned()
        ]
    );
    assert_eq!(span.dropped_attributes, 0, "what was deleted was not dropped");
    finish(&provider);
}

#[test]
fn conditions_are_those_of_filters() {
    let provider = with(&["insert slow=yes if kind=server && attributes.http.route==/a"])
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    tracer
        .span("s")
        .kind(SpanKind::Server)
        .start()
        .set("http.route", "/a")
        .end();
    assert_eq!(pairs(&only_span(&provider)), ["http.route=/a", "slow=yes"]);
    finish(&provider);
}

#[test]
fn what_is_added_is_redacted() {
    let provider = with(&["insert contact=me@example.com"])
        .options(|options| {
            options.redact = RedactOptions {
                patterns: list(&["email"]),
                ..RedactOptions::default()
            };
        })
        .build()
        .unwrap();
    provider.tracer("t").span("s").start().end();
    assert_eq!(pairs(&only_span(&provider)), ["contact=REDACTED"]);
    finish(&provider);
}

#[test]
fn a_variable_that_is_not_set_leaves_its_rule_out() {
    let rules = ["insert zone=env:SPANLINE_TEST_NO_SUCH_VARIABLE", "insert a=1"];
    let (provider, said) = problems_during(|| with(&rules).build().unwrap());
    assert!(
        said.iter()
            .any(|problem| problem.message.contains("SPANLINE_TEST_NO_SUCH_VARIABLE")),
        "{said:?}"
    );
    provider.tracer("t").span("s").start().end();
    assert_eq!(pairs(&only_span(&provider)), ["a=?"]);
    finish(&provider);
}

#[test]
fn a_variable_is_read_once() {
    // Cargo sets it for tests.
    let builder = spanline::init().exporter("memory").options(|options| {
        options.disabled = Some(false);
        options.enrich.rules = list(&["insert package=env:CARGO_PKG_NAME"]);
    });
    let provider = builder.build().unwrap();
    provider.tracer("t").span("s").start().end();
    assert_eq!(pairs(&only_span(&provider)), ["package=spanline"]);
    finish(&provider);
}

#[test]
fn rules_that_are_none_are_errors_at_once() {
    for (rule, part) in [
        ("enlarge a=1", "begins with"),
        ("delete ~(", "regular expression"),
        ("hash a if x=1", "x"),
    ] {
        let error = with(&["insert a=1", rule]).build().unwrap_err();
        assert_eq!(
            (error.kind(), error.option()),
            (ErrorKind::BadValue, Some("enrich.rules[1]"))
        );
        assert!(error.message().contains(part), "{error}");
    }
    assert!(!format!("{:?}", with(&[])).contains("pepper"));
}
