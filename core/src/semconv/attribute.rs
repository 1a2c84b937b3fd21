//! Names of attributes, as the semantic conventions 1.44 have them.
//!
//! What these conventions say about a name is in the documentation of the rules that set it; those of resources are
//! with the detectors.

// General

/// `error.type`: what the operation failed with.
pub const ERROR_TYPE: &str = "error.type";
/// `_OTHER`: the `error.type` of a failure that has no name.
pub const ERROR_TYPE_OTHER: &str = "_OTHER";
/// `server.address`: host name, address or path of the server.
pub const SERVER_ADDRESS: &str = "server.address";
/// `server.port`.
pub const SERVER_PORT: &str = "server.port";
/// `client.address`: address of the client, in front of proxies where that is known.
pub const CLIENT_ADDRESS: &str = "client.address";
/// `client.port`.
pub const CLIENT_PORT: &str = "client.port";
/// `network.peer.address`: address of the other side of the socket.
pub const NETWORK_PEER_ADDRESS: &str = "network.peer.address";
/// `network.peer.port`.
pub const NETWORK_PEER_PORT: &str = "network.peer.port";
/// `network.local.address`: address of this side of the socket.
pub const NETWORK_LOCAL_ADDRESS: &str = "network.local.address";
/// `network.local.port`.
pub const NETWORK_LOCAL_PORT: &str = "network.local.port";
/// `network.protocol.name`: in lower case.
pub const NETWORK_PROTOCOL_NAME: &str = "network.protocol.name";
/// `network.protocol.version`: `1.1`, `2`, `3`.
pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
/// `network.transport`: `tcp`, `udp`, `pipe`, `unix` or `quic`.
pub const NETWORK_TRANSPORT: &str = "network.transport";
/// `network.type`: `ipv4` or `ipv6`.
pub const NETWORK_TYPE: &str = "network.type";
/// `service.peer.name`: name of the service that is called.
pub const SERVICE_PEER_NAME: &str = "service.peer.name";
/// `user_agent.original`.
pub const USER_AGENT_ORIGINAL: &str = "user_agent.original";
/// `thread.id`.
pub const THREAD_ID: &str = "thread.id";
/// `thread.name`.
pub const THREAD_NAME: &str = "thread.name";

// HTTP

/// `http.request.method`: a known method, or `_OTHER`.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// `http.request.method_original`: the method as it came, where that is another.
pub const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
/// `http.request.resend_count`: how often the request was sent before.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// `http.request.header`: in front of a dot and the name of a captured header.
pub const HTTP_REQUEST_HEADER: &str = "http.request.header";
/// `http.response.header`: in front of a dot and the name of a captured header.
pub const HTTP_RESPONSE_HEADER: &str = "http.response.header";
/// `http.request.body.size`: in bytes, as sent.
pub const HTTP_REQUEST_BODY_SIZE: &str = "http.request.body.size";
/// `http.response.body.size`: in bytes, as sent.
pub const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
/// `http.response.status_code`.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// `http.route`: the route that was matched, with its placeholders.
pub const HTTP_ROUTE: &str = "http.route";
/// `url.full`: without credentials.
pub const URL_FULL: &str = "url.full";
/// `url.scheme`.
pub const URL_SCHEME: &str = "url.scheme";
/// `url.path`.
pub const URL_PATH: &str = "url.path";
/// `url.query`.
pub const URL_QUERY: &str = "url.query";
/// `url.template`: the path with its placeholders.
pub const URL_TEMPLATE: &str = "url.template";

// Databases

/// `db.system.name`: which database it is, such as `postgresql`.
pub const DB_SYSTEM_NAME: &str = "db.system.name";
/// `db.collection.name`: table, collection, container.
pub const DB_COLLECTION_NAME: &str = "db.collection.name";
/// `db.namespace`: name of the database, components joined with `|`.
pub const DB_NAMESPACE: &str = "db.namespace";
/// `db.operation.name`.
pub const DB_OPERATION_NAME: &str = "db.operation.name";
/// `db.operation.batch.size`: never 1.
pub const DB_OPERATION_BATCH_SIZE: &str = "db.operation.batch.size";
/// `db.query.summary`: operations and targets.
pub const DB_QUERY_SUMMARY: &str = "db.query.summary";
/// `db.query.text`: without values.
pub const DB_QUERY_TEXT: &str = "db.query.text";
/// `db.query.parameter`: in front of a dot and the name of a parameter.
pub const DB_QUERY_PARAMETER: &str = "db.query.parameter";
/// `db.stored_procedure.name`.
pub const DB_STORED_PROCEDURE_NAME: &str = "db.stored_procedure.name";
/// `db.response.status_code`: of a failure, as text.
pub const DB_RESPONSE_STATUS_CODE: &str = "db.response.status_code";
/// `db.response.returned_rows`.
pub const DB_RESPONSE_RETURNED_ROWS: &str = "db.response.returned_rows";

// RPC

/// `rpc.system.name`: `grpc`, `connectrpc`, `dubbo`, `jsonrpc` or another.
pub const RPC_SYSTEM_NAME: &str = "rpc.system.name";
/// `rpc.method`: `package.Service/Method`, or `_OTHER`.
pub const RPC_METHOD: &str = "rpc.method";
/// `rpc.method_original`: the method as it came, where that is another.
pub const RPC_METHOD_ORIGINAL: &str = "rpc.method_original";
/// `rpc.status_code`: as text: `OK`, `UNAVAILABLE`.
pub const RPC_STATUS_CODE: &str = "rpc.status_code";
/// `rpc.request.metadata`: in front of a dot and the name of captured metadata.
pub const RPC_REQUEST_METADATA: &str = "rpc.request.metadata";
/// `rpc.response.metadata`: in front of a dot and the name of captured metadata.
pub const RPC_RESPONSE_METADATA: &str = "rpc.response.metadata";
/// `jsonrpc.request.id`: as text.
pub const JSONRPC_REQUEST_ID: &str = "jsonrpc.request.id";
/// `jsonrpc.protocol.version`.
pub const JSONRPC_PROTOCOL_VERSION: &str = "jsonrpc.protocol.version";

// Messaging

/// `messaging.system`: `kafka`, `rabbitmq`, `aws_sqs` and so on.
pub const MESSAGING_SYSTEM: &str = "messaging.system";
/// `messaging.operation.name`: the system"s own word: `publish`, `ack`.
pub const MESSAGING_OPERATION_NAME: &str = "messaging.operation.name";
/// `messaging.operation.type`: `create`, `send`, `receive`, `process` or `settle`.
pub const MESSAGING_OPERATION_TYPE: &str = "messaging.operation.type";
/// `messaging.destination.name`.
pub const MESSAGING_DESTINATION_NAME: &str = "messaging.destination.name";
/// `messaging.destination.template`: the name with its placeholders.
pub const MESSAGING_DESTINATION_TEMPLATE: &str = "messaging.destination.template";
/// `messaging.destination.temporary`.
pub const MESSAGING_DESTINATION_TEMPORARY: &str = "messaging.destination.temporary";
/// `messaging.destination.anonymous`.
pub const MESSAGING_DESTINATION_ANONYMOUS: &str = "messaging.destination.anonymous";
/// `messaging.destination.partition.id`: as text.
pub const MESSAGING_DESTINATION_PARTITION_ID: &str = "messaging.destination.partition.id";
/// `messaging.destination.subscription.name`.
pub const MESSAGING_DESTINATION_SUBSCRIPTION_NAME: &str = "messaging.destination.subscription.name";
/// `messaging.batch.message_count`: never on single messages.
pub const MESSAGING_BATCH_MESSAGE_COUNT: &str = "messaging.batch.message_count";
/// `messaging.consumer.group.name`.
pub const MESSAGING_CONSUMER_GROUP_NAME: &str = "messaging.consumer.group.name";
/// `messaging.client.id`.
pub const MESSAGING_CLIENT_ID: &str = "messaging.client.id";
/// `messaging.message.id`.
pub const MESSAGING_MESSAGE_ID: &str = "messaging.message.id";
/// `messaging.message.conversation_id`.
pub const MESSAGING_MESSAGE_CONVERSATION_ID: &str = "messaging.message.conversation_id";
/// `messaging.message.body.size`: in bytes.
pub const MESSAGING_MESSAGE_BODY_SIZE: &str = "messaging.message.body.size";
/// `messaging.message.envelope.size`: in bytes.
pub const MESSAGING_MESSAGE_ENVELOPE_SIZE: &str = "messaging.message.envelope.size";
/// `messaging.kafka.message.key`.
pub const MESSAGING_KAFKA_MESSAGE_KEY: &str = "messaging.kafka.message.key";
/// `messaging.kafka.message.tombstone`.
pub const MESSAGING_KAFKA_MESSAGE_TOMBSTONE: &str = "messaging.kafka.message.tombstone";
/// `messaging.kafka.offset`.
pub const MESSAGING_KAFKA_OFFSET: &str = "messaging.kafka.offset";
/// `messaging.rabbitmq.destination.routing_key`.
pub const MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY: &str = "messaging.rabbitmq.destination.routing_key";
/// `messaging.rabbitmq.message.delivery_tag`.
pub const MESSAGING_RABBITMQ_MESSAGE_DELIVERY_TAG: &str = "messaging.rabbitmq.message.delivery_tag";

// Exceptions and code

/// `exception.type`.
pub const EXCEPTION_TYPE: &str = "exception.type";
/// `exception.message`.
pub const EXCEPTION_MESSAGE: &str = "exception.message";
/// `exception.stacktrace`: in the language"s own form.
pub const EXCEPTION_STACKTRACE: &str = "exception.stacktrace";
/// `code.function.name`: fully qualified, without arguments.
pub const CODE_FUNCTION_NAME: &str = "code.function.name";
/// `code.file.path`.
pub const CODE_FILE_PATH: &str = "code.file.path";
/// `code.line.number`.
pub const CODE_LINE_NUMBER: &str = "code.line.number";
/// `code.column.number`.
pub const CODE_COLUMN_NUMBER: &str = "code.column.number";
/// `code.stacktrace`.
pub const CODE_STACKTRACE: &str = "code.stacktrace";
