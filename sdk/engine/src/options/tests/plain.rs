//! Options by name, from plain values.

use super::super::*;
use crate::ErrorKind;
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};
use spanline_core::{KeyValue, OwnedValue};

fn text(text: &str) -> OwnedValue {
    OwnedValue::Str(text.to_owned().into())
}

fn map(members: &[(&str, OwnedValue)]) -> OwnedValue {
    let members = members.iter();
    OwnedValue::Map(
        members
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

fn set(name: &str, value: OwnedValue) -> Result<Options, crate::Error> {
    let mut options = Options::default();
    options.set(name, &value)?;
    Ok(options)
}

#[test]
fn every_option_takes_a_value_of_its_type_and_no_other() {
    for info in &TABLE {
        let (fits, not) = match info.kind {
            OptionType::Bool => (OwnedValue::Bool(true), text("true")),
            OptionType::Integer | OptionType::DurationMs | OptionType::Bytes => {
                (OwnedValue::I64(1), text("1"))
            }
            OptionType::List => (OwnedValue::List(vec![text("a")]), OwnedValue::I64(1)),
            OptionType::Exporters => (text("otlp"), OwnedValue::Bool(true)),
            OptionType::Headers | OptionType::Attributes => (map(&[("a", text("1"))]), text("a=1")),
            OptionType::Sampler => (OwnedValue::F64(0.5), OwnedValue::Bool(true)),
            OptionType::Policies => (OwnedValue::List(vec![text("error")]), OwnedValue::I64(1)),
            _ => (text("x"), OwnedValue::I64(1)),
        };
        let set_to = set(info.name, fits.clone()).unwrap();
        assert_ne!(set_to, Options::default(), "{}", info.name);
        let error = set(info.name, not).unwrap_err();
        assert_eq!(
            (error.kind(), error.option()),
            (ErrorKind::WrongType, Some(info.name))
        );
        assert_eq!(set(info.name, OwnedValue::Empty).unwrap(), Options::default());
    }
}

#[test]
fn groups_may_be_maps() {
    let options = set(
        "limits",
        map(&[("events", OwnedValue::I64(3)), ("links", OwnedValue::Empty)]),
    )
    .unwrap();
    assert_eq!((options.limits.events, options.limits.links), (Some(3), None));
    for (name, value, kind, option, hint) in [
        ("limits", OwnedValue::I64(1), ErrorKind::WrongType, "limits", None),
        (
            "limits",
            map(&[("evnts", OwnedValue::I64(1))]),
            ErrorKind::UnknownOption,
            "limits.evnts",
            Some("limits.events"),
        ),
        (
            "limits",
            map(&[("", map(&[]))]),
            ErrorKind::UnknownOption,
            "limits.",
            None,
        ),
        (
            "delay_ms",
            OwnedValue::I64(-1),
            ErrorKind::BadValue,
            "delay_ms",
            None,
        ),
        (
            "delayms",
            OwnedValue::I64(1),
            ErrorKind::UnknownOption,
            "delayms",
            Some("delay_ms"),
        ),
        ("", OwnedValue::Empty, ErrorKind::UnknownOption, "", None),
    ] {
        let error = set(name, value).unwrap_err();
        assert_eq!(
            (error.kind(), error.option(), error.hint()),
            (kind, Some(option), hint),
            "{error}"
        );
    }
}

#[test]
fn exporters_are_names_and_structures() {
    let one = map(&[
        ("name", text("otlp")),
        ("endpoint", text("http://h/x")),
        ("timeout_ms", OwnedValue::I64(5)),
        ("compression", OwnedValue::Empty),
        ("headers", map(&[("key", text("v"))])),
    ]);
    let options = set("exporter", OwnedValue::List(vec![text("console"), one.clone()])).unwrap();
    let [console, otlp] = &options.exporter.unwrap()[..] else {
        panic!("two");
    };
    assert_eq!(*console, ExporterOption::from("console"));
    assert_eq!(otlp.endpoint.as_deref(), Some("http://h/x"));
    assert_eq!((otlp.timeout_ms, &otlp.compression), (Some(5), &None));
    assert_eq!(otlp.headers, Some(Headers::from_iter([("key", "v")])));
    assert_eq!(set("exporter", one).unwrap().exporter.unwrap().len(), 1);
    for (wrong, kind, option, hint) in [
        (map(&[]), ErrorKind::Missing, "exporter[0]", None),
        (
            map(&[("name", text("otlp")), ("endpiont", text("x"))]),
            ErrorKind::UnknownOption,
            "exporter[0].endpiont",
            Some("endpoint"),
        ),
        (
            map(&[("name", text("otlp")), ("timeout_ms", text("5"))]),
            ErrorKind::WrongType,
            "exporter[0].timeout_ms",
            None,
        ),
        (
            map(&[("name", OwnedValue::I64(1))]),
            ErrorKind::WrongType,
            "exporter[0].name",
            None,
        ),
        (OwnedValue::I64(1), ErrorKind::WrongType, "exporter[0]", None),
    ] {
        let error = set("exporter", OwnedValue::List(vec![wrong])).unwrap_err();
        assert_eq!(
            (error.kind(), error.option(), error.hint()),
            (kind, Some(option), hint),
            "{error}"
        );
        assert!(error.message().starts_with(option), "{error}");
    }
}

#[test]
fn samplers_resources_and_lists() {
    let sampler = |value| set("sampler", value).map(|options| options.sampler.unwrap());
    let named = |name: &str, rate| SamplerOption::Named {
        name: name.to_owned(),
        rate,
    };
    assert_eq!(sampler(text("always_on")).unwrap(), named("always_on", None));
    assert_eq!(sampler(OwnedValue::I64(1)).unwrap(), SamplerOption::Rate(1.0));
    let both = map(&[("name", text("traceidratio")), ("rate", OwnedValue::F64(0.5))]);
    assert_eq!(sampler(both).unwrap(), named("traceidratio", Some(0.5)));
    assert_eq!(
        sampler(map(&[("rate", OwnedValue::F64(0.5))])).unwrap(),
        SamplerOption::Rate(0.5)
    );
    assert_eq!(sampler(map(&[])).unwrap_err().kind(), ErrorKind::Missing);
    let error = sampler(map(&[("raet", OwnedValue::F64(0.5))])).unwrap_err();
    assert_eq!(
        (error.option(), error.hint()),
        (Some("sampler.raet"), Some("rate"))
    );

    let limit = |per_second| map(&[("rate_limited", map(&[("per_second", per_second)]))]);
    let plan = sampler(limit(OwnedValue::I64(5))).unwrap();
    assert!(
        matches!(&plan, SamplerOption::Plan(plan) if alloc::format!("{plan}") == "rate_limited"),
        "{plan:?}"
    );
    let error = sampler(limit(text("5"))).unwrap_err();
    assert_eq!(
        (error.kind(), error.option()),
        (ErrorKind::WrongType, Some("sampler.rate_limited.per_second"))
    );

    let resource = map(&[("a", OwnedValue::I64(1)), ("b", OwnedValue::Empty)]);
    assert_eq!(
        set("resource", resource).unwrap().resource,
        Some(vec![KeyValue::new("a", 1)])
    );
    let names: Vec<String> = vec!["baggage".to_owned()];
    assert_eq!(
        set("propagators", text("baggage")).unwrap().propagators,
        Some(names)
    );
    let error = set("headers", map(&[("key", OwnedValue::I64(1))])).unwrap_err();
    assert_eq!(error.option(), Some("headers.key"));
}
