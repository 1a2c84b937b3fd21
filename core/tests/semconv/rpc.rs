//! Remote procedure calls.

use super::*;
use spanline_core::semconv::{GrpcCode, RpcCall, RpcResponse, RpcStatus};
use spanline_core::{SpanKind, StatusCode};

const CALL: RpcCall<'static> = RpcCall {
    system: "grpc",
    method: "/shop.Orders/Get",
    unknown_method: false,
    server_address: Some("example.com"),
    server_port: Some(443),
    peer_address: Some("10.0.0.5"),
    peer_port: Some(443),
    jsonrpc_id: None,
    jsonrpc_version: None,
};

#[test]
fn all_that_is_known_is_set() {
    let conventions = Conventions::default();
    let span = CALL.client(&conventions);
    assert_eq!((span.name(), span.kind()), ("shop.Orders/Get", SpanKind::Client));
    let stable = collect(|sink| span.attributes(sink));
    are(
        &stable,
        &[
            ("rpc.system.name", text("grpc")),
            ("rpc.method", text("shop.Orders/Get")),
            ("server.address", text("example.com")),
            ("server.port", 443.into()),
            ("network.peer.address", text("10.0.0.5")),
            ("network.peer.port", 443.into()),
        ],
    );
    let old =
        |span: spanline_core::semconv::RpcSpan<'_>| added(&stable, &collect(|sink| span.attributes(sink)));
    let client = old(CALL.client(&both()));
    are(
        &client,
        &[
            ("rpc.system", text("grpc")),
            ("rpc.service", text("shop.Orders")),
            ("net.peer.name", text("example.com")),
            ("net.peer.port", 443.into()),
            ("net.sock.peer.addr", text("10.0.0.5")),
            ("net.sock.peer.port", 443.into()),
        ],
    );
    let server = CALL.server(&both());
    assert_eq!(server.kind(), SpanKind::Server);
    assert_eq!(
        old(server).get("net.host.name"),
        Some(&OwnedValue::from("example.com"))
    );
}

#[test]
fn methods_that_are_not_known() {
    let call = RpcCall {
        unknown_method: true,
        server_address: None,
        peer_address: None,
        ..CALL
    };
    let span = call.server(&Conventions::default());
    assert_eq!(span.name(), "grpc");
    are(
        &collect(|sink| span.attributes(sink)),
        &[
            ("rpc.system.name", text("grpc")),
            ("rpc.method", text("_OTHER")),
            ("rpc.method_original", text("shop.Orders/Get")),
        ],
    );
    assert_eq!(RpcCall { method: "", ..call }.client(&both()).name(), "grpc");
}

#[test]
fn json_rpc() {
    let call = RpcCall {
        system: "jsonrpc",
        method: "sum",
        jsonrpc_id: Some("7"),
        jsonrpc_version: Some("2.0"),
        ..RpcCall::default()
    };
    let span = call.client(&Conventions::default());
    are(
        &collect(|sink| span.attributes(sink)),
        &[
            ("rpc.system.name", text("jsonrpc")),
            ("rpc.method", text("sum")),
            ("jsonrpc.request.id", text("7")),
            ("jsonrpc.protocol.version", text("2.0")),
        ],
    );
    let status = RpcStatus::Code {
        code: "-32601",
        failed: true,
    };
    let response = RpcResponse {
        status: Some(status),
        message: "no such method",
        ..RpcResponse::default()
    };
    let end = response.server(&Conventions::default());
    assert_eq!(
        (end.outcome().status, end.outcome().message),
        (StatusCode::Error, "no such method")
    );
    are(
        &collect(|sink| end.attributes(sink)),
        &[
            ("rpc.status_code", text("-32601")),
            ("error.type", text("-32601")),
        ],
    );
}

#[test]
fn codes_of_grpc() {
    let names = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let faults = [
        "UNKNOWN",
        "DEADLINE_EXCEEDED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
    ];
    for (number, name) in (0..).zip(names) {
        let code = GrpcCode::from_number(number);
        assert_eq!((code.name(), code as i64), (name, number));
        let status = Some(RpcStatus::Grpc(code));
        let response = RpcResponse {
            status,
            ..RpcResponse::default()
        };
        let (client, server) = (response.client(&both()), response.server(&both()));
        let failed = |failed: bool| failed.then_some(name);
        assert_eq!(client.outcome().error_type(), failed(number != 0));
        assert_eq!(server.outcome().error_type(), failed(faults.contains(&name)));
        let found = collect(|sink| server.attributes(sink));
        assert_eq!(found.get("rpc.status_code"), Some(&OwnedValue::from(name)));
        assert_eq!(found.get("rpc.grpc.status_code"), Some(&OwnedValue::I64(number)));
        assert_eq!(found.contains_key("error.type"), faults.contains(&name));
    }
    for number in [-1, 17, i64::MAX] {
        assert_eq!(GrpcCode::from_number(number), GrpcCode::Unknown);
    }
    // A connection that broke has no status.
    let broken = RpcResponse {
        error_type: Some("Reset"),
        message: "gone",
        ..RpcResponse::default()
    };
    let end = broken.client(&both());
    assert_eq!(
        (end.outcome().error_type(), end.outcome().message),
        (Some("Reset"), "gone")
    );
    are(
        &collect(|sink| end.attributes(sink)),
        &[("error.type", text("Reset"))],
    );
}
