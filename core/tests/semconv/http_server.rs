//! Servers.

use super::*;
use spanline_core::semconv::{HttpResponse, HttpServerRequest, KnownMethods};
use spanline_core::{SpanKind, StatusCode};

const REQUEST: HttpServerRequest<'static> = HttpServerRequest {
    method: "GET",
    scheme: "http",
    target: "/users/7?a=1&sig=s3cret#part",
    route: Some("/users/{id}"),
    host: Some("example.com:8080"),
    forwarded: None,
    x_forwarded_for: None,
    x_forwarded_proto: None,
    x_forwarded_host: None,
    trust_forwarded: false,
    peer_address: Some("10.0.0.2"),
    peer_port: Some(51000),
    local_address: Some("10.0.0.1"),
    local_port: Some(8080),
    protocol_version: "HTTP/1.1",
    transport: Some("tcp"),
    user_agent: Some("curl/8"),
    body_size: Some(12),
};

fn started(request: HttpServerRequest<'_>, conventions: &Conventions) -> Attributes {
    let span = request.span(conventions);
    collect(|sink| span.attributes(sink))
}

#[test]
fn all_that_is_known_is_set() {
    let conventions = Conventions::default();
    let span = REQUEST.span(&conventions);
    assert_eq!(
        (&*span.name(), span.kind()),
        ("GET /users/{id}", SpanKind::Server)
    );
    are(
        &started(REQUEST, &conventions),
        &[
            ("http.request.method", text("GET")),
            ("url.scheme", text("http")),
            ("url.path", text("/users/7")),
            ("url.query", text("a=1&sig=REDACTED")),
            ("http.route", text("/users/{id}")),
            ("server.address", text("example.com")),
            ("server.port", 8080.into()),
            ("client.address", text("10.0.0.2")),
            ("client.port", 51000.into()),
            ("network.peer.address", text("10.0.0.2")),
            ("network.peer.port", 51000.into()),
            ("network.local.address", text("10.0.0.1")),
            ("network.local.port", 8080.into()),
            ("network.protocol.version", text("1.1")),
            ("network.transport", text("tcp")),
            ("user_agent.original", text("curl/8")),
            ("http.request.body.size", 12.into()),
        ],
    );
}

#[test]
fn nothing_is_made_up() {
    let request = HttpServerRequest {
        method: "GET",
        target: "/",
        ..HttpServerRequest::default()
    };
    let conventions = both();
    assert_eq!(request.span(&conventions).name(), "GET");
    are(
        &started(request, &Conventions::default()),
        &[("http.request.method", text("GET")), ("url.path", text("/"))],
    );
}

#[test]
fn old_names_stand_beside_the_present_ones() {
    let added = added(
        &started(REQUEST, &Conventions::default()),
        &started(REQUEST, &both()),
    );
    are(
        &added,
        &[
            ("http.method", text("GET")),
            ("http.scheme", text("http")),
            ("http.target", text("/users/7?a=1&sig=REDACTED")),
            ("http.host", text("example.com:8080")),
            ("net.host.name", text("example.com")),
            ("net.host.port", 8080.into()),
            ("http.client_ip", text("10.0.0.2")),
            ("net.sock.peer.addr", text("10.0.0.2")),
            ("net.sock.peer.port", 51000.into()),
            ("net.sock.host.addr", text("10.0.0.1")),
            ("net.sock.host.port", 8080.into()),
            ("net.transport", text("ip_tcp")),
            ("http.flavor", text("1.1")),
            ("http.user_agent", text("curl/8")),
            ("http.request_content_length", 12.into()),
        ],
    );
}

#[test]
fn methods_that_are_not_known() {
    let conventions = Conventions::default();
    let of = |method, conventions: &Conventions| {
        let request = HttpServerRequest {
            method,
            route: Some("/a"),
            ..HttpServerRequest::default()
        };
        let name = request.span(conventions).name().into_owned();
        let all = started(request, conventions);
        let get = |key: &str| all.get(key).and_then(OwnedValue::as_str).map(str::to_owned);
        (
            name,
            get("http.request.method").unwrap(),
            get("http.request.method_original"),
        )
    };
    let is = |found: (String, String, Option<String>), name: &str, method: &str, original: Option<&str>| {
        assert_eq!(
            (&*found.0, &*found.1, found.2.as_deref()),
            (name, method, original)
        );
    };
    is(of("QUERY", &conventions), "QUERY /a", "QUERY", None);
    is(of("get", &conventions), "GET /a", "GET", Some("get"));
    is(
        of("PROPFIND", &conventions),
        "HTTP /a",
        "_OTHER",
        Some("PROPFIND"),
    );
    is(of("", &conventions), "HTTP /a", "_OTHER", None);
    let own = Conventions {
        methods: KnownMethods::new(["PROPFIND"]),
        ..Conventions::default()
    };
    is(of("PROPFIND", &own), "PROPFIND /a", "PROPFIND", None);
    is(of("GET", &own), "HTTP /a", "_OTHER", Some("GET"));
}

#[test]
fn targets_in_all_their_forms() {
    for (target, path, query, host) in [
        ("/a/b?c=d", Some("/a/b"), Some("c=d"), "example.com"),
        ("/a?", Some("/a"), None, "example.com"),
        ("*", Some("*"), None, "example.com"),
        ("//a/b", Some("//a/b"), None, "example.com"),
        ("http://me:pw@other:81?x", Some("/"), Some("x"), "other"),
        ("other:443", None, None, "example.com"),
        ("", None, None, "example.com"),
        ("/a?b=http://c/d", Some("/a"), Some("b=http://c/d"), "example.com"),
    ] {
        let found = started(HttpServerRequest { target, ..REQUEST }, &Conventions::default());
        let get = |key: &str| found.get(key).and_then(OwnedValue::as_str);
        assert_eq!((get("url.path"), get("url.query")), (path, query), "{target}");
        assert_eq!(get("server.address"), Some(host), "{target}");
    }
}

#[test]
fn ports_follow_the_scheme() {
    let of = |scheme, host| {
        let request = HttpServerRequest {
            scheme,
            host: Some(host),
            ..REQUEST
        };
        started(request, &Conventions::default()).remove("server.port")
    };
    assert_eq!(of("https", "a"), Some(OwnedValue::I64(443)));
    assert_eq!(of("HTTP", "[::1]"), Some(OwnedValue::I64(80)));
    assert_eq!(of("https", "a:0"), Some(OwnedValue::I64(0)));
    assert_eq!(of("", "a"), None);
}

#[test]
fn proxies_say_who_asked() {
    let request = HttpServerRequest {
        forwarded: Some(r#"for="[2001:db8::1]:4711";proto=HTTPS;host=shop.example, for=10.0.0.9"#),
        x_forwarded_for: Some("203.0.113.9"),
        ..REQUEST
    };
    let found = started(request, &Conventions::default());
    let get = |all: &Attributes, key: &str| all.get(key).cloned();
    let text = |text: &str| Some(OwnedValue::from(text));
    assert_eq!(get(&found, "client.address"), text("2001:db8::1"));
    assert_eq!(get(&found, "client.port"), Some(OwnedValue::I64(4711)));
    assert_eq!(get(&found, "network.peer.address"), text("10.0.0.2"));
    // What it was asked for is believed only where the proxy is trusted.
    assert_eq!(get(&found, "url.scheme"), text("http"));
    assert_eq!(get(&found, "server.address"), text("example.com"));
    let trusted = HttpServerRequest {
        trust_forwarded: true,
        ..request
    };
    let found = started(trusted, &Conventions::default());
    assert_eq!(get(&found, "url.scheme"), text("https"));
    assert_eq!(get(&found, "server.address"), text("shop.example"));
    assert_eq!(get(&found, "server.port"), Some(OwnedValue::I64(443)));
    // Without a port the client's is not that of the proxy.
    let other = HttpServerRequest {
        forwarded: None,
        ..request
    };
    let found = started(other, &Conventions::default());
    assert_eq!(
        (get(&found, "client.address"), get(&found, "client.port")),
        (text("203.0.113.9"), None)
    );
}

#[test]
fn a_port_alone_names_nobody() {
    let request = HttpServerRequest {
        target: "http://:1/a",
        host: Some("example.com"),
        x_forwarded_for: Some(":80"),
        x_forwarded_host: Some("[]:2"),
        trust_forwarded: true,
        ..REQUEST
    };
    let found = started(request, &Conventions::default());
    assert_eq!(
        found.get("server.address"),
        Some(&OwnedValue::from("example.com"))
    );
    assert_eq!(found.get("client.address"), Some(&OwnedValue::from("10.0.0.2")));
}

#[test]
fn a_route_may_come_late() {
    let conventions = Conventions::default();
    let span = HttpServerRequest {
        route: None,
        ..REQUEST
    }
    .span(&conventions);
    assert_eq!(span.name(), "GET");
    assert_eq!(span.clone().routed("/users/{id}").name(), "GET /users/{id}");
    let response = HttpResponse {
        status_code: Some(200),
        route: Some("/users/{id}"),
        ..HttpResponse::default()
    };
    let end = response.server(&conventions);
    are(
        &collect(|sink| end.attributes(sink)),
        &[
            ("http.response.status_code", 200.into()),
            ("http.route", text("/users/{id}")),
        ],
    );
}

#[test]
fn status_of_codes_and_failures() {
    let conventions = Conventions::default();
    let of = |code: Option<u16>, error_type: Option<&'static str>| {
        let response = HttpResponse {
            status_code: code,
            error_type,
            error_message: "what",
            ..HttpResponse::default()
        };
        let end = response.server(&conventions);
        let found = collect(|sink| end.attributes(sink));
        let error_type = found
            .get("error.type")
            .and_then(OwnedValue::as_str)
            .map(str::to_owned);
        assert_eq!(error_type.as_deref(), end.outcome().error_type());
        (end.outcome().status, end.outcome().message, error_type)
    };
    for code in [100, 200, 204, 302, 399, 400, 404, 499] {
        assert_eq!(of(Some(code), None), (StatusCode::Unset, "", None), "{code}");
    }
    for (code, error_type) in [
        (500, "500"),
        (503, "503"),
        (599, "599"),
        (99, "099"),
        (600, "600"),
        (0, "000"),
    ] {
        assert_eq!(
            of(Some(code), None),
            (StatusCode::Error, "", Some(error_type.to_owned()))
        );
    }
    assert_eq!(of(Some(1000), None).2.as_deref(), Some("_OTHER"));
    assert_eq!(of(None, None), (StatusCode::Unset, "", None));
    assert_eq!(
        of(None, Some("Timeout")),
        (StatusCode::Error, "what", Some("Timeout".to_owned()))
    );
    assert_eq!(
        of(Some(500), Some("Panic")),
        (StatusCode::Error, "what", Some("Panic".to_owned()))
    );
    assert_eq!(
        of(Some(200), Some("")),
        (StatusCode::Error, "what", Some("_OTHER".to_owned()))
    );
}
