//! `rules [--quick]`: what the rules of the semantic conventions cost by themselves, without a span:
//! `cargo xtask bench rules`.

use crate::parts::{Line, Page};
use spanline::Value;
use spanline::semconv::{
    Conventions, DbCall, HttpResponse, HttpServerRequest, SqlDialect, sanitize, summary,
};
use std::hint::black_box;

/// A query of a usual length, with values.
const VALUES: &str = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON o.customer_id = c.id \
     WHERE o.state = 'open' AND o.total > 100.50 AND c.id IN (1, 2, 3, 4) ORDER BY o.id DESC LIMIT 20";
/// The same as instrumentations mostly see it.
const PARAMETERS: &str = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON o.customer_id = c.id \
     WHERE o.state = $1 AND o.total > $2 AND c.id = $3 ORDER BY o.id DESC LIMIT $4";

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let page = Page {
        name: "rules",
        title: "What the rules of the semantic conventions cost",
        heading: "rule",
        about: "By themselves, without a span: the attributes are made and not kept.",
        calls: 200_000,
    };
    page.make(args, lines())
}

fn lines() -> Vec<Line> {
    let rows = format!(
        "INSERT INTO t (a, b) VALUES {}",
        vec!["(12345, 'text')"; 2_000].join(", ")
    );
    let list = format!(
        "SELECT a FROM t WHERE b IN ({}) AND c = 'x'",
        vec!["12345"; 10_000].join(", ")
    );
    let [usual, queries] = [(); 2].map(|()| Conventions::default());
    let both = Conventions::opted_in(["http/dup"]);
    vec![
        line("HTTP server, request and response", move || http(&usual)),
        line("the same with old names", move || http(&both)),
        line("database, query with values", move || database(&queries, VALUES)),
        line("sanitize, query with values", || {
            drop(sanitize(black_box(VALUES), SqlDialect::PostgreSql));
        }),
        line("sanitize, query with parameters", || {
            drop(sanitize(black_box(PARAMETERS), SqlDialect::PostgreSql));
        }),
        line("summary, query with values", || {
            drop(summary(black_box(VALUES), SqlDialect::PostgreSql));
        }),
        line("sanitize, 34 KB of rows", move || {
            drop(sanitize(black_box(&rows), SqlDialect::MySql));
        })
        .seldom(),
        line("sanitize, list of 10,000 values", move || {
            drop(sanitize(black_box(&list), SqlDialect::MySql));
        })
        .seldom(),
    ]
}

fn line(name: &str, mut call: impl FnMut() + 'static) -> Line {
    Line::new(name, move |calls| crate::work::repeat(calls, &mut call))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_runs() {
        for mut line in lines() {
            assert!(line.time(1) > 0.0, "{}", line.name());
        }
    }
}
