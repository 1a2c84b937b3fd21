//! Where messages go and come from.

use super::message::TracedMessage;
use super::receive;
use crate::span::{CurrentSpan, Span};
use crate::tracer::Tracer;
use crate::{context, conventions, propagation, tracer_of};
use spanline_core::propagate::{Getter, Setter};
use spanline_core::semconv::{self, MessageOperation, OperationType};
use spanline_core::{Context, InstrumentationScope, Link, Value};
use spanline_engine::SpanRef;
use std::fmt::Display;
use std::sync::LazyLock;

static TRACER: LazyLock<Tracer> = LazyLock::new(|| {
    tracer_of(InstrumentationScope {
        name: "spanline.messaging".into(),
        version: Some(env!("CARGO_PKG_VERSION").into()),
        ..InstrumentationScope::default()
    })
});

/// A queue or topic, and what is said of it on the spans that send to it and process what comes from it.
///
/// ```
/// use spanline::messaging::Destination;
/// # let provider = spanline::init().without_environment().exporter("memory").build()?;
/// # let _provider = provider.enter();
/// let partition = [("messaging.destination.partition.id", "3".into())];
/// let orders = Destination::new("shop.orders").system("kafka").operation("send").attributes(&partition);
/// let sent: Result<_, std::fmt::Error> = orders.publish("17 apples", Ok);
/// assert!(sent.unwrap().context.contains_key("traceparent"));
/// assert_eq!(provider.finished_spans().unwrap()[0].name, "send shop.orders");
/// # Ok::<(), spanline::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    name: &'a str,
    system: Option<&'a str>,
    operation: Option<&'a str>,
    attributes: &'a [(&'a str, Value<'a>)],
    links: &'a [Link<'a>],
}

impl<'a> Destination<'a> {
    /// A destination of this name (`messaging.destination.name`).
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            system: None,
            operation: None,
            attributes: &[],
            links: &[],
        }
    }

    /// What carries the messages (`messaging.system`): `kafka`, `rabbitmq`, `aws_sqs` and so on.
    #[must_use]
    pub const fn system(mut self, system: &'a str) -> Self {
        self.system = Some(system);
        self
    }

    /// The system's own verb (`messaging.operation.name`). Default: `publish` and `process`.
    #[must_use]
    pub const fn operation(mut self, operation: &'a str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// More attributes of the spans.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'a [(&'a str, Value<'a>)]) -> Self {
        self.attributes = attributes;
        self
    }

    /// More links of the spans, behind those that come of the messages.
    #[must_use]
    pub const fn links(mut self, links: &'a [Link<'a>]) -> Self {
        self.links = links;
        self
    }

    /// Sends a message with the context of a span of its own, which is current while `send` runs.
    ///
    /// # Errors
    /// Those of `send`: the span gets the status `Error`, the error's text and its type.
    pub fn publish<D, T, E: Display>(
        &self,
        data: D,
        send: impl FnOnce(TracedMessage<D>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.publish_message(TracedMessage::new(data), send)
    }

    /// As [`Self::publish`], of a message that may have a context already: that of a span is kept.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn publish_message<D, T, E: Display>(
        &self,
        mut message: TracedMessage<D>,
        send: impl FnOnce(TracedMessage<D>) -> Result<T, E>,
    ) -> Result<T, E> {
        let is_kept = receive::is_on() && receive::context_of(&message.context).is_some();
        let span = match is_kept {
            true => self.start_send(false),
            false => self.start_publish(&mut message.context),
        };
        let span = span.enter();
        let sent = send(message);
        recorded(&span, sent)
    }

    /// Starts the span that sends a message and writes its context into the message: for transports whose messages have
    /// properties of their own, and for asynchronous code. The span is not current.
    ///
    /// ```
    /// use spanline::{InSpan, messaging::Destination};
    /// use std::collections::HashMap;
    /// # async fn send(headers: HashMap<String, String>) {}
    /// # async fn example() {
    /// let mut headers = HashMap::new();
    /// let span = Destination::new("shop.orders").start_publish(&mut headers);
    /// send(headers).in_span(span).await;
    /// # }
    /// ```
    pub fn start_publish(&self, message: &mut dyn Setter) -> Span {
        if !receive::is_on() {
            return self.start_send(false);
        }
        let span = self.start_send(true);
        propagation::inject_context(&span.in_context(), message);
        span
    }

    /// The span of a producer, or of a client where it is nobody's parent.
    fn start_send(&self, context_sent: bool) -> Span {
        self.start("publish", OperationType::Send, context_sent, &[], None)
    }

    /// Processes one message in a span of its own, current while `process` runs, together with the baggage that the
    /// message carries.
    ///
    /// # Errors
    /// Those of `process`: the span gets the status `Error`, the error's text and its type.
    pub fn consume<D, T, E: Display>(
        &self,
        message: TracedMessage<D>,
        process: impl FnOnce(D) -> Result<T, E>,
    ) -> Result<T, E> {
        let (span, context) = self.start_consume(&message.context);
        let _carried = context::attach(context);
        let span = span.enter();
        let processed = process(message.data);
        recorded(&span, processed)
    }

    /// Starts the span that processes one message, which may be of any kind that a context can be read from. The span
    /// is not current; the context has it, and the baggage of the message.
    pub fn start_consume(&self, message: &dyn Getter) -> (Span, Context) {
        let received = receive::one(message);
        let links: Vec<Link<'_>> = received.link.iter().map(receive::plain_link).collect();
        let _base = context::attach(received.base.clone());
        let span = self.start("process", OperationType::Process, false, &links, None);
        let context = with_span(received.base, &span);
        (span, context)
    }

    /// Processes several messages in one span, current while `process` runs.
    ///
    /// # Errors
    /// Those of `process`: the span gets the status `Error`, the error's text and its type.
    pub fn consume_batch<D, T, E: Display>(
        &self,
        messages: Vec<TracedMessage<D>>,
        process: impl FnOnce(Vec<D>) -> Result<T, E>,
    ) -> Result<T, E> {
        let span = self.start_consume_batch(messages.iter().map(|message| &message.context));
        let span = span.enter();
        let data = messages.into_iter().map(|message| message.data).collect();
        let processed = process(data);
        recorded(&span, processed)
    }

    /// Starts the span that processes several messages. It is not current.
    pub fn start_consume_batch<C: Getter>(&self, messages: impl IntoIterator<Item = C>) -> Span {
        let mut count = 0_u64;
        let messages = messages.into_iter().inspect(|_| count += 1);
        let contexts = receive::several(messages);
        let links: Vec<Link<'_>> = contexts.iter().map(receive::plain_link).collect();
        self.start("process", OperationType::Process, false, &links, Some(count))
    }

    fn start(
        &self,
        verb: &str,
        operation: OperationType,
        context_sent: bool,
        links: &[Link<'_>],
        batch_count: Option<u64>,
    ) -> Span {
        let operation = MessageOperation {
            system: self.system.unwrap_or_default(),
            operation,
            operation_name: self.operation.unwrap_or(verb),
            context_sent,
            destination: semconv::Destination {
                name: self.name,
                ..semconv::Destination::default()
            },
            batch_count,
            ..MessageOperation::default()
        };
        let said = operation.span(&conventions());
        let name = said.name();
        let mut attributes = Vec::new();
        said.attributes(&mut |key, value| attributes.push((key, value)));
        let mut span = TRACER.span(&name).kind(said.kind());
        for (key, value) in attributes {
            span = span.attribute(key, value);
        }
        for &(key, value) in self.attributes {
            span = span.attribute(key, value);
        }
        for link in links.iter().chain(self.links) {
            span = span.link(link.context, link.attributes);
        }
        span.start()
    }
}

fn recorded<T, E: Display>(span: &CurrentSpan, result: Result<T, E>) -> Result<T, E> {
    if let Err(error) = &result {
        span.fail_text(std::any::type_name::<E>(), error);
    }
    result
}

fn with_span(context: Context, span: &CurrentSpan) -> Context {
    context.with_span(span.context().clone(), span.slot().map(SpanRef::handle))
}
