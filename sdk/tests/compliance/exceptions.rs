//! Errors on spans.

use crate::common::{memory, only_span};
use spanline::{FinishedSpan, OwnedValue, Span, StatusCode};
use std::fmt;
use std::time::{Duration, SystemTime};

#[derive(Debug)]
struct Declined {
    cause: std::num::ParseIntError,
}

impl Declined {
    fn new() -> Self {
        Self {
            cause: "x".parse::<u8>().unwrap_err(),
        }
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card was declined")
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

fn made(make: impl FnOnce(&Span)) -> FinishedSpan {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    make(&span);
    span.end();
    only_span(&provider)
}

/// The attributes of the event, as texts.
fn exception(span: &FinishedSpan) -> Vec<(&str, &str)> {
    let event = span.event("exception").expect("the event");
    let attributes = event.attributes.iter();
    attributes.map(|a| (&*a.key, a.value.as_str().unwrap())).collect()
}

#[test]
fn an_exception_is_an_event_and_leaves_the_status() {
    let span = made(|span| {
        span.record_exception(&Declined::new());
    });
    let expected = [
        ("exception.type", std::any::type_name::<Declined>()),
        ("exception.message", "the card was declined"),
        ("exception.stacktrace", "Caused by: invalid digit found in string"),
    ];
    assert_eq!(exception(&span), expected);
    assert_eq!((span.status, span.attributes.len()), (StatusCode::Unset, 0));
}

#[test]
fn further_attributes_win_over_generated_ones() {
    let span = made(|span| {
        let own = [("exception.message", "hidden".into()), ("attempt", "2".into())];
        span.record_exception_with(&Declined::new(), &own);
    });
    let found = exception(&span);
    assert!(found.contains(&("exception.message", "hidden")) && found.contains(&("attempt", "2")));
    assert_eq!(
        found
            .iter()
            .filter(|(key, _)| *key == "exception.message")
            .count(),
        1
    );
}

#[test]
fn an_exception_of_texts_has_a_time_of_its_own() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    let span = made(|span| {
        span.add_exception("TypeError", "bad", "", Some(time), &[]);
    });
    assert_eq!(
        exception(&span),
        [("exception.type", "TypeError"), ("exception.message", "bad")]
    );
    assert_eq!(span.events[0].time_unix_nano, 7_000_000_000);
}

#[test]
fn a_failure_is_event_type_and_status() {
    let span = made(|span| {
        span.fail(&Declined::new());
    });
    assert_eq!(span.events.len(), 1);
    let error_type = span.attribute("error.type").and_then(OwnedValue::as_str);
    assert_eq!(error_type, Some(std::any::type_name::<Declined>()));
    assert_eq!(
        (span.status, span.status_message.as_str()),
        (StatusCode::Error, "the card was declined")
    );

    let span = made(|span| {
        span.fail_text("timeout", "took too long");
    });
    assert_eq!(
        (span.status, span.status_message.as_str()),
        (StatusCode::Error, "took too long")
    );
    assert_eq!(span.attribute("error.type"), Some(&"timeout".into()));
}
