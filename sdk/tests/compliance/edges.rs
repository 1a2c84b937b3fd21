//! The sharp edges of the specification, one by one.

use crate::common::{balanced, finish, memory, only_span, remote_parent, spans};
use spanline::{Context, EndedSpan, KeyValue, SpanProcessor, StatusCode, Value, Verdict};
use std::time::{Duration, SystemTime};

#[test]
fn the_child_of_an_ended_span_is_a_normal_child() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let parent = tracer.span("parent").start();
    let context = parent.in_context();
    parent.end();
    tracer.span("child").parent(&context).start().end();
    drop(parent);
    tracer.span("later").parent(&context).start().end();
    let spans = spans(&provider);
    let parent = spans.iter().find(|span| span.name == "parent").unwrap();
    for name in ["child", "later"] {
        let child = spans.iter().find(|span| span.name == name).unwrap();
        assert_eq!(
            (child.trace_id, child.parent_span_id),
            (parent.trace_id, parent.span_id)
        );
        assert_eq!(child.flags, 0x103, "the parent is local");
    }
}

#[test]
fn a_span_that_is_moved_to_another_thread_ends_there() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    std::thread::spawn(move || drop(span)).join().unwrap();
    only_span(&provider);
}

#[test]
fn what_is_set_when_the_span_has_ended_is_ignored() {
    #[derive(Debug)]
    struct Late(std::sync::Mutex<Option<spanline::CurrentSpan>>);
    impl SpanProcessor for Late {
        fn on_start(&self, span: &spanline::CurrentSpan, _: &Context) {
            *self.0.lock().unwrap() = Some(span.clone());
        }
        fn on_end(&self, ended: EndedSpan<'_>) -> Verdict {
            let span = self.0.lock().unwrap().take().unwrap();
            assert!(!span.is_recording());
            span.set("late", 1).add_event("late", &[]).end();
            assert!(ended.view().attribute("late").is_none());
            Verdict::Keep
        }
    }
    let provider = memory().processor(Late(None.into())).build().unwrap();
    provider.tracer("t").span("s").start().end();
    let span = only_span(&provider);
    assert_eq!((span.attributes.len(), span.events.len()), (0, 0));
}

#[test]
fn of_foreign_flags_only_two_bits_survive() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff";
    let parent = spanline::extract(&[("traceparent", parent)]);
    let span = provider.tracer("t").span("s").parent(&parent).start();
    assert_eq!(span.context().flags().bits(), 3);
    let mut carrier: Vec<(String, String)> = Vec::new();
    spanline::inject_context(&span.in_context(), &mut carrier);
    assert!(carrier[0].1.ends_with("-03"), "{carrier:?}");
    span.end();
    assert_eq!(only_span(&provider).flags, 0x303);
}

#[test]
fn of_two_hundred_attributes_at_the_start_the_first_128_are_kept() {
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    let attributes: Vec<(&str, Value<'_>)> = keys.iter().map(|key| (key.as_str(), 1.into())).collect();
    let provider = memory().build().unwrap();
    provider
        .tracer("t")
        .span("s")
        .attributes(&attributes)
        .start()
        .end();
    let span = only_span(&provider);
    let kept: Vec<_> = span.attributes.iter().map(|attribute| &*attribute.key).collect();
    assert_eq!(kept, keys[..128]);
    assert_eq!(span.dropped_attributes, 72);
}

#[test]
fn a_refused_key_counts_each_time() {
    let provider = memory()
        .options(|options| options.limits.attributes = Some(1))
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("kept", 1)
        .set("refused", 1)
        .set("refused", 2)
        .set("refused", 3);
    span.end();
    assert_eq!(only_span(&provider).dropped_attributes, 3);
}

#[test]
fn the_first_attribute_stays_first_when_it_is_overwritten() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    for n in 0..11 {
        span.set(&format!("k{n}"), n);
    }
    span.set("k0", "a new and much longer value");
    span.end();
    let span = only_span(&provider);
    assert_eq!(
        span.attributes[0],
        KeyValue::new("k0", "a new and much longer value")
    );
    assert_eq!(span.attributes.len(), 11);
}

#[test]
fn a_text_is_cut_by_characters_and_not_dropped() {
    let provider = memory()
        .options(|options| options.limits.value_length = Some(4))
        .build()
        .unwrap();
    let emoji = "\u{1f600}".repeat(10);
    provider
        .tracer("t")
        .span("s")
        .attribute("k", emoji.as_str())
        .start()
        .end();
    let span = only_span(&provider);
    assert_eq!(span.attributes, [KeyValue::new("k", "\u{1f600}".repeat(4))]);
    assert_eq!(span.dropped_attributes, 0);
}

#[test]
fn an_end_before_the_start_is_exported_as_given() {
    let provider = memory().build().unwrap();
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    provider
        .tracer("t")
        .span("s")
        .start_time(at(200))
        .start()
        .end_at(at(100));
    let span = only_span(&provider);
    assert_eq!(
        (span.start_unix_nano, span.end_unix_nano),
        (200_000_000_000, 100_000_000_000)
    );
    assert_eq!(span.duration(), Duration::ZERO);
}

#[test]
fn a_start_in_the_future_and_an_end_by_the_clock_go_together() {
    let provider = memory().build().unwrap();
    let future = SystemTime::now() + Duration::from_secs(3_600);
    provider.tracer("t").span("s").start_time(future).start().end();
    let span = only_span(&provider);
    assert!(span.end_unix_nano < span.start_unix_nano, "neither is corrected");
}

#[test]
fn an_error_after_ok_changes_no_status() {
    let error = "x".parse::<u8>().unwrap_err();
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set_status(StatusCode::Ok, "")
        .record_exception(&error)
        .fail(&error);
    span.end();
    let span = only_span(&provider);
    assert_eq!((span.status, span.events.len()), (StatusCode::Ok, 2));
    assert!(span.attribute("error.type").is_some());
}

#[test]
fn a_provider_shut_down_while_spans_live_calls_no_processor() {
    #[derive(Debug)]
    struct NeverEnds;
    impl SpanProcessor for NeverEnds {
        fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
            panic!("called after shutdown");
        }
    }
    let provider = memory().processor(NeverEnds).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    finish(&provider);
    span.set("k", 1).end();
    drop(span);
    let stats = balanced(&provider);
    assert_eq!((stats.caught_panics, stats.accepted, stats.live), (0, 0, 0));
    assert_eq!(stats.dropped.after_shutdown, 1);
}

#[test]
fn spans_of_a_provider_that_is_gone_do_nothing() {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    let context = span.context().clone();
    drop(provider);
    span.set("k", 1).end();
    assert_eq!(*span.context(), context);
}

#[test]
fn a_verdict_keeps_a_span_from_the_exporters_and_is_counted() {
    #[derive(Debug)]
    struct NoHealth;
    impl SpanProcessor for NoHealth {
        fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
            match span.view().name() {
                "health" => Verdict::Drop,
                _ => Verdict::Keep,
            }
        }
    }
    let provider = memory().processor(NoHealth).build().unwrap();
    let tracer = provider.tracer("t");
    for name in ["health", "work", "health"] {
        tracer.span(name).start().end();
    }
    assert_eq!(only_span(&provider).name, "work");
    assert_eq!(balanced(&provider).filtered, 2);
}

#[test]
fn a_span_that_is_abandoned_is_counted() {
    let provider = memory().build().unwrap();
    provider
        .tracer("t")
        .span("s")
        .parent(&remote_parent(true))
        .start()
        .abandon();
    assert_eq!(spans(&provider), []);
    let stats = finish(&provider);
    assert_eq!((stats.abandoned, stats.ended, stats.live), (1, 0, 0));
}

#[test]
fn names_and_texts_of_any_kind_are_kept() {
    let provider = memory().build().unwrap();
    let tracer = provider.tracer("t");
    let long = "x".repeat(200_000);
    for name in ["", "\0", "\u{1f600}\n", &long] {
        tracer
            .span(name)
            .attribute(name, name)
            .start()
            .add_event(name, &[])
            .end();
    }
    let mut found = spans(&provider);
    found.sort_by_key(|span| span.name.len());
    let lengths: Vec<_> = found
        .iter()
        .map(|span| (span.name.len(), span.attributes.len()))
        .collect();
    assert_eq!(
        lengths,
        [(0, 0), (1, 1), (5, 1), (200_000, 1)],
        "the empty key is ignored"
    );
}
