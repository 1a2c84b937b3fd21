//! What holds for every input of the propagation formats.
#![cfg(feature = "alloc")]

use proptest::prelude::*;
use spanline_core::propagate::{BaggagePropagator, TextMapPropagator, TraceContextPropagator, TraceParent};
use spanline_core::{
    Baggage, Context, SpanContext, SpanId, TraceFlags, TraceId, TraceState, TraceStateRef, Xoshiro256,
};

/// Text that comes close to being a header: pieces that the formats give a meaning, and some that they do not.
fn nearly_a_header() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b",".to_vec()),
        Just(b"=".to_vec()),
        Just(b" \t".to_vec()),
        Just(b";".to_vec()),
        Just(b"%C3%".to_vec()),
        Just(b"a=1".to_vec()),
        Just(b"a@b=2,".to_vec()),
        Just(b"ot=th:8;rv:".to_vec()),
        Just(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_vec()),
        Just(vec![b'k'; 256]),
        prop::collection::vec(any::<u8>(), 0..8),
        "[a-z0-9_@]{1,12}=[ -~]{1,12}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..48).prop_map(|pieces| pieces.concat())
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        "[a-z0-9][a-z0-9_*/@-]{0,20}",
        "[a-z][a-z0-9]{200,255}",
        "[A-Z.]{0,3}"
    ]
}

fn state_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-+./0-9:;<>-~]{1,30}",
        "[a-z]{120,256}",
        "[ -~]{0,5}",
        "\\PC{0,3}"
    ]
}

fn assert_valid(state: &TraceState) {
    let again = TraceState::parse(state.as_str().as_bytes()).unwrap();
    assert_eq!(&again, state);
    let view = TraceStateRef::parse(state.as_str().as_bytes()).unwrap();
    assert_eq!(view.canonical(), Some(state.as_str()));
    assert!(state.iter().count() <= 32);
    assert!(state.iter().eq(view.iter()));
}

proptest! {
    // The inputs are long, so fewer of them; the fuzz targets search deeper.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn reading_never_panics(header in nearly_a_header(), more in nearly_a_header()) {
        let _ = TraceParent::parse(&header);
        if let Ok(state) = TraceState::parse(&header) {
            assert_valid(&state);
        }
        let carrier = [
            ("traceparent", b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_vec()),
            ("tracestate", header.clone()),
            ("TraceState", more.clone()),
            ("baggage", header),
            ("baggage", more),
        ];
        let context = TraceContextPropagator.extract(Context::EMPTY, &carrier);
        assert_valid(context.span_context().trace_state());
        let context = BaggagePropagator::new().extract(context, &carrier);
        prop_assert!(context.baggage().len() <= 180);
        let mut written = Vec::new();
        BaggagePropagator::new().inject(&context, &mut written);
        for (_, value) in &written {
            prop_assert!(value.len() <= 8192 && value.bytes().all(|c| (b' '..=b'~').contains(&c) || c == b'\t'));
        }
    }

    #[test]
    fn a_traceparent_is_read_back(trace_id: [u8; 16], span_id: [u8; 8], flags: u8, cut in 0usize..55, byte: u8) {
        let made = TraceParent::new(TraceId::from_bytes(trace_id), SpanId::from_bytes(span_id), TraceFlags::from_bits(flags));
        let Some(made) = made else { return Ok(()) };
        let text = made.format();
        prop_assert_eq!(TraceParent::parse(&text), Some(made));
        prop_assert_eq!(TraceParent::parse(&text[..cut]), None);
        // One byte changed: still read only when it is another digit of the alphabet in a place of a digit.
        let mut changed = text;
        changed[cut] = byte;
        let digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f') && ![2, 35, 52].contains(&cut);
        prop_assert!(TraceParent::parse(&changed).is_none() || digit || byte == text[cut]);
    }

    #[test]
    fn operations_keep_a_trace_state_valid(
        operations in prop::collection::vec((0..4u8, key(), state_value(), 0..700usize), 0..48)
    ) {
        let mut state = TraceState::EMPTY;
        for (operation, key, value, length) in operations {
            let before = state.clone();
            match operation {
                0 => {
                    state = state.delete(&key);
                    prop_assert_eq!(state.get(&key), None);
                }
                1 => {
                    state = state.truncate(length);
                    prop_assert!(state.as_str().len() <= length);
                }
                _ => match state.set(&key, &value) {
                    Ok(changed) => {
                        prop_assert_eq!(changed.iter().next(), Some((key.as_str(), value.as_str())));
                        let others = before.iter().filter(|(known, _)| *known != key).take(31);
                        prop_assert!(changed.iter().skip(1).eq(others));
                        state = changed;
                    }
                    Err(_) => prop_assert!(
                        !TraceStateRef::is_valid_key(key.as_bytes()) || !TraceStateRef::is_valid_value(value.as_bytes())
                    ),
                },
            }
            assert_valid(&state);
        }
    }

    #[test]
    fn baggage_of_tokens_is_read_back(
        entries in prop::collection::vec(("[!#-'*+.0-9A-Z^-z|~-]{1,8}", "\\PC{0,20}", prop::option::of("[a-z=;%0-9]{1,9}")), 0..20)
    ) {
        let mut baggage = Baggage::EMPTY;
        for (key, value, metadata) in &entries {
            baggage = baggage.set(key, value, metadata.as_deref()).unwrap();
        }
        let mut carrier = Vec::new();
        BaggagePropagator::new().inject(&Context::EMPTY.with_baggage(baggage.clone()), &mut carrier);
        let read = BaggagePropagator::new().extract(Context::EMPTY, &carrier);
        prop_assert_eq!(read.baggage(), &baggage);
    }

    #[test]
    fn a_context_is_read_back(seed: [u8; 32], flags in 0..4u8, members in prop::collection::vec(("[a-z]{1,5}", "[a-z]{1,5}"), 0..5)) {
        let mut rng = Xoshiro256::from_seed(seed);
        let state = TraceState::from_members(members.iter().map(|(k, v)| (k.as_str(), v.as_str()))).unwrap();
        let (trace_id, span_id, flags) = (rng.trace_id(), rng.span_id(), TraceFlags::from_bits(flags));
        let local = SpanContext::new(trace_id, span_id, flags, false, state.clone());
        let remote = SpanContext::new(trace_id, span_id, flags, true, state);
        let context = Context::EMPTY.with_span(local, None);
        let mut carrier = Vec::new();
        TraceContextPropagator.inject(&context, &mut carrier);
        let read = TraceContextPropagator.extract(Context::EMPTY, &carrier);
        prop_assert_eq!(read.span_context(), &remote);
        let mut nothing = Vec::new();
        TraceContextPropagator.inject(&context.with_suppressed(true), &mut nothing);
        prop_assert!(nothing.is_empty());
    }
}
