//! Messages.

use super::network::Socket;
use super::sink::Writer;
use super::{Conventions, Names, Sink, attribute};
use crate::{SpanKind, Value};
use alloc::borrow::Cow;
use alloc::format;

/// What is done with messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub enum OperationType {
    /// A message is made, to be sent with others.
    Create,
    /// Messages are handed over.
    #[default]
    Send,
    /// Messages are fetched.
    Receive,
    /// Messages are handled.
    Process,
    /// Messages are acknowledged or refused.
    Settle,
}

impl OperationType {
    /// The name, as `messaging.operation.type` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Process => "process",
            Self::Settle => "settle",
        }
    }

    /// The kind of a span. `context_sent` is whether the context of this very span goes into the message.
    pub const fn kind(self, context_sent: bool) -> SpanKind {
        match self {
            Self::Create => SpanKind::Producer,
            Self::Send if context_sent => SpanKind::Producer,
            Self::Process => SpanKind::Consumer,
            Self::Send | Self::Receive | Self::Settle => SpanKind::Client,
        }
    }
}

/// Where messages go to or come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Destination<'a> {
    /// Its name: queue, topic, exchange.
    pub name: &'a str,
    /// The name with placeholders, where it has such.
    pub template: Option<&'a str>,
    /// It goes with its consumer.
    pub temporary: bool,
    /// It has no name of its own, or one that was made up.
    pub anonymous: bool,
    /// The partition, as text.
    pub partition: Option<&'a str>,
    /// The subscription.
    pub subscription: Option<&'a str>,
}

/// What is known of an operation when it begins. What is not known is empty or `None`.
///
/// ```
/// use spanline_core::SpanKind;
/// use spanline_core::semconv::{Conventions, Destination, MessageOperation, OperationType};
/// let operation = MessageOperation {
///     system: "kafka",
///     operation: OperationType::Send,
///     operation_name: "publish",
///     context_sent: true,
///     destination: Destination { name: "shop.orders", ..Destination::default() },
///     ..MessageOperation::default()
/// };
/// let span = operation.span(&Conventions::default());
/// assert_eq!((&*span.name(), span.kind()), ("publish shop.orders", SpanKind::Producer));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MessageOperation<'a> {
    /// Which system it is: `kafka`, `rabbitmq`, `aws_sqs`, ... (`messaging.system`).
    pub system: &'a str,
    /// What is done.
    pub operation: OperationType,
    /// The system's own word for it; without one the name of the type.
    pub operation_name: &'a str,
    /// Whether the context of this very span goes into the message that is sent.
    pub context_sent: bool,
    /// Where to, or from.
    pub destination: Destination<'a>,
    /// How many messages a batch has. `None`: it is no batch.
    pub batch_count: Option<u64>,
    /// The group of consumers.
    pub consumer_group: Option<&'a str>,
    /// Who consumes or produces.
    pub client_id: Option<&'a str>,
    /// The id of the one message.
    pub message_id: Option<&'a str>,
    /// What the message belongs to.
    pub conversation_id: Option<&'a str>,
    /// Bytes of its body; only where they shall be recorded.
    pub body_size: Option<u64>,
    /// Host name, address or path of the server.
    pub server_address: Option<&'a str>,
    /// Port of the server.
    pub server_port: Option<u16>,
    /// Address of the other side of the socket.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
    /// Kafka: the message's key, as text.
    pub kafka_key: Option<&'a str>,
    /// Kafka: the message has no value.
    pub kafka_tombstone: bool,
    /// Kafka: the message's place in its partition.
    pub kafka_offset: Option<i64>,
    /// RabbitMQ: the routing key.
    pub rabbitmq_routing_key: Option<&'a str>,
    /// RabbitMQ: the number of the delivery.
    pub rabbitmq_delivery_tag: Option<u64>,
}

impl<'a> MessageOperation<'a> {
    /// What the span of this operation is like. Its end is an [`Outcome`](super::Outcome).
    pub fn span(&self, conventions: &Conventions) -> MessageSpan<'a> {
        MessageSpan {
            operation: *self,
            names: conventions.messaging,
        }
    }
}

/// The span of an operation: [`MessageOperation::span`].
#[derive(Clone, Copy, Debug)]
pub struct MessageSpan<'a> {
    operation: MessageOperation<'a>,
    names: Names,
}

impl<'a> MessageSpan<'a> {
    /// Producer, consumer or client.
    pub const fn kind(&self) -> SpanKind {
        self.operation.operation.kind(self.operation.context_sent)
    }

    fn verb(&self) -> &'a str {
        match self.operation.operation_name {
            "" => self.operation.operation.name(),
            name => name,
        }
    }

    /// The operation's name and the destination; for one whose name says nothing, the server.
    pub fn name(&self) -> Cow<'a, str> {
        let (verb, operation) = (self.verb(), &self.operation);
        let place = &operation.destination;
        let named = !(place.name.is_empty() || place.temporary || place.anonymous);
        let template = place.template.filter(|template| !template.is_empty());
        let address = operation.server_address.filter(|address| !address.is_empty());
        match (template.or(named.then_some(place.name)), address) {
            (Some(name), _) => Cow::Owned(format!("{verb} {name}")),
            (None, Some(address)) => Cow::Owned(match operation.server_port {
                Some(port) => format!("{verb} {address}:{port}"),
                None => format!("{verb} {address}"),
            }),
            (None, None) => Cow::Borrowed(verb),
        }
    }

    /// The attributes to start the span with.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let operation = &self.operation;
        let whole = |number: u64| Value::I64(i64::try_from(number).unwrap_or(i64::MAX));
        out.new_only(attribute::MESSAGING_SYSTEM, operation.system);
        out.new_only(attribute::MESSAGING_OPERATION_NAME, self.verb());
        out.new_only(attribute::MESSAGING_OPERATION_TYPE, operation.operation.name());
        let old = match operation.operation {
            OperationType::Send => "publish",
            other => other.name(),
        };
        out.old_only("messaging.operation", old);
        self.destination(out);
        out.new_some(
            attribute::MESSAGING_BATCH_MESSAGE_COUNT,
            operation.batch_count.map(whole),
        );
        let group = match operation.system {
            "eventhubs" => "messaging.eventhubs.consumer.group",
            "rocketmq" => "messaging.rocketmq.client_group",
            _ => "messaging.kafka.consumer.group",
        };
        out.set_some(
            attribute::MESSAGING_CONSUMER_GROUP_NAME,
            group,
            operation.consumer_group,
        );
        out.set_some(
            attribute::MESSAGING_CLIENT_ID,
            "messaging.client_id",
            operation.client_id,
        );
        out.set_some(
            attribute::MESSAGING_MESSAGE_ID,
            "messaging.message_id",
            operation.message_id,
        );
        out.set_some(
            attribute::MESSAGING_MESSAGE_CONVERSATION_ID,
            "messaging.conversation_id",
            operation.conversation_id,
        );
        out.set_some(
            attribute::MESSAGING_MESSAGE_BODY_SIZE,
            "messaging.message_payload_size_bytes",
            operation.body_size.map(whole),
        );
        if let Some(address) = operation.server_address.filter(|address| !address.is_empty()) {
            out.set(attribute::SERVER_ADDRESS, "net.peer.name", address);
            out.set_some(attribute::SERVER_PORT, "net.peer.port", operation.server_port);
        }
        Socket {
            peer_address: operation.peer_address,
            peer_port: operation.peer_port,
            transport: None,
        }
        .write(out);
        out.new_some(attribute::MESSAGING_KAFKA_MESSAGE_KEY, operation.kafka_key);
        let tombstone = operation.kafka_tombstone.then_some(true);
        out.new_some(attribute::MESSAGING_KAFKA_MESSAGE_TOMBSTONE, tombstone);
        out.set_some(
            attribute::MESSAGING_KAFKA_OFFSET,
            "messaging.kafka.message.offset",
            operation.kafka_offset,
        );
        out.new_some(
            attribute::MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY,
            operation.rabbitmq_routing_key,
        );
        out.new_some(
            attribute::MESSAGING_RABBITMQ_MESSAGE_DELIVERY_TAG,
            operation.rabbitmq_delivery_tag.map(whole),
        );
    }

    fn destination<'s>(&'s self, out: &mut Writer<'_, 's>) {
        let place = &self.operation.destination;
        out.set(
            attribute::MESSAGING_DESTINATION_NAME,
            "messaging.destination",
            place.name,
        );
        out.new_some(attribute::MESSAGING_DESTINATION_TEMPLATE, place.template);
        let temporary = place.temporary.then_some(true);
        out.set_some(
            attribute::MESSAGING_DESTINATION_TEMPORARY,
            "messaging.temp_destination",
            temporary,
        );
        let anonymous = place.anonymous.then_some(true);
        out.new_some(attribute::MESSAGING_DESTINATION_ANONYMOUS, anonymous);
        if let Some(partition) = place.partition {
            out.new_only(attribute::MESSAGING_DESTINATION_PARTITION_ID, partition);
            // It was a number, of Kafka alone.
            let digits = partition.len() <= 10 && partition.bytes().all(|byte| byte.is_ascii_digit());
            if digits
                && self.operation.system == "kafka"
                && let Ok(number) = partition.parse::<i64>()
            {
                out.old_only("messaging.kafka.destination.partition", number);
            }
        }
        out.set_some(
            attribute::MESSAGING_DESTINATION_SUBSCRIPTION_NAME,
            "messaging.servicebus.destination.subscription_name",
            place.subscription,
        );
    }
}
