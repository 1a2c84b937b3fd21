//! What an answer says: gRPC's status, or what stands for it.

use super::call::{Body, Reply};
use super::message::{self, Message};
use percent_encoding::percent_decode;
use spanline_core::wire::otlp::RpcStatus;
use std::time::Duration;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// UNKNOWN.
const UNKNOWN: u32 = 2;

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GrpcAnswer {
    /// The status code; 0 is success.
    pub(crate) code: u32,
    /// Text for people, as received: it may hold control characters.
    pub(crate) message: String,
    /// How long to wait before trying again, when the receiver says so by a RetryInfo.
    pub(crate) retry_info: Option<Duration>,
    /// The HTTP status, when there was no gRPC status and `code` was made from it.
    pub(crate) http_status: Option<u16>,
    /// The Retry-After header of such an answer.
    pub(crate) retry_after: Option<String>,
    /// The message.
    pub(crate) content: Message,
}

impl GrpcAnswer {
    /// Reads what came back. Messages over `limit` bytes, as received or decompressed, are not held.
    pub(super) fn of(reply: Reply, limit: usize) -> Self {
        // Where headers have a status there is no body: they are the trailers.
        let trailers = match &reply.trailers {
            Some(trailers) => trailers,
            None => &reply.headers,
        };
        let Some(code) = trailers.get("grpc-status") else {
            return Self::without_status(&reply);
        };
        let content = match reply.body {
            Body::TooLarge => Message::TooLarge,
            Body::NotRead => Message::Unreadable,
            Body::Whole(body) => {
                message::read(&body, text(&reply.headers, "grpc-encoding").as_deref(), limit)
            }
        };
        let details = text(trailers, "grpc-status-details-bin")
            .and_then(|details| RpcStatus::decode_base64(details.trim()).ok())
            .unwrap_or_default();
        let message = trailers
            .get("grpc-message")
            .map(|text| percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned())
            .unwrap_or(details.message);
        Self {
            code: decimal(code.as_bytes()).unwrap_or(UNKNOWN),
            message,
            retry_info: details.retry_delay,
            http_status: None,
            retry_after: None,
            content,
        }
    }

    fn without_status(reply: &Reply) -> Self {
        let status = reply.status.as_u16();
        let content = match reply.body {
            Body::TooLarge => Message::TooLarge,
            _ => Message::Unreadable,
        };
        Self {
            code: of_http(status),
            message: String::new(),
            retry_info: None,
            http_status: Some(status),
            retry_after: text(&reply.headers, header::RETRY_AFTER.as_str()),
            content,
        }
    }
}

/// Code, message, asked delay and content of an answer with these trailers, for the fuzz targets. A name or value that
/// HTTP does not allow is left out, as it cannot come.
pub fn read_grpc_answer(
    headers: &[(&str, &[u8])],
    trailers: &[(&str, &[u8])],
    body: &[u8],
    limit: usize,
) -> (u32, String, Option<Duration>, Option<Vec<u8>>) {
    let map = |pairs: &[(&str, &[u8])]| -> HeaderMap {
        let pairs = pairs.iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        pairs.collect()
    };
    let reply = Reply {
        status: StatusCode::OK,
        headers: map(headers),
        trailers: Some(map(trailers)),
        body: Body::Whole(body.to_vec()),
    };
    let answer = GrpcAnswer::of(reply, limit);
    let content = match answer.content {
        Message::Whole(content) => Some(content),
        Message::Unreadable | Message::TooLarge => None,
    };
    (answer.code, answer.message, answer.retry_info, content)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// Digits only.
fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// What stands for a missing gRPC status.
fn of_http(status: u16) -> u32 {
    match status {
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => UNKNOWN,
    }
}
