//! Names that these conventions had before, and what became of them.
//!
//! They are written beside the present ones where [`Conventions`](super::Conventions) ask for both, and read in what
//! others send.

/// Attributes that only changed their name, with the present one. What was split up, merged or given other values is
/// not here.
const RENAMED: &[(&str, &str)] = &[
    ("code.column", "code.column.number"),
    ("code.filepath", "code.file.path"),
    ("code.lineno", "code.line.number"),
    ("db.cassandra.consistency_level", "cassandra.consistency.level"),
    ("db.cassandra.coordinator.dc", "cassandra.coordinator.dc"),
    ("db.cassandra.coordinator.id", "cassandra.coordinator.id"),
    ("db.cassandra.idempotence", "cassandra.query.idempotent"),
    ("db.cassandra.page_size", "cassandra.page.size"),
    (
        "db.cassandra.speculative_execution_count",
        "cassandra.speculative_execution.count",
    ),
    ("db.cassandra.table", "db.collection.name"),
    ("db.cosmosdb.container", "db.collection.name"),
    ("db.elasticsearch.cluster.name", "db.namespace"),
    ("db.elasticsearch.node.name", "elasticsearch.node.name"),
    ("db.mongodb.collection", "db.collection.name"),
    ("db.name", "db.namespace"),
    ("db.operation", "db.operation.name"),
    ("db.sql.table", "db.collection.name"),
    ("db.statement", "db.query.text"),
    ("deployment.environment", "deployment.environment.name"),
    ("http.client_ip", "client.address"),
    ("http.method", "http.request.method"),
    ("http.request_content_length", "http.request.body.size"),
    (
        "http.request_content_length_uncompressed",
        "http.request.body.size",
    ),
    ("http.resend_count", "http.request.resend_count"),
    ("http.response_content_length", "http.response.body.size"),
    (
        "http.response_content_length_uncompressed",
        "http.response.body.size",
    ),
    ("http.scheme", "url.scheme"),
    ("http.server_name", "server.address"),
    ("http.status_code", "http.response.status_code"),
    ("http.url", "url.full"),
    ("http.user_agent", "user_agent.original"),
    ("messaging.client_id", "messaging.client.id"),
    ("messaging.conversation_id", "messaging.message.conversation_id"),
    ("messaging.destination", "messaging.destination.name"),
    (
        "messaging.eventhubs.consumer.group",
        "messaging.consumer.group.name",
    ),
    ("messaging.kafka.consumer.group", "messaging.consumer.group.name"),
    ("messaging.kafka.message.offset", "messaging.kafka.offset"),
    ("messaging.message_id", "messaging.message.id"),
    (
        "messaging.message_payload_size_bytes",
        "messaging.message.body.size",
    ),
    ("messaging.rocketmq.client_group", "messaging.consumer.group.name"),
    (
        "messaging.servicebus.destination.subscription_name",
        "messaging.destination.subscription.name",
    ),
    ("messaging.temp_destination", "messaging.destination.temporary"),
    ("net.app.protocol.name", "network.protocol.name"),
    ("net.app.protocol.version", "network.protocol.version"),
    ("net.host.ip", "network.local.address"),
    ("net.host.name", "server.address"),
    ("net.host.port", "server.port"),
    ("net.peer.ip", "network.peer.address"),
    ("net.protocol.name", "network.protocol.name"),
    ("net.protocol.version", "network.protocol.version"),
    ("net.sock.host.addr", "network.local.address"),
    ("net.sock.host.port", "network.local.port"),
    ("net.sock.peer.addr", "network.peer.address"),
    ("net.sock.peer.port", "network.peer.port"),
    ("otel.library.name", "otel.scope.name"),
    ("otel.library.version", "otel.scope.version"),
    ("peer.service", "service.peer.name"),
    ("rpc.connect_rpc.error_code", "rpc.status_code"),
    ("rpc.jsonrpc.error_code", "rpc.status_code"),
    ("rpc.jsonrpc.request_id", "jsonrpc.request.id"),
    ("rpc.jsonrpc.version", "jsonrpc.protocol.version"),
    ("rpc.response.status_code", "rpc.status_code"),
    ("telemetry.auto.version", "telemetry.distro.version"),
];

/// Attributes that became something else, or nothing.
const GONE: &[&str] = &[
    "code.function",
    "code.namespace",
    "db.connection_string",
    "db.cosmosdb.status_code",
    "db.instance.id",
    "db.jdbc.driver_classname",
    "db.mssql.instance_name",
    "db.redis.database_index",
    "db.system",
    "db.user",
    "enduser.role",
    "enduser.scope",
    "error.message",
    "exception.escaped",
    "http.flavor",
    "http.host",
    "http.target",
    "messaging.destination_kind",
    "messaging.kafka.destination.partition",
    "messaging.operation",
    "net.peer.name",
    "net.peer.port",
    "net.sock.family",
    "net.sock.peer.name",
    "net.transport",
    "rpc.grpc.status_code",
    "rpc.jsonrpc.error_message",
    "rpc.service",
    "rpc.system",
];

/// The present name of an attribute that was only renamed. `None` for present names, for unknown ones, and for those
/// whose values changed with the name.
///
/// ```
/// use spanline_core::semconv::old;
/// assert_eq!(old::renamed("http.method"), Some("http.request.method"));
/// assert_eq!(old::renamed("http.target"), None);
/// assert!(old::is_old("http.target"));
/// ```
pub fn renamed(key: &str) -> Option<&'static str> {
    let index = RENAMED.binary_search_by(|(old, _)| (*old).cmp(key)).ok()?;
    Some(RENAMED.get(index)?.1)
}

/// Whether an attribute's name is one that is not used any more.
pub fn is_old(key: &str) -> bool {
    renamed(key).is_some() || GONE.binary_search(&key).is_ok()
}

/// `db.system.name` with what `db.system` called it, where that was another name.
const SYSTEMS: &[(&str, &str)] = &[
    ("actian.ingres", "ingres"),
    ("aws.dynamodb", "dynamodb"),
    ("aws.redshift", "redshift"),
    ("azure.cosmosdb", "cosmosdb"),
    ("firebirdsql", "firebird"),
    ("gcp.spanner", "spanner"),
    ("h2database", "h2"),
    ("ibm.db2", "db2"),
    ("ibm.informix", "informix"),
    ("ibm.netezza", "netezza"),
    ("intersystems.cache", "intersystems_cache"),
    ("microsoft.sql_server", "mssql"),
    ("oracle.db", "oracle"),
    ("sap.hana", "hanadb"),
    ("sap.maxdb", "maxdb"),
    ("softwareag.adabas", "adabas"),
];

/// The `db.system` of a `db.system.name`.
pub fn db_system(name: &str) -> &str {
    SYSTEMS
        .iter()
        .find(|(new, _)| *new == name)
        .map_or(name, |(_, old)| old)
}

/// The `db.system.name` of a `db.system`.
pub fn db_system_name(old: &str) -> &str {
    SYSTEMS
        .iter()
        .find(|(_, known)| *known == old)
        .map_or(old, |(new, _)| new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(RENAMED.is_sorted_by(|a, b| a.0 < b.0));
        assert!(GONE.is_sorted_by(|a, b| a < b));
        assert!(GONE.iter().all(|key| renamed(key).is_none() && is_old(key)));
        // A present name is never called old.
        assert!(RENAMED.iter().all(|(_, new)| !is_old(new)));
    }

    #[test]
    fn systems_have_both_names() {
        for &(new, old) in SYSTEMS {
            assert_eq!((db_system(new), db_system_name(old)), (old, new));
        }
        assert_eq!((db_system("mysql"), db_system_name("mysql")), ("mysql", "mysql"));
    }
}
