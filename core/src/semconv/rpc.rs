//! Remote procedure calls.

use super::network::Socket;
use super::sink::Writer;
use super::{Conventions, Names, Outcome, Sink, attribute};
use crate::SpanKind;

/// What client or server know of a call when it begins. What is not known is empty or `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RpcCall<'a> {
    /// `grpc`, `connectrpc`, `dubbo`, `jsonrpc` or another (`rpc.system.name`).
    pub system: &'a str,
    /// The method with its service: `package.Service/Method`. A slash in front is taken off.
    pub method: &'a str,
    /// The server has no such method: it is recorded as `_OTHER`.
    pub unknown_method: bool,
    /// Host name, address or path of the server.
    pub server_address: Option<&'a str>,
    /// Port of the server.
    pub server_port: Option<u16>,
    /// Address of the other side of the socket.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
    /// The `id` of a JSON-RPC request, as text.
    pub jsonrpc_id: Option<&'a str>,
    /// The `jsonrpc` of a JSON-RPC request.
    pub jsonrpc_version: Option<&'a str>,
}

impl<'a> RpcCall<'a> {
    /// What the span of the client is like.
    pub fn client(&self, conventions: &Conventions) -> RpcSpan<'a> {
        self.span(conventions, SpanKind::Client)
    }

    /// What the span of the server is like.
    pub fn server(&self, conventions: &Conventions) -> RpcSpan<'a> {
        self.span(conventions, SpanKind::Server)
    }

    fn span(&self, conventions: &Conventions, kind: SpanKind) -> RpcSpan<'a> {
        let method = self.method.strip_prefix('/').unwrap_or(self.method);
        RpcSpan {
            call: Self { method, ..*self },
            names: conventions.rpc,
            kind,
        }
    }
}

/// The span of a call: [`RpcCall::client`], [`RpcCall::server`].
///
/// ```
/// use spanline_core::semconv::{Conventions, GrpcCode, RpcCall, RpcResponse, RpcStatus};
/// use spanline_core::{StatusCode, Value};
/// let conventions = Conventions::default();
/// let call = RpcCall { system: "grpc", method: "/shop.Orders/Get", ..RpcCall::default() };
/// assert_eq!(call.server(&conventions).name(), "shop.Orders/Get");
///
/// // An order that is not there is no failure of the server, but one of the client's call.
/// let response = RpcResponse {
///     status: Some(RpcStatus::Grpc(GrpcCode::NotFound)),
///     ..RpcResponse::default()
/// };
/// assert_eq!(response.server(&conventions).outcome().status, StatusCode::Unset);
/// assert_eq!(response.client(&conventions).outcome().error_type(), Some("NOT_FOUND"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RpcSpan<'a> {
    call: RpcCall<'a>,
    names: Names,
    kind: SpanKind,
}

impl<'a> RpcSpan<'a> {
    /// [`SpanKind::Client`] or [`SpanKind::Server`].
    pub const fn kind(&self) -> SpanKind {
        self.kind
    }

    /// The method, or the system where that is not known.
    pub fn name(&self) -> &'a str {
        match self.call.method {
            "" | attribute::ERROR_TYPE_OTHER => self.call.system,
            _ if self.call.unknown_method => self.call.system,
            method => method,
        }
    }

    /// The attributes to start the span with.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let call = &self.call;
        out.new_only(attribute::RPC_SYSTEM_NAME, call.system);
        let old = match call.system {
            "connectrpc" => "connect_rpc",
            "dubbo" => "apache_dubbo",
            other => other,
        };
        out.old_only("rpc.system", old);
        if call.unknown_method {
            out.new_only(attribute::RPC_METHOD, attribute::ERROR_TYPE_OTHER);
            out.new_only(attribute::RPC_METHOD_ORIGINAL, call.method);
        } else if !call.method.is_empty() {
            out.new_only(attribute::RPC_METHOD, call.method);
            // `rpc.method` without the service has the key of the present one, which holds.
            if let Some((service, _)) = call.method.rsplit_once('/') {
                out.old_only("rpc.service", service);
            }
        }
        let (name, port) = match self.kind {
            SpanKind::Server => ("net.host.name", "net.host.port"),
            _ => ("net.peer.name", "net.peer.port"),
        };
        if let Some(address) = call.server_address.filter(|address| !address.is_empty()) {
            out.set(attribute::SERVER_ADDRESS, name, address);
            out.set_some(attribute::SERVER_PORT, port, call.server_port);
        }
        Socket {
            peer_address: call.peer_address,
            peer_port: call.peer_port,
            transport: None,
        }
        .write(out);
        out.set_some(
            attribute::JSONRPC_REQUEST_ID,
            "rpc.jsonrpc.request_id",
            call.jsonrpc_id,
        );
        out.set_some(
            attribute::JSONRPC_PROTOCOL_VERSION,
            "rpc.jsonrpc.version",
            call.jsonrpc_version,
        );
    }
}

/// What a call was answered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RpcStatus<'a> {
    /// A status of gRPC.
    Grpc(GrpcCode),
    /// The code of another system, and whether it is a failure there.
    Code {
        /// The code as text.
        code: &'a str,
        /// Whether it is a failure.
        failed: bool,
    },
}

/// What is known when a call is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RpcResponse<'a> {
    /// The status.
    pub status: Option<RpcStatus<'a>>,
    /// What failed beside the status: the type of an exception, the kind of a broken connection.
    pub error_type: Option<&'a str>,
    /// The message of the failure.
    pub message: &'a str,
}

impl<'a> RpcResponse<'a> {
    /// The end of the client's span: every status but `OK` is a failure.
    pub fn client(&self, conventions: &Conventions) -> RpcEnd<'a> {
        self.end(conventions, |code| code != GrpcCode::Ok)
    }

    /// The end of the server's span: of gRPC only what is the server's fault is a failure.
    pub fn server(&self, conventions: &Conventions) -> RpcEnd<'a> {
        self.end(conventions, GrpcCode::is_server_failure)
    }

    fn end(&self, conventions: &Conventions, failed: fn(GrpcCode) -> bool) -> RpcEnd<'a> {
        let (code, failed) = match self.status {
            None => (None, false),
            Some(RpcStatus::Grpc(code)) => (Some(code.name()), failed(code)),
            Some(RpcStatus::Code { code, failed }) => (Some(code), failed),
        };
        let outcome = match self.error_type {
            Some(error_type) => Outcome::failed(error_type, self.message),
            None if failed => Outcome::failed(code.unwrap_or_default(), self.message),
            None => Outcome::UNSET,
        };
        RpcEnd {
            status: self.status,
            code,
            names: conventions.rpc,
            outcome,
        }
    }
}

/// How the span of a call ends: [`RpcResponse::client`], [`RpcResponse::server`].
#[derive(Clone, Copy, Debug)]
pub struct RpcEnd<'a> {
    status: Option<RpcStatus<'a>>,
    code: Option<&'a str>,
    names: Names,
    outcome: Outcome<'a>,
}

impl<'a> RpcEnd<'a> {
    /// The status of the span.
    pub const fn outcome(&self) -> &Outcome<'a> {
        &self.outcome
    }

    /// The attributes to end the span with, `error.type` among them.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        out.new_some(attribute::RPC_STATUS_CODE, self.code);
        if let Some(RpcStatus::Grpc(code)) = self.status {
            out.old_only("rpc.grpc.status_code", code as u8);
        }
        out.new_some(attribute::ERROR_TYPE, self.outcome.error_type());
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal $name:literal $doc:literal,)*) => {
        /// The status codes of gRPC, with their numbers.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum GrpcCode {
            $(#[doc = $doc] $variant = $number,)*
        }

        impl GrpcCode {
            /// The code of this number; [`Self::Unknown`] for numbers that gRPC does not know.
            pub const fn from_number(number: i64) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }

            /// The name, as `rpc.status_code` has it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

codes! {
    Ok = 0 "OK" "No failure.",
    Cancelled = 1 "CANCELLED" "The caller gave up.",
    Unknown = 2 "UNKNOWN" "A failure without a code.",
    InvalidArgument = 3 "INVALID_ARGUMENT" "The argument is wrong.",
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED" "It took too long.",
    NotFound = 5 "NOT_FOUND" "What was asked for is not there.",
    AlreadyExists = 6 "ALREADY_EXISTS" "What was to be made is there.",
    PermissionDenied = 7 "PERMISSION_DENIED" "The caller may not.",
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED" "A quota is used up.",
    FailedPrecondition = 9 "FAILED_PRECONDITION" "The system is not in the state for it.",
    Aborted = 10 "ABORTED" "Another call came in between.",
    OutOfRange = 11 "OUT_OF_RANGE" "Beyond what is valid.",
    Unimplemented = 12 "UNIMPLEMENTED" "There is no such method.",
    Internal = 13 "INTERNAL" "The server is broken.",
    Unavailable = 14 "UNAVAILABLE" "The server cannot be had at present.",
    DataLoss = 15 "DATA_LOSS" "Data is lost.",
    Unauthenticated = 16 "UNAUTHENTICATED" "The caller is not known.",
}

impl GrpcCode {
    /// Whether it is the server's fault.
    pub const fn is_server_failure(self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::DeadlineExceeded
                | Self::Unimplemented
                | Self::Internal
                | Self::Unavailable
                | Self::DataLoss
        )
    }
}
