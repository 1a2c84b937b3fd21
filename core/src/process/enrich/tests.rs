use super::*;
use crate::wire::otlp::{SpanEdit, SpanParts, ValueText};
use crate::{SpanId, TraceId, Value};
use alloc::{borrow::ToOwned, format, string::ToString, vec};

fn span(attributes: &[(&str, Value<'_>)]) -> Vec<u8> {
    let parts = SpanParts::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let mut message = vec![0; parts.encoded_len()];
    parts.write_to(&mut message);
    let mut edit = SpanEdit::new(SpanView::ours(&message));
    for &(key, value) in attributes {
        edit.set_attribute(key, value);
    }
    edit.set_name("GET /a").finish()
}

fn parse(text: &str) -> Result<ParsedRule, String> {
    let regex = |_: &str| Err("no expressions".to_owned());
    let env = |name: &str| (name == "ZONE").then(|| "eu-1".to_owned());
    AttributeRule::parse(text, &regex, &env).map_err(|error| error.to_string())
}

/// The attributes after these rules.
fn enriched(rules: &[&str], attributes: &[(&str, Value<'_>)]) -> Vec<String> {
    let mut enrichment = Enrichment::new();
    for text in rules {
        match parse(text) {
            Ok(ParsedRule::Rule(rule)) => enrichment = enrichment.rule(rule),
            other => panic!("{text}: {other:?}"),
        }
    }
    let message = span(attributes);
    let mut edit = SpanEdit::new(SpanView::ours(&message));
    for AttributeChange { key, value } in enrichment.changes("shop", SpanView::ours(&message)) {
        match &value {
            Some(value) => edit.set_attribute(&key, value.as_value()),
            None => edit.remove_attribute(&key),
        };
    }
    let message = edit.finish();
    let attributes = SpanView::ours(&message).attributes();
    attributes
        .map(|(key, value)| format!("{key}={}", ValueText(value)))
        .collect()
}

#[test]
fn actions() {
    let given = [("a", "1".into()), ("b.x", "2".into()), ("b.y", "3".into())];
    for (rules, expected) in [
        (
            &["insert a=new"] as &[&str],
            &["a=1", "b.x=2", "b.y=3"] as &[&str],
        ),
        (&["insert c=new"], &["a=1", "b.x=2", "b.y=3", "c=new"]),
        (&["update c=new"], &["a=1", "b.x=2", "b.y=3"]),
        (&["update b.*=new"], &["a=1", "b.x=new", "b.y=new"]),
        (&["update =b.*=new"], &["a=1", "b.x=2", "b.y=3"]),
        (
            &["upsert a=new", "upsert c=4"],
            &["a=new", "b.x=2", "b.y=3", "c=4"],
        ),
        (&["delete b.?"], &["a=1"]),
        (&["delete b.x", "insert b.x=back"], &["a=1", "b.x=back", "b.y=3"]),
        (
            &["insert c=1", "delete c", "update c=2", "hash c"],
            &["a=1", "b.x=2", "b.y=3"],
        ),
        (&["update a=2", "delete a"], &["b.x=2", "b.y=3"]),
        (&["insert z=env:ZONE"], &["a=1", "b.x=2", "b.y=3", "z=eu-1"]),
    ] {
        assert_eq!(enriched(rules, &given), expected, "{rules:?}");
    }
}

#[test]
fn conditions_look_at_the_span_as_it_was() {
    let given = [("a", "1".into())];
    for (rules, expected) in [
        (
            &["insert b=1 if name=GET *"] as &[&str],
            &["a=1", "b=1"] as &[&str],
        ),
        (&["insert b=1 if name=POST *"], &["a=1"]),
        (&["insert b=1 if service=shop && attributes.a=1"], &["a=1", "b=1"]),
        (&["delete a if service=other"], &["a=1"]),
        (&["update a=2", "insert b=1 if attributes.a=2"], &["a=2"]),
        (&["insert b=\"x if name=y\""], &["a=1", "b=x if name=y"]),
    ] {
        assert_eq!(enriched(rules, &given), expected, "{rules:?}");
    }
}

/// SHA-256 of the bytes named in the documentation, made by another implementation.
#[test]
fn hashes() {
    let list = [Value::from(1), "a".into()];
    let given = [
        ("text", "abc".into()),
        ("bytes", Value::Bytes(b"abc")),
        ("bool", true.into()),
        ("int", 1.into()),
        ("double", 1.0.into()),
        ("list", Value::List(&list)),
    ];
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let expected = [
        format!("text={abc}"),
        format!("bytes={abc}"),
        "bool=4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a".to_owned(),
        "int=7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8".to_owned(),
        "double=6c3c396ed6b5c36dcae172271f462051b1266b851e92df3deea8ac65478fd712".to_owned(),
        "list=2010945388e2de98f5651051478912aa4ff38bb13a2cdb1a2c257bb97fbf98ff".to_owned(),
    ];
    assert_eq!(enriched(&["hash *"], &given), expected);
    // What a rule has set is hashed as it would have been in the span.
    assert_eq!(
        enriched(&["insert text=abc", "hash text"], &[]),
        [format!("text={abc}")]
    );
    let enrichment = Enrichment::new()
        .salt("a")
        .rule(AttributeRule::hash(Pattern::exact("k")));
    assert!(!format!("{enrichment:?}").contains("salt"));
    let message = span(&[("k", "bc".into())]);
    let changes = enrichment.changes("", SpanView::ours(&message));
    assert_eq!(changes[0].value, Some(abc.into()));
}

#[test]
fn values() {
    for (text, expected) in [
        ("insert k=1", OwnedValue::I64(1)),
        ("insert k = -7 ", OwnedValue::I64(-7)),
        ("insert k=1.5", OwnedValue::F64(1.5)),
        ("insert k=1e3", OwnedValue::F64(1000.0)),
        ("insert k=true", OwnedValue::Bool(true)),
        ("insert k=", "".into()),
        ("insert k=a=b", "a=b".into()),
        ("insert k=\"1\"", "1".into()),
        ("insert k=\"a \\\"b\\\" \\\\\"", "a \"b\" \\".into()),
        ("insert k=+1", "+1".into()),
        ("insert k=1.2.3", "1.2.3".into()),
        ("insert k=99999999999999999999", "99999999999999999999".into()),
        ("insert k=2026-11-21", "2026-11-21".into()),
    ] {
        let Ok(ParsedRule::Rule(rule)) = parse(text) else {
            panic!("{text}");
        };
        let Action::Insert(key, value) = rule.action else {
            panic!("{text}");
        };
        assert_eq!((&*key, value), ("k", expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (text, part) in [
        ("", "begins with"),
        ("add a=1", "begins with"),
        ("insert a", "no `=`"),
        ("insert =1", "no key"),
        ("insert a=\"1", "quotes"),
        ("insert a=\"1\"2", "quotes"),
        ("insert a=env:", "no name"),
        ("delete", "no pattern"),
        ("hash ~x", "no expressions"),
        ("hash a if colour=red", "colour"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(matches!(parse("insert a=env:NONE"), Ok(ParsedRule::NoVariable(name)) if name == "NONE"));
}
