//! Redaction, by options and in code.

use crate::common::{finish, memory, only_span, problems_during, spans};
use spanline::options::RedactOptions;
use spanline::processors::{Redaction, TextFinder, built_in_finder};
use spanline::sample::Pattern;
use spanline::{Builder, CurrentSpan, EndedSpan, ErrorKind, OwnedValue, SpanProcessor, StatusCode, Verdict};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

fn list(items: &[&str]) -> Option<Vec<String>> {
    Some(items.iter().map(|&item| item.to_owned()).collect())
}

fn with(options: RedactOptions) -> Builder {
    memory().options(|all| all.redact = options)
}

#[test]
fn options_say_what_is_redacted() {
    let provider = with(RedactOptions {
        keys: list(&["*password*", "=exact*"]),
        remove_keys: list(&["http.request.header.*"]),
        patterns: list(&["email", "credit_card"]),
        query_parameters: list(&["token"]),
        mask: Some("***".to_owned()),
        ..RedactOptions::default()
    })
    .build()
    .unwrap();
    let span = provider.tracer("t").span("mail me@example.com").start();
    span.set("db.PassWord", 7)
        .set("exact.not", "stays")
        .set("exact*", "goes")
        .set("http.request.header.cookie", "a=b")
        .set("url.full", "https://x.example/?id=1&token=s3cret")
        .set("plain", "nothing");
    span.add_exception(
        "Refused",
        "card 4111 1111 1111 1111",
        "at me@example.com",
        None,
        &[],
    );
    span.set_status(StatusCode::Error, "no mail to me@example.com");
    span.end();
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), span.status_message.as_str()),
        ("mail ***", "no mail to ***")
    );
    let pairs: Vec<(&str, &OwnedValue)> = span
        .attributes
        .iter()
        .map(|one| (&*one.key, &one.value))
        .collect();
    let text = OwnedValue::from;
    assert_eq!(
        pairs,
        [
            ("db.PassWord", &text("***")),
            ("exact.not", &text("stays")),
            ("exact*", &text("***")),
            ("url.full", &text("https://x.example/?id=1&token=***")),
            ("plain", &text("nothing")),
        ]
    );
    assert_eq!(
        span.events[0].attribute("exception.message"),
        Some(&"card ***".into())
    );
    assert_eq!(
        span.events[0].attribute("exception.stacktrace"),
        Some(&"at ***".into())
    );
    assert_eq!(span.dropped_attributes, 0);
    let redacted = finish(&provider).redacted;
    assert_eq!((redacted.masked, redacted.removed, redacted.failed), (7, 1, 0));
}

#[test]
fn an_empty_list_of_allowed_keys_keeps_none() {
    for (allowed, kept) in [
        (None, vec!["a", "b"]),
        (list(&[]), vec![]),
        (list(&["b", "C"]), vec!["b"]),
    ] {
        let options = RedactOptions {
            allowed_keys: allowed,
            ..RedactOptions::default()
        };
        let provider = with(options).build().unwrap();
        provider
            .tracer("t")
            .span("s")
            .start()
            .set("a", 1)
            .set("b", 2)
            .end();
        let span = only_span(&provider);
        let keys: Vec<&str> = span.attributes.iter().map(|one| &*one.key).collect();
        assert_eq!(keys, kept);
        finish(&provider);
    }
}

#[cfg(feature = "regex")]
#[test]
fn expressions_are_patterns_for_keys_and_texts() {
    let provider = with(RedactOptions {
        keys: list(&["~^(api|auth)[-_.]key$"]),
        patterns: list(&["~tok_[0-9a-f]+"]),
        ..RedactOptions::default()
    })
    .build()
    .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("API_KEY", "x")
        .set("my_api_key", "y")
        .set("text", "tok_12ab and TOK_1")
        .end();
    let span = only_span(&provider);
    let value = |key: &str| {
        span.attribute(key)
            .and_then(OwnedValue::as_str)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        ["API_KEY", "my_api_key", "text"].map(value),
        ["REDACTED", "y", "REDACTED and TOK_1"]
    );
    finish(&provider);
}

#[test]
fn patterns_that_are_none_are_errors_at_once() {
    let error = |options| with(options).build().unwrap_err();
    let wrong = error(RedactOptions {
        patterns: list(&["emial"]),
        ..RedactOptions::default()
    });
    assert_eq!(
        (wrong.kind(), wrong.option(), wrong.hint()),
        (ErrorKind::BadValue, Some("redact.patterns[0]"), Some("email"))
    );
    let wrong = error(RedactOptions {
        keys: list(&["a", ""]),
        ..RedactOptions::default()
    });
    assert_eq!(
        (wrong.kind(), wrong.option()),
        (ErrorKind::BadValue, Some("redact.keys[1]"))
    );
    let wrong = error(RedactOptions {
        patterns: list(&["~("]),
        ..RedactOptions::default()
    });
    assert_eq!(wrong.option(), Some("redact.patterns[0]"));
}

#[cfg(feature = "config-file")]
#[test]
fn a_file_says_what_is_redacted() {
    let file = |redact: &str| {
        let text = format!(
            "file_format: '1.1'\ntracer_provider:\n  processors:\n    - batch: {{ exporter: {{ memory: }} }}\n\
             distribution: {{ spanline: {{ redact: {redact} }} }}\n"
        );
        let model = spanline::config::parse(&text, |_: &str| None).unwrap();
        spanline::init().model(model).build()
    };
    let provider = file("{ keys: ['*password*'], patterns: [email], mask: '-' }").unwrap();
    let span = provider.tracer("t").span("to me@example.com").start();
    span.set("password", 1).end();
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), span.attribute("password")),
        ("to -", Some(&"-".into()))
    );
    finish(&provider);
    let wrong = file("{ patterns: [emial] }").unwrap_err();
    assert_eq!((wrong.kind(), wrong.hint()), (ErrorKind::BadValue, Some("email")));
}

/// Sees spans before and after.
#[derive(Clone, Debug, Default)]
struct Adds(Arc<Mutex<Vec<String>>>);

impl SpanProcessor for Adds {
    fn on_ending(&self, span: &CurrentSpan) {
        span.set("late.password", "s3cret");
    }

    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        self.0
            .lock()
            .unwrap()
            .push(format!("{:?}", span.view().attribute("late.password")));
        Verdict::Keep
    }
}

#[test]
fn what_processors_add_is_redacted_before_anybody_sees_the_end() {
    let adds = Adds::default();
    let redaction = Redaction::new().mask_key(Pattern::glob("*password"));
    let provider = memory()
        .redact(redaction)
        .processor(adds.clone())
        .build()
        .unwrap();
    provider.tracer("t").span("s").start().end();
    assert_eq!(
        only_span(&provider).attribute("late.password"),
        Some(&"REDACTED".into())
    );
    assert_eq!(*adds.0.lock().unwrap(), ["Some(Str(\"REDACTED\"))"]);
    finish(&provider);
}

/// Ends a span while the provider is shutting down, when processors are not called any more.
#[derive(Clone, Debug, Default)]
struct AtTheLastMoment(Arc<Mutex<Option<spanline::Span>>>);

impl SpanProcessor for AtTheLastMoment {
    fn on_ending(&self, _: &CurrentSpan) {
        unreachable!("the shutdown has begun");
    }

    fn shutdown(&self, _: Duration) -> bool {
        let span = self.0.lock().unwrap().take();
        drop(span);
        true
    }
}

#[test]
fn spans_that_end_while_the_provider_shuts_down_are_redacted_too() {
    let last = AtTheLastMoment::default();
    let redaction = Redaction::new().mask_key(Pattern::exact("password"));
    let provider = memory()
        .redact(redaction)
        .processor(last.clone())
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("password", "s3cret");
    *last.0.lock().unwrap() = Some(span);
    let stats = finish(&provider);
    assert_eq!((stats.accepted, stats.caught_panics), (1, 0));
    let span = provider.finished_spans().unwrap().remove(0);
    assert_eq!(span.attribute("password"), Some(&"REDACTED".into()));
}

/// A span that others can reach.
type Reached = Arc<OnceLock<spanline::Span>>;

/// Says more of a span while that is redacted.
#[derive(Debug)]
struct SaysMore(Reached);

impl TextFinder for SaysMore {
    fn find(&self, _: &str, _: usize) -> Option<Range<usize>> {
        let span = self.0.get().unwrap();
        span.set("late", "s3cret")
            .add_event("s3cret", &[])
            .update_name("s3cret");
        span.set_status(StatusCode::Error, "s3cret");
        assert!(!span.is_recording() && !span.remove("early"));
        None
    }
}

#[test]
fn code_that_redaction_calls_says_no_more_of_the_span() {
    let reached = Reached::default();
    let redaction = Redaction::new().find(Arc::new(SaysMore(reached.clone())));
    let adds = Adds::default();
    let provider = memory().redact(redaction).processor(adds).build().unwrap();
    let span = reached.get_or_init(|| provider.tracer("t").span("s").start());
    span.set("early", "plain").end();
    let span = only_span(&provider);
    let keys: Vec<&str> = span.attributes.iter().map(|one| &*one.key).collect();
    assert_eq!(keys, ["early", "late.password"], "processors may");
    assert_eq!((span.name.as_str(), span.events.len()), ("s", 0));
    assert_eq!(finish(&provider).caught_panics, 0);
}

/// Ends another span while one is redacted; and at that end, as a processor, says more of the one.
#[derive(Clone, Debug)]
struct EndsAnother(Reached, Arc<OnceLock<spanline::Tracer>>);

impl TextFinder for EndsAnother {
    fn find(&self, text: &str, _: usize) -> Option<Range<usize>> {
        if text == "one" {
            self.1.get().unwrap().span("another").start().end();
        }
        None
    }
}

impl SpanProcessor for EndsAnother {
    fn on_ending(&self, span: &CurrentSpan) {
        let one = self.0.get().unwrap();
        if one.context().span_id() != span.context().span_id() {
            one.set("late", "s3cret");
            span.set("own", "plain");
        }
    }
}

#[test]
fn nor_does_code_that_runs_at_another_end_within() {
    let (reached, tracer) = (Reached::default(), Arc::default());
    let ends = EndsAnother(reached.clone(), tracer);
    let redaction = Redaction::new().find(Arc::new(ends.clone()));
    let provider = memory()
        .redact(redaction)
        .processor(ends.clone())
        .build()
        .unwrap();
    let tracer = ends.1.get_or_init(|| provider.tracer("t"));
    reached.get_or_init(|| tracer.span("one").start()).end();
    let spans = spans(&provider);
    let told: Vec<_> = spans
        .iter()
        .map(|span| (span.name.as_str(), span.attribute("late"), span.attribute("own")))
        .collect();
    assert_eq!(
        told,
        [("another", None, Some(&"plain".into())), ("one", None, None)]
    );
    assert_eq!(finish(&provider).caught_panics, 0);
}

/// Panics at texts with an `x`.
#[derive(Debug)]
struct Panics;

impl TextFinder for Panics {
    fn find(&self, text: &str, _: usize) -> Option<Range<usize>> {
        assert!(!text.contains('x'), "find, as asked");
        None
    }
}

#[test]
fn a_pattern_that_panics_hides_what_it_looked_at() {
    let redaction = Redaction::new()
        .find(Arc::new(Panics))
        .find(built_in_finder("ipv4").unwrap());
    let provider = memory().redact(redaction).build().unwrap();
    let (span, said) = problems_during(|| {
        let span = provider.tracer("t").span("name").start();
        span.set("a", "x 10.0.0.1")
            .set("b", "10.0.0.1")
            .set("c", "plain")
            .end();
        only_span(&provider)
    });
    let value = |key: &str| {
        span.attribute(key)
            .and_then(OwnedValue::as_str)
            .unwrap()
            .to_owned()
    };
    assert_eq!(["a", "b", "c"].map(value), ["REDACTED", "REDACTED", "plain"]);
    assert_eq!(span.name, "name");
    assert!(said.iter().any(|problem| problem.kind == "redaction"), "{said:?}");
    assert!(
        said.iter().all(|problem| !problem.message.contains("10.0.0.1")),
        "{said:?}"
    );
    let stats = finish(&provider);
    assert_eq!(
        (stats.redacted.failed, stats.redacted.masked, stats.caught_panics),
        (1, 2, 1)
    );
}

#[test]
fn several_redactions_are_all_made() {
    let provider = with(RedactOptions {
        keys: list(&["a"]),
        ..RedactOptions::default()
    })
    .redact(Redaction::new().remove_key(Pattern::exact("b")))
    .redact(Redaction::new().mask("#").mask_key(Pattern::exact("c")))
    .build()
    .unwrap();
    provider
        .tracer("t")
        .span("s")
        .start()
        .set("a", 1)
        .set("b", 2)
        .set("c", 3)
        .set("d", 4)
        .end();
    let span = spans(&provider).remove(0);
    let pairs: Vec<_> = span
        .attributes
        .iter()
        .map(|one| (&*one.key, one.value.clone()))
        .collect();
    assert_eq!(
        pairs,
        [("a", "REDACTED".into()), ("c", "#".into()), ("d", 4_i64.into())]
    );
    finish(&provider);
}
