//! One unary call: headers and one message there, headers, one message and trailers back.

use super::drive::Payload;
use bytes::Bytes;
use h2::client::SendRequest;
use std::future::poll_fn;
use ureq::http::{HeaderMap, Request, StatusCode};

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The trailers, where there are any.
    pub(super) trailers: Option<HeaderMap>,
    /// The body, with the head of its message.
    pub(super) body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Body {
    /// Nobody needs it: the headers say everything.
    NotRead,
    /// All of it.
    Whole(Vec<u8>),
    /// More than the limit; the rest was not read.
    TooLarge,
}

/// The length of a message's head.
pub(super) const HEAD: usize = 5;

/// Whether these headers belong to an answer of gRPC, so that a status follows.
fn is_grpc(status: StatusCode, headers: &HeaderMap) -> bool {
    let kind = headers.get("content-type").map(|kind| kind.as_bytes());
    status == StatusCode::OK && kind.is_some_and(|kind| kind.starts_with(b"application/grpc"))
}

/// Makes the call; an answer with a message of more than `limit` bytes is not read to its end.
pub(super) async fn unary(
    mut requests: SendRequest<Payload>,
    request: Request<()>,
    payload: Payload,
    limit: usize,
) -> Result<Reply, h2::Error> {
    poll_fn(|context| requests.poll_ready(context)).await?;
    let (response, mut sending) = requests.send_request(request, false)?;
    sending.send_data(payload, true)?;
    let (head, mut receiving) = response.await?.into_parts();
    let mut reply = Reply {
        status: head.status,
        headers: head.headers,
        trailers: None,
        body: Body::NotRead,
    };
    if reply.headers.contains_key("grpc-status") || !is_grpc(reply.status, &reply.headers) {
        return Ok(reply);
    }
    let mut body = Vec::new();
    while let Some(data) = receiving.data().await {
        let data: Bytes = data?;
        if body.len() + data.len() > limit.saturating_add(HEAD) {
            reply.body = Body::TooLarge;
            return Ok(reply);
        }
        body.extend_from_slice(&data);
        receiving.flow_control().release_capacity(data.len())?;
    }
    reply.trailers = receiving.trailers().await?;
    reply.body = Body::Whole(body);
    Ok(reply)
}
