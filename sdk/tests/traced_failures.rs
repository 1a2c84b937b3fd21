//! Errors and panics that leave functions with `#[traced]`.

#[path = "traced_support/mod.rs"]
mod support;

use spanline::{StatusCode, traced};
use std::error::Error;
use support::{Declined, block_on, one, pause, spans, text};

struct Opaque;

#[traced]
fn plain() {}

#[traced]
fn fails(code: u32) -> Result<u32, Declined> {
    if code > 0 {
        return Err(Declined(code));
    }
    Ok(1)
}

#[traced]
async fn fails_later(code: u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
    pause().await;
    if code > 0 {
        Err(Declined(code))?;
    }
    Ok(1)
}

#[test]
fn an_error_is_recorded() {
    for span in [one(|| drop(fails(5))), one(|| drop(block_on(fails_later(5))))] {
        assert_eq!(
            (span.status, &*span.status_message),
            (StatusCode::Error, "declined with code 5")
        );
        let event = span.event("exception").expect("an event");
        assert!(
            event
                .attributes
                .iter()
                .any(|a| a.key == "exception.message" && a.value == "declined with code 5".into())
        );
    }
    assert_eq!(
        text(&one(|| drop(fails(5))), "error.type"),
        "traced_failures::support::Declined"
    );
    for span in [one(|| drop(fails(0))), one(|| drop(block_on(fails_later(0))))] {
        assert_eq!((span.status, span.events.len()), (StatusCode::Unset, 0));
        assert!(span.attribute("error.type").is_none());
    }
}

#[traced]
fn with_text() -> Result<(), String> {
    Err("no luck".into())
}

#[traced]
fn with_boxed() -> Result<(), Box<dyn Error>> {
    Err("no luck")?
}

#[traced]
fn with_debug() -> Result<(), Option<u8>> {
    Err(Some(3))
}

#[traced]
fn with_opaque() -> std::result::Result<impl Iterator<Item = u8>, Opaque> {
    if std::env::args().count() > 1_000 {
        return Ok(std::iter::empty());
    }
    Err(Opaque)
}

#[traced]
fn with_generic<E>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced(err = false)]
fn with_none() -> Result<(), Declined> {
    Err(Declined(1))
}

type Answer = Result<(), Declined>;

#[traced]
fn with_alias() -> Answer {
    Err(Declined(1))
}

#[traced(err)]
fn with_alias_asked() -> Answer {
    Err(Declined(1))
}

#[test]
fn the_type_of_the_error_need_not_be_an_error() {
    let seen = |run: fn()| {
        let span = one(run);
        let error_type = span
            .attribute("error.type")
            .map(|_| text(&span, "error.type"))
            .unwrap_or_default();
        (span.status == StatusCode::Error, span.status_message, error_type)
    };
    let expected = |message: &str, error_type: &str| (true, message.to_owned(), error_type.to_owned());
    assert_eq!(
        seen(|| drop(with_text())),
        expected("no luck", "alloc::string::String")
    );
    assert_eq!(
        seen(|| drop(with_boxed())),
        expected("no luck", std::any::type_name::<dyn Error>())
    );
    assert_eq!(
        seen(|| _ = with_debug()),
        expected("Some(3)", "core::option::Option<u8>")
    );
    assert_eq!(
        seen(|| drop(with_opaque())),
        expected("", "traced_failures::Opaque")
    );
    assert_eq!(seen(|| _ = with_generic(1u8)), expected("", "u8"));
    assert!(!seen(|| drop(with_none())).0);
    assert!(!seen(|| drop(with_alias())).0);
    assert_eq!(
        seen(|| drop(with_alias_asked())),
        expected("declined with code 1", "traced_failures::support::Declined")
    );
}

#[traced]
fn panics() {
    panic!("on purpose");
}

#[traced]
async fn panics_later() {
    pause().await;
    panic!("on purpose");
}

#[test]
fn a_panic_ends_the_span_as_failed() {
    let all = spans(|| {
        std::panic::catch_unwind(panics).unwrap_err();
        std::panic::catch_unwind(|| block_on(panics_later())).unwrap_err();
        plain();
    });
    for span in &all[..2] {
        assert_eq!(
            (span.status, text(span, "error.type")),
            (StatusCode::Error, "panic".to_owned())
        );
    }
    assert_eq!(
        (all[2].status, all[2].parent_span_id.is_valid()),
        (StatusCode::Unset, false)
    );
}
