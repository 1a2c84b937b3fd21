//! Zipkin v2 in JSON.

use super::endpoint::Remote;
use super::span::{ZipkinSpan, annotation, each_span};
use crate::SpanKind;
use crate::wire::json::{escaped, string};
use crate::wire::otlp::{RequestView, ValueText};
use crate::wire::tags::micros;
use core::fmt::{self, Result, Write};
use core::net::IpAddr;

/// Writes what stands in a JSON text between quotes.
struct Quoted<'w, W>(&'w mut W);

impl<W: Write> Write for Quoted<'_, W> {
    fn write_str(&mut self, text: &str) -> Result {
        escaped(self.0, text)
    }
}

/// A string of what is written by `write`.
fn quoted<W: Write>(out: &mut W, write: impl FnOnce(&mut Quoted<'_, W>) -> fmt::Result) -> Result {
    out.write_char('"')?;
    write(&mut Quoted(out))?;
    out.write_char('"')
}

/// Writes the spans of a request as one JSON list, as Zipkin's `POST /api/v2/spans` takes it.
///
/// ```
/// use spanline_core::wire::otlp::RequestView;
/// use spanline_core::wire::zipkin::write_json_list;
/// let mut list = String::new();
/// write_json_list(RequestView::ours(&[]), &mut list).unwrap();
/// assert_eq!(list, "[]");
/// ```
///
/// # Errors
/// Those of `out`.
pub fn write_json_list(request: RequestView<'_>, out: &mut impl Write) -> Result {
    out.write_char('[')?;
    let mut first = true;
    each_span(request, |span| {
        if !core::mem::take(&mut first) {
            out.write_char(',')?;
        }
        write_span(span, out)
    })?;
    out.write_char(']')
}

fn write_span(zipkin: &ZipkinSpan<'_, '_>, out: &mut impl Write) -> Result {
    let span = zipkin.span;
    write!(
        out,
        "{{\"traceId\":\"{}\",\"id\":\"{}\"",
        span.trace_id(),
        span.span_id()
    )?;
    if span.parent_span_id().is_valid() {
        write!(out, ",\"parentId\":\"{}\"", span.parent_span_id())?;
    }
    if !span.name().is_empty() {
        out.write_str(",\"name\":")?;
        string(out, span.name())?;
    }
    let kind = match span.kind() {
        Some(SpanKind::Client) => "CLIENT",
        Some(SpanKind::Server) => "SERVER",
        Some(SpanKind::Producer) => "PRODUCER",
        Some(SpanKind::Consumer) => "CONSUMER",
        Some(SpanKind::Internal) | None => "",
    };
    if !kind.is_empty() {
        write!(out, ",\"kind\":\"{kind}\"")?;
    }
    let (start, duration) = (zipkin.timestamp(), zipkin.duration());
    // To Zipkin a timestamp of 0 is none.
    if start > 0 {
        write!(out, ",\"timestamp\":{start}")?;
    }
    write!(
        out,
        ",\"duration\":{duration},\"localEndpoint\":{{\"serviceName\":"
    )?;
    string(out, zipkin.service)?;
    out.write_char('}')?;
    if let Some(remote) = zipkin.remote {
        out.write_str(",\"remoteEndpoint\":")?;
        write_remote(remote, out)?;
    }
    let mut any = false;
    for (at, event) in span.events().enumerate() {
        let between = if at == 0 { ",\"annotations\":[" } else { "," };
        let time = micros(event.time_unix_nano());
        write!(out, "{between}{{\"timestamp\":{time},\"value\":")?;
        quoted(out, |out| annotation(event, out))?;
        out.write_char('}')?;
        any = true;
    }
    if any {
        out.write_char(']')?;
    }
    any = false;
    for (at, (key, value)) in zipkin.tags.unique().enumerate() {
        out.write_str(if at == 0 { ",\"tags\":{" } else { "," })?;
        string(out, key)?;
        out.write_char(':')?;
        quoted(out, |out| write!(out, "{}", ValueText(value)))?;
        any = true;
    }
    if any {
        out.write_char('}')?;
    }
    out.write_char('}')
}

fn write_remote(remote: Remote<'_>, out: &mut impl Write) -> Result {
    match remote {
        Remote::Service(name) => {
            out.write_str("{\"serviceName\":")?;
            string(out, name)?;
        }
        Remote::Address(address, port) => {
            let family = match address {
                IpAddr::V4(_) => "ipv4",
                IpAddr::V6(_) => "ipv6",
            };
            write!(out, "{{\"{family}\":\"{address}\"")?;
            if let Some(port) = port {
                write!(out, ",\"port\":{port}")?;
            }
        }
    }
    out.write_char('}')
}
