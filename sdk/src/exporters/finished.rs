//! A finished span, owned and readable.

use spanline_core::{InstrumentationScope, KeyValue, OwnedValue, SpanId, SpanKind, StatusCode, TraceId};
use std::time::Duration;

/// A finished span as it was exported, for tests and for looking at.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FinishedSpan {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Its parent; the invalid id when it has none.
    pub parent_span_id: SpanId,
    /// The `tracestate` of its context; empty when it has none.
    pub trace_state: String,
    /// The OTLP flags: the lowest eight bits are the W3C trace flags, bits 8 and 9 say whether the parent is remote.
    pub flags: u32,
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: SpanKind,
    /// Start, nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end_unix_nanos: u64,
    /// Attributes, in the order in which they were first set.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the limits dropped.
    pub dropped_attributes_count: u32,
    /// Events, in order.
    pub events: Vec<FinishedEvent>,
    /// How many events the limits dropped.
    pub dropped_events_count: u32,
    /// Links, in order.
    pub links: Vec<FinishedLink>,
    /// How many links the limits dropped.
    pub dropped_links_count: u32,
    /// The status.
    pub status: StatusCode,
    /// Its description; empty when it has none.
    pub status_message: String,
    /// Who made the span.
    pub scope: InstrumentationScope,
}

/// An event of a finished span.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FinishedEvent {
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nanos: u64,
    /// The name.
    pub name: String,
    /// Attributes.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the limits dropped.
    pub dropped_attributes_count: u32,
}

/// A link of a finished span.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FinishedLink {
    /// The trace of the linked span.
    pub trace_id: TraceId,
    /// The linked span.
    pub span_id: SpanId,
    /// Its `tracestate`; empty when it has none.
    pub trace_state: String,
    /// The OTLP flags, as those of the span.
    pub flags: u32,
    /// Attributes.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the limits dropped.
    pub dropped_attributes_count: u32,
}

impl FinishedSpan {
    /// The value of this attribute.
    pub fn attribute(&self, key: &str) -> Option<&OwnedValue> {
        self.attributes
            .iter()
            .find(|attribute| attribute.key == key)
            .map(|attribute| &attribute.value)
    }

    /// The first event of this name.
    pub fn event(&self, name: &str) -> Option<&FinishedEvent> {
        self.events.iter().find(|event| event.name == name)
    }

    /// End minus start; zero when the end is given as earlier.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.end_unix_nanos.saturating_sub(self.start_unix_nanos))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A span with these numbers as ids.
    pub(in crate::exporters) fn span(
        trace: u8,
        id: u64,
        parent: u64,
        start: u64,
        nanos: u64,
    ) -> FinishedSpan {
        let mut trace_id = [0; 16];
        trace_id[15] = trace;
        FinishedSpan {
            trace_id: TraceId::from_bytes(trace_id),
            span_id: SpanId::from_bytes(id.to_be_bytes()),
            parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
            name: format!("span {id}"),
            start_unix_nanos: start,
            end_unix_nanos: start + nanos,
            ..FinishedSpan::default()
        }
    }

    #[test]
    fn attributes_and_events_are_found_by_name() {
        let mut span = span(1, 2, 0, 10, 5);
        span.attributes = vec![KeyValue::new("a", 1), KeyValue::new("b", "x")];
        span.events = vec![FinishedEvent {
            name: "e".to_owned(),
            ..FinishedEvent::default()
        }];
        assert_eq!(span.attribute("b").and_then(OwnedValue::as_str), Some("x"));
        assert_eq!(span.attribute("c"), None);
        assert!(span.event("e").is_some() && span.event("f").is_none());
        assert_eq!(span.duration(), Duration::from_nanos(5));
        span.end_unix_nanos = 0;
        assert_eq!(span.duration(), Duration::ZERO);
    }
}
