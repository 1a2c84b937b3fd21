//! The ways that spans take out of a program, each to a peer that reads them with somebody else's code.

#[path = "common/mod.rs"]
mod common;
#[path = "transports/encodings.rs"]
mod encodings;
#[path = "transports/file.rs"]
mod file;
#[path = "transports/folder.rs"]
mod folder;
#[path = "transports/formats.rs"]
mod formats;
#[path = "transports/hints.rs"]
mod hints;
#[cfg(feature = "tls")]
#[path = "transports/tls.rs"]
mod tls;
#[path = "transports/ways.rs"]
mod ways;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

/// The names of the spans in a request.
fn names(request: &ExportTraceServiceRequest) -> Vec<&str> {
    let groups = request.resource_spans.iter();
    let spans = groups.flat_map(|group| group.scope_spans.iter().flat_map(|scope| &scope.spans));
    spans.map(|span| span.name.as_str()).collect()
}
