//! The attributes of the resource.

use super::{
    Source, TABLE, entities,
    generated::{
        Options,
        index::{ENVIRONMENT, RESOURCE, SERVICE_NAME, SERVICE_VERSION},
    },
    reader::{Reader, bad_value},
    text::{is_space, percent_decode},
};
use crate::Error;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::{KeyValue, OwnedValue, Resource};

const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const ENTITIES: &str = "OTEL_ENTITIES";

/// The options about the resource, resolved.
pub(super) struct Described {
    pub(super) service_name: Option<String>,
    pub(super) service_version: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) resource: Resource,
}

/// Resolves them together: the three that have names of their own are attributes too.
pub(super) fn resolve(reader: &mut Reader<'_>, code: &Options) -> Result<Described, Error> {
    let given = code.resource.as_deref().unwrap_or_default();
    if given.iter().any(|attribute| attribute.key.is_empty()) {
        return Err(bad_value(
            RESOURCE,
            "the name of an attribute is empty".to_owned(),
            None,
        ));
    }
    let of_entities = entities(reader);
    let listed = list(reader);
    let given_in = reader.given[RESOURCE];
    reader.sources[RESOURCE] = match (code.resource.is_some(), &listed) {
        (true, _) => given_in,
        (false, Some(_)) => Source::Environment(ATTRIBUTES),
        (false, None) if !of_entities.attributes().is_empty() => Source::Environment(ENTITIES),
        (false, None) => Source::Default,
    };
    let listed = Resource::new(listed.unwrap_or_default(), None);
    let mut resource = of_entities
        .merge(&listed)
        .merge(&Resource::new(given.iter().cloned(), None));
    let mut named = |option: usize, code: &Option<String>, key: &'static str, own: Option<&'static str>| {
        let in_code = given.iter().any(|attribute| attribute.key == key);
        let (value, source) = if let Some(text) = code {
            if text.is_empty() {
                return Err(bad_value(option, "it is empty".to_owned(), None));
            }
            (Some(text.clone()), reader.given[option])
        } else if in_code {
            (None, given_in)
        } else if let Some((variable, text)) = own.and_then(|own| Some((own, reader.raw(own)?))) {
            (Some(text), Source::Environment(variable))
        } else {
            let variable = match (listed.get(key), of_entities.get(key)) {
                (Some(_), _) => Source::Environment(ATTRIBUTES),
                (None, Some(_)) => Source::Environment(ENTITIES),
                (None, None) => Source::Default,
            };
            (None, variable)
        };
        reader.sources[option] = source;
        if let Some(value) = value {
            resource = resource.merge(&Resource::new([KeyValue::new(key, value)], None));
        }
        Ok(resource.get(key).map(|value| match value {
            OwnedValue::Str(text) => String::from(&**text),
            other => format!("{other:?}"),
        }))
    };
    let own = TABLE[SERVICE_NAME].variables.first().copied();
    Ok(Described {
        service_name: named(SERVICE_NAME, &code.service_name, "service.name", own)?,
        service_version: named(SERVICE_VERSION, &code.service_version, "service.version", None)?,
        environment: named(
            ENVIRONMENT,
            &code.environment,
            "deployment.environment.name",
            None,
        )?,
        resource,
    })
}

/// What `OTEL_RESOURCE_ATTRIBUTES` says, unless there is a mistake in it.
fn list(reader: &mut Reader<'_>) -> Option<Vec<KeyValue>> {
    match parse(&reader.raw(ATTRIBUTES)?) {
        Ok(attributes) => Some(attributes),
        Err((pair, wrong)) => {
            let wrong = format!("pair {pair} {wrong}; all of the variable is ignored");
            reader.warn(RESOURCE, ATTRIBUTES, wrong);
            None
        }
    }
}

/// What `OTEL_ENTITIES` says.
fn entities(reader: &mut Reader<'_>) -> Resource {
    let text = reader.raw(ENTITIES).unwrap_or_default();
    entities::parse(&text, &mut |wrong| reader.warn(RESOURCE, ENTITIES, wrong))
}

/// `key=value,key=value`, percent-encoded; or the number of the first bad pair and what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Vec<KeyValue>, (usize, &'static str)> {
    let mut attributes = Vec::new();
    for (index, pair) in text.split(',').enumerate() {
        let wrong = |what| (index + 1, what);
        if pair.trim_matches(is_space).is_empty() {
            continue;
        }
        let (key, value) = pair.split_once('=').ok_or(wrong("has no `=`"))?;
        let decode = |text: &str| {
            let bytes = percent_decode(text.trim_matches(is_space), true)
                .ok_or(wrong("has a `%` without two hex digits"))?;
            String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))
        };
        let (key, value) = (decode(key)?, decode(value)?);
        if key.is_empty() {
            return Err(wrong("has no key"));
        }
        attributes.push(KeyValue::new(key, value));
    }
    Ok(attributes)
}
