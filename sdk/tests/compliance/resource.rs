//! Resources.

use crate::common::memory;
use spanline::{KeyValue, OwnedValue, Resource, ResourceDetector, SCHEMA_URL};

#[test]
fn a_resource_is_made_read_and_merged() {
    let empty = Resource::empty();
    assert!(empty.attributes().is_empty() && empty.schema_url().is_none());
    let old = Resource::new(
        [KeyValue::new("a", 1), KeyValue::new("b", 2)],
        Some("https://x/1".into()),
    );
    let new = Resource::new([KeyValue::new("b", ""), KeyValue::new("c", 3)], None);
    let merged = old.merge(&new);
    assert_eq!(
        (merged.get("a"), merged.get("b")),
        (Some(&1.into()), Some(&"".into()))
    );
    assert_eq!(
        (merged.attributes().len(), merged.schema_url()),
        (3, Some("https://x/1"))
    );
    assert_eq!(old.get("b"), Some(&2.into()), "unchanged");
    assert_eq!(empty.merge(&old), old);
    let other = Resource::new([], Some("https://x/2".into()));
    assert_eq!(old.merge(&other).schema_url(), None);
}

#[test]
fn the_default_resource_names_service_and_library() {
    let provider = memory().build().unwrap();
    let text = |key| {
        provider
            .resource()
            .get(key)
            .and_then(OwnedValue::as_str)
            .unwrap_or_default()
    };
    assert!(
        text("service.name").starts_with("unknown_service:compliance"),
        "{}",
        text("service.name")
    );
    assert_eq!(
        (text("telemetry.sdk.name"), text("telemetry.sdk.language")),
        ("spanline", "rust")
    );
    assert_eq!(text("telemetry.sdk.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(provider.resource().schema_url(), Some(SCHEMA_URL));
}

#[derive(Debug)]
struct Rack;

impl ResourceDetector for Rack {
    fn name(&self) -> &str {
        "rack"
    }

    fn detect(&self) -> Resource {
        Resource::new(
            [
                KeyValue::new("rack", "r7"),
                KeyValue::new("service.name", "detected"),
            ],
            None,
        )
    }
}

#[test]
fn what_the_code_says_wins_over_what_is_detected() {
    let builder = memory()
        .detector(Rack)
        .service_name("shop")
        .resource_attribute("rack.unit", 4);
    let provider = builder.build().unwrap();
    let get = |key| provider.resource().get(key);
    assert_eq!(get("service.name"), Some(&"shop".into()));
    assert_eq!(
        (get("rack"), get("rack.unit")),
        (Some(&"r7".into()), Some(&4.into()))
    );
}

#[test]
fn a_resource_given_as_a_whole_is_used_as_it_is() {
    let given = Resource::new([KeyValue::new("only", true)], Some("https://x/1".into()));
    let provider = memory()
        .resource(given.clone())
        .service_name("not this")
        .build()
        .unwrap();
    assert_eq!(*provider.resource(), given);
}
