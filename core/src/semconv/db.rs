//! Calls of databases.

use super::command::command;
use super::network::Socket;
use super::sink::Writer;
use super::sql::{Sanitizer, SqlDialect, summary};
use super::{Conventions, Names, Outcome, Sink, attribute, old};
use crate::{SpanKind, Value};
use alloc::borrow::Cow;
use alloc::format;

/// What of a query's text is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueryText {
    /// Nothing: only its summary is.
    None,
    /// The text without its values, of systems whose language is known: SQL, CQL and Cypher as
    /// [`sanitize`](super::sanitize) has them; of Redis the command and a `?` for each argument. Of any other system
    /// nothing, since values could not be told from the rest.
    #[default]
    Sanitized,
    /// The text as it is. For texts whose values are parameters.
    Whole,
}

/// What a client of a database knows of a call when it begins. What is not known is empty or `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DbCall<'a> {
    /// Which database it is (`db.system.name`): `postgresql`, `mysql`, `redis`, ...
    pub system: &'a str,
    /// Whether the database is in this process: SQLite, for example, which is then an internal span.
    pub in_process: bool,
    /// Name of the database; its components joined with `|`, the most general one first.
    pub namespace: Option<&'a str>,
    /// The one table, collection or container, where the call names it; not what a query's text says.
    pub collection: Option<&'a str>,
    /// The operation, where the call names it; not what a query's text says.
    pub operation: Option<&'a str>,
    /// The stored procedure that is called.
    pub stored_procedure: Option<&'a str>,
    /// The text of the query.
    pub query: Option<&'a str>,
    /// What of it is recorded.
    pub query_text: QueryText,
    /// A summary of the query, where the client makes one itself. Otherwise it is made from the text of SQL.
    pub summary: Option<&'a str>,
    /// How many operations a batch has. `None` and 1: it is no batch.
    pub batch_size: Option<u64>,
    /// Host name, address or path of the server.
    pub server_address: Option<&'a str>,
    /// Port of the server; it is recorded where it is not the usual one.
    pub server_port: Option<u16>,
    /// Address of the other side of the socket.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
}

impl<'a> DbCall<'a> {
    /// What the span of this call is like.
    ///
    /// ```
    /// use spanline_core::Value;
    /// use spanline_core::semconv::{Conventions, DbCall};
    /// let call = DbCall {
    ///     system: "postgresql",
    ///     query: Some("SELECT * FROM songs WHERE artist = 'x'"),
    ///     server_address: Some("db.example.com"),
    ///     server_port: Some(5432),
    ///     ..DbCall::default()
    /// };
    /// let span = call.span(&Conventions::default());
    /// assert_eq!(span.name(), "SELECT songs");
    /// let mut attributes = Vec::new();
    /// span.attributes(&mut |key, value| attributes.push((key, value)));
    /// let text = "SELECT * FROM songs WHERE artist = ?";
    /// assert!(attributes.contains(&("db.query.text", Value::Str(text))));
    /// ```
    pub fn span(&self, conventions: &Conventions) -> DbSpan<'a> {
        let dialect = SqlDialect::of_system(self.system);
        let language = Language::of_system(self.system, dialect);
        let query = self.query.filter(|query| !query.is_empty());
        let text = query.and_then(|query| match self.query_text {
            QueryText::None => None,
            QueryText::Whole => Some(Cow::Borrowed(query)),
            QueryText::Sanitized => match language {
                Language::Sql | Language::LikeSql => Some(Sanitizer::new(dialect).sanitize(query)),
                Language::Redis => command(query).map(Cow::Owned),
                Language::Other => None,
            },
        });
        let given = self.summary.filter(|summary| !summary.is_empty());
        let summary = match (given, query) {
            (Some(given), _) => Some(Cow::Borrowed(given)),
            (None, Some(query)) if language == Language::Sql => summary(query, dialect).map(Cow::Owned),
            _ => None,
        };
        let batch = self.batch_size.filter(|&size| size != 1);
        let operation = self.operation.filter(|operation| !operation.is_empty());
        let operation = match (batch, operation) {
            (None, operation) => operation.map(Cow::Borrowed),
            (Some(_), Some(operation)) if !operation.starts_with("BATCH") => {
                Some(Cow::Owned(format!("BATCH {operation}")))
            }
            (Some(_), operation) => Some(Cow::Borrowed(operation.unwrap_or("BATCH"))),
        };
        DbSpan {
            call: *self,
            names: conventions.database,
            text,
            summary,
            operation,
            batch: batch.map(|size| i64::try_from(size).unwrap_or(i64::MAX)),
            port: self
                .server_port
                .filter(|&port| Some(port) != default_port(self.system)),
        }
    }
}

/// What the texts of a system's queries are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Language {
    Sql,
    /// CQL and Cypher: their values look like those of SQL.
    LikeSql,
    /// Commands.
    Redis,
    /// Anything: values cannot be told from the rest.
    Other,
}

impl Language {
    fn of_system(system: &str, dialect: SqlDialect) -> Self {
        match system {
            _ if dialect != SqlDialect::Unknown || SQL_SYSTEMS.contains(&system) => Self::Sql,
            "cassandra" | "neo4j" => Self::LikeSql,
            "redis" => Self::Redis,
            _ => Self::Other,
        }
    }
}

/// Systems that speak SQL in a dialect that is not read in detail.
const SQL_SYSTEMS: [&str; 16] = [
    "actian.ingres",
    "clickhouse",
    "derby",
    "firebirdsql",
    "gcp.spanner",
    "h2database",
    "hive",
    "hsqldb",
    "ibm.db2",
    "ibm.informix",
    "ibm.netezza",
    "other_sql",
    "sap.hana",
    "sap.maxdb",
    "teradata",
    "trino",
];

/// The port that a server of this system usually has.
fn default_port(system: &str) -> Option<u16> {
    Some(match system {
        "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "microsoft.sql_server" => 1433,
        "oracle.db" => 1521,
        "redis" => 6379,
        "mongodb" => 27017,
        "cassandra" => 9042,
        "elasticsearch" | "opensearch" => 9200,
        "memcached" => 11211,
        "neo4j" => 7687,
        "cockroachdb" => 26257,
        "aws.redshift" => 5439,
        "ibm.db2" => 50000,
        _ => return None,
    })
}

/// The span of a call: [`DbCall::span`].
#[derive(Clone, Debug)]
pub struct DbSpan<'a> {
    call: DbCall<'a>,
    names: Names,
    text: Option<Cow<'a, str>>,
    summary: Option<Cow<'a, str>>,
    operation: Option<Cow<'a, str>>,
    batch: Option<i64>,
    port: Option<u16>,
}

impl DbSpan<'_> {
    /// [`SpanKind::Client`], or [`SpanKind::Internal`] for a database in this process.
    pub const fn kind(&self) -> SpanKind {
        if self.call.in_process {
            SpanKind::Internal
        } else {
            SpanKind::Client
        }
    }

    /// The summary; else operation and target; else the target; else the system.
    pub fn name(&self) -> Cow<'_, str> {
        if let Some(summary) = &self.summary {
            return Cow::Borrowed(summary);
        }
        match (&self.operation, self.target()) {
            (Some(operation), Some(target)) => Cow::Owned(format!("{operation} {target}")),
            // An operation stands alone rather than not at all.
            (Some(operation), None) => Cow::Borrowed(operation),
            (None, Some(target)) => target,
            (None, None) => Cow::Borrowed(self.call.system),
        }
    }

    fn target(&self) -> Option<Cow<'_, str>> {
        let call = &self.call;
        let named = [call.collection, call.stored_procedure, call.namespace];
        let mut named = named.into_iter().flatten().filter(|name| !name.is_empty());
        if let Some(name) = named.next() {
            return Some(Cow::Borrowed(name));
        }
        let address = call.server_address.filter(|address| !address.is_empty())?;
        Some(match self.call.server_port {
            Some(port) => Cow::Owned(format!("{address}:{port}")),
            None => Cow::Borrowed(address),
        })
    }

    /// The attributes to start the span with.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let call = &self.call;
        out.new_only(attribute::DB_SYSTEM_NAME, call.system);
        out.old_only("db.system", old::db_system(call.system));
        out.set_some(attribute::DB_NAMESPACE, "db.name", call.namespace);
        let table = match call.system {
            "mongodb" => "db.mongodb.collection",
            "cassandra" => "db.cassandra.table",
            "azure.cosmosdb" => "db.cosmosdb.container",
            _ => "db.sql.table",
        };
        out.set_some(attribute::DB_COLLECTION_NAME, table, call.collection);
        out.set_some(
            attribute::DB_OPERATION_NAME,
            "db.operation",
            self.operation.as_deref(),
        );
        out.new_some(attribute::DB_OPERATION_BATCH_SIZE, self.batch.map(Value::I64));
        out.new_some(attribute::DB_STORED_PROCEDURE_NAME, call.stored_procedure);
        out.new_some(attribute::DB_QUERY_SUMMARY, self.summary.as_deref());
        out.set_some(attribute::DB_QUERY_TEXT, "db.statement", self.text.as_deref());
        if let Some(address) = call.server_address.filter(|address| !address.is_empty()) {
            out.set(attribute::SERVER_ADDRESS, "net.peer.name", address);
            out.new_some(attribute::SERVER_PORT, self.port);
            if let Some(port) = call.server_port {
                out.old_only("net.peer.port", port);
            }
        }
        Socket {
            peer_address: call.peer_address,
            peer_port: call.peer_port,
            transport: None,
        }
        .write(out);
    }
}

/// What a call of a database failed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DbFailure<'a> {
    /// The database's own code, as text: an `SQLSTATE`, `ORA-00942`, `1146`.
    pub status_code: Option<&'a str>,
    /// The type of the exception, or another short name. Without it the code stands in.
    pub error_type: Option<&'a str>,
    /// The message.
    pub message: &'a str,
}

impl<'a> DbFailure<'a> {
    /// The status of the span.
    pub fn outcome(&self) -> Outcome<'a> {
        let name = self.error_type.filter(|name| !name.is_empty());
        Outcome::failed(name.or(self.status_code).unwrap_or_default(), self.message)
    }

    /// The attributes to end the span with: `db.response.status_code` and `error.type`.
    pub fn attributes(&self, sink: Sink<'_, 'a>) {
        if let Some(code) = self.status_code.filter(|code| !code.is_empty()) {
            sink(attribute::DB_RESPONSE_STATUS_CODE, Value::Str(code));
        }
        let name = self.error_type.filter(|name| !name.is_empty());
        let name = name.or(self.status_code).filter(|name| !name.is_empty());
        let name = name.unwrap_or(attribute::ERROR_TYPE_OTHER);
        sink(attribute::ERROR_TYPE, Value::Str(name));
    }
}
