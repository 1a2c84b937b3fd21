//! What instrumentations say about a request, a query, a message or an exception: names and rules of OpenTelemetry's
//! semantic conventions, 1.44 (`https://opentelemetry.io/schemas/1.44.0`).
//!
//! An instrumentation fills in a structure with what it knows ([`HttpServerRequest`], [`DbCall`], [`RpcCall`],
//! [`MessageOperation`], ...) and gets from it the span's kind, name and attributes, and from another one when the
//! operation is over ([`HttpResponse`], [`RpcResponse`], ...) further attributes and the span's status. It decides
//! nothing itself. What it knows is borrowed; texts are made only where no part of what was given says the same.
//!
//! ```
//! use spanline_core::semconv::{Conventions, HttpResponse, HttpServerRequest, attribute};
//! use spanline_core::{StatusCode, Value};
//!
//! let conventions = Conventions::default();
//! let request = HttpServerRequest {
//!     method: "GET",
//!     scheme: "https",
//!     target: "/users/7?sort=name",
//!     route: Some("/users/{id}"),
//!     host: Some("example.com"),
//!     ..HttpServerRequest::default()
//! };
//! let span = request.span(&conventions);
//! assert_eq!(span.name(), "GET /users/{id}");
//! let mut attributes = Vec::new();
//! span.attributes(&mut |key, value| attributes.push((key, value)));
//! assert!(attributes.contains(&(attribute::URL_PATH, Value::Str("/users/7"))));
//!
//! let response = HttpResponse { status_code: Some(503), ..HttpResponse::default() };
//! let end = response.server(&conventions);
//! assert_eq!(end.outcome().status, StatusCode::Error);
//! assert_eq!(end.outcome().error_type(), Some("503"));
//! ```
//!
//! Which attributes are set, and when, is listed in the project's `docs/semantic-conventions.md`.

pub mod attribute;
pub mod old;

mod code;
mod command;
mod conventions;
mod db;
mod exception;
mod forwarded;
mod headers;
mod http;
mod messaging;
mod network;
mod outcome;
mod rpc;
mod sink;
mod sql;
mod url;

pub use code::CodeLocation;
pub use conventions::{Conventions, KNOWN_METHODS, KnownMethods, Names, OPT_IN};
pub use db::{DbCall, DbFailure, DbSpan, QueryText};
pub use exception::{EXCEPTION_EVENT, Exception};
pub use headers::CapturedHeaders;
pub use http::{HttpClientRequest, HttpClientSpan, HttpEnd, HttpResponse, HttpServerRequest, HttpServerSpan};
pub use messaging::{Destination, MessageOperation, MessageSpan, OperationType};
pub use outcome::Outcome;
pub use rpc::{GrpcCode, RpcCall, RpcEnd, RpcResponse, RpcSpan, RpcStatus};
pub use sink::Sink;
pub use sql::{
    MAX_QUERY_BYTES, MAX_SUMMARY_CHARS, MAX_SUMMARY_READ, Sanitizer, SqlDialect, sanitize, summary,
};
pub use url::{REDACTED, REDACTED_QUERY_KEYS, redact_query, redact_url};
