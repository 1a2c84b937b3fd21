//! In which format spans go to a receiver, and what follows from it.

use spanline_core::wire::otlp::{RequestView, write_json_request};
use spanline_core::wire::{jaeger, zipkin};
use spanline_engine::options::{Exporter, ExporterSettings, Protocol};
use std::fmt;

/// What an exporter sends, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// OTLP in protobuf over HTTP.
    OtlpProtobuf,
    /// OTLP in JSON over HTTP.
    OtlpJson,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// Zipkin v2 in JSON.
    ZipkinJson,
    /// Zipkin v2 in protobuf.
    ZipkinProtobuf,
    /// Jaeger's Thrift over HTTP.
    JaegerThrift,
    /// Jaeger's `api_v2` over gRPC.
    JaegerGrpc,
}

impl Format {
    pub(crate) const fn of(settings: &ExporterSettings) -> Self {
        match (settings.kind, settings.protocol) {
            (Exporter::Zipkin, Protocol::HttpProtobuf) => Self::ZipkinProtobuf,
            (Exporter::Zipkin, _) => Self::ZipkinJson,
            (Exporter::Jaeger, Protocol::Grpc) => Self::JaegerGrpc,
            (Exporter::Jaeger, _) => Self::JaegerThrift,
            (_, Protocol::Grpc) => Self::OtlpGrpc,
            (_, Protocol::HttpJson) => Self::OtlpJson,
            _ => Self::OtlpProtobuf,
        }
    }

    pub(crate) const fn is_otlp(self) -> bool {
        matches!(self, Self::OtlpProtobuf | Self::OtlpJson | Self::OtlpGrpc)
    }

    /// The `User-Agent`, with what the user wants in front of it, if that is printable ASCII.
    pub(crate) fn user_agent(self, prefix: Option<&str>) -> String {
        const VERSION: &str = env!("CARGO_PKG_VERSION");
        let name = match self {
            Self::ZipkinJson | Self::ZipkinProtobuf => "Zipkin",
            Self::JaegerThrift | Self::JaegerGrpc => "Jaeger",
            Self::OtlpProtobuf | Self::OtlpJson | Self::OtlpGrpc => "OTLP",
        };
        let ours = format!("Spanline-{name}-Exporter-Rust/{VERSION}");
        let prefix = prefix.map(str::trim).unwrap_or_default();
        let printable = prefix.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        match prefix {
            prefix if prefix.is_empty() || !printable => ours,
            prefix => format!("{prefix} {ours}"),
        }
    }

    /// The `Content-Type` of a request over HTTP.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::OtlpJson | Self::ZipkinJson => "application/json",
            Self::JaegerThrift => "application/vnd.apache.thrift.binary",
            _ => "application/x-protobuf",
        }
    }

    /// What gRPC calls.
    #[cfg(feature = "grpc")]
    pub(crate) const fn method(self) -> &'static str {
        match self {
            Self::JaegerGrpc => "/jaeger.api_v2.CollectorService/PostSpans",
            _ => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        }
    }

    /// `otel.component.type`.
    pub(crate) const fn component(self) -> &'static str {
        match self {
            Self::OtlpProtobuf => "otlp_http_span_exporter",
            Self::OtlpJson => "otlp_http_json_span_exporter",
            Self::OtlpGrpc => "otlp_grpc_span_exporter",
            Self::ZipkinJson | Self::ZipkinProtobuf => "zipkin_http_span_exporter",
            Self::JaegerThrift => "jaeger_http_span_exporter",
            Self::JaegerGrpc => "jaeger_grpc_span_exporter",
        }
    }

    /// The name in the option `protocol`.
    pub(crate) const fn protocol(self) -> &'static str {
        match self {
            Self::OtlpProtobuf | Self::ZipkinProtobuf => Protocol::HttpProtobuf.name(),
            Self::OtlpJson | Self::ZipkinJson => Protocol::HttpJson.name(),
            Self::JaegerThrift => Protocol::HttpThriftBinary.name(),
            Self::OtlpGrpc | Self::JaegerGrpc => Protocol::Grpc.name(),
        }
    }

    /// What to ask where nobody answers in this format.
    pub(crate) const fn question(self) -> &'static str {
        match self {
            Self::OtlpProtobuf | Self::OtlpJson | Self::OtlpGrpc => "is this an OTLP receiver?",
            Self::ZipkinJson | Self::ZipkinProtobuf => "is this Zipkin?",
            Self::JaegerThrift => "is this a Jaeger that takes Thrift?",
            Self::JaegerGrpc => "is this a Jaeger that takes api_v2?",
        }
    }

    /// Who takes such requests, as words in a sentence.
    pub(crate) const fn receiver(self) -> &'static str {
        match self {
            Self::OtlpProtobuf | Self::OtlpJson => "OTLP receiver",
            Self::OtlpGrpc => "receiver of OTLP over gRPC",
            Self::ZipkinJson | Self::ZipkinProtobuf => "Zipkin",
            Self::JaegerThrift => "Jaeger that takes Thrift",
            Self::JaegerGrpc => "Jaeger that takes api_v2",
        }
    }

    /// The path at which it usually takes them.
    pub(crate) const fn usual_path(self) -> &'static str {
        match self {
            Self::ZipkinJson | Self::ZipkinProtobuf => "/api/v2/spans",
            Self::JaegerThrift => "/api/traces",
            _ => "/v1/traces",
        }
    }

    /// Whether an OTLP request is sent as it stands.
    pub(crate) const fn is_as_batched(self) -> bool {
        matches!(self, Self::OtlpProtobuf | Self::OtlpGrpc)
    }

    /// Writes the request of a batch, or of a part of one: all of it is from one resource.
    pub(crate) fn write(self, request: &[u8], out: &mut Vec<u8>) {
        let request = RequestView::ours(request);
        // Writing to a Vec never fails.
        match self {
            Self::OtlpProtobuf | Self::OtlpGrpc => {}
            Self::OtlpJson => drop(write_json_request(request, &mut Text(out))),
            Self::ZipkinJson => drop(zipkin::write_json_list(request, &mut Text(out))),
            Self::ZipkinProtobuf => zipkin::encode_list(request, out),
            Self::JaegerThrift => {
                for group in request.resource_spans().take(1) {
                    jaeger::encode_batch(group, out);
                }
            }
            Self::JaegerGrpc => {
                for group in request.resource_spans().take(1) {
                    jaeger::encode_post_spans(group, out);
                }
            }
        }
    }

    /// A request without spans, to try a receiver with.
    #[cfg_attr(not(feature = "doctor"), allow(dead_code, reason = "the doctor tries"))]
    pub(crate) fn empty(self) -> Vec<u8> {
        match self {
            Self::OtlpProtobuf | Self::OtlpGrpc => Vec::new(),
            Self::OtlpJson => b"{}".to_vec(),
            _ => {
                let mut out = Vec::new();
                // A request with one resource that says nothing.
                self.write(&[0x0a, 2, 0x0a, 0], &mut out);
                out
            }
        }
    }
}

/// Text at the end of bytes.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_has_in_front_what_the_user_wants() {
        let version = env!("CARGO_PKG_VERSION");
        for (format, prefix, expected) in [
            (Format::OtlpProtobuf, None, "Spanline-OTLP-Exporter-Rust/"),
            (Format::ZipkinJson, Some(" "), "Spanline-Zipkin-Exporter-Rust/"),
            (
                Format::JaegerGrpc,
                Some("shop/1 (x)"),
                "shop/1 (x) Spanline-Jaeger-Exporter-Rust/",
            ),
            (
                Format::OtlpGrpc,
                Some("a\r\nb: c"),
                "Spanline-OTLP-Exporter-Rust/",
            ),
        ] {
            assert_eq!(format.user_agent(prefix), format!("{expected}{version}"));
        }
    }

    #[test]
    fn requests_without_spans_are_whole() {
        assert_eq!(Format::ZipkinJson.empty(), b"[]");
        assert_eq!(Format::ZipkinProtobuf.empty(), b"");
        assert_eq!(Format::OtlpJson.empty(), b"{}");
        assert!(Format::JaegerThrift.empty().starts_with(b"\x0c\x00\x01\x0b"));
        assert!(Format::JaegerGrpc.empty().starts_with(b"\x0a\x13\x12"));
    }
}
