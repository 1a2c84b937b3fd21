//! Traces for unit tests, made by a foreign encoder.

use crate::store::{Resource, Scope, StoredSpan, Trace};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanline_core::{SpanId, TraceId};
use std::hash::RandomState;
use std::sync::Arc;

const T0: u64 = 1_700_000_000_123_000_000;
const MS: f64 = 1e6;

/// Service, id, parent, name, start and duration in ms, error.
pub(crate) struct Row(
    pub(crate) &'static str,
    pub(crate) u64,
    pub(crate) u64,
    pub(crate) &'static str,
    pub(crate) f64,
    pub(crate) f64,
    pub(crate) bool,
);

/// A trace of these spans.
pub(crate) fn trace(rows: &[Row]) -> Trace {
    let mut trace = Trace::new(TraceId::from_bytes(0xabcd_u128.to_be_bytes()));
    let hasher = RandomState::new();
    for &Row(service, id, parent, name, at, took, error) in rows {
        let (start, id) = (T0 + (at * MS) as u64, SpanId::from_bytes(id.to_be_bytes()));
        let message = Span {
            name: name.to_owned(),
            span_id: id.as_bytes().to_vec(),
            ..Span::default()
        };
        let resource = Resource {
            bytes: Box::default(),
            schema_url: "".into(),
            service: service.into(),
        };
        let span = StoredSpan {
            id,
            parent: SpanId::from_bytes(parent.to_be_bytes()),
            start,
            end: start + (took * MS) as u64,
            error,
            bytes: message.encode_to_vec().into(),
            resource: Arc::new(resource),
            scope: Arc::new(Scope {
                bytes: Box::default(),
                schema_url: "".into(),
            }),
        };
        assert!(trace.add(span, &hasher));
    }
    trace
}
