//! Writing and reading spans without an allocator: also with no feature at all.

use core::fmt::Write;
use spanline_core::wire::otlp::{
    self, EventParts, LinkParts, SpanParts, SpanView, ValueText, ValueView, WireErrorKind,
};
use spanline_core::{SpanId, StatusCode, TraceFlags, TraceId, Value, ValueLimits};

/// Text in a fixed buffer.
struct Text([u8; 256], usize);

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let place = self
            .0
            .get_mut(self.1..self.1 + text.len())
            .ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.1 += text.len();
        Ok(())
    }
}

fn text(value: ValueView<'_>) -> Text {
    let mut out = Text([0; 256], 0);
    write!(out, "{}", ValueText(value)).unwrap();
    out
}

#[test]
fn a_span_goes_into_a_fixed_buffer_and_back() {
    let limits = ValueLimits {
        length: Some(3),
        depth: 2,
    };
    let inner = [
        Value::Empty,
        Value::F64(f64::NAN),
        Value::Bytes(b"\xff\xfe\xfd\xfc"),
        Value::List(&[]),
    ];
    let map = [
        ("a", Value::I64(-1)),
        ("b", Value::List(&inner)),
        ("a", Value::Str("caf\u{e9}s")),
    ];
    let attributes = [
        ("n", Value::I64(7)),
        ("m", Value::Map(&map)),
        ("d", Value::F64(1.5)),
    ];
    let mut encoded = [0; 256];
    let mut at = 0;
    for (key, value) in attributes {
        at += otlp::write_attribute(otlp::SPAN_ATTRIBUTES, key, value, &limits, &mut encoded[at..]);
    }
    let few = [
        ("k", Value::Bool(true)),
        ("", Value::Empty),
        ("k", Value::Bool(false)),
        ("l", Value::Empty),
    ];
    let event = EventParts {
        time_unix_nano: 5,
        name: "e",
        attributes: &few,
        dropped_attributes: 1,
    };
    let mut events = [0; 64];
    let events_len = event.write_to(1, &limits, &mut events);
    let link = LinkParts {
        trace_id: TraceId::from_bytes([3; 16]),
        is_remote: true,
        ..LinkParts::default()
    };
    let mut links = [0; 64];
    let links_len = link.write_to(1, &limits, &mut links);
    let parts = SpanParts {
        name: "op",
        flags: TraceFlags::SAMPLED,
        attributes: &encoded[..at],
        events: &events[..events_len],
        links: &links[..links_len],
        status: StatusCode::Error,
        status_message: "no",
        ..SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]))
    };
    let mut message = [0; 512];
    let length = parts.write_to(&mut message);
    assert_eq!(length, parts.encoded_len());

    let view = SpanView::check(&message[..length]).unwrap();
    assert_eq!(
        (view.name(), view.flags(), view.status()),
        ("op", 0x101, (StatusCode::Error, "no"))
    );
    assert_eq!(view.attribute("n").and_then(ValueView::as_i64), Some(7));
    let written = text(view.attribute("m").unwrap());
    // The list stands at depth 2; the one inside it is too deep.
    assert_eq!(
        core::str::from_utf8(&written.0[..written.1]),
        Ok(r#"{"a":"caf","b":[null,"NaN","//79",null]}"#)
    );
    let event = view.events().next().unwrap();
    assert_eq!(
        (event.name(), event.time_unix_nano(), event.dropped_attributes()),
        ("e", 5, 2)
    );
    assert!(matches!(event.attribute("k"), Some(ValueView::Bool(false))));
    assert_eq!(event.attributes().count(), 1);
    assert_eq!(
        view.links()
            .next()
            .map(|link| (link.flags(), link.trace_id().to_bytes())),
        Some((0x300, [3; 16]))
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    let ids = {
        let mut ids = [1; 28];
        ids[..2].copy_from_slice(&[0x0a, 16]);
        ids[18..20].copy_from_slice(&[0x12, 8]);
        ids
    };
    let error = |more: &[u8]| {
        let mut message = [0; 64];
        message[..28].copy_from_slice(&ids);
        message[28..28 + more.len()].copy_from_slice(more);
        SpanView::check(&message[..28 + more.len()])
            .map(drop)
            .map_err(|error| (error.kind, error.offset))
    };
    assert_eq!(error(b""), Ok(()));
    for (more, kind, offset) in [
        (&b"\x2a\x01\xff"[..], WireErrorKind::Utf8, 30),
        (b"\x2a\x02x", WireErrorKind::Truncated, 30),
        (b"\x28\x01", WireErrorKind::WrongType, 29),
        (b"\x22\x01x", WireErrorKind::ParentSpanId, 30),
        (b"\x0a\x00", WireErrorKind::TraceId, 30),
        (b"\x12\x081111111", WireErrorKind::Truncated, 30),
        (b"\x6a\x03\x0a\x01x", WireErrorKind::LinkId, 32),
        (b"\x4a\x05\x12\x03\x0a\x01\xff", WireErrorKind::Utf8, 34),
        (b"\x83\x01", WireErrorKind::WireType, 28),
        (b"\x07", WireErrorKind::FieldNumber, 28),
        (
            b"\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            WireErrorKind::Varint,
            29,
        ),
    ] {
        assert_eq!(error(more), Err((kind, offset)), "{more:x?}");
    }
}
