//! What `OTEL_ENTITIES` says, and what it does beside the other variables.

use super::super::{Options, Source, entities};
use super::{of_env, with, with_file};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use spanline_core::{EntityRef, KeyValue, OwnedValue, Resource};

/// Attributes and references in a short form, and what was wrong.
fn read(text: &str) -> (String, Vec<String>, Vec<String>) {
    let mut wrong = Vec::new();
    let resource = entities::parse(text, &mut |text| wrong.push(text));
    (attributes(&resource), refs(&resource), wrong)
}

fn attributes(resource: &Resource) -> String {
    let one = |attribute: &KeyValue| {
        let text = attribute.value.as_str().unwrap();
        format!("{}={text}", attribute.key)
    };
    let all: Vec<String> = resource.attributes().iter().map(one).collect();
    all.join(" ")
}

fn refs(resource: &Resource) -> Vec<String> {
    let one = |entity: &EntityRef| {
        let (ids, further) = (entity.id_keys.join(","), entity.description_keys.join(","));
        let url = entity.schema_url.as_deref().unwrap_or("-");
        format!("{} {ids} [{further}] {url}", entity.entity_type)
    };
    resource.entity_refs().iter().map(one).collect()
}

#[test]
fn all_parts_are_read() {
    let (attributes, refs, wrong) = read(
        ";service{service.name=shop,service.instance.id=i-1}[service.version=1.0]@https://opentelemetry.io/schemas/1.44.0;; \
         host{ host.id = h%2C1%3D }[] ;k8s.pod{k8s.pod.uid=caf%C3%A9+}@urn:x;",
    );
    assert_eq!(
        attributes,
        "service.name=shop service.instance.id=i-1 service.version=1.0 host.id=h,1= k8s.pod.uid=caf\u{e9}+"
    );
    assert_eq!(
        refs,
        [
            "service service.name,service.instance.id [service.version] https://opentelemetry.io/schemas/1.44.0",
            "host host.id [] -",
            "k8s.pod k8s.pod.uid [] urn:x",
        ]
    );
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(read("").2.len() + read(" ; ;").2.len(), 0);
}

#[test]
fn a_mistake_costs_its_entity_and_no_other() {
    for bad in [
        "x",
        "{a=1}",
        "x{}",
        "x{ }",
        "x{a=1",
        "x a{a=1}",
        " 1x{a=1}",
        "x{a}",
        "x{=1}",
        "x{a=1,}",
        "x{a=1,,b=2}",
        "x{a b=1}",
        "x{%61=1}",
        "x{a=1=2}",
        "x{a=[}",
        "x{a=1@}",
        "x{a={}",
        "x{a=%}",
        "x{a=%+1}",
        "x{a=%ff}",
        "x{a=1,a=1}",
        "x{a=1}[a=1]",
        "x{a=1}[b=1",
        "x{a=1}[b]",
        "x{a=1}b",
        "x{a=1} @urn:x",
        "x{a=1}[b=1][c=1]",
        "x{a=1}{b=1}",
        "x{a=1}@urn:x;x{",
    ] {
        let (attributes, _, wrong) = read(&format!("v{{k=before}};{bad};w{{l=behind}}"));
        let known = if bad.ends_with(";x{") {
            "k=before a=1 l=behind"
        } else {
            "k=before l=behind"
        };
        assert_eq!(attributes, known, "{bad}");
        assert_eq!(wrong.len(), 1, "{bad}: {wrong:?}");
        assert!(wrong[0].ends_with("it is left out"), "{bad}: {wrong:?}");
    }
    assert_eq!(
        read("v{k=secret;invalid{secret=secret").2.join("").find("secret"),
        None
    );
}

#[test]
fn a_schema_url_that_is_none_is_ignored() {
    for url in [
        "",
        "invalid-url",
        ":x",
        "x:",
        "1x:y",
        "http://a b",
        "http://a%zz",
        "a:\u{e9}",
        "h:{}",
    ] {
        let (attributes, refs, wrong) = read(&format!("host{{host.id=1}}@{url}"));
        assert_eq!(
            (&*attributes, &*refs),
            ("host.id=1", &["host host.id [] -".to_owned()][..]),
            "{url}"
        );
        assert_eq!(wrong.len(), 1, "{url}: {wrong:?}");
    }
}

#[test]
fn of_entities_of_one_type_the_last_counts() {
    for (text, attributes, refs) in [
        ("s{n=1}[v=1,w=1];s{n=1}[v=2]", "n=1 v=2", "s n [v] -"),
        ("s{n=1}[v=1];s{n=2}", "n=2", "s n [] -"),
        ("s{n=1};s{m=2}", "m=2", "s m [] -"),
    ] {
        let read = read(text);
        assert_eq!(
            (&*read.0, &*read.1),
            (attributes, &[refs.to_owned()][..]),
            "{text}"
        );
        assert_eq!(read.2.len(), 1, "{text}: {:?}", read.2);
    }
}

#[test]
fn of_different_values_the_last_counts_and_the_others_are_not_referred_to() {
    let (attributes, refs, wrong) = read("a{a.id=1}[v=1,w=1];b{b.id=1}[v=2,w=1];c{c.id=1}[b.id=2]");
    assert_eq!(attributes, "a.id=1 v=2 w=1 b.id=2 c.id=1");
    assert_eq!(refs, ["a a.id [w] -", "c c.id [b.id] -"]);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
}

const ENTITIES: (&str, &str) = (
    "OTEL_ENTITIES",
    "service{service.name=low}[service.version=1,deployment.environment.name=e];host{host.id=h}[rack=1,room=1]",
);

fn from(variable: &'static str) -> Option<Source> {
    Some(Source::Environment(variable))
}

#[test]
fn the_variable_counts_less_than_the_other_and_the_code() {
    let (effective, notices) = of_env(&[ENTITIES]);
    assert!(notices.is_empty(), "{notices:?}");
    for option in ["service_name", "service_version", "environment", "resource"] {
        assert_eq!(effective.source(option), from("OTEL_ENTITIES"), "{option}");
    }
    assert_eq!(effective.service_name.as_deref(), Some("low"));
    assert_eq!(effective.resource.entity_refs().len(), 2);

    let env = [
        ENTITIES,
        ("OTEL_RESOURCE_ATTRIBUTES", "rack=2,service.name=middle"),
    ];
    let code = Options {
        resource: Some(vec![KeyValue::new("room", "2")]),
        service_version: Some("2".to_owned()),
        ..Options::default()
    };
    let (effective, _) = with(&code, &env).unwrap();
    let get = |key| effective.resource.get(key).and_then(OwnedValue::as_str).unwrap();
    assert_eq!(
        ["service.name", "service.version", "host.id", "rack", "room"].map(get),
        ["middle", "2", "h", "2", "2"]
    );
    assert_eq!(effective.source("service_name"), from("OTEL_RESOURCE_ATTRIBUTES"));
    assert_eq!(effective.source("service_version"), Some(Source::Code));
    assert_eq!(effective.source("environment"), from("OTEL_ENTITIES"));
    assert_eq!(effective.source("resource"), Some(Source::Code));
    // The service is another one, and what was replaced does not describe the host.
    assert_eq!(refs(&effective.resource), ["host host.id [] -"]);
    assert_eq!(
        with(&Options::default(), &env).unwrap().0.source("resource"),
        from("OTEL_RESOURCE_ATTRIBUTES")
    );
    assert_eq!(
        of_env(&[("OTEL_ENTITIES", "bad")]).0.source("resource"),
        Some(Source::Default)
    );
}

#[test]
fn beside_a_configuration_file_the_variable_does_not_count() {
    let file = Options::default();
    let env = [ENTITIES, ("OTEL_RUST_EXPERIMENTAL_ENTITIES", "true")];
    let (effective, notices) = with_file(&Options::default(), Some(&file), &env, &["config-file"]).unwrap();
    assert!(effective.resource.attributes().is_empty() && !effective.entity_refs);
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn references_are_sent_only_when_asked_for() {
    assert!(!of_env(&[]).0.entity_refs);
    let (effective, _) = of_env(&[("OTEL_RUST_EXPERIMENTAL_ENTITIES", "true")]);
    assert!(effective.entity_refs);
    assert_eq!(
        effective.source("entity_refs"),
        from("OTEL_RUST_EXPERIMENTAL_ENTITIES")
    );
    let (effective, notices) = of_env(&[("OTEL_RUST_EXPERIMENTAL_ENTITIES", "1")]);
    assert!(!effective.entity_refs && notices.len() == 1);
}

proptest::proptest! {
    /// Nothing panics, and what is referred to is there.
    #[test]
    fn any_text_is_read(text in "([a-c]{0,2}[{}\\[\\]@;,=% ]|[a-c]\\{[a-c]=[a-z%0-9]{0,3}\\}|[a-c]\\{[a-c]=1\\}\\[[a-c]=[12]\\];){0,12}") {
        let resource = entities::parse(&text, &mut |_| {});
        for entity in resource.entity_refs() {
            let mut keys = entity.id_keys.iter().chain(&entity.description_keys);
            assert!(!entity.id_keys.is_empty() && keys.all(|key| resource.get(key).is_some()));
        }
    }
}
