//! The life of a span.

use crate::common::{memory, only_span, remote_parent, spans};
use spanline::{Context, EndedSpan, SpanBuilder, SpanId, SpanKind, SpanProcessor, StatusCode, Verdict};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_span_without_a_parent_begins_a_trace() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let first = tracer.span("first").enter();
    let root = tracer.span("root").root().start();
    assert_ne!(root.context().trace_id(), first.context().trace_id());
    assert!(root.context().is_valid() && !root.context().is_remote());
    drop((root, first));
    for span in spans(&provider) {
        assert_eq!((span.parent_span_id, span.flags), (SpanId::INVALID, 0x103));
    }
}

#[test]
fn the_active_span_is_the_default_parent() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let parent = tracer.span("parent").enter();
    let child = tracer.span("child").start();
    assert_eq!(child.context().trace_id(), parent.context().trace_id());
    let parent_id = parent.context().span_id();
    child.end();
    drop(parent);
    let spans = spans(&provider);
    let child = spans.iter().find(|span| span.name == "child").unwrap();
    assert_eq!((child.parent_span_id, child.flags), (parent_id, 0x103));
}

#[test]
fn the_parent_comes_from_a_context() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let _other = tracer.span("current").enter();
    let parent = remote_parent(true);
    tracer.span("child").parent(&parent).start().end();
    let child = only_span(&provider);
    assert_eq!(child.trace_id, parent.span_context().trace_id());
    assert_eq!(child.parent_span_id, parent.span_context().span_id());
    assert_eq!(child.flags, 0x303, "the parent is remote");

    // A context without a valid span is no parent.
    provider.reset_finished_spans();
    tracer.span("root").parent(&Context::EMPTY).start().end();
    assert_eq!(only_span(&provider).parent_span_id, SpanId::INVALID);
}

/// Neither a span nor a span context is a parent.
#[test]
fn a_parent_is_a_context() {
    // The type of the call, to the letter.
    fn parent<'a>() -> fn(SpanBuilder<'a>, &'a Context) -> SpanBuilder<'a> {
        SpanBuilder::parent
    }
    let provider = memory().build().unwrap();
    let given = remote_parent(true);
    parent()(provider.tracer("t").span("s"), &given).start().end();
    assert_eq!(
        only_span(&provider).parent_span_id,
        given.span_context().span_id()
    );
}

/// What processors are told.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl SpanProcessor for Told {
    fn on_start(&self, span: &spanline::CurrentSpan, parent: &Context) {
        assert_eq!(parent.baggage().get("k"), Some("v"));
        let parent = parent.span_context().span_id();
        self.0.lock().unwrap().push(format!("start under {parent}"));
        span.set("at start", true);
    }

    fn on_ending(&self, span: &spanline::CurrentSpan) {
        assert!(span.is_recording());
        span.set("at ending", true).update_name("renamed");
        self.0.lock().unwrap().push("ending".to_owned());
    }

    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        let view = span.view();
        let scope = &span.scope().name;
        let ended = view.end_unix_nano() != 0 && view.attribute("at ending").is_some();
        self.0
            .lock()
            .unwrap()
            .push(format!("end {} of {scope}: {ended}", view.name()));
        Verdict::Keep
    }
}

#[test]
fn a_processor_sees_the_parent_context_and_may_change_until_the_end() {
    let told = Told::default();
    let provider = memory().processor(told.clone()).build().unwrap();
    let parent = remote_parent(true).with_baggage(spanline::Baggage::EMPTY.set("k", "v", None).unwrap());
    let span = provider.tracer("t").span("s").parent(&parent).start();
    span.end();
    span.set("after", true);
    let expected = ["start under 00f067aa0ba902b7", "ending", "end renamed of t: true"];
    assert_eq!(*told.0.lock().unwrap(), expected);
    let span = only_span(&provider);
    let keys: Vec<_> = span.attributes.iter().map(|attribute| &*attribute.key).collect();
    assert_eq!(
        (span.name.as_str(), keys),
        ("renamed", vec!["at start", "at ending"])
    );
}

#[test]
fn the_name_can_be_changed() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("GET").kind(SpanKind::Server).start();
    span.update_name("GET /users/{id}");
    span.end();
    span.update_name("too late");
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), span.kind),
        ("GET /users/{id}", SpanKind::Server)
    );
}

#[test]
fn times_can_be_given() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start_time(at(100)).start();
    span.add_event_at("e", at(50), &[]);
    span.end_at(at(200));
    span.end_at(at(300));
    let span = only_span(&provider);
    let seconds = |nanos: u64| nanos / 1_000_000_000;
    assert_eq!(
        (seconds(span.start_unix_nano), seconds(span.end_unix_nano)),
        (100, 200)
    );
    assert_eq!(seconds(span.events[0].time_unix_nano), 50, "not corrected");
}

#[test]
fn times_are_taken_when_the_calls_are_made() {
    let provider = memory().build().unwrap();
    let now = || {
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_nanos() as u64
    };
    let before = now();
    let span = provider.tracer("t").span("s").start();
    span.add_event("e", &[]).end();
    let after = now();
    let span = only_span(&provider);
    // The clock is calibrated against the wall clock, to well within this.
    let slack = 50_000_000;
    assert!(span.start_unix_nano + slack >= before && span.end_unix_nano <= after + slack);
    assert!(span.start_unix_nano <= span.events[0].time_unix_nano);
    assert!(span.events[0].time_unix_nano <= span.end_unix_nano);
}

#[test]
fn an_ended_span_records_no_more_and_keeps_its_context() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    let context = span.context().clone();
    assert!(span.is_recording());
    span.end();
    assert!(!span.is_recording());
    span.set("k", 1)
        .add_event("e", &[])
        .add_link(&context, &[])
        .set_status(StatusCode::Error, "late");
    span.update_name("late").fail_with("E", "late", "");
    span.end();
    assert_eq!(*span.context(), context);
    drop(span);
    let span = only_span(&provider);
    assert_eq!(
        (span.attributes.len(), span.events.len(), span.links.len()),
        (0, 0, 0)
    );
    assert_eq!((span.name.as_str(), span.status), ("s", StatusCode::Unset));
}

/// The status after these calls.
fn status(calls: &[(StatusCode, &str)]) -> (StatusCode, String) {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    for (code, message) in calls {
        span.set_status(*code, message);
    }
    span.end();
    let span = only_span(&provider);
    (span.status, span.status_message)
}

#[test]
fn a_status_only_rises_and_only_errors_have_a_message() {
    use StatusCode::{Error, Ok, Unset};
    let expect = |calls: &[(StatusCode, &str)], code, message: &str| {
        assert_eq!(status(calls), (code, message.to_owned()), "{calls:?}");
    };
    expect(&[], Unset, "");
    expect(&[(Unset, "m")], Unset, "");
    expect(&[(Ok, "m")], Ok, "");
    expect(&[(Error, "m")], Error, "m");
    expect(&[(Error, "")], Error, "");
    expect(&[(Error, "m"), (Unset, "")], Error, "m");
    expect(&[(Error, "m"), (Error, "last")], Error, "last");
    expect(&[(Error, "m"), (Ok, "")], Ok, "");
    expect(&[(Ok, ""), (Error, "m")], Ok, "");
    expect(&[(Ok, ""), (Unset, "")], Ok, "");
}

#[test]
fn the_kind_is_kept_and_internal_by_default() {
    use SpanKind::{Client, Consumer, Internal, Producer, Server};
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    tracer.span("default").start().end();
    for kind in [Internal, Server, Client, Producer, Consumer] {
        tracer.span("given").kind(kind).start().end();
    }
    let kinds: Vec<_> = spans(&provider).iter().map(|span| span.kind).collect();
    assert_eq!(kinds, [Internal, Internal, Server, Client, Producer, Consumer]);
}
