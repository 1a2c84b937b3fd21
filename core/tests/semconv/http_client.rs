//! Clients.

use super::*;
use spanline_core::semconv::{HttpClientRequest, HttpResponse};
use spanline_core::{SpanKind, StatusCode};

fn started(request: HttpClientRequest<'_>, conventions: &Conventions) -> Attributes {
    let span = request.span(conventions);
    collect(|sink| span.attributes(sink))
}

const REQUEST: HttpClientRequest<'static> = HttpClientRequest {
    method: "POST",
    url: "https://me:s3cret@example.com:8443/a?X-Amz-Signature=x#b",
    template: None,
    server_address: None,
    server_port: None,
    peer_address: Some("192.0.2.1"),
    peer_port: Some(8443),
    protocol_version: "2.0",
    transport: None,
    user_agent: Some("shop/1"),
    resend_count: 1,
    body_size: None,
};

#[test]
fn all_that_is_known_is_set() {
    let conventions = Conventions::default();
    let span = REQUEST.span(&conventions);
    assert_eq!((&*span.name(), span.kind()), ("POST", SpanKind::Client));
    let stable = started(REQUEST, &conventions);
    let url = "https://REDACTED:REDACTED@example.com:8443/a?X-Amz-Signature=REDACTED#b";
    are(
        &stable,
        &[
            ("http.request.method", text("POST")),
            ("url.full", text(url)),
            ("server.address", text("example.com")),
            ("server.port", 8443.into()),
            ("network.peer.address", text("192.0.2.1")),
            ("network.peer.port", 8443.into()),
            ("network.protocol.version", text("2")),
            ("user_agent.original", text("shop/1")),
            ("http.request.resend_count", 1.into()),
        ],
    );
    are(
        &added(&stable, &started(REQUEST, &both())),
        &[
            ("http.method", text("POST")),
            ("http.url", text(url)),
            ("net.peer.name", text("example.com")),
            ("net.peer.port", 8443.into()),
            ("net.sock.peer.addr", text("192.0.2.1")),
            ("net.sock.peer.port", 8443.into()),
            ("http.flavor", text("2.0")),
            ("http.user_agent", text("shop/1")),
            ("http.resend_count", 1.into()),
        ],
    );
}

#[test]
fn a_template_is_part_of_the_name() {
    let request = HttpClientRequest {
        template: Some("/users/{id}"),
        ..REQUEST
    };
    assert_eq!(request.span(&both()).name(), "POST /users/{id}");
    let found = started(request, &Conventions::default());
    assert_eq!(found.get("url.template"), Some(&OwnedValue::from("/users/{id}")));
}

#[test]
fn the_server_is_that_of_the_url() {
    for (url, address, port) in [
        ("https://example.com/", Some("example.com"), Some(443)),
        ("http://example.com", Some("example.com"), Some(80)),
        ("HTTP://[::1]:81/", Some("::1"), Some(81)),
        ("ws://a?b", Some("a"), Some(80)),
        ("/only/a/path", None, None),
        ("", None, None),
    ] {
        let found = started(HttpClientRequest { url, ..REQUEST }, &Conventions::default());
        let expected = (address.map(OwnedValue::from), port.map(OwnedValue::I64));
        let of = |key: &str| found.get(key).cloned();
        assert_eq!((of("server.address"), of("server.port")), expected, "{url}");
    }
    for url in ["/a", "http://:/a"] {
        let request = HttpClientRequest {
            url,
            server_address: Some("b"),
            server_port: Some(1),
            ..REQUEST
        };
        let found = started(request, &Conventions::default());
        assert_eq!(found.get("server.address"), Some(&OwnedValue::from("b")), "{url}");
        assert_eq!(found.get("server.port"), Some(&OwnedValue::I64(1)), "{url}");
    }
}

#[test]
fn status_of_codes_and_failures() {
    let conventions = both();
    let end = |response: HttpResponse<'static>| {
        let end = response.client(&conventions);
        (
            end.outcome().status,
            end.outcome().error_type().map(str::to_owned),
        )
    };
    let code = |code| HttpResponse {
        status_code: Some(code),
        ..HttpResponse::default()
    };
    for number in [100, 200, 304, 399] {
        assert_eq!(end(code(number)), (StatusCode::Unset, None), "{number}");
    }
    for number in [400, 404, 500, 599, 600, 99] {
        assert_eq!(
            end(code(number)),
            (StatusCode::Error, Some(format!("{number:03}"))),
            "{number}"
        );
    }
    let refused = HttpResponse {
        error_type: Some("ConnectionRefused"),
        ..HttpResponse::default()
    };
    assert_eq!(
        end(refused),
        (StatusCode::Error, Some("ConnectionRefused".to_owned()))
    );
    // The caller wanted it so.
    assert_eq!(
        end(HttpResponse {
            cancelled: true,
            ..refused
        }),
        (StatusCode::Unset, None)
    );

    let response = HttpResponse {
        status_code: Some(404),
        peer_address: Some("192.0.2.1"),
        peer_port: Some(443),
        protocol_version: "h3",
        body_size: Some(u64::MAX),
        route: Some("/not/of/clients"),
        ..HttpResponse::default()
    };
    let stable = response.client(&Conventions::default());
    let stable = collect(|sink| stable.attributes(sink));
    are(
        &stable,
        &[
            ("http.response.status_code", 404.into()),
            ("error.type", text("404")),
            ("network.peer.address", text("192.0.2.1")),
            ("network.peer.port", 443.into()),
            ("network.protocol.version", text("3")),
            ("http.response.body.size", i64::MAX.into()),
        ],
    );
    let both = response.client(&conventions);
    let both = collect(|sink| both.attributes(sink));
    are(
        &added(&stable, &both),
        &[
            ("http.status_code", 404.into()),
            ("net.sock.peer.addr", text("192.0.2.1")),
            ("net.sock.peer.port", 443.into()),
            ("http.flavor", text("3.0")),
            ("http.response_content_length", i64::MAX.into()),
        ],
    );
}
