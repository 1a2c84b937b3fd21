//! Attributes and their limits.

use crate::common::{memory, only_span};
use spanline::{FinishedSpan, KeyValue, OwnedValue, Span, Value};

fn made(make: impl FnOnce(&Span)) -> FinishedSpan {
    let provider = memory().build().unwrap();
    let span = provider.tracer("t").span("s").start();
    make(&span);
    span.end();
    only_span(&provider)
}

/// What one attribute became.
fn one<'a>(value: impl Into<Value<'a>>) -> OwnedValue {
    let span = made(|span| {
        span.set("k", value);
    });
    assert_eq!(span.attributes.len(), 1);
    span.attribute("k").unwrap().clone()
}

#[test]
fn attributes_keep_their_first_place_and_last_value() {
    let span = made(|span| {
        span.set("first", 1)
            .set("second", 2)
            .set("first", "one")
            .set("", "no key");
        span.set_many(&[("third", 3.into()), ("second", true.into())]);
    });
    let expected = [
        KeyValue::new("first", "one"),
        KeyValue::new("second", true),
        KeyValue::new("third", 3),
    ];
    assert_eq!(
        (span.attributes.as_slice(), span.dropped_attributes),
        (&expected[..], 0)
    );
}

#[test]
fn attributes_given_at_the_start_come_first() {
    let provider = memory().build().unwrap();
    let more = [("b", 2.into()), ("a", 3.into())];
    let builder = provider.tracer("t").span("s").attribute("a", 1).attributes(&more);
    builder.start().set("c", 4).end();
    let span = only_span(&provider);
    assert_eq!(
        span.attributes,
        [
            KeyValue::new("a", 3),
            KeyValue::new("b", 2),
            KeyValue::new("c", 4)
        ]
    );
}

#[test]
fn strings() {
    assert_eq!(one("text"), OwnedValue::from("text"));
    assert_eq!(one(""), OwnedValue::from(""));
    assert_eq!(one(&String::from("owned")), OwnedValue::from("owned"));
}

#[test]
fn booleans() {
    assert_eq!(
        (one(true), one(false)),
        (OwnedValue::Bool(true), OwnedValue::Bool(false))
    );
}

#[test]
fn doubles() {
    for value in [
        0.0,
        -1.5,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ] {
        assert_eq!(one(value), OwnedValue::F64(value));
    }
    let OwnedValue::F64(nan) = one(f64::NAN) else {
        panic!("no double")
    };
    assert!(nan.is_nan());
}

#[test]
fn integers() {
    for value in [0, 1, -1, i64::MAX, i64::MIN] {
        assert_eq!(one(value), OwnedValue::I64(value));
    }
    assert_eq!(one(u32::MAX), OwnedValue::I64(i64::from(u32::MAX)));
}

#[test]
fn arrays_of_one_type() {
    let list = |values: Vec<OwnedValue>| OwnedValue::List(values);
    assert_eq!(one(&["a", "b"][..]), list(vec!["a".into(), "b".into()]));
    assert_eq!(one(&[1_i64, -2][..]), list(vec![1_i64.into(), (-2_i64).into()]));
    assert_eq!(one(&[1.5, 2.5][..]), list(vec![1.5.into(), 2.5.into()]));
    assert_eq!(one(&[true, false][..]), list(vec![true.into(), false.into()]));
    assert_eq!(one(&[] as &[&str]), list(vec![]));
}

#[test]
fn nested_values_and_bytes() {
    let inner = [Value::from(1), Value::Empty];
    let map = [("list", Value::List(&inner)), ("bytes", Value::Bytes(&[0, 255]))];
    let expected = OwnedValue::Map(vec![
        ("list".into(), OwnedValue::List(vec![1.into(), OwnedValue::Empty])),
        ("bytes".into(), OwnedValue::Bytes(vec![0, 255])),
    ]);
    assert_eq!(one(&map[..]), expected);
}

/// Null is the empty value: an attribute like any other, and kept inside arrays.
#[test]
fn the_empty_value_is_kept_and_documented() {
    assert_eq!(one(Value::Empty), OwnedValue::Empty);
    let nulls = [Value::Empty, Value::from(1)];
    assert_eq!(
        one(&nulls[..]),
        OwnedValue::List(vec![OwnedValue::Empty, 1.into()])
    );
    let source = include_str!("../../../core/src/value.rs");
    let at = source.find("    Empty,").expect("the variant");
    let doc = source[..at]
        .lines()
        .rev()
        .skip_while(|line| !line.trim_start().starts_with("///"));
    let doc: Vec<_> = doc
        .take_while(|line| line.trim_start().starts_with("///"))
        .collect();
    assert!(doc.iter().any(|line| line.contains("null")), "{doc:?}");
}

#[test]
fn keys_and_texts_are_unicode() {
    let (key, value) = ("cl\u{e9}\u{1f511}", "\u{65e5}\u{672c}\u{8a9e} \u{1f600} e\u{301}");
    let span = made(|span| {
        span.set(key, value).set("Key", 1).set("key", 2);
    });
    assert_eq!(span.attribute(key).and_then(OwnedValue::as_str), Some(value));
    assert_eq!(
        (span.attribute("Key"), span.attribute("key")),
        (Some(&1.into()), Some(&2.into()))
    );
}

#[test]
fn the_number_of_attributes_is_limited() {
    let provider = memory()
        .options(|options| options.limits.attributes = Some(2))
        .build()
        .unwrap();
    let span = provider.tracer("t").span("s").start();
    span.set("a", 1).set("b", 2).set("c", 3).set("a", 4).set("c", 5);
    span.end();
    let span = only_span(&provider);
    assert_eq!(span.attributes, [KeyValue::new("a", 4), KeyValue::new("b", 2)]);
    assert_eq!(span.dropped_attributes, 2);
}

#[test]
fn length_and_depth_of_values_are_limited() {
    let limits = |options: &mut spanline::options::Options| {
        options.attribute_limits.value_length = Some(3);
        options.attribute_limits.value_depth = Some(1);
    };
    let provider = memory().options(limits).build().unwrap();
    let span = provider.tracer("t").span("s").start();
    let inner = [Value::from("a long text")];
    let outer = [Value::from("another"), Value::List(&inner)];
    span.set("text", "abcdef").set("deep", &outer[..]);
    span.add_event("event names are not cut", &[("k", "abcdef".into())]);
    span.end();
    let span = only_span(&provider);
    let deep = OwnedValue::List(vec!["ano".into(), OwnedValue::Empty]);
    assert_eq!(
        span.attributes,
        [KeyValue::new("text", "abc"), KeyValue::new("deep", deep)]
    );
    assert_eq!(span.events[0].name, "event names are not cut");
    assert_eq!(span.events[0].attributes, [KeyValue::new("k", "abc")]);
    assert_eq!(span.dropped_attributes, 0, "what is cut is not dropped");
}
