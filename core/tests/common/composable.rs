//! Composable samplers, as the vectors write them.

use spanline_core::sample::composable::{self, ComposableSampler, Condition};
use spanline_core::{KeyValue, SpanKind};
use spanline_test_vectors::Value as Json;
use spanline_test_vectors::json::{only_members, text};

/// The composable sampler of a vector.
pub(crate) fn of(config: &Json) -> Result<Box<dyn ComposableSampler>, String> {
    let (name, options) = match (config.as_str(), config.as_object()) {
        (Some(name), _) => (name, &Json::Null),
        (None, Some(object)) if object.len() == 1 => {
            let (name, options) = object.iter().next().unwrap();
            (name.as_str(), options)
        }
        _ => return Err(format!("no composable sampler: {config}")),
    };
    Ok(match name {
        "always_on" => Box::new(composable::AlwaysOn),
        "always_off" => Box::new(composable::AlwaysOff),
        "probability" => Box::new(composable::Probability::new(options.as_f64().unwrap()).ok_or("refused")?),
        "parent_threshold" => {
            only_members(options, &["root"])?;
            Box::new(composable::ParentThreshold::new(of(&options["root"])?))
        }
        "annotating" => {
            only_members(options, &["attributes", "delegate"])?;
            let attributes = options["attributes"].as_object().unwrap().iter();
            let attributes = attributes.map(|(key, value)| KeyValue::new(key.clone(), text(value)));
            Box::new(composable::Annotating::new(attributes, of(&options["delegate"])?))
        }
        "rule_based" => {
            let mut rules = composable::RuleBased::new();
            for rule in options.as_array().unwrap() {
                only_members(rule, &["if", "then"])?;
                let conditions = rule["if"].as_object().unwrap().iter();
                let conditions = conditions.map(|(name, value)| condition(name, value));
                rules = rules.rule(conditions.collect::<Result<Vec<_>, _>>()?, of(&rule["then"])?);
            }
            Box::new(rules)
        }
        _ => return Err(format!("unknown composable sampler `{name}`")),
    })
}

fn condition(name: &str, value: &Json) -> Result<Condition, String> {
    fn list(value: &Json) -> Vec<&str> {
        value.as_array().unwrap().iter().map(text).collect()
    }
    match name {
        "attribute_values" => {
            only_members(value, &["key", "values"])?;
            Ok(Condition::attribute_values(
                text(&value["key"]),
                list(&value["values"]),
            ))
        }
        "span_kinds" => {
            let kinds: Option<Vec<_>> = list(value).into_iter().map(kind).collect();
            kinds.map(Condition::span_kinds).ok_or_else(|| format!("{value}"))
        }
        _ => Err(format!("unknown condition `{name}`")),
    }
}

/// The kind of this name.
pub(crate) fn kind(name: &str) -> Option<SpanKind> {
    (1..=5)
        .filter_map(SpanKind::from_otlp)
        .find(|kind| kind.name() == name)
}
