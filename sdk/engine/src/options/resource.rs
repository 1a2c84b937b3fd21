//! The attributes of the resource.

use super::{
    Source, TABLE,
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
    let listed = list(reader);
    let given_in = reader.given[RESOURCE];
    reader.sources[RESOURCE] = match (code.resource.is_some(), &listed) {
        (true, _) => given_in,
        (false, Some((variable, _))) => Source::Environment(variable),
        (false, None) => Source::Default,
    };
    let mut resource = Resource::new(
        listed
            .iter()
            .flat_map(|(_, attributes)| attributes.iter().cloned()),
        None,
    )
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
            match &listed {
                Some((variable, _)) if resource.get(key).is_some() => (None, Source::Environment(variable)),
                _ => (None, Source::Default),
            }
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

/// The attributes of the variable, with its name.
fn list(reader: &mut Reader<'_>) -> Option<(&'static str, Vec<KeyValue>)> {
    for variable in TABLE[RESOURCE].variables {
        let Some(text) = reader.raw(variable) else {
            continue;
        };
        match parse(&text) {
            Ok(attributes) => return Some((variable, attributes)),
            Err((pair, wrong)) => {
                let wrong = format!("pair {pair} {wrong}; all of the variable is ignored");
                reader.warn(RESOURCE, variable, wrong);
            }
        }
    }
    None
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
