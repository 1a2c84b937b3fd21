//! Making a provider global after it was built. One test: the global provider belongs to the whole process.

use spanline::{ErrorKind, span};

#[test]
fn a_provider_that_was_built_can_become_global() {
    let tracer = spanline::tracer("late");
    assert!(!tracer.enabled());
    let build = || {
        spanline::init()
            .exporter("memory")
            .without_environment()
            .build()
            .unwrap()
    };
    let (first, second) = (build(), build());
    first.set_global().unwrap();
    drop(span!("by macro"));
    tracer.span("by a tracer from before").start().end();
    let refused = second.set_global().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyStarted);
    assert_eq!(first.finished_spans().unwrap().len(), 2);
    first.shutdown().unwrap();
    second.set_global().unwrap();
    drop(span!("by the second"));
    assert_eq!(second.finished_spans().unwrap()[0].name, "by the second");
}
