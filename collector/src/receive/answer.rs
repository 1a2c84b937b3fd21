//! Answers of the receiver: each error says what is wrong and what to do about it.

use crate::otlp::{self, Format};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use std::time::Duration;

/// Codes of google.rpc.Status.
mod code {
    pub(super) const INVALID_ARGUMENT: i32 = 3;
    pub(super) const DEADLINE_EXCEEDED: i32 = 4;
    pub(super) const NOT_FOUND: i32 = 5;
    pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(super) const UNIMPLEMENTED: i32 = 12;
    pub(super) const UNAVAILABLE: i32 = 14;
}

/// Seconds after which a refused client should try again.
pub(crate) const RETRY_AFTER: &str = "1";

/// A request that is answered with an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The name under which it is counted.
    pub(crate) reason: &'static str,
    status: StatusCode,
    code: i32,
    message: String,
    header: Option<(HeaderName, &'static str)>,
    retry_delay: Option<Duration>,
}

impl Refusal {
    fn new(reason: &'static str, status: StatusCode, code: i32, message: String) -> Self {
        Self {
            reason,
            status,
            code,
            message,
            header: None,
            retry_delay: None,
        }
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(crate) fn method(method: &str) -> Self {
        let message = format!(
            "{} is not possible here: send spans with POST /v1/traces",
            shown(method)
        );
        Self::new(
            "method",
            StatusCode::METHOD_NOT_ALLOWED,
            code::UNIMPLEMENTED,
            message,
        )
        .with(header::ALLOW, "POST, OPTIONS")
    }

    pub(crate) fn path(path: &str) -> Self {
        let message = match path {
            "/v1/metrics" | "/v1/logs" | "/v1development/profiles" => format!(
                "{path} is not received: this collector takes traces only (POST /v1/traces). Switch the other \
                 exporter off, for example with OTEL_METRICS_EXPORTER=none or OTEL_LOGS_EXPORTER=none"
            ),
            _ => format!(
                "nothing at {}: this port receives spans (POST /v1/traces). The page and the query API are on the \
                 query port, 16686 by default",
                shown(path)
            ),
        };
        Self::new("path", StatusCode::NOT_FOUND, code::NOT_FOUND, message)
    }

    pub(crate) fn content_type(given: Option<&HeaderValue>) -> Self {
        let given = given.map_or("there is no Content-Type".to_owned(), |value| {
            format!(
                "Content-Type {} is not known",
                shown(&String::from_utf8_lossy(value.as_bytes()))
            )
        });
        let message = format!("{given}: send application/x-protobuf or application/json");
        Self::new(
            "content_type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code::INVALID_ARGUMENT,
            message,
        )
    }

    pub(crate) fn content_encoding(given: &str) -> Self {
        let message = format!(
            "Content-Encoding {} is not known: send gzip or identity",
            shown(given)
        );
        Self::new(
            "content_encoding",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code::INVALID_ARGUMENT,
            message,
        )
        .with(header::ACCEPT_ENCODING, "gzip, identity")
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!(
            "the body is over {limit} bytes after decompression: send fewer spans in one request, or start the \
             collector with a larger --max-body"
        );
        Self::new(
            "too_large",
            StatusCode::PAYLOAD_TOO_LARGE,
            code::RESOURCE_EXHAUSTED,
            message,
        )
    }

    pub(crate) fn busy() -> Self {
        let message = "too many bytes are being received at this moment: send again later".to_owned();
        let mut refusal = Self::new(
            "busy",
            StatusCode::SERVICE_UNAVAILABLE,
            code::UNAVAILABLE,
            message,
        )
        .with(header::RETRY_AFTER, RETRY_AFTER);
        refusal.retry_delay = Some(Duration::from_secs(1));
        refusal
    }

    pub(crate) fn slow(limit: Duration) -> Self {
        let message = format!("the body did not arrive within {} s", limit.as_secs());
        Self::new(
            "slow",
            StatusCode::REQUEST_TIMEOUT,
            code::DEADLINE_EXCEEDED,
            message,
        )
    }

    pub(crate) fn gzip(how: &str) -> Self {
        let message = format!("the body is not a whole gzip stream ({how}): check Content-Encoding");
        Self::new("gzip", StatusCode::BAD_REQUEST, code::INVALID_ARGUMENT, message)
    }

    pub(crate) fn broken(how: &str) -> Self {
        let message = format!("the body could not be read: {how}");
        Self::new("broken", StatusCode::BAD_REQUEST, code::INVALID_ARGUMENT, message)
    }

    pub(crate) fn undecodable(how: &str) -> Self {
        let message = format!("the body is not an ExportTraceServiceRequest: {how}");
        Self::new(
            "undecodable",
            StatusCode::BAD_REQUEST,
            code::INVALID_ARGUMENT,
            message,
        )
    }

    /// The answer, with google.rpc.Status in this format.
    pub(crate) fn answer(self, format: Format) -> Response {
        let mut response = ok(
            format,
            otlp::status(format, self.code, &self.message, self.retry_delay),
        );
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// What a client sent, fit to be repeated to it: short, without control characters.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    format!("\"{out}\"")
}

/// 200 with this body.
pub(crate) fn ok(format: Format, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
