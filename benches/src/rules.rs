//! `rules [CALLS]`: what the rules of the semantic conventions cost by themselves, without a span.

use spanline::Value;
use spanline::semconv::{
    Conventions, DbCall, HttpResponse, HttpServerRequest, SqlDialect, sanitize, summary,
};
use std::hint::black_box;
use std::time::Instant;

/// Calls of each rule in one repetition.
const CALLS: u64 = 200_000;
/// The least of so many repetitions is shown: what others on the machine add is not the rule's.
const REPETITIONS: usize = 7;

/// A query of a usual length, with values.
const VALUES: &str = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON o.customer_id = c.id \
     WHERE o.state = 'open' AND o.total > 100.50 AND c.id IN (1, 2, 3, 4) ORDER BY o.id DESC LIMIT 20";
/// The same as instrumentations mostly see it.
const PARAMETERS: &str = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON o.customer_id = c.id \
     WHERE o.state = $1 AND o.total > $2 AND c.id = $3 ORDER BY o.id DESC LIMIT $4";

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let calls = match args {
        [] => CALLS,
        [calls] => calls.parse().map_err(|error| format!("`{calls}`: {error}"))?,
        _ => return Err("rules [CALLS]".to_owned()),
    };
    let conventions = Conventions::default();
    let both = Conventions::opted_in(["http/dup"]);
    let long = format!(
        "INSERT INTO t (a, b) VALUES {}",
        vec!["(12345, 'text')"; 2_000].join(", ")
    );
    let list = format!(
        "SELECT a FROM t WHERE b IN ({}) AND c = 'x'",
        vec!["12345"; 10_000].join(", ")
    );
    show("HTTP server, request and response", calls, || http(&conventions));
    show("the same with old names", calls, || http(&both));
    show("database, query with values", calls, || {
        database(&conventions, VALUES)
    });
    show("sanitize, query with values", calls, || {
        drop(sanitize(black_box(VALUES), SqlDialect::PostgreSql))
    });
    show("sanitize, query with parameters", calls, || {
        drop(sanitize(black_box(PARAMETERS), SqlDialect::PostgreSql));
    });
    show("summary, query with values", calls, || {
        drop(summary(black_box(VALUES), SqlDialect::PostgreSql))
    });
    let few = (calls / 100).max(1);
    show("sanitize, 34 KB of rows", few, || {
        drop(sanitize(black_box(&long), SqlDialect::MySql))
    });
    show("sanitize, list of 10,000 values", few, || {
        drop(sanitize(black_box(&list), SqlDialect::MySql))
    });
    Ok(())
}

fn show(what: &str, calls: u64, mut call: impl FnMut()) {
    let mut least = f64::INFINITY;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        crate::work::repeat(calls, &mut call);
        least = least.min(start.elapsed().as_secs_f64() * 1e9 / calls as f64);
    }
    println!("{what}: {least:.1} ns");
}

/// What a server asks for one request: name, attributes, and those of the end.
fn http(conventions: &Conventions) {
    let request = black_box(HttpServerRequest {
        method: "GET",
        scheme: "https",
        target: "/api/users/42?sort=name",
        route: Some("/api/users/{id}"),
        host: Some("api.example.com"),
        peer_address: Some("10.0.0.2"),
        peer_port: Some(51000),
        protocol_version: "1.1",
        user_agent: Some("curl/8.5.0"),
        ..HttpServerRequest::default()
    });
    let span = request.span(conventions);
    black_box(span.name());
    span.attributes(&mut take);
    let response = black_box(HttpResponse {
        status_code: Some(200),
        ..HttpResponse::default()
    });
    let end = response.server(conventions);
    end.attributes(&mut take);
    black_box(end.outcome());
}

fn database(conventions: &Conventions, query: &str) {
    let call = black_box(DbCall {
        system: "postgresql",
        namespace: Some("shop"),
        query: Some(query),
        server_address: Some("db.example.com"),
        server_port: Some(5432),
        ..DbCall::default()
    });
    let span = call.span(conventions);
    black_box(span.name());
    span.attributes(&mut take);
}

fn take(key: &str, value: Value<'_>) {
    black_box((key, value));
}
