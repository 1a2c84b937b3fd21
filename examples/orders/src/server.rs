//! A traced HTTP server: one span of kind `Server` for each request, by the semantic conventions for HTTP.

use crate::conventions;
use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::header::{HOST, USER_AGENT};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use spanline::http::HeaderExtractor;
use spanline::{Context, InSpan, Span, SpanKind, StatusCode, Tracer, Value};
use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

static TRACER: LazyLock<Tracer> = LazyLock::new(|| spanline::tracer("http server"));

/// Serves at the address in the environment variable `LISTEN`, or the given one, until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// When the address is not free.
pub async fn serve(router: Router, address: &str) -> io::Result<()> {
    let address = std::env::var("LISTEN").unwrap_or(address.to_owned());
    let listener = TcpListener::bind(&address).await?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("listening on {}", listener.local_addr()?);

    let service = router
        .layer(from_fn(traced))
        .into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        })
        .await
}

/// Runs the rest of the service in the span of this request.
async fn traced(
    peer: ConnectInfo<SocketAddr>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let parent = spanline::extract(&HeaderExtractor(request.headers()));
    let span = server_span(&parent, &request, route.as_ref().map(MatchedPath::as_str), *peer);
    async {
        let response = next.run(request).await;
        let status = response.status();
        let span = spanline::current_span();
        span.set("http.response.status_code", status.as_u16());
        // What the client did wrong (4xx) is no failure of the server.
        if status.is_server_error() {
            span.set("error.type", status.as_str());
            span.set_status(StatusCode::Error, "");
        }
        response
    }
    .in_span(span)
    // The baggage that came with the request goes on with what it causes.
    .in_context(parent)
    .await
}

/// A span whose parent is the one that the client names in the request. All that is known is given at once: a sampler
/// sees nothing else.
fn server_span(parent: &Context, request: &Request, route: Option<&str>, peer: SocketAddr) -> Span {
    let headers = request.headers();
    let method = conventions::method(request.method());
    let address = peer.ip().to_string();
    let query = request.uri().query().map(conventions::query);
    let host = header(headers, HOST).and_then(|host| host.parse::<Authority>().ok());

    let mut attributes: Vec<(&str, Value<'_>)> = vec![
        ("http.request.method", method.into()),
        ("url.scheme", "http".into()),
        ("url.path", request.uri().path().into()),
        ("client.address", address.as_str().into()),
        ("network.peer.address", address.as_str().into()),
        ("network.peer.port", peer.port().into()),
        (
            "network.protocol.version",
            conventions::version(request.version()).into(),
        ),
    ];
    if method == "_OTHER" {
        attributes.push(("http.request.method_original", request.method().as_str().into()));
    }
    if let Some(route) = route {
        attributes.push(("http.route", route.into()));
    }
    if let Some(query) = &query {
        attributes.push(("url.query", query.into()));
    }
    if let Some(host) = &host {
        attributes.push(("server.address", host.host().into()));
        attributes.push(("server.port", host.port_u16().unwrap_or(80).into()));
    }
    if let Some(agent) = header(headers, USER_AGENT) {
        attributes.push(("user_agent.original", agent.into()));
    }
    TRACER
        .span(&conventions::span_name(method, route))
        .kind(SpanKind::Server)
        .parent(parent)
        .attributes(&attributes)
        .start()
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
