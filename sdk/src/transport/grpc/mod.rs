//! gRPC: unary calls over HTTP/2, without a runtime.
//!
//! One thread makes one call at a time and drives the connection while it waits. The connection is kept between calls.

mod call;
mod drive;
mod line;
mod message;
mod metadata;
mod status;
#[cfg(test)]
mod tests;

pub(crate) use message::Message;
pub(crate) use status::GrpcAnswer;
pub use status::read_grpc_answer;

use super::{Control, Dialer, Endpoint, FailKind, Failure, Interrupt, Proxy, Route, TlsMaterial};
use bytes::{Buf, Bytes};
use drive::{Http2, NoAnswer};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::uri::PathAndQuery;
use ureq::http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};

/// What TLS agrees on.
const PROTOCOLS: &[&[u8]] = &[b"h2"];
/// An idle connection older than this is not used again.
const MAX_IDLE: Duration = Duration::from_secs(60);

/// Where calls go, and what they carry besides the message.
#[derive(Clone, Debug)]
pub(crate) struct GrpcSettings {
    /// What is called: `/service/method`.
    pub(crate) method: &'static str,
    /// The receiver; the path does not matter.
    pub(crate) endpoint: Endpoint,
    /// By way of whom.
    pub(crate) proxy: Option<Proxy>,
    /// Certificates, for `https`.
    pub(crate) tls: TlsMaterial,
    /// The User-Agent, whole; printable ASCII.
    pub(crate) user_agent: String,
    /// Further headers, as configured; the values of binary ones in base64.
    pub(crate) headers: Vec<(String, String)>,
    /// Answers over this many bytes, as received or decompressed, are not held.
    pub(crate) max_response_bytes: usize,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct GrpcRequest {
    /// The message, compressed where `encoding` says so. Not copied.
    pub(crate) message: Bytes,
    /// The `grpc-encoding`, when compressed.
    pub(crate) encoding: Option<&'static str>,
}

/// Makes calls to one receiver.
#[derive(Debug)]
pub(crate) struct GrpcTransport {
    uri: Uri,
    headers: HeaderMap,
    max_response_bytes: usize,
    dialer: Dialer,
    control: Arc<Control>,
    /// The connection of the last call and when it ended.
    kept: Option<(Http2, Instant)>,
}

impl GrpcTransport {
    /// A transport without a connection; one is made when it is needed. `refused` is told the names of headers that
    /// cannot be sent.
    pub(crate) fn new(settings: GrpcSettings, refused: &mut dyn FnMut(&str)) -> Self {
        let control = Arc::new(Control::default());
        let endpoint = &settings.endpoint;
        let headers = metadata::headers(
            &settings.user_agent,
            endpoint.authorization(),
            &settings.headers,
            refused,
        );
        let uri = uri(endpoint.uri(), settings.method);
        let route = Route {
            proxy: settings.proxy,
            always_tunnel: true,
            tls: settings.tls,
            protocols: PROTOCOLS,
            ..Route::to(endpoint.target().clone())
        };
        Self {
            uri,
            headers,
            max_response_bytes: settings.max_response_bytes,
            dialer: Dialer::new(route, control.clone()),
            control,
            kept: None,
        }
    }

    /// Makes one call; blocks for at most `timeout` (`None`: without limit), apart from a name look-up.
    pub(crate) fn send(
        &mut self,
        request: &GrpcRequest,
        timeout: Option<Duration>,
    ) -> Result<GrpcAnswer, Failure> {
        if self.control.stopped() {
            return Err(Failure::interrupted());
        }
        self.control.begin(timeout);
        let sent = catch_unwind(AssertUnwindSafe(|| self.attempt(request)));
        let sent = sent.unwrap_or_else(|_| {
            self.kept = None;
            Err(Failure::new(FailKind::Other, "the HTTP/2 client panicked"))
        });
        sent.map_err(|failure| match self.control.stopped() {
            true => Failure::interrupted(),
            false => failure,
        })
    }

    /// A handle by which another thread stops this transport.
    pub(crate) fn interrupt(&self) -> Interrupt {
        Interrupt(self.control.clone())
    }

    fn attempt(&mut self, request: &GrpcRequest) -> Result<GrpcAnswer, Failure> {
        if let Some((mut kept, since)) = self.kept.take()
            && since.elapsed() < MAX_IDLE
            && kept.refresh()
        {
            match self.call(kept, request)? {
                Ok(answer) => return Ok(answer),
                // The peer was about to end the connection when the call came. It may have seen the call all the same,
                // and then it gets the batch twice, as after any lost answer.
                Err(NoAnswer { stale: true, .. }) => {}
                Err(NoAnswer { failure, .. }) => return Err(failure),
            }
        }
        let connection = self.dialer.connect().map_err(|error| Failure::of(&error))?;
        let http2 = Http2::open(connection)?;
        self.call(http2, request)?.map_err(|none| none.failure)
    }

    /// Calls, and keeps the connection if it can be used again.
    fn call(
        &mut self,
        mut http2: Http2,
        request: &GrpcRequest,
    ) -> Result<Result<GrpcAnswer, NoAnswer>, Failure> {
        let too_long = || Failure::new(FailKind::BadUrl, "the message is longer than gRPC can say");
        let head = message::head(request.encoding.is_some(), request.message.len()).ok_or_else(too_long)?;
        let payload = Bytes::copy_from_slice(&head).chain(request.message.clone());
        let limit = self.max_response_bytes;
        let call = call::unary(http2.requests(), self.request(request)?, payload, limit);
        let (called, open) = http2.run(call);
        if open {
            self.kept = Some((http2, Instant::now()));
        }
        Ok(called.map(|reply| GrpcAnswer::of(reply, limit)))
    }

    fn request(&self, request: &GrpcRequest) -> Result<Request<()>, Failure> {
        let left = self.control.left().map_err(|error| Failure::of(&error))?;
        let mut head = Request::new(());
        *head.method_mut() = Method::POST;
        *head.version_mut() = Version::HTTP_2;
        *head.uri_mut() = self.uri.clone();
        *head.headers_mut() = self.headers.clone();
        let timeout = left.and_then(|left| HeaderValue::try_from(metadata::timeout(left)).ok());
        if let Some(timeout) = timeout {
            head.headers_mut().insert("grpc-timeout", timeout);
        }
        if let Some(encoding) = request.encoding {
            head.headers_mut()
                .insert("grpc-encoding", HeaderValue::from_static(encoding));
        }
        Ok(head)
    }
}

/// The URI of the call: scheme, host and port of the endpoint, whose path does not matter.
fn uri(endpoint: &Uri, method: &'static str) -> Uri {
    let mut parts = endpoint.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static(method));
    // It was complete before.
    Uri::from_parts(parts).unwrap_or_else(|_| Uri::from_static(method))
}
