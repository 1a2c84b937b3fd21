//! Messages that carry their context.

use crate::common::{memory, only_span, spans};
use spanline::messaging::{self, Destination, TracedMessage};
use spanline::propagate::LastValue;
use spanline::{Baggage, FinishedSpan, InSpan, OwnedValue, SpanContext, SpanKind, StatusCode, context, span};
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn text<'a>(span: &'a FinishedSpan, key: &str) -> Option<&'a str> {
    span.attribute(key).and_then(OwnedValue::as_str)
}

fn ids(span: &SpanContext) -> (String, String) {
    (span.trace_id().to_string(), span.span_id().to_string())
}

/// A message that a span of its own sent, and that span.
fn sent(data: &str) -> (TracedMessage<String>, SpanContext) {
    let mut by = None;
    let message = messaging::publish("shop.orders", data.to_owned(), |message| {
        by = Some(spanline::current_span().context().clone());
        Ok::<_, Infallible>(message)
    });
    (message.unwrap(), by.unwrap())
}

fn processed(message: TracedMessage<String>) {
    messaging::consume("shop.orders", message, |_| Ok::<_, Infallible>(())).unwrap();
}

#[test]
fn a_message_carries_the_context_of_the_span_that_sends_it() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let (message, by) = sent("17 apples");
    assert_eq!(message.data, "17 apples");
    let (trace, id) = ids(&by);
    assert_eq!(message.context["traceparent"], format!("00-{trace}-{id}-03"));
    let span = only_span(&provider);
    assert_eq!(
        (span.name.as_str(), span.kind),
        ("publish shop.orders", SpanKind::Producer)
    );
    assert_eq!(text(&span, "messaging.operation.name"), Some("publish"));
    assert_eq!(text(&span, "messaging.operation.type"), Some("send"));
    assert_eq!(text(&span, "messaging.destination.name"), Some("shop.orders"));
    assert_eq!((text(&span, "messaging.system"), span.links.len()), (None, 0));
}

#[test]
fn one_message_continues_the_trace_that_sent_it() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let baggage = Baggage::EMPTY.set("user", "7", None).unwrap();
    let (message, by) = context::with(context::current().with_baggage(baggage), || sent("a"));
    let worker = span!("worker");
    let ambient = worker.context().clone();
    let seen = messaging::consume("shop.orders", message, |data| {
        assert_eq!(data, "a");
        assert_eq!(context::baggage().get("user"), Some("7"));
        Ok::<_, Infallible>(spanline::current_span().context().clone())
    });
    assert_eq!(spanline::current_span().context(), &ambient, "put back");
    assert!(context::baggage().is_empty());
    drop(worker);
    let all = spans(&provider);
    let span = all.iter().find(|span| span.kind == SpanKind::Consumer).unwrap();
    assert_eq!(span.span_id, seen.unwrap().span_id());
    assert_eq!(span.name, "process shop.orders");
    assert_eq!(text(span, "messaging.operation.type"), Some("process"));
    assert_eq!(
        (span.trace_id, span.parent_span_id),
        (by.trace_id(), by.span_id())
    );
    let links: Vec<_> = span.links.iter().map(|link| link.span_id).collect();
    assert_eq!(links, [ambient.span_id()]);
    assert!(span.attribute("messaging.batch.message_count").is_none());
}

#[test]
fn a_message_without_context_belongs_to_the_current_span() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let worker = span!("worker");
    processed(TracedMessage::new("a".to_owned()));
    let id = worker.context().span_id();
    drop(worker);
    processed(TracedMessage::new("b".to_owned()));
    let parents: Vec<_> = spans(&provider)
        .into_iter()
        .filter(|span| span.kind == SpanKind::Consumer)
        .map(|span| (span.parent_span_id, span.links.len()))
        .collect();
    assert_eq!(parents, [(id, 0), (spanline::SpanId::INVALID, 0)]);
}

#[test]
fn a_batch_links_each_message_that_has_a_context() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let ((first, one), (second, two)) = (sent("a"), sent("b"));
    provider.reset_finished_spans();
    let worker = span!("worker");
    let ambient = worker.context().clone();
    let messages = vec![first, TracedMessage::new("none".to_owned()), second];
    let more = [spanline::Link {
        context: &ambient,
        attributes: &[],
    }];
    let handled = Destination::new("shop.orders")
        .system("kafka")
        .links(&more)
        .consume_batch(messages, |data| Ok::<_, Infallible>(data.concat()));
    assert_eq!(handled.unwrap(), "anoneb");
    drop(worker);
    let span = &spans(&provider)[0];
    assert_eq!(span.parent_span_id, ambient.span_id());
    let links: Vec<_> = span.links.iter().map(|link| link.span_id).collect();
    assert_eq!(links, [one.span_id(), two.span_id(), ambient.span_id()]);
    assert_eq!(
        span.attribute("messaging.batch.message_count"),
        Some(&OwnedValue::I64(3))
    );
    assert_eq!(text(span, "messaging.system"), Some("kafka"));
}

#[test]
fn links_only_links_a_single_message_too() {
    let builder = memory().options(|options| options.links_only = Some(true));
    let provider = builder.build().unwrap();
    let _provider = provider.enter();
    let (message, by) = sent("a");
    provider.reset_finished_spans();
    let worker = span!("worker");
    let id = worker.context().span_id();
    processed(message);
    drop(worker);
    let span = &spans(&provider)[0];
    assert_eq!((span.parent_span_id, span.links[0].span_id), (id, by.span_id()));
}

#[test]
fn a_parent_is_not_linked_as_well() {
    for links_only in [false, true] {
        let provider = memory()
            .options(|options| options.links_only = Some(links_only))
            .build()
            .unwrap();
        let _provider = provider.enter();
        let worker = span!("worker");
        let mut message = TracedMessage::new("a".to_owned());
        spanline::inject(&mut message.context);
        processed(message);
        let worker_id = worker.context().span_id();
        drop(worker);
        let all = spans(&provider);
        let span = all.iter().find(|span| span.kind == SpanKind::Consumer).unwrap();
        assert_eq!(span.parent_span_id, worker_id, "{links_only}");
        assert!(span.links.is_empty(), "{links_only}");
    }
}

#[test]
fn messages_carry_nothing_where_that_is_switched_off() {
    let builder = memory().options(|options| options.propagate.messaging = Some(false));
    let provider = builder.build().unwrap();
    let _provider = provider.enter();
    let (message, by) = sent("a");
    assert!(message.context.is_empty());
    let mut foreign = TracedMessage::new("b".to_owned());
    spanline::inject_context(
        &spanline::Context::EMPTY.with_span(by, None),
        &mut foreign.context,
    );
    assert!(!foreign.context.is_empty());
    processed(foreign.clone());
    messaging::consume_batch("shop.orders", vec![foreign], |_| Ok::<_, Infallible>(())).unwrap();
    let all = spans(&provider);
    assert_eq!(all[0].kind, SpanKind::Client, "it is nobody's parent");
    for span in &all[1..] {
        assert!(!span.parent_span_id.is_valid() && span.links.is_empty());
    }
    assert_eq!(
        all[2].attribute("messaging.batch.message_count"),
        Some(&OwnedValue::I64(1))
    );
}

#[test]
fn a_context_that_a_message_has_is_kept() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let (message, _) = sent("a");
    let before = message.context.clone();
    let forwarded = Destination::new("shop.later")
        .publish_message(message, |message| {
            Ok::<_, Infallible>(message.map(|data| data.len()))
        })
        .unwrap();
    assert!(before.contains_key("traceparent"));
    assert_eq!((forwarded.data, forwarded.context), (1, before));
    assert_eq!(spans(&provider)[1].kind, SpanKind::Client);
}

#[test]
fn errors_are_returned_and_recorded() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let refused = messaging::publish("q", (), |_| Err::<(), _>("no room"));
    assert_eq!(refused, Err("no room"));
    let (message, _) = sent("a");
    let failed = messaging::consume("q", message, |_| "x".parse::<u8>());
    assert!(failed.is_err());
    let all = spans(&provider);
    let of = |name: &str| all.iter().find(|span| span.name == name).unwrap();
    let failed = of("publish q");
    assert_eq!(
        (failed.status, failed.status_message.as_str()),
        (StatusCode::Error, "no room")
    );
    assert_eq!(text(of("publish q"), "error.type"), Some("&str"));
    assert_eq!(
        text(of("process q"), "error.type"),
        Some("core::num::error::ParseIntError")
    );
}

/// Runs a future that is never pending.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn asynchronous_code_and_other_carriers_take_the_spans_themselves() {
    let provider = memory().build().unwrap();
    let _provider = provider.enter();
    let orders = Destination::new("shop.orders").operation("send");
    let mut record: Vec<(String, Vec<u8>)> = vec![("traceparent".into(), b"old".to_vec())];
    let span = orders.start_publish(&mut LastValue(&mut record));
    let by = span.context().clone();
    ready(async {}.in_span(span));
    assert_eq!(record.len(), 1);
    let (span, context) = orders.start_consume(&LastValue(&record[..]));
    assert!(
        !spanline::current_span().context().is_valid(),
        "it is not current"
    );
    let inside = ready(async { spanline::current_span().context().clone() }.in_context(context));
    assert_eq!(&inside, span.context());
    drop(span);
    drop(orders.start_consume_batch([LastValue(&record[..]), LastValue(&[])]));
    let all = spans(&provider);
    assert_eq!(all[0].name, "send shop.orders");
    assert_eq!(all[1].parent_span_id, by.span_id());
    assert_eq!(all[2].links[0].span_id, by.span_id());
    assert_eq!(all[2].links.len(), 1);
}
