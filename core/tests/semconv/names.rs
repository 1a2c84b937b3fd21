//! Names of attributes, headers, exceptions and places.

use super::*;
use spanline_core::StatusCode;
use spanline_core::semconv::{
    CapturedHeaders, CodeLocation, DbCall, Exception, HttpClientRequest, HttpServerRequest, RpcCall,
    attribute, old,
};

#[test]
fn present_names_are_not_old() {
    let source = include_str!("../../src/semconv/attribute.rs");
    let names: Vec<&str> = source
        .lines()
        .filter(|line| !line.starts_with("//"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(names.len() >= 80 && names.contains(&attribute::HTTP_REQUEST_METHOD));
    for (index, name) in names.iter().enumerate() {
        assert!(!old::is_old(name), "{name}");
        assert!(!names[..index].contains(name), "{name} is there twice");
    }
}

#[test]
fn headers_are_captured_by_name() {
    let headers = [("content-type", "text/plain"), ("accept", "a"), ("accept", "b")];
    let of = |captured: &CapturedHeaders| {
        collect(|sink| {
            captured.attributes(
                &mut |name, values| {
                    values.extend(
                        headers
                            .iter()
                            .filter(|(key, _)| *key == name)
                            .map(|(_, value)| *value),
                    )
                },
                sink,
            );
        })
    };
    let names = ["Accept", " Content-Type", "absent", "ACCEPT", ""];
    let captured = CapturedHeaders::of_requests(names, &Conventions::default());
    let stable = of(&captured);
    are(
        &stable,
        &[
            ("http.request.header.accept", Value::StrList(&["a", "b"])),
            (
                "http.request.header.content-type",
                Value::StrList(&["text/plain"]),
            ),
        ],
    );
    let added = added(&stable, &of(&CapturedHeaders::of_requests(names, &both())));
    are(
        &added,
        &[(
            "http.request.header.content_type",
            Value::StrList(&["text/plain"]),
        )],
    );
    let found = of(&CapturedHeaders::of_responses(["accept"], &both()));
    assert!(found.contains_key("http.response.header.accept"));
    assert!(of(&CapturedHeaders::of_rpc_requests(["accept"])).contains_key("rpc.request.metadata.accept"));
    assert!(of(&CapturedHeaders::of_rpc_responses(["accept"])).contains_key("rpc.response.metadata.accept"));
    assert!(CapturedHeaders::NONE.is_empty() && !captured.is_empty());
}

#[test]
fn exceptions() {
    let exception = Exception {
        type_name: "shop.Error",
        message: "no",
        stacktrace: "at x",
    };
    are(
        &collect(|sink| exception.attributes(sink)),
        &[
            ("exception.type", text("shop.Error")),
            ("exception.message", text("no")),
            ("exception.stacktrace", text("at x")),
        ],
    );
    let outcome = exception.outcome();
    assert_eq!((outcome.status, outcome.message), (StatusCode::Error, "no"));
    assert_eq!(outcome.error_type(), Some("shop.Error"));
    let message = Exception {
        message: "no",
        ..Exception::default()
    };
    are(
        &collect(|sink| message.attributes(sink)),
        &[("exception.message", text("no"))],
    );
    are(
        &collect(|sink| Exception::default().attributes(sink)),
        &[("exception.type", text("_OTHER"))],
    );
}

#[test]
fn places_in_the_code() {
    let place = CodeLocation {
        function: "shop.orders.Order.find",
        file: "shop/orders.py",
        line: Some(7),
        column: Some(3),
        stacktrace: "at x",
    };
    let stable = collect(|sink| place.attributes(&Conventions::default(), sink));
    are(
        &stable,
        &[
            ("code.function.name", text("shop.orders.Order.find")),
            ("code.file.path", text("shop/orders.py")),
            ("code.line.number", 7.into()),
            ("code.column.number", 3.into()),
            ("code.stacktrace", text("at x")),
        ],
    );
    are(
        &added(&stable, &collect(|sink| place.attributes(&both(), sink))),
        &[
            ("code.function", text("find")),
            ("code.namespace", text("shop.orders.Order")),
            ("code.filepath", text("shop/orders.py")),
            ("code.lineno", 7.into()),
            ("code.column", 3.into()),
        ],
    );
    let alone = CodeLocation {
        function: "main",
        ..CodeLocation::default()
    };
    let found = collect(|sink| alone.attributes(&both(), sink));
    are(
        &found,
        &[
            ("code.function.name", text("main")),
            ("code.function", text("main")),
        ],
    );
}

#[test]
fn what_is_empty_is_not_known() {
    let empty = Some("");
    let conventions = both();
    let server = HttpServerRequest {
        route: empty,
        host: empty,
        forwarded: empty,
        x_forwarded_for: empty,
        peer_address: empty,
        peer_port: Some(1),
        local_address: empty,
        user_agent: empty,
        transport: None,
        ..HttpServerRequest::default()
    };
    let server = server.span(&conventions);
    let other = [
        ("http.request.method", text("_OTHER")),
        ("http.method", text("_OTHER")),
    ];
    are(&collect(|sink| server.attributes(sink)), &other);
    let client = HttpClientRequest {
        template: empty,
        server_address: empty,
        server_port: Some(1),
        ..Default::default()
    };
    let client = client.span(&conventions);
    are(&collect(|sink| client.attributes(sink)), &other);
    let call = DbCall {
        namespace: empty,
        collection: empty,
        operation: empty,
        query: empty,
        summary: empty,
        server_address: empty,
        server_port: Some(1),
        ..DbCall::default()
    };
    let call = call.span(&conventions);
    are(&collect(|sink| call.attributes(sink)), &[]);
    let call = RpcCall {
        server_address: empty,
        server_port: Some(1),
        unknown_method: true,
        ..RpcCall::default()
    };
    let call = call.client(&conventions);
    are(
        &collect(|sink| call.attributes(sink)),
        &[("rpc.method", text("_OTHER"))],
    );
}
