//! Lists and maps as carriers, and several propagators as one.
#![cfg(feature = "alloc")]

use spanline_core::propagate::{
    BaggagePropagator, CompositePropagator, Getter, Setter, TextMapPropagator, TraceContextPropagator,
};
use spanline_core::{Baggage, Context, Notice, SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use std::collections::BTreeMap;
use std::sync::Arc;

const FIRST: &str = "00-11111111111111111111111111111111-1111111111111111-01";
const SECOND: &str = "00-22222222222222222222222222222222-2222222222222222-01";

fn all<'a>(carrier: &'a dyn Getter, name: &str) -> Vec<&'a [u8]> {
    let mut values = Vec::new();
    carrier.get_all(name, &mut |value| values.push(value));
    values
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(key, value)| (key.into(), value.into()))
        .collect()
}

#[test]
fn names_compare_without_case_and_repeat() {
    let list = [
        ("Name", "2"),
        ("other", "x"),
        ("NAME", "1"),
        ("name", "3"),
        ("names", "y"),
    ];
    assert_eq!(all(&list, "name"), [b"2", b"1", b"3"]);
    assert_eq!(Getter::get(&list, "name"), Some(&b"2"[..]));
    assert_eq!(Getter::get(&list, "nam"), None);
    assert_eq!(Getter::keys(&list).len(), 5);
    let vec = owned(&list);
    assert_eq!(all(&vec, "nAME"), [b"2", b"1", b"3"]);
    assert_eq!(Getter::get(&vec, "nAME"), Some(&b"2"[..]));
    // In a map the order is that of the spellings, capitals first.
    let map: BTreeMap<_, _> = vec.into_iter().collect();
    assert_eq!(all(&map, "name"), [b"1", b"2", b"3"]);
    assert_eq!(Getter::get(&map, "name"), Some(&b"1"[..]));
    #[cfg(feature = "std")]
    {
        let map: std::collections::HashMap<_, _> = map.into_iter().collect();
        assert_eq!(all(&map, "name"), [b"1", b"2", b"3"]);
        assert_eq!(Getter::get(&map, "name"), Some(&b"1"[..]));
        assert_eq!(Getter::keys(&map).len(), 5);
    }
}

#[test]
fn two_spellings_of_traceparent_are_two_values() {
    let map: BTreeMap<_, _> = owned(&[("traceparent", FIRST), ("TraceParent", FIRST)])
        .into_iter()
        .collect();
    let context = TraceContextPropagator.extract(Context::EMPTY, &map);
    assert!(!context.span_context().is_valid());
}

#[test]
fn a_set_field_replaces_every_spelling() {
    let mut list = owned(&[("a", "0"), ("Name", "1"), ("b", "2"), ("NAME", "3")]);
    let mut map: BTreeMap<_, _> = list.iter().cloned().collect();
    list.set("naMe", "new");
    assert_eq!(list, owned(&[("a", "0"), ("naMe", "new"), ("b", "2")]));
    list.set("c", "4");
    assert_eq!(list.last().unwrap().0, "c");
    map.set("naMe", "new");
    assert_eq!(
        Vec::from_iter(map.clone()),
        owned(&[("a", "0"), ("b", "2"), ("naMe", "new")])
    );
    #[cfg(feature = "std")]
    {
        let mut map: std::collections::HashMap<_, _> =
            owned(&[("Name", "1"), ("b", "2")]).into_iter().collect();
        map.set("name", "new");
        map.set("name", "newer");
        let mut pairs = Vec::from_iter(map);
        pairs.sort();
        assert_eq!(pairs, owned(&[("b", "2"), ("name", "newer")]));
    }
}

/// A format that knows one header with a traceparent in it.
#[derive(Debug)]
struct Other;

impl TextMapPropagator for Other {
    fn inject(&self, _: &Context, carrier: &mut dyn Setter) {
        carrier.set("traceparent", "other");
    }

    fn extract(&self, context: Context, carrier: &dyn Getter) -> Context {
        let Some(value) = carrier.get("other") else {
            return context;
        };
        TraceContextPropagator::extract_from(context, &[("traceparent", value)])
    }

    fn fields(&self) -> Vec<&str> {
        vec!["other", "traceparent"]
    }
}

#[test]
fn the_last_member_that_finds_a_context_wins() {
    let composite = |members: [Arc<dyn TextMapPropagator>; 2]| CompositePropagator::new(members);
    let after = composite([Arc::new(TraceContextPropagator), Arc::new(Other)]);
    let before = composite([Arc::new(Other), Arc::new(TraceContextPropagator)]);
    let trace = |propagator: &CompositePropagator, carrier: &[(&str, &str)]| {
        let context = propagator.extract(Context::EMPTY, &carrier);
        context.span_context().trace_id().to_hex()[0]
    };
    let both = [("traceparent", FIRST), ("other", SECOND)];
    assert_eq!(trace(&after, &both), b'2');
    assert_eq!(trace(&before, &both), b'1');
    let broken = [("traceparent", FIRST), ("other", "00")];
    assert_eq!(trace(&after, &broken), b'1');
    assert_eq!(after.fields(), ["traceparent", "tracestate", "other"]);
    let mut written = Vec::new();
    after.inject(&received(), &mut written);
    assert_eq!(written, owned(&[("traceparent", "other")]));
}

fn received() -> Context {
    let span = SpanContext::new(
        TraceId::from_bytes([1; 16]),
        SpanId::from_bytes([2; 8]),
        TraceFlags::SAMPLED,
        true,
        TraceState::EMPTY,
    );
    Context::EMPTY.with_remote_span_context(span)
}

#[test]
fn a_suppressed_context_writes_nothing() {
    let baggage = Baggage::EMPTY.set("a", "1", None).unwrap();
    let context = received().with_baggage(baggage);
    let w3c = CompositePropagator::w3c();
    let written = |context: &Context| {
        let mut carrier = Vec::new();
        w3c.inject(context, &mut carrier);
        carrier.len()
    };
    assert_eq!(written(&context), 2);
    assert_eq!(written(&context.with_suppressed(true)), 0);
}

#[test]
fn what_is_left_out_is_noticed_once() {
    let propagator: Arc<dyn TextMapPropagator> = Arc::new(BaggagePropagator::new());
    let composite = CompositePropagator::new([propagator]);
    let baggage = Baggage::EMPTY
        .set("good", "1", None)
        .and_then(|baggage| baggage.set("bad key", "1", None))
        .and_then(|baggage| baggage.set("large", &"x".repeat(9000), None))
        .and_then(|baggage| baggage.set("meta", "1", Some("a,b")))
        .unwrap();
    let context = Context::EMPTY.with_baggage(baggage);
    for _ in 0..2 {
        let mut carrier = Vec::new();
        composite.inject(&context, &mut carrier);
        assert_eq!(carrier, owned(&[("baggage", "good=1,meta=1")]));
    }
    let mut notices: Vec<_> = std::iter::from_fn(|| composite.take_notice()).collect();
    notices.sort_by_key(|notice| notice.message().len());
    let mut expected = [
        Notice::BaggageKeyNotToken,
        Notice::BaggageTooLarge,
        Notice::BaggageMetadata,
    ];
    expected.sort_by_key(|notice| notice.message().len());
    assert_eq!(notices, expected);
}

#[test]
fn the_181st_entry_is_left_out_whole() {
    let mut baggage = Baggage::EMPTY;
    for i in 0..181 {
        baggage = baggage.set(&format!("k{i}"), "", None).unwrap();
    }
    let propagator = BaggagePropagator::new();
    let mut carrier = Vec::new();
    propagator.inject(&Context::EMPTY.with_baggage(baggage), &mut carrier);
    assert!(carrier[0].1.ends_with(",k179="));
    assert_eq!(propagator.take_notice(), Some(Notice::BaggageTooLarge));
}

#[test]
fn the_bytes_of_several_headers_count_as_joined() {
    // The comma between two headers is the last byte that fits, or the first that does not.
    for (length, entries) in [(8188, 2), (8189, 1)] {
        let first = format!("a={}", "x".repeat(length - 2));
        let carrier = [("baggage", first.as_str()), ("baggage", "b=1")];
        let context = BaggagePropagator::new().extract(Context::EMPTY, &carrier);
        assert_eq!(context.baggage().len(), entries, "{length}");
    }
}

#[test]
fn baggage_changes_give_new_values() {
    let one = Baggage::EMPTY
        .set("a", "1", Some("m"))
        .unwrap()
        .set("b", "2", Some(""))
        .unwrap();
    let two = one.set("a", "3", None).unwrap();
    assert_eq!(Vec::from_iter(one.iter()), [("a", "1"), ("b", "2")]);
    assert_eq!(Vec::from_iter(two.iter()), [("a", "3"), ("b", "2")]);
    assert_eq!(one.entry("a").unwrap().metadata.as_deref(), Some("m"));
    assert_eq!(
        (
            &two.entry("a").unwrap().metadata,
            &one.entry("b").unwrap().metadata
        ),
        (&None, &None)
    );
    assert_eq!(two.remove("a").len(), 1);
    assert_eq!(two.remove("A"), two);
    assert!(two.clear().is_empty() && two.get("B").is_none());
    assert!(one.set("", "1", None).is_err());
}
