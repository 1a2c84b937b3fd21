//! A table of texts and their summaries.

use super::*;

#[track_caller]
fn is(text: &str, expected: &str) {
    for dialect in ALL {
        let found = summary(text, dialect);
        assert_eq!(
            found.as_deref().unwrap_or_default(),
            expected,
            "{dialect:?}: {text}"
        );
    }
}

#[test]
fn queries() {
    is("SELECT 1", "SELECT");
    is("select * from songs", "select songs");
    is(
        "SELECT * FROM songs, artists WHERE songs.a = artists.a",
        "SELECT songs artists",
    );
    is(
        "SELECT * FROM \"song list\", 'artists'",
        "SELECT \"song list\" 'artists'",
    );
    is(
        "SELECT order_date FROM (SELECT * FROM orders o JOIN customers c ON o.customer_id = c.customer_id)",
        "SELECT SELECT orders customers",
    );
    is(
        "SELECT a FROM shop.orders AS o LEFT JOIN b USING (id, x), c",
        "SELECT shop.orders b c",
    );
    is(
        "SELECT a FROM t WHERE b IN (SELECT c FROM u) ORDER BY a, b LIMIT 1, 2",
        "SELECT t SELECT u",
    );
    is("SELECT a FROM t UNION ALL SELECT b FROM u", "SELECT t SELECT u");
    is("(SELECT a FROM t) UNION (SELECT b FROM u)", "SELECT t SELECT u");
    is("WITH x AS (SELECT a FROM t) SELECT * FROM x", "SELECT t SELECT x");
    is(
        "WITH x AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM x",
        "DELETE t INSERT u SELECT x",
    );
    is("SELECT a FROM (t JOIN u ON t.a = u.a), v", "SELECT t u v");
    is("SELECT a FROM LATERAL (SELECT b FROM t)", "SELECT SELECT t");
    is("SELECT a FROM t FOR UPDATE", "SELECT t");
    is("EXPLAIN ANALYZE SELECT a FROM t", "EXPLAIN SELECT t");
    is("SELECT a FROM t; SELECT b FROM u;", "SELECT t SELECT u");
}

#[test]
fn what_is_no_table_is_not_taken_for_one() {
    is("SELECT EXTRACT(YEAR FROM '2020-01-01') FROM t", "SELECT t");
    is(
        "SELECT TRIM('x' FROM 'secret'), SUBSTRING('secret' FROM 2)",
        "SELECT",
    );
    is(
        "SELECT a IS DISTINCT FROM 'secret' FROM t WHERE b IS NOT DISTINCT FROM 'secret'",
        "SELECT t",
    );
    is("SELECT a FROM generate_series(1, 2), unnest(b) u, t", "SELECT t");
    is("SELECT a FROM t WHERE b = 'x', 'secret'", "SELECT t");
    is("SELECT a FROM (VALUES ('secret'), ('x')) v", "SELECT");
    is("SELECT a FROM ?", "SELECT");
    is("COPY t FROM '/secret'", "COPY");
    is("REVOKE ALL ON t FROM 'secret'", "REVOKE");
    is("EXECUTE 'secret'", "EXECUTE");
    is("GRANT SELECT ON t TO secret", "GRANT");
    is("CREATE USER secret", "CREATE USER");
    is(
        "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 'x', b = 'y'",
        "INSERT t",
    );
    is("secret words", "");
    is("", "");
}

#[test]
fn changes() {
    is(
        "INSERT INTO shipping_details (order_id, address) SELECT order_id, address FROM orders WHERE order_id = 4",
        "INSERT shipping_details SELECT orders",
    );
    is("insert ignore into t values (1), (2)", "insert t");
    is("INSERT OR REPLACE INTO t (a) VALUES (1)", "INSERT t");
    is("INSERT t (a) VALUES (1)", "INSERT t");
    is("REPLACE INTO t SET a = 1, b = 2", "REPLACE t");
    is(
        "UPDATE t SET a = 1, b = 'x' FROM u WHERE t.id = u.id",
        "UPDATE t u",
    );
    is("UPDATE ONLY t SET a = 1", "UPDATE t");
    is("DELETE FROM t USING u WHERE t.id = u.id", "DELETE t u");
    is("DELETE FROM t JOIN u USING (id)", "DELETE t u");
    is("DELETE t WHERE a = 1", "DELETE t");
    is(
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1",
        "MERGE t u",
    );
    is(
        "MERGE INTO t USING (SELECT a FROM u) s ON t.a = s.a",
        "MERGE t SELECT u",
    );
}

#[test]
fn definitions_and_procedures() {
    is(
        "CREATE TABLE IF NOT EXISTS shop.t (id INT)",
        "CREATE TABLE shop.t",
    );
    is("CREATE TABLE t AS SELECT a FROM u", "CREATE TABLE t SELECT u");
    is(
        "CREATE OR REPLACE VIEW v AS SELECT a FROM u",
        "CREATE VIEW v SELECT u",
    );
    is("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX i");
    is("CREATE INDEX ON t (a)", "CREATE INDEX");
    is("DROP TABLE IF EXISTS t", "DROP TABLE t");
    is("TRUNCATE t", "TRUNCATE t");
    is("TRUNCATE TABLE t", "TRUNCATE TABLE t");
    is("call shop.p(1, 'x')", "call shop.p");
    is("EXECUTE p 4", "EXECUTE p");
    is("BEGIN", "BEGIN");
    is("SET a = 'secret'", "SET");
    let dialect = SqlDialect::SqlServer;
    let summary = |text| summary(text, dialect).unwrap_or_default();
    assert_eq!(summary("EXEC @rc = dbo.p @a = b"), "EXEC dbo.p");
    assert_eq!(
        summary("SELECT a FROM [dbo].[it's], db..#t, @v"),
        "SELECT [dbo].[it's] db..#t"
    );
}

#[test]
fn summaries_are_cut_between_words() {
    let tables: Vec<String> = (0..100).map(|number| format!("t{number}")).collect();
    let text = format!("SELECT * FROM {}", tables.join(", "));
    let found = summary(&text, SqlDialect::MySql).unwrap();
    assert!(found.len() <= MAX_SUMMARY_CHARS && found.len() > MAX_SUMMARY_CHARS - 4);
    assert!(
        found
            .split(' ')
            .skip(1)
            .zip(&tables)
            .all(|(word, table)| word == table)
    );
    // Characters count, not bytes.
    let name = "\u{e9}".repeat(248);
    assert_eq!(
        summary(&format!("SELECT a FROM {name}, b"), SqlDialect::MySql).unwrap(),
        format!("SELECT {name}")
    );
    let deep = format!(
        "SELECT a FROM {}SELECT b FROM u{}, t",
        "(".repeat(1000),
        ")".repeat(1000)
    );
    assert_eq!(summary(&deep, SqlDialect::MySql).unwrap(), "SELECT t");
}

#[test]
fn what_is_beyond_the_limit_is_not_read() {
    let text = |bytes: usize| format!("SELECT a FROM t WHERE b{} ; DROP TABLE u", " ".repeat(bytes));
    let inside = summary(&text(MAX_SUMMARY_READ - 100), SqlDialect::MySql);
    assert_eq!(inside.as_deref(), Some("SELECT t DROP TABLE u"));
    let beyond = summary(&text(MAX_SUMMARY_READ), SqlDialect::MySql);
    assert_eq!(beyond.as_deref(), Some("SELECT t"));
    // A name that the limit cuts is none, in the midst of a character or not.
    let long = format!("SELECT a FROM {}", "\u{e9}".repeat(MAX_SUMMARY_READ));
    assert_eq!(summary(&long, SqlDialect::MySql).as_deref(), Some("SELECT"));
}
