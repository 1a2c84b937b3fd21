//! HTTP.

mod client;
mod response;
mod server;

pub use client::{HttpClientRequest, HttpClientSpan};
pub use response::{HttpEnd, HttpResponse};
pub use server::{HttpServerRequest, HttpServerSpan};

use super::sink::Writer;
use super::{Conventions, attribute, network};
use alloc::borrow::Cow;
use alloc::string::String;

/// A method, as it is written and as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Method<'a> {
    known: Option<&'a str>,
    original: &'a str,
}

impl<'a> Method<'a> {
    fn of(original: &'a str, conventions: &'a Conventions) -> Self {
        Self {
            known: conventions.methods.known(original),
            original,
        }
    }

    /// The name of a span: the method, and a path with placeholders where one is known.
    fn name(self, path: Option<&str>) -> Cow<'a, str> {
        let method = self.known.unwrap_or("HTTP");
        match path.filter(|path| !path.is_empty()) {
            None => Cow::Borrowed(method),
            Some(path) => {
                let mut name = String::with_capacity(method.len() + 1 + path.len());
                name.push_str(method);
                name.push(' ');
                name.push_str(path);
                Cow::Owned(name)
            }
        }
    }

    fn write(self, out: &mut Writer<'_, 'a>) {
        out.set(
            attribute::HTTP_REQUEST_METHOD,
            "http.method",
            self.known.unwrap_or("_OTHER"),
        );
        if self.known != Some(self.original) {
            out.new_only(attribute::HTTP_REQUEST_METHOD_ORIGINAL, self.original);
        }
    }
}

/// `network.protocol.version`.
fn write_version<'s>(out: &mut Writer<'_, 's>, version: &'s str) {
    if let Some(version) = network::http_version(version) {
        out.new_only(attribute::NETWORK_PROTOCOL_VERSION, version);
        out.old_only("http.flavor", network::http_flavor(version));
    }
}

/// A size as attributes have it.
fn size(bytes: Option<u64>) -> Option<i64> {
    bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}
