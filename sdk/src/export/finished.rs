//! A finished span, owned and readable.

use spanline_core::wire::otlp::{Attributes, EventView, LinkView, SpanView};
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
    pub start_unix_nano: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// Attributes, in the order in which they were first set.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the limits dropped.
    pub dropped_attributes: u32,
    /// Events, in order.
    pub events: Vec<FinishedEvent>,
    /// How many events the limits dropped.
    pub dropped_events: u32,
    /// Links, in order.
    pub links: Vec<FinishedLink>,
    /// How many links the limits dropped.
    pub dropped_links: u32,
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
    pub time_unix_nano: u64,
    /// The name.
    pub name: String,
    /// Attributes.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the limits dropped.
    pub dropped_attributes: u32,
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
    pub dropped_attributes: u32,
}

impl FinishedSpan {
    /// Copies everything out of an encoded span that this scope made.
    pub fn from_view(view: SpanView<'_>, scope: InstrumentationScope) -> Self {
        let (status, status_message) = view.status();
        Self {
            trace_id: view.trace_id(),
            span_id: view.span_id(),
            parent_span_id: view.parent_span_id(),
            trace_state: view.trace_state().to_owned(),
            flags: view.flags(),
            name: view.name().to_owned(),
            kind: view.kind().unwrap_or_default(),
            start_unix_nano: view.start_unix_nano(),
            end_unix_nano: view.end_unix_nano(),
            attributes: owned(view.attributes()),
            dropped_attributes: view.dropped_attributes(),
            events: view.events().map(FinishedEvent::from_view).collect(),
            dropped_events: view.dropped_events(),
            links: view.links().map(FinishedLink::from_view).collect(),
            dropped_links: view.dropped_links(),
            status,
            status_message: status_message.to_owned(),
            scope,
        }
    }

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
        Duration::from_nanos(self.end_unix_nano.saturating_sub(self.start_unix_nano))
    }
}

impl FinishedEvent {
    fn from_view(view: EventView<'_>) -> Self {
        Self {
            time_unix_nano: view.time_unix_nano(),
            name: view.name().to_owned(),
            attributes: owned(view.attributes()),
            dropped_attributes: view.dropped_attributes(),
        }
    }

    /// The value of this attribute.
    pub fn attribute(&self, key: &str) -> Option<&OwnedValue> {
        let found = self.attributes.iter().find(|attribute| attribute.key == key);
        found.map(|attribute| &attribute.value)
    }
}

impl FinishedLink {
    fn from_view(view: LinkView<'_>) -> Self {
        Self {
            trace_id: view.trace_id(),
            span_id: view.span_id(),
            trace_state: view.trace_state().to_owned(),
            flags: view.flags(),
            attributes: owned(view.attributes()),
            dropped_attributes: view.dropped_attributes(),
        }
    }
}

fn owned(attributes: Attributes<'_>) -> Vec<KeyValue> {
    attributes
        .map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A span with these numbers as ids.
    pub(in crate::export) fn span(trace: u8, id: u64, parent: u64, start: u64, nanos: u64) -> FinishedSpan {
        let mut trace_id = [0; 16];
        trace_id[15] = trace;
        FinishedSpan {
            trace_id: TraceId::from_bytes(trace_id),
            span_id: SpanId::from_bytes(id.to_be_bytes()),
            parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
            name: format!("span {id}"),
            start_unix_nano: start,
            end_unix_nano: start + nanos,
            ..FinishedSpan::default()
        }
    }

    /// A length-delimited field, short enough for one byte of length.
    fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn number(number: u8, value: u8) -> Vec<u8> {
        vec![number << 3, value]
    }

    fn fixed64(number: u8, value: u64) -> Vec<u8> {
        [&[number << 3 | 1][..], &value.to_le_bytes()].concat()
    }

    /// An attribute with this integer.
    fn attribute(field: u8, key: &str, value: u8) -> Vec<u8> {
        bytes(
            field,
            &[bytes(1, key.as_bytes()), bytes(2, &number(3, value))].concat(),
        )
    }

    #[test]
    fn everything_is_copied_out_of_an_encoded_span() {
        let event = [
            fixed64(1, 15),
            bytes(2, b"e"),
            attribute(3, "ek", 4),
            number(4, 5),
        ]
        .concat();
        let link = [
            bytes(1, &[3; 16]),
            bytes(2, &[4; 8]),
            bytes(3, b"c=d"),
            attribute(4, "lk", 6),
            number(5, 7),
            [&[6 << 3 | 5][..], &0x101u32.to_le_bytes()].concat(),
        ];
        let mut message = [
            bytes(1, &[1; 16]),
            bytes(2, &[2; 8]),
            bytes(3, b"a=b"),
            bytes(4, &[9; 8]),
            bytes(5, b"n"),
            number(6, 3),
            fixed64(7, 10),
            fixed64(8, 20),
            attribute(9, "k", 1),
            number(10, 2),
            bytes(11, &event),
            number(12, 3),
            bytes(13, &link.concat()),
            number(14, 4),
            bytes(15, &[bytes(2, b"bad"), number(3, 2)].concat()),
        ]
        .concat();
        // The flags, field 16, have a tag of two bytes.
        message.extend([0x85, 0x01, 0x01, 0x03, 0, 0]);
        let view = SpanView::check(&message).unwrap();
        let expected = FinishedSpan {
            trace_id: TraceId::from_bytes([1; 16]),
            span_id: SpanId::from_bytes([2; 8]),
            parent_span_id: SpanId::from_bytes([9; 8]),
            trace_state: "a=b".to_owned(),
            flags: 0x301,
            name: "n".to_owned(),
            kind: SpanKind::Client,
            start_unix_nano: 10,
            end_unix_nano: 20,
            attributes: vec![KeyValue::new("k", 1)],
            dropped_attributes: 2,
            events: vec![FinishedEvent {
                time_unix_nano: 15,
                name: "e".to_owned(),
                attributes: vec![KeyValue::new("ek", 4)],
                dropped_attributes: 5,
            }],
            dropped_events: 3,
            links: vec![FinishedLink {
                trace_id: TraceId::from_bytes([3; 16]),
                span_id: SpanId::from_bytes([4; 8]),
                trace_state: "c=d".to_owned(),
                flags: 0x101,
                attributes: vec![KeyValue::new("lk", 6)],
                dropped_attributes: 7,
            }],
            dropped_links: 4,
            status: StatusCode::Error,
            status_message: "bad".to_owned(),
            scope: InstrumentationScope::named("s"),
        };
        assert_eq!(
            FinishedSpan::from_view(view, InstrumentationScope::named("s")),
            expected
        );
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
        span.end_unix_nano = 0;
        assert_eq!(span.duration(), Duration::ZERO);
    }
}
