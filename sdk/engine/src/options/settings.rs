//! What holds for one exporter.

use super::{Compression, Exporter, ExporterOption, Headers, Protocol};
use alloc::string::String;
use core::fmt;

impl From<&str> for ExporterOption {
    fn from(name: &str) -> Self {
        Self::from(String::from(name))
    }
}

impl From<String> for ExporterOption {
    fn from(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }
}

/// One exporter with everything that holds for it; an item of [`Effective::exporter`](super::Effective::exporter).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct ExporterSettings {
    /// What it is.
    pub kind: Exporter,
    /// Under which name it is accounted: that of the kind, the second of a kind with `_2` and so on.
    pub name: String,
    /// The full URL that spans are sent to. Over HTTP `http://host:port/path`; over gRPC scheme, host and port only,
    /// and the port is always there; for a Unix socket as it was given.
    pub endpoint: String,
    /// How it speaks.
    pub protocol: Protocol,
    /// Headers of each request, credentials among them; names in lower case.
    pub headers: Headers,
    /// Compression of requests.
    pub compression: Compression,
    /// Bound of one attempt in milliseconds. `None`: no limit.
    pub timeout_ms: Option<u64>,
    /// Path of the PEM file of trusted roots. `None`: those of the machine.
    pub certificate: Option<String>,
    /// Path of the PEM file of this side's certificate; set if and only if the key is.
    pub client_certificate: Option<String>,
    /// Path of the PEM file of its key.
    pub client_key: Option<String>,
    /// URL of the HTTP proxy, with user and password. `None`: directly.
    pub proxy: Option<String>,
    /// The product that stands in front of the exporter's own `User-Agent`.
    pub user_agent: Option<String>,
    /// Most requests on their way at the same time, from 1 to 8.
    pub concurrent_sends: u64,
    /// A larger request is never sent; in bytes before compression. `None`: no limit.
    pub max_request_bytes: Option<u64>,
    /// A larger answer is not read to its end; in bytes.
    pub max_response_bytes: u64,
    /// The path of the exporter `file`.
    pub file_path: String,
    /// The size in bytes at which it begins a new file. `None`: never.
    pub file_max_bytes: Option<u64>,
    /// How many files there may be in all, when there is such a size.
    pub file_max_files: u64,
}

impl ExporterSettings {
    /// The endpoint without user name, password and query.
    pub fn masked_endpoint(&self) -> String {
        super::endpoint::masked(&self.endpoint)
    }

    /// Whether the connection is secured by TLS.
    pub fn tls(&self) -> bool {
        let scheme = self.endpoint.split(':').next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
    }
}

/// Shows no secrets.
impl fmt::Debug for ExporterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ExporterSettings");
        debug.field("kind", &self.kind).field("name", &self.name);
        match self.kind {
            Exporter::Otlp | Exporter::Zipkin | Exporter::Jaeger => {
                debug
                    .field("endpoint", &super::endpoint::masked(&self.endpoint))
                    .field("protocol", &self.protocol)
                    .field("headers", &self.headers)
                    .field("compression", &self.compression)
                    .field("timeout_ms", &self.timeout_ms)
                    .field("proxy", &self.proxy.as_deref().map(super::endpoint::masked));
            }
            Exporter::File => {
                debug.field("file_path", &self.file_path);
            }
            _ => {}
        }
        debug.finish_non_exhaustive()
    }
}
