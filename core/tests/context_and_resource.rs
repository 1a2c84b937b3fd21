//! The values of a context, and how resources are made and merged.

#![cfg(feature = "alloc")]

use spanline_core::{Context, ContextKey, ContextValue, EntityRef, KeyValue, OwnedValue, Resource};
use std::sync::Arc;

fn number(context: &Context, key: ContextKey) -> Option<i64> {
    context
        .get(key)
        .and_then(|value| value.downcast_ref::<i64>())
        .copied()
}

fn value(number: i64) -> ContextValue {
    Arc::new(number)
}

#[test]
fn keys_of_one_name_are_different() {
    let (first, second) = (
        ContextKey::from_number(1, "same"),
        ContextKey::from_number(2, "same"),
    );
    let context = Context::EMPTY.with_value(first, value(7));
    assert_eq!(
        (number(&context, first), number(&context, second)),
        (Some(7), None)
    );
    assert_eq!(first.name(), second.name());
}

#[test]
fn setting_a_value_leaves_the_old_context_as_it_was() {
    let (a, b) = (ContextKey::from_number(1, "a"), ContextKey::from_number(2, "b"));
    let old = Context::EMPTY.with_value(a, value(1)).with_value(b, value(2));
    let new = old.clone().with_value(a, value(3));
    assert_eq!((number(&old, a), number(&old, b)), (Some(1), Some(2)));
    assert_eq!((number(&new, a), number(&new, b)), (Some(3), Some(2)));
    assert!(Context::EMPTY.get(a).is_none());
}

#[test]
fn values_marks_and_baggage_do_not_disturb_each_other() {
    let key = ContextKey::from_number(1, "key");
    let context = Context::EMPTY
        .with_suppressed(true)
        .with_value(key, value(1))
        .with_debug(true)
        .with_suppressed(false);
    assert_eq!(number(&context, key), Some(1));
    assert!(context.is_debug() && !context.is_suppressed() && !context.is_deferred());
    assert!(context.baggage().is_empty());
}

fn text(resource: &Resource, key: &str) -> Option<String> {
    resource.get(key).and_then(OwnedValue::as_str).map(str::to_owned)
}

#[test]
fn a_resource_keeps_the_last_value_at_the_first_place() {
    let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("", "4")];
    let resource = Resource::new(
        pairs.map(|(key, value)| KeyValue::new(key, value)),
        Some("".into()),
    );
    let keys: Vec<&str> = resource
        .attributes()
        .iter()
        .map(|attribute| &*attribute.key)
        .collect();
    assert_eq!(keys, ["a", "b"]);
    assert_eq!(text(&resource, "a").as_deref(), Some("3"));
    assert_eq!((text(&resource, "c"), resource.schema_url()), (None, None));
}

#[test]
fn an_empty_resource_changes_nothing_in_a_merge() {
    let resource = Resource::new([KeyValue::new("a", "1")], Some("https://example.org/1".into()));
    assert!(Resource::empty().attributes().is_empty());
    assert_eq!(Resource::empty().merge(&resource), resource);
    assert_eq!(resource.merge(&Resource::empty()), resource);
}

#[test]
fn the_updating_resource_wins() {
    let old = Resource::new(
        [KeyValue::new("a", "1"), KeyValue::new("b", "2")],
        Some("https://example.org/1".into()),
    );
    let new = Resource::new([KeyValue::new("b", ""), KeyValue::new("c", "3")], None);
    let merged = old.merge(&new);
    assert_eq!(merged.attributes().len(), 3);
    assert_eq!(text(&merged, "a").as_deref(), Some("1"));
    assert_eq!(
        text(&merged, "b").as_deref(),
        Some(""),
        "an empty value wins as well"
    );
    assert_eq!(merged.schema_url(), Some("https://example.org/1"));
}

#[test]
fn two_schema_urls_leave_none() {
    let with = |url: &'static str| Resource::new([], Some(url.into()));
    let (one, two) = (with("https://example.org/1"), with("https://example.org/2"));
    assert!(one.schema_conflicts(&two) && !one.schema_conflicts(&one));
    assert_eq!(one.merge(&two).schema_url(), None);
    assert_eq!(one.merge(&one).schema_url(), Some("https://example.org/1"));
}

fn entity(entity_type: &'static str, ids: &[&'static str], descriptions: &[&'static str]) -> EntityRef {
    let keys = |keys: &[&'static str]| keys.iter().map(|key| (*key).into()).collect();
    EntityRef {
        entity_type: entity_type.into(),
        id_keys: keys(ids),
        description_keys: keys(descriptions),
        schema_url: None,
    }
}

#[test]
fn what_an_entity_refers_to_is_there_and_is_what_was_meant() {
    let attributes = |pairs: &[(&'static str, &'static str)]| {
        Resource::new(pairs.iter().map(|(key, value)| KeyValue::new(*key, *value)), None)
    };
    let resource = attributes(&[("a", "1"), ("b", "2"), ("c", "3")]).with_entity_refs([
        entity("none", &[], &["a"]),
        entity("", &["a"], &[]),
        entity("not here", &["a", "x"], &[]),
        entity("twice", &["c"], &[]),
        entity("one", &["a"], &["b", "x"]),
        entity("twice", &["b"], &[]),
    ]);
    let expected = [entity("one", &["a"], &["b"]), entity("twice", &["b"], &[])];
    assert_eq!(resource.entity_refs(), expected);

    let merged = resource.merge(&attributes(&[("a", "1"), ("d", "4")]));
    assert_eq!(merged.entity_refs(), expected, "the same value changes nothing");
    let merged = resource.merge(&attributes(&[("b", "other")]));
    assert_eq!(merged.entity_refs(), [entity("one", &["a"], &[])]);
    let updating = attributes(&[("d", "4")]).with_entity_refs([entity("one", &["d"], &[])]);
    assert_eq!(
        resource.merge(&updating).entity_refs(),
        [entity("twice", &["b"], &[]), entity("one", &["d"], &[])]
    );
    assert!(resource.with_entity_refs([]).entity_refs().is_empty());
}
