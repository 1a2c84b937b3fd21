//! What a scope does when a panic leaves it.

use spanline::{StatusCode, span};

#[test]
fn a_panic_that_leaves_a_scope_fails_its_span() {
    let provider = spanline::init()
        .exporter("memory")
        .without_environment()
        .build()
        .unwrap();
    let _provider = provider.enter();
    let outer = span!("outer");
    let caught = std::panic::catch_unwind(|| {
        let _inner = span!("inner");
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(caught.is_err());
    let kept = span!("kept").leave();
    drop(outer);
    drop(kept);
    let spans = provider.finished_spans().unwrap();
    let status: Vec<_> = spans.iter().map(|span| (&*span.name, span.status)).collect();
    assert_eq!(
        status,
        [
            ("inner", StatusCode::Error),
            ("outer", StatusCode::Unset),
            ("kept", StatusCode::Unset)
        ]
    );
    assert_eq!(
        spans[0].attribute("error.type").and_then(|value| value.as_str()),
        Some("panic")
    );
}
