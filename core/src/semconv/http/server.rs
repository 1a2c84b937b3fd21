//! A request that came in.

use super::{Method, size, write_version};
use crate::semconv::forwarded::Forwarded;
use crate::semconv::network::{Socket, host_and_port, lower, port_of_scheme};
use crate::semconv::sink::Writer;
use crate::semconv::url::{Parts, redact_query};
use crate::semconv::{Conventions, Names, Sink, attribute};
use crate::{SpanKind, Value};
use alloc::borrow::Cow;
use alloc::string::String;

/// What an HTTP server knows of a request when it begins. What is not known is empty or `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HttpServerRequest<'a> {
    /// The method, as it came.
    pub method: &'a str,
    /// `http` or `https`, as the socket is spoken to.
    pub scheme: &'a str,
    /// The target of the request line: path and query, or a whole URL.
    pub target: &'a str,
    /// The route that was matched, with its placeholders and static prefixes. When it is known later only, give it to
    /// [`HttpServerSpan::routed`] and to the response.
    pub route: Option<&'a str>,
    /// The header `Host`, or `:authority`.
    pub host: Option<&'a str>,
    /// The header `Forwarded`.
    pub forwarded: Option<&'a str>,
    /// The header `X-Forwarded-For`.
    pub x_forwarded_for: Option<&'a str>,
    /// The header `X-Forwarded-Proto`.
    pub x_forwarded_proto: Option<&'a str>,
    /// The header `X-Forwarded-Host`.
    pub x_forwarded_host: Option<&'a str>,
    /// Whether the four headers above come from a proxy that is trusted: then they say scheme and host, too. The
    /// address of the client is taken from them in any case.
    pub trust_forwarded: bool,
    /// Address of the other side of the socket.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
    /// Address of this side of the socket.
    pub local_address: Option<&'a str>,
    /// Port of this side of the socket.
    pub local_port: Option<u16>,
    /// Version of HTTP: `1.1`, `HTTP/1.1`, `HTTP/2.0`, `h2`.
    pub protocol_version: &'a str,
    /// `tcp`, `unix` or `quic`; only where it shall be recorded.
    pub transport: Option<&'a str>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Bytes of the body, as sent; only where they shall be recorded.
    pub body_size: Option<u64>,
}

impl<'a> HttpServerRequest<'a> {
    /// What the span of this request is like.
    pub fn span(&self, conventions: &'a Conventions) -> HttpServerSpan<'a> {
        HttpServerSpan::new(*self, conventions)
    }
}

/// The span of a request that came in: [`HttpServerRequest::span`].
#[derive(Clone, Debug)]
pub struct HttpServerSpan<'a> {
    request: HttpServerRequest<'a>,
    names: Names,
    method: Method<'a>,
    scheme: Cow<'a, str>,
    path: &'a str,
    query: Option<Cow<'a, str>>,
    /// Path and query together, where the old name for them is wanted.
    target: Option<Cow<'a, str>>,
    host: Option<(&'a str, Option<u16>)>,
    client: Option<(&'a str, Option<u16>)>,
}

impl<'a> HttpServerSpan<'a> {
    fn new(request: HttpServerRequest<'a>, conventions: &'a Conventions) -> Self {
        let forwarded = Forwarded::read(
            request.forwarded,
            request.x_forwarded_for,
            request.x_forwarded_proto,
            request.x_forwarded_host,
        );
        let trusted = if request.trust_forwarded {
            forwarded
        } else {
            Forwarded::default()
        };
        let whole = Parts::of_target(request.target);
        let (path, query) = whole.path_and_query();
        let scheme = trusted.scheme.unwrap_or(request.scheme);
        let scheme = if scheme.is_empty() { whole.scheme() } else { scheme };
        // The host of a whole URL goes before the header (RFC 9112, 3.2.2).
        let hosts = [trusted.host, whole.host_if_any(), request.host];
        let mut hosts = hosts.into_iter().flatten().map(host_and_port);
        // `:80` is no host.
        let host = hosts.find(|(host, _)| !host.is_empty());
        let query = query.filter(|query| !query.is_empty()).map(redact_query);
        let target = (conventions.http == Names::Both).then(|| match &query {
            Some(query) => {
                let mut target = String::with_capacity(path.len() + 1 + query.len());
                target.push_str(path);
                target.push('?');
                target.push_str(query);
                Cow::Owned(target)
            }
            None => Cow::Borrowed(path),
        });
        let peer = request.peer_address.filter(|address| !address.is_empty());
        let peer = peer.map(|address| (address, request.peer_port));
        Self {
            names: conventions.http,
            method: Method::of(request.method, conventions),
            scheme: lower(scheme),
            path,
            query,
            target,
            host,
            client: forwarded.client.or(peer),
            request,
        }
    }

    /// The same with the route, which is known now.
    #[must_use]
    pub fn routed(mut self, route: &'a str) -> Self {
        self.request.route = Some(route);
        self
    }

    /// Always [`SpanKind::Server`].
    pub const fn kind(&self) -> SpanKind {
        SpanKind::Server
    }

    /// Method and route, or the method alone.
    pub fn name(&self) -> Cow<'a, str> {
        self.method.name(self.request.route)
    }

    /// The attributes to start the span with.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let request = &self.request;
        self.method.write(out);
        out.set(attribute::URL_SCHEME, "http.scheme", &*self.scheme);
        out.new_only(attribute::URL_PATH, self.path);
        out.new_some(attribute::URL_QUERY, self.query.as_deref());
        if let Some(target) = self.target.as_deref() {
            out.old_only("http.target", target);
        }
        out.new_some(attribute::HTTP_ROUTE, request.route);
        if let Some((address, port)) = self.host {
            out.set(attribute::SERVER_ADDRESS, "net.host.name", address);
            let port = port.or_else(|| port_of_scheme(&self.scheme));
            out.set_some(attribute::SERVER_PORT, "net.host.port", port);
        }
        if let Some(host) = request.host {
            out.old_only("http.host", host);
        }
        if let Some((address, port)) = self.client {
            out.set(attribute::CLIENT_ADDRESS, "http.client_ip", address);
            out.new_some(attribute::CLIENT_PORT, port);
        }
        Socket {
            peer_address: request.peer_address,
            peer_port: request.peer_port,
            transport: request.transport,
        }
        .write(out);
        out.set_some(
            attribute::NETWORK_LOCAL_ADDRESS,
            "net.sock.host.addr",
            request.local_address,
        );
        let port = request
            .local_port
            .filter(|_| request.local_address.is_some_and(|address| !address.is_empty()));
        out.set_some(attribute::NETWORK_LOCAL_PORT, "net.sock.host.port", port);
        write_version(out, request.protocol_version);
        out.set_some(
            attribute::USER_AGENT_ORIGINAL,
            "http.user_agent",
            request.user_agent,
        );
        out.set_some(
            attribute::HTTP_REQUEST_BODY_SIZE,
            "http.request_content_length",
            size(request.body_size).map(Value::I64),
        );
    }
}
