//! An answer over HTTP.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Status, headers and body. The length of the body is added.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Without headers and body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// 200 with an empty `ExportTraceServiceResponse`: everything was taken.
    pub fn ok() -> Self {
        Self::status(200).header("Content-Type", "application/x-protobuf")
    }

    /// 200, but this many spans were rejected (0: a warning).
    pub fn partial(rejected: i64, message: &str) -> Self {
        use opentelemetry_proto::tonic::collector::trace::v1 as trace;
        use prost::Message;
        let response = trace::ExportTraceServiceResponse {
            partial_success: Some(trace::ExportTracePartialSuccess {
                rejected_spans: rejected,
                error_message: message.to_owned(),
            }),
        };
        Self::ok().body(response.encode_to_vec())
    }

    /// What a proxy or a portal puts in the way.
    pub fn page() -> Self {
        let page = "<!doctype html><html><body><h1>Welcome</h1>Please sign in.</body></html>";
        Self::status(200).header("Content-Type", "text/html").body(page)
    }

    /// To somewhere else.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("Location", location)
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With its body compressed.
    pub fn gzip(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Into memory: cannot fail.
        let _ = encoder.write_all(&self.body);
        self.body = encoder.finish().unwrap_or_default();
        self.header("Content-Encoding", "gzip")
    }

    /// Whether so many bytes of it say that the spans were taken.
    pub(super) fn accepts_within(&self, bytes: usize) -> bool {
        let head = self.bytes().len() - self.body.len();
        (200..300).contains(&self.status) && bytes >= head
    }

    /// As it goes over the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "HTTP/1.1 {} Scripted\r\nContent-Length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        [text.as_bytes(), &self.body].concat()
    }
}
