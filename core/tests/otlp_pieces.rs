//! What is written in pieces and in one pass is byte for byte what the general writers give.

use spanline_core::wire::otlp::{self, SpanHead, SpanParts, SpanTail};
use spanline_core::{SpanId, SpanKind, StatusCode, TraceFlags, TraceId, Value, ValueLimits};

fn in_pieces(parts: &SpanParts<'_>) -> Vec<u8> {
    let head = SpanHead {
        trace_id: parts.trace_id,
        span_id: parts.span_id,
        trace_state: parts.trace_state,
        parent_span_id: parts.parent_span_id,
        name: parts.name,
        kind: parts.kind,
        start_unix_nano: parts.start_unix_nano,
    };
    let tail = SpanTail {
        dropped_attributes: parts.dropped_attributes,
        events: parts.events,
        dropped_events: parts.dropped_events,
        links: parts.links,
        dropped_links: parts.dropped_links,
        status: parts.status,
        status_message: parts.status_message,
        flags: parts.flags,
        parent_is_remote: parts.parent_is_remote,
    };
    let mut message = vec![0; head.encoded_len()];
    assert_eq!(head.write_to(&mut message), message.len());
    #[cfg(feature = "alloc")]
    assert!(message[head.name_at()..].starts_with(&SpanHead::name_field(parts.name)));
    let end = message.len() - 8;
    message[end..].copy_from_slice(&parts.end_unix_nano.to_le_bytes());
    message.extend_from_slice(parts.attributes);
    let mut rest = vec![0; tail.encoded_len()];
    assert_eq!(tail.write_to(&mut rest), rest.len());
    message.extend(rest);
    message
}

#[test]
fn head_and_tail_make_the_same_span() {
    let names = [0, 1, 2, 3, 4, 15, 16, 17, 33, 127, 128, 300].map(|length| "n".repeat(length));
    for name in &names {
        for trace_state in ["", "a=1"] {
            for parent_span_id in [SpanId::INVALID, SpanId::from_bytes([3; 8])] {
                for status in [StatusCode::Unset, StatusCode::Ok, StatusCode::Error] {
                    let parts = SpanParts {
                        trace_state,
                        parent_span_id,
                        parent_is_remote: parent_span_id.is_valid(),
                        flags: TraceFlags::SAMPLED,
                        name,
                        kind: SpanKind::Client,
                        start_unix_nano: 5,
                        end_unix_nano: 6,
                        attributes: b"\x4a\x02\x12\x00",
                        dropped_attributes: 1,
                        dropped_events: 200,
                        dropped_links: 3,
                        status,
                        status_message: "because",
                        ..SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]))
                    };
                    let mut whole = vec![0; parts.encoded_len()];
                    parts.write_to(&mut whole);
                    assert_eq!(in_pieces(&parts), whole, "{parts:?}");
                }
            }
        }
    }
}

#[test]
fn a_short_attribute_is_the_same_attribute() {
    let texts = (0..140).map(|length| "v".repeat(length)).collect::<Vec<_>>();
    let numbers = [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, i64::MAX, -1, i64::MIN].map(Value::I64);
    let others = [
        Value::Bool(true),
        Value::F64(0.5),
        Value::Empty,
        Value::Bytes(b"b"),
    ];
    let values = texts
        .iter()
        .map(|text| Value::Str(text))
        .chain(numbers)
        .chain(others);
    let values = values.collect::<Vec<_>>();
    let mut short = 0;
    for length in [None, Some(5)] {
        let limits = ValueLimits { length, depth: 64 };
        for key in texts.iter().map(String::as_str) {
            for &value in &values {
                let mut place = [0; otlp::SHORT_ATTRIBUTE];
                let written = otlp::write_short_attribute(0x4a, key, value, &limits, &mut place);
                let Some(written) = written else { continue };
                short += 1;
                let mut whole = vec![0; otlp::attribute_len(key, value, &limits)];
                otlp::write_attribute(0x4a, key, value, &limits, &mut whole);
                assert_eq!(&place[..written], whole, "{key:?} {value:?}");
            }
        }
    }
    assert!(short > 5000, "{short} were short");
}
