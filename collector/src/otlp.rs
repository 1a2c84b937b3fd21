//! Export requests on their way into the store, and the answers to them, in both formats. All reading and writing of
//! OTLP is core's.

use crate::store::{Group, NewSpan, Resource, Scope};
use spanline_core::StatusCode;
use spanline_core::wire::otlp::{
    ExportOutcome, RequestView, ResourceView, RpcStatus, SpanError, SpanView, decode_request_json,
    decode_request_protobuf, encode_response, encode_response_json,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The name of services that do not say theirs.
const UNKNOWN_SERVICE: &str = "unknown_service";
/// So many spans are handed over at one time: what is copied out of a body beyond the store's bound is bounded, too.
const CHUNK: usize = 1_024;

/// How a request and its answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

impl Format {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Spans that were not well-formed, by reason.
#[derive(Debug, Default)]
pub(crate) struct Rejected(BTreeMap<&'static str, u64>);

impl Rejected {
    fn add(&mut self, error: SpanError, n: u64) {
        *self.0.entry(error.reason()).or_default() += n;
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn by_reason(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(&reason, &count)| (reason, count))
    }

    /// For the sender: reasons, with how often each was met.
    fn message(&self) -> String {
        let reasons: Vec<String> = self
            .by_reason()
            .take(5)
            .map(|(reason, count)| format!("{reason} ({count})"))
            .collect();
        let more = if self.0.len() > 5 { ", and more" } else { "" };
        format!("rejected spans: {}{more}", reasons.join(", "))
    }
}

/// Decodes a request and hands its good spans to `keep`, in parts. The error says why the whole body is refused;
/// nothing was handed over then.
pub(crate) fn decode(format: Format, body: &[u8], keep: impl FnMut(Vec<Group>)) -> Result<Rejected, String> {
    match format {
        Format::Protobuf => {
            let request = decode_request_protobuf(body).map_err(|error| error.to_string())?;
            Ok(hand_over(request, keep))
        }
        Format::Json => {
            let request = decode_request_json(body).map_err(|error| error.to_string())?;
            let mut rejected = hand_over(RequestView::ours(&request.protobuf), keep);
            request
                .rejected
                .iter()
                .for_each(|&(error, n)| rejected.add(error, n));
            Ok(rejected)
        }
    }
}

fn hand_over(request: RequestView<'_>, mut keep: impl FnMut(Vec<Group>)) -> Rejected {
    let mut rejected = Rejected::default();
    let mut chunk = Chunk::default();
    for from_resource in request.resource_spans() {
        let bytes = from_resource.resource();
        let resource = Arc::new(Resource {
            service: service(&bytes).into(),
            bytes: bytes.into(),
            schema_url: from_resource.schema_url().into(),
        });
        for from_scope in from_resource.scope_spans() {
            let scope = Arc::new(Scope {
                bytes: from_scope.scope().into(),
                schema_url: from_scope.schema_url().into(),
            });
            for span in from_scope.spans() {
                match span {
                    Ok(span) => chunk.push(&resource, &scope, new_span(span)),
                    Err(error) => rejected.add(error, 1),
                }
                if chunk.spans == CHUNK {
                    keep(std::mem::take(&mut chunk).groups);
                }
            }
        }
    }
    keep(chunk.groups);
    rejected
}

#[derive(Default)]
struct Chunk {
    groups: Vec<Group>,
    spans: usize,
}

impl Chunk {
    fn push(&mut self, resource: &Arc<Resource>, scope: &Arc<Scope>, span: NewSpan) {
        self.spans += 1;
        match self.groups.last_mut() {
            Some(group) if Arc::ptr_eq(&group.scope, scope) => group.spans.push(span),
            _ => self.groups.push(Group {
                resource: Arc::clone(resource),
                scope: Arc::clone(scope),
                spans: vec![span],
            }),
        }
    }
}

fn new_span(span: SpanView<'_>) -> NewSpan {
    NewSpan {
        trace_id: span.trace_id(),
        id: span.span_id(),
        parent: span.parent_span_id(),
        start: span.start_unix_nano(),
        end: span.end_unix_nano(),
        error: span.status().0 == StatusCode::Error,
        bytes: span.as_bytes().into(),
    }
}

fn service(resource: &[u8]) -> &str {
    let name = ResourceView::ours(resource)
        .attribute("service.name")
        .and_then(|value| value.as_str());
    name.filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE)
}

/// The answer to a request that was taken, but for these spans.
pub(crate) fn success(format: Format, rejected: &Rejected) -> Vec<u8> {
    let outcome = match i64::try_from(rejected.total()).unwrap_or(i64::MAX) {
        0 => ExportOutcome::Success,
        rejected_spans => ExportOutcome::Partial {
            rejected_spans,
            error_message: rejected.message(),
        },
    };
    match format {
        Format::Protobuf => encode_response(&outcome),
        Format::Json => encode_response_json(&outcome).into_bytes(),
    }
}

/// google.rpc.Status, the answer to a request that was refused.
pub(crate) fn status(format: Format, code: i32, message: &str, retry_delay: Option<Duration>) -> Vec<u8> {
    let status = RpcStatus {
        code,
        message: message.into(),
        retry_delay,
    };
    match format {
        Format::Protobuf => status.encode(),
        Format::Json => status.encode_json().into_bytes(),
    }
}
