//! HTTP headers as carriers (feature `http`): those of the crate `http`, which hyper, axum, reqwest and tonic share.
//!
//! ```
//! use spanline::http::{HeaderExtractor, HeaderInjector};
//! # let provider = spanline::init().without_environment().exporter("none").build()?;
//! # let _provider = provider.enter();
//! // A client, before it sends a request:
//! let mut request = http::Request::get("http://shop.example/").body(())?;
//! {
//!     let _call = spanline::span!("GET", kind = spanline::SpanKind::Client);
//!     spanline::inject(&mut HeaderInjector(request.headers_mut()));
//! }
//! // A server, when it has received one:
//! let parent = spanline::extract(&HeaderExtractor(request.headers()));
//! let _served = spanline::span!("GET /", kind = spanline::SpanKind::Server, parent = &parent);
//! assert!(parent.span_context().is_remote());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ::http::{HeaderMap, HeaderName, HeaderValue};
use spanline_core::propagate::{Getter, Setter};

/// Reads a context from headers. Names compare without case; the values of a repeated header come in their order.
#[derive(Clone, Copy, Debug)]
pub struct HeaderExtractor<'a>(
    /// The headers of a received request.
    pub &'a HeaderMap,
);

impl Getter for HeaderExtractor<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(HeaderValue::as_bytes)
    }

    fn get_all<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.get_all(name) {
            visit(value.as_bytes());
        }
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Writes a context into headers; what a header held before is replaced.
///
/// A name or value that HTTP does not allow is left out, and so is a field for which the map has no room.
#[derive(Debug)]
pub struct HeaderInjector<'a>(
    /// The headers of a request to be sent.
    pub &'a mut HeaderMap,
);

impl Setter for HeaderInjector<'_> {
    fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            // `insert` would panic where the map is full.
            let _ = self.0.try_insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_header_is_read_as_bytes() {
        let mut headers = HeaderMap::new();
        headers.append("Baggage", HeaderValue::from_static("a=1"));
        headers.append("baggage", HeaderValue::from_bytes(b"b=\xff").unwrap());
        headers.append("traceparent", HeaderValue::from_static("00"));
        let carrier = HeaderExtractor(&headers);
        let mut all = Vec::new();
        carrier.get_all("BAGGAGE", &mut |value| all.push(value));
        assert_eq!(all, [&b"a=1"[..], b"b=\xff"]);
        assert_eq!(carrier.get("baggage"), Some(&b"a=1"[..]));
        assert_eq!(carrier.get("not a name"), None);
        let mut keys = carrier.keys();
        keys.sort_unstable();
        assert_eq!(keys, ["baggage", "traceparent"]);
    }

    #[test]
    fn a_field_is_replaced_and_one_that_http_forbids_left_out() {
        let mut headers = HeaderMap::new();
        headers.append("traceparent", HeaderValue::from_static("old"));
        headers.append("traceparent", HeaderValue::from_static("older"));
        let mut carrier = HeaderInjector(&mut headers);
        carrier.set("Traceparent", "new");
        carrier.set("not a name", "x");
        carrier.set("tracestate", "line\nbreak");
        assert_eq!(headers.len(), 1);
        assert_eq!(headers.get_all("traceparent").iter().collect::<Vec<_>>(), ["new"]);
    }
}
