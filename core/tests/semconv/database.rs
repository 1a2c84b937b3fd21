//! Databases.

use super::*;
use spanline_core::semconv::{DbCall, DbFailure, QueryText};
use spanline_core::{SpanKind, StatusCode};

const CALL: DbCall<'static> = DbCall {
    system: "postgresql",
    in_process: false,
    namespace: Some("shop|public"),
    collection: Some("songs"),
    operation: Some("SELECT"),
    stored_procedure: None,
    query: Some("SELECT * FROM songs WHERE artist = 'x' AND id IN (1, 2)"),
    query_text: QueryText::Sanitized,
    summary: None,
    batch_size: None,
    server_address: Some("db.example.com"),
    server_port: Some(5433),
    peer_address: Some("10.0.0.5"),
    peer_port: Some(5433),
};

fn started(call: DbCall<'_>, conventions: &Conventions) -> Attributes {
    let span = call.span(conventions);
    collect(|sink| span.attributes(sink))
}

fn name(call: DbCall<'_>) -> String {
    call.span(&Conventions::default()).name().into_owned()
}

#[test]
fn all_that_is_known_is_set() {
    let stable = started(CALL, &Conventions::default());
    let query = "SELECT * FROM songs WHERE artist = ? AND id IN (?)";
    are(
        &stable,
        &[
            ("db.system.name", text("postgresql")),
            ("db.namespace", text("shop|public")),
            ("db.collection.name", text("songs")),
            ("db.operation.name", text("SELECT")),
            ("db.query.summary", text("SELECT songs")),
            ("db.query.text", text(query)),
            ("server.address", text("db.example.com")),
            ("server.port", 5433.into()),
            ("network.peer.address", text("10.0.0.5")),
            ("network.peer.port", 5433.into()),
        ],
    );
    are(
        &added(&stable, &started(CALL, &both())),
        &[
            ("db.system", text("postgresql")),
            ("db.name", text("shop|public")),
            ("db.sql.table", text("songs")),
            ("db.operation", text("SELECT")),
            ("db.statement", text(query)),
            ("net.peer.name", text("db.example.com")),
            ("net.peer.port", 5433.into()),
            ("net.sock.peer.addr", text("10.0.0.5")),
            ("net.sock.peer.port", 5433.into()),
        ],
    );
    let mongo = DbCall {
        system: "mongodb",
        collection: Some("c"),
        ..DbCall::default()
    };
    assert!(started(mongo, &both()).contains_key("db.mongodb.collection"));
    let server = DbCall {
        system: "microsoft.sql_server",
        ..DbCall::default()
    };
    assert_eq!(
        started(server, &both()).get("db.system"),
        Some(&OwnedValue::from("mssql"))
    );
}

#[test]
fn names_of_spans() {
    assert_eq!(name(CALL), "SELECT songs");
    assert_eq!(
        name(DbCall {
            summary: Some("own words"),
            ..CALL
        }),
        "own words"
    );
    let call = DbCall { query: None, ..CALL };
    assert_eq!(name(call), "SELECT songs");
    let procedure = DbCall {
        collection: None,
        stored_procedure: Some("p"),
        operation: Some("CALL"),
        ..call
    };
    assert_eq!(name(procedure), "CALL p");
    let call = DbCall {
        collection: None,
        ..call
    };
    assert_eq!(name(call), "SELECT shop|public");
    let call = DbCall {
        namespace: None,
        ..call
    };
    assert_eq!(name(call), "SELECT db.example.com:5433");
    assert_eq!(
        name(DbCall {
            server_port: None,
            ..call
        }),
        "SELECT db.example.com"
    );
    assert_eq!(
        name(DbCall {
            operation: None,
            ..call
        }),
        "db.example.com:5433"
    );
    assert_eq!(
        name(DbCall {
            server_address: None,
            ..call
        }),
        "SELECT"
    );
    assert_eq!(
        name(DbCall {
            system: "redis",
            ..DbCall::default()
        }),
        "redis"
    );
}

#[test]
fn texts_are_recorded_as_asked() {
    let of = |query_text, system| {
        let mut found = started(
            DbCall {
                query_text,
                system,
                ..CALL
            },
            &Conventions::default(),
        );
        found.remove("db.query.text")
    };
    assert_eq!(
        of(QueryText::Whole, "postgresql"),
        CALL.query.map(OwnedValue::from)
    );
    assert_eq!(of(QueryText::None, "postgresql"), None);
    // What is not SQL has no summary.
    let redis = DbCall {
        system: "redis",
        query: Some("SET user 42"),
        ..DbCall::default()
    };
    let found = started(redis, &Conventions::default());
    are(
        &found,
        &[
            ("db.system.name", text("redis")),
            ("db.query.text", text("SET ? ?")),
        ],
    );
    let other = DbCall {
        system: "other_sql",
        query: Some("SELECT a FROM b"),
        ..DbCall::default()
    };
    assert_eq!(name(other), "SELECT b");
}

#[test]
fn no_value_of_another_language_is_kept() {
    fn of(system: &str, query: &str) -> Option<String> {
        let call = DbCall {
            system,
            query: Some(query),
            ..DbCall::default()
        };
        let found = started(call, &Conventions::default()).remove("db.query.text");
        found.map(|text| text.as_str().unwrap().to_owned())
    }
    for (query, expected) in [
        ("SET session:abc s3cr3t", Some("SET ? ?")),
        ("AUTH user hunter2", Some("AUTH ? ?")),
        ("  get\tk ", Some("get ?")),
        ("PING", Some("PING")),
        ("SET k \"a b \\\" c\" 'd e' EX 5", Some("SET ? ? ? ? ?")),
        ("SET k first\nsecret line", Some("SET ? ? ? ?")),
        ("SET k \"never ends, s3cr3t", Some("SET ? ?")),
        ("FT.SEARCH i q", Some("FT.SEARCH ? ?")),
        ("*2\r\n$3\r\nGET", None),
        ("s3cr3t=1", None),
        ("x123456789012345678901234567890123", None),
        ("  ", None),
    ] {
        assert_eq!(of("redis", query).as_deref(), expected, "{query}");
    }
    let long = format!("DEL{}", " k".repeat(100_000));
    assert!(of("redis", &long).unwrap().len() <= 8192);
    for (system, query) in [
        ("memcached", "set k 0 0 5 value"),
        ("influxdb", "cpu,host=s3cr3t value=1"),
        ("mongodb", "{\"find\": \"users\", \"filter\": {name: s3cr3t}}"),
        ("elasticsearch", "q=s3cr3t"),
        ("", "SELECT 1"),
        ("my-own", "SELECT 1"),
    ] {
        assert_eq!(of(system, query), None, "{system}");
    }
    let whole = DbCall {
        system: "memcached",
        query: Some("get k"),
        query_text: QueryText::Whole,
        ..DbCall::default()
    };
    assert!(started(whole, &Conventions::default()).contains_key("db.query.text"));
    let id = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    for (system, query, expected) in [
        (
            "cassandra",
            format!("SELECT a FROM t WHERE id = {id} AND b=5"),
            "SELECT a FROM t WHERE id = ? AND b=?",
        ),
        (
            "cassandra",
            "SELECT a // it\nFROM t".to_owned(),
            "SELECT a FROM t",
        ),
        (
            "neo4j",
            "MATCH (n {name: 'Bo', age: 5}) RETURN n".to_owned(),
            "MATCH (n {name: ?, age: ?}) RETURN n",
        ),
        ("neo4j", "RETURN a // it's\n, 's3cr3t'".to_owned(), "RETURN a ?"),
        (
            "clickhouse",
            "SELECT a FROM b WHERE c = 'x'".to_owned(),
            "SELECT a FROM b WHERE c = ?",
        ),
    ] {
        assert_eq!(of(system, &query).as_deref(), Some(expected), "{query}");
    }
}

#[test]
fn batches() {
    let of = |operation, batch_size| {
        let found = started(
            DbCall {
                operation,
                batch_size,
                ..CALL
            },
            &Conventions::default(),
        );
        let get = |key: &str| found.get(key).cloned();
        (get("db.operation.name"), get("db.operation.batch.size"))
    };
    let text = |text: &str| Some(OwnedValue::from(text));
    assert_eq!(
        of(Some("INSERT"), Some(2)),
        (text("BATCH INSERT"), Some(OwnedValue::I64(2)))
    );
    assert_eq!(of(Some("BATCH INSERT"), Some(2)).0, text("BATCH INSERT"));
    assert_eq!(of(None, Some(0)), (text("BATCH"), Some(OwnedValue::I64(0))));
    assert_eq!(of(Some("INSERT"), Some(1)), (text("INSERT"), None));
    assert_eq!(of(Some("INSERT"), None), (text("INSERT"), None));
}

#[test]
fn kinds_and_ports() {
    let conventions = Conventions::default();
    assert_eq!(CALL.span(&conventions).kind(), SpanKind::Client);
    assert_eq!(
        DbCall {
            in_process: true,
            ..CALL
        }
        .span(&conventions)
        .kind(),
        SpanKind::Internal
    );
    let usual = DbCall {
        server_port: Some(5432),
        ..CALL
    };
    assert!(!started(usual, &conventions).contains_key("server.port"));
}

#[test]
fn failures() {
    let failure = DbFailure {
        status_code: Some("42P01"),
        error_type: None,
        message: "no such table",
    };
    let outcome = failure.outcome();
    assert_eq!(
        (outcome.status, outcome.message),
        (StatusCode::Error, "no such table")
    );
    assert_eq!(outcome.error_type(), Some("42P01"));
    are(
        &collect(|sink| failure.attributes(sink)),
        &[
            ("db.response.status_code", text("42P01")),
            ("error.type", text("42P01")),
        ],
    );
    let named = DbFailure {
        error_type: Some("Timeout"),
        ..failure
    };
    let found = collect(|sink| named.attributes(sink));
    assert_eq!(found.get("error.type"), Some(&OwnedValue::from("Timeout")));
    assert_eq!(named.outcome().error_type(), Some("Timeout"));
    let nameless = DbFailure::default();
    are(
        &collect(|sink| nameless.attributes(sink)),
        &[("error.type", text("_OTHER"))],
    );
    assert_eq!(nameless.outcome().error_type(), Some("_OTHER"));
}
