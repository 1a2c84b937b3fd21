//! A request that goes out.

use super::{Method, size, write_version};
use crate::semconv::network::{Socket, host_and_port, port_of_scheme};
use crate::semconv::sink::Writer;
use crate::semconv::url::{Parts, redact_url};
use crate::semconv::{Conventions, Names, Sink, attribute};
use crate::{SpanKind, Value};
use alloc::borrow::Cow;

/// What an HTTP client knows of a request when it begins. What is not known is empty or `None`. Each time that a
/// request is sent again is a span of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HttpClientRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// Its path with placeholders, where the client knows one.
    pub template: Option<&'a str>,
    /// Host that is meant, where that is not in the URL.
    pub server_address: Option<&'a str>,
    /// Port that is meant, where that is not in the URL.
    pub server_port: Option<u16>,
    /// Address of the other side of the socket. The response may say it, too.
    pub peer_address: Option<&'a str>,
    /// Port of the other side of the socket.
    pub peer_port: Option<u16>,
    /// Version of HTTP: `1.1`, `HTTP/1.1`, `HTTP/2.0`, `h2`. The response may say it, too.
    pub protocol_version: &'a str,
    /// `tcp`, `unix` or `quic`; only where it shall be recorded.
    pub transport: Option<&'a str>,
    /// The header `User-Agent`; only where it shall be recorded.
    pub user_agent: Option<&'a str>,
    /// How often the request was sent before.
    pub resend_count: u32,
    /// Bytes of the body, as sent; only where they shall be recorded.
    pub body_size: Option<u64>,
}

impl<'a> HttpClientRequest<'a> {
    /// What the span of this request is like.
    ///
    /// ```
    /// use spanline_core::Value;
    /// use spanline_core::semconv::{Conventions, HttpClientRequest};
    /// let conventions = Conventions::default();
    /// let request = HttpClientRequest {
    ///     method: "GET",
    ///     url: "https://me:s3cret@example.com/users/7",
    ///     ..HttpClientRequest::default()
    /// };
    /// let span = request.span(&conventions);
    /// assert_eq!(span.name(), "GET");
    /// let mut attributes = Vec::new();
    /// span.attributes(&mut |key, value| attributes.push((key, value)));
    /// let url = "https://REDACTED:REDACTED@example.com/users/7";
    /// assert!(attributes.contains(&("url.full", Value::Str(url))));
    /// assert!(attributes.contains(&("server.port", Value::I64(443))));
    /// ```
    pub fn span(&self, conventions: &'a Conventions) -> HttpClientSpan<'a> {
        let parts = Parts::of(self.url);
        let host = parts.host_if_any().map(host_and_port);
        let host = host.filter(|(address, _)| !address.is_empty());
        HttpClientSpan {
            request: *self,
            names: conventions.http,
            method: Method::of(self.method, conventions),
            url: redact_url(self.url),
            address: host.map(|(address, _)| address).or(self.server_address),
            port: host
                .and_then(|(_, port)| port)
                .or(self.server_port)
                .or_else(|| port_of_scheme(parts.scheme())),
        }
    }
}

/// The span of a request that goes out: [`HttpClientRequest::span`].
#[derive(Clone, Debug)]
pub struct HttpClientSpan<'a> {
    request: HttpClientRequest<'a>,
    names: Names,
    method: Method<'a>,
    url: Cow<'a, str>,
    address: Option<&'a str>,
    port: Option<u16>,
}

impl<'a> HttpClientSpan<'a> {
    /// Always [`SpanKind::Client`].
    pub const fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    /// Method and template, or the method alone.
    pub fn name(&self) -> Cow<'a, str> {
        self.method.name(self.request.template)
    }

    /// The attributes to start the span with.
    pub fn attributes<'s>(&'s self, sink: Sink<'_, 's>) {
        let out = &mut Writer::new(self.names, sink);
        let request = &self.request;
        self.method.write(out);
        out.set(attribute::URL_FULL, "http.url", &*self.url);
        out.new_some(attribute::URL_TEMPLATE, request.template);
        if let Some(address) = self.address.filter(|address| !address.is_empty()) {
            out.set(attribute::SERVER_ADDRESS, "net.peer.name", address);
            out.set_some(attribute::SERVER_PORT, "net.peer.port", self.port);
        }
        Socket {
            peer_address: request.peer_address,
            peer_port: request.peer_port,
            transport: request.transport,
        }
        .write(out);
        write_version(out, request.protocol_version);
        out.set_some(
            attribute::USER_AGENT_ORIGINAL,
            "http.user_agent",
            request.user_agent,
        );
        let resent = (request.resend_count > 0).then_some(request.resend_count);
        out.set_some(attribute::HTTP_REQUEST_RESEND_COUNT, "http.resend_count", resent);
        out.set_some(
            attribute::HTTP_REQUEST_BODY_SIZE,
            "http.request_content_length",
            size(request.body_size).map(Value::I64),
        );
    }
}
