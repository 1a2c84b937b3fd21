//! A traced HTTP client: one span of kind `Client` for each request, by the semantic conventions for HTTP.

use crate::{Problem, conventions};
use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{HttpConnector, HttpInfo};
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::TokioExecutor;
use serde::{Serialize, de::DeserializeOwned};
use spanline::http::HeaderInjector;
use spanline::{CurrentSpan, InSpan, Span, SpanKind, Tracer};
use std::error::Error;
use std::sync::LazyLock;

static TRACER: LazyLock<Tracer> = LazyLock::new(|| spanline::tracer("http client"));

/// An answer may be this long, in bytes.
const LIMIT: usize = 1 << 20;

/// Keeps connections; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
}

impl Default for Client {
    fn default() -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        Self { pool }
    }
}

impl Client {
    /// Sends a message as JSON and reads the answer.
    ///
    /// # Errors
    ///
    /// What the other service says when it does not say success; a bad gateway when its answer cannot be had or read.
    pub async fn post<A: DeserializeOwned>(&self, url: &str, message: &impl Serialize) -> Result<A, Problem> {
        let exchanged = self.exchange(url, message).await;
        let (status, body) = exchanged.map_err(Problem::gateway)?;
        if status.is_success() {
            serde_json::from_slice(&body).map_err(Problem::gateway)
        } else {
            Err(Problem::new(status, String::from_utf8_lossy(&body)))
        }
    }

    async fn exchange(
        &self,
        url: &str,
        message: &impl Serialize,
    ) -> Result<(StatusCode, Bytes), Box<dyn Error + Send + Sync>> {
        let request = Request::post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "spanline-example")
            .body(Full::from(serde_json::to_vec(message)?))?;
        let response = self.send(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LIMIT).collect().await?;
        Ok((status, body.to_bytes()))
    }

    /// Sends a request in a span, which ends when the head of the answer is there.
    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, legacy::Error> {
        let span = client_span(&request);
        spanline::inject_context(&span.in_context(), &mut HeaderInjector(request.headers_mut()));
        async {
            let result = self.pool.request(request).await;
            let span = spanline::current_span();
            match &result {
                Ok(response) => answered(&span, response),
                Err(error) => drop(span.fail(error)),
            }
            result
        }
        .in_span(span)
        .await
    }
}

fn client_span(request: &Request<Full<Bytes>>) -> Span {
    let url = request.uri();
    let method = conventions::method(request.method());
    let span = TRACER
        .span(&conventions::span_name(method, None))
        .kind(SpanKind::Client)
        .attribute("http.request.method", method)
        .attribute("url.full", &conventions::full(url))
        .attribute("server.address", url.host().unwrap_or_default())
        .attribute("server.port", url.port_u16().unwrap_or(80))
        .start();
    if method == "_OTHER" {
        span.set("http.request.method_original", request.method().as_str());
    }
    span
}

fn answered(span: &CurrentSpan, response: &Response<Incoming>) {
    let status = response.status();
    span.set("http.response.status_code", status.as_u16());
    span.set(
        "network.protocol.version",
        conventions::version(response.version()),
    );
    if let Some(info) = response.extensions().get::<HttpInfo>() {
        span.set("network.peer.address", &info.remote_addr().ip().to_string());
        span.set("network.peer.port", info.remote_addr().port());
    }
    // Whoever was at fault: what was asked for was not had.
    if status.is_client_error() || status.is_server_error() {
        span.set("error.type", status.as_str());
        span.set_status(spanline::StatusCode::Error, "");
    }
}
