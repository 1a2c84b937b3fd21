//! Messages.

use super::*;
use spanline_core::SpanKind;
use spanline_core::semconv::{Destination, MessageOperation, OperationType, Outcome};

const OPERATION: MessageOperation<'static> = MessageOperation {
    system: "kafka",
    operation: OperationType::Process,
    operation_name: "process",
    context_sent: false,
    destination: Destination {
        name: "shop.orders",
        template: None,
        temporary: false,
        anonymous: false,
        partition: Some("7"),
        subscription: Some("s"),
    },
    batch_count: Some(3),
    consumer_group: Some("g"),
    client_id: Some("c"),
    message_id: Some("m"),
    conversation_id: Some("v"),
    body_size: Some(9),
    server_address: Some("example.com"),
    server_port: Some(9092),
    peer_address: None,
    peer_port: None,
    kafka_key: Some("k"),
    kafka_tombstone: true,
    kafka_offset: Some(42),
    rabbitmq_routing_key: None,
    rabbitmq_delivery_tag: None,
};

fn started(operation: MessageOperation<'_>, conventions: &Conventions) -> Attributes {
    let span = operation.span(conventions);
    collect(|sink| span.attributes(sink))
}

#[test]
fn all_that_is_known_is_set() {
    let stable = started(OPERATION, &Conventions::default());
    are(
        &stable,
        &[
            ("messaging.system", text("kafka")),
            ("messaging.operation.name", text("process")),
            ("messaging.operation.type", text("process")),
            ("messaging.destination.name", text("shop.orders")),
            ("messaging.destination.partition.id", text("7")),
            ("messaging.destination.subscription.name", text("s")),
            ("messaging.batch.message_count", 3.into()),
            ("messaging.consumer.group.name", text("g")),
            ("messaging.client.id", text("c")),
            ("messaging.message.id", text("m")),
            ("messaging.message.conversation_id", text("v")),
            ("messaging.message.body.size", 9.into()),
            ("server.address", text("example.com")),
            ("server.port", 9092.into()),
            ("messaging.kafka.message.key", text("k")),
            ("messaging.kafka.message.tombstone", true.into()),
            ("messaging.kafka.offset", 42.into()),
        ],
    );
    are(
        &added(&stable, &started(OPERATION, &both())),
        &[
            ("messaging.operation", text("process")),
            ("messaging.destination", text("shop.orders")),
            ("messaging.kafka.destination.partition", 7.into()),
            ("messaging.servicebus.destination.subscription_name", text("s")),
            ("messaging.kafka.consumer.group", text("g")),
            ("messaging.client_id", text("c")),
            ("messaging.message_id", text("m")),
            ("messaging.conversation_id", text("v")),
            ("messaging.message_payload_size_bytes", 9.into()),
            ("net.peer.name", text("example.com")),
            ("net.peer.port", 9092.into()),
            ("messaging.kafka.message.offset", 42.into()),
        ],
    );
    let rabbit = MessageOperation {
        system: "rabbitmq",
        rabbitmq_routing_key: Some("r"),
        rabbitmq_delivery_tag: Some(u64::MAX),
        ..MessageOperation::default()
    };
    let found = started(rabbit, &both());
    assert_eq!(
        found["messaging.rabbitmq.destination.routing_key"],
        OwnedValue::from("r")
    );
    assert_eq!(
        found["messaging.rabbitmq.message.delivery_tag"],
        OwnedValue::I64(i64::MAX)
    );
    assert_eq!(found["messaging.operation"], OwnedValue::from("publish"));
}

#[test]
fn kinds() {
    use OperationType::{Create, Process, Receive, Send, Settle};
    for (operation, context_sent, kind) in [
        (Create, false, SpanKind::Producer),
        (Send, true, SpanKind::Producer),
        (Send, false, SpanKind::Client),
        (Receive, false, SpanKind::Client),
        (Process, false, SpanKind::Consumer),
        (Settle, false, SpanKind::Client),
    ] {
        let operation = MessageOperation {
            operation,
            context_sent,
            ..OPERATION
        };
        assert_eq!(operation.span(&both()).kind(), kind);
    }
}

#[test]
fn names_of_spans() {
    let name = |operation: MessageOperation<'_>| operation.span(&both()).name().into_owned();
    assert_eq!(name(OPERATION), "process shop.orders");
    let to = |destination| MessageOperation {
        operation_name: "ack",
        destination,
        ..OPERATION
    };
    let place = OPERATION.destination;
    assert_eq!(
        name(to(Destination {
            template: Some("shop.{x}"),
            ..place
        })),
        "ack shop.{x}"
    );
    assert_eq!(
        name(to(Destination {
            temporary: true,
            ..place
        })),
        "ack example.com:9092"
    );
    let anonymous = to(Destination {
        anonymous: true,
        ..place
    });
    assert_eq!(
        name(MessageOperation {
            server_port: None,
            ..anonymous
        }),
        "ack example.com"
    );
    assert_eq!(
        name(MessageOperation {
            server_address: None,
            ..anonymous
        }),
        "ack"
    );
    assert_eq!(
        name(MessageOperation {
            operation_name: "",
            ..OPERATION
        }),
        "process shop.orders"
    );
}

#[test]
fn an_outcome_may_be_all_there_is_at_the_end() {
    let outcome = Outcome::failed("Timeout", "too late");
    are(
        &collect(|sink| outcome.attributes(sink)),
        &[("error.type", text("Timeout"))],
    );
    are(&collect(|sink| Outcome::UNSET.attributes(sink)), &[]);
}
