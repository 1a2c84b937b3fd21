//! The entities that whoever starts the process describes in `OTEL_ENTITIES`.

use super::text::{is_space, percent_decode};
use alloc::{borrow::Cow, collections::BTreeMap, format, string::String, vec::Vec};
use spanline_core::{EntityRef, KeyValue, Resource};

/// These stand for themselves nowhere in a value.
const RESERVED: [char; 8] = ['{', '}', '[', ']', '@', ';', ',', '='];

type Pairs = Vec<(String, String)>;

/// One entity of the list.
struct Entity<'a> {
    entity_type: &'a str,
    ids: Pairs,
    descriptions: Pairs,
    schema_url: Option<&'a str>,
}

/// Reads `type{id=value,...}[description=value,...]@schema_url;...`: the attributes of all entities, and references to
/// the entities. What is wrong goes to `problem`, without any value; what has a mistake in it is left out. Of entities
/// of one type the last counts: a resource has one of each. Of different values of an attribute the last one counts,
/// and an entity that has another one is not referred to or, when it is a description, not described by it.
pub(super) fn parse(text: &str, problem: &mut dyn FnMut(String)) -> Resource {
    let mut entities: Vec<Option<Entity<'_>>> = Vec::new();
    let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, item) in text.split(';').enumerate() {
        let (number, item) = (index + 1, item.trim_matches(is_space));
        if item.is_empty() {
            continue;
        }
        let mut entity = match one(item) {
            Ok(entity) => entity,
            Err(wrong) => {
                problem(format!("entity {number} {wrong}; it is left out"));
                continue;
            }
        };
        if entity.schema_url.is_some_and(|url| !is_uri(url)) {
            problem(format!(
                "entity {number} has a schema URL that is none; it is ignored"
            ));
            entity.schema_url = None;
        }
        if let Some(earlier) = by_type.insert(entity.entity_type, entities.len()) {
            problem(format!(
                "entity {number} has the type of one before it, which is left out"
            ));
            entities[earlier] = None;
        }
        entities.push(Some(entity));
    }
    described(&entities.into_iter().flatten().collect::<Vec<_>>(), problem)
}

/// The resource that these entities make up, all of different types.
fn described(entities: &[Entity<'_>], problem: &mut dyn FnMut(String)) -> Resource {
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    let mut differ = false;
    let pairs = |entity: &'_ Entity<'_>| entity.ids.len() + entity.descriptions.len();
    let mut attributes = Vec::with_capacity(entities.iter().map(pairs).sum());
    for (key, value) in entities
        .iter()
        .flat_map(|one| one.ids.iter().chain(&one.descriptions))
    {
        differ |= values.insert(key, value).is_some_and(|known| known != value);
        attributes.push(KeyValue::new(key.clone(), value.clone()));
    }
    if differ {
        let wrong = "entities give an attribute different values; the last one counts";
        problem(wrong.into());
    }
    let holds = |(key, value): &&(String, String)| values.get(&**key) == Some(&&**value);
    let keys = |pairs: &[(String, String)]| -> Vec<Cow<'static, str>> {
        let held = pairs.iter().filter(holds);
        held.map(|(key, _)| Cow::Owned(key.clone())).collect()
    };
    let identified = entities
        .iter()
        .filter(|entity| entity.ids.iter().all(|id| holds(&id)));
    let refs = identified.map(|entity| EntityRef {
        entity_type: Cow::Owned(entity.entity_type.into()),
        id_keys: keys(&entity.ids),
        description_keys: keys(&entity.descriptions),
        schema_url: entity.schema_url.map(|url| Cow::Owned(url.into())),
    });
    Resource::new(attributes, None).with_entity_refs(refs)
}

/// Reads one entity.
fn one(text: &str) -> Result<Entity<'_>, &'static str> {
    let (entity_type, rest) = text.split_once('{').ok_or("has no `{`")?;
    if !is_name(entity_type) {
        return Err("has no type of letters, digits, `.`, `_` and `-` in front of its `{`");
    }
    let (ids, rest) = rest.split_once('}').ok_or("has no `}`")?;
    let ids = pairs(ids)?;
    if ids.is_empty() {
        return Err("has no identifying attribute");
    }
    let (descriptions, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or("has no `]`")?,
        None => ("", rest),
    };
    let descriptions = pairs(descriptions)?;
    let mut keys: Vec<&str> = ids.iter().chain(&descriptions).map(|(key, _)| &**key).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|two| two[0] == two[1]) {
        return Err("has an attribute twice");
    }
    let schema_url = match rest.strip_prefix('@') {
        None if !rest.is_empty() => return Err("has something behind its end"),
        url => url,
    };
    Ok(Entity {
        entity_type,
        ids,
        descriptions,
        schema_url,
    })
}

/// Reads `key=value,key=value`, or nothing at all.
fn pairs(text: &str) -> Result<Pairs, &'static str> {
    if text.trim_matches(is_space).is_empty() {
        return Ok(Pairs::new());
    }
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').ok_or("has an attribute without `=`")?;
        let (key, value) = (key.trim_matches(is_space), value.trim_matches(is_space));
        if !is_name(key) {
            return Err("has an attribute whose name is not of letters, digits, `.`, `_` and `-`");
        }
        if value.contains(RESERVED) {
            return Err("has a value with a reserved character that is not percent-encoded");
        }
        let bytes = percent_decode(value, true).ok_or("has a `%` without two hex digits")?;
        let value = String::from_utf8(bytes).map_err(|_| "has a value that is not UTF-8")?;
        Ok((key.into(), value))
    };
    text.split(',').map(pair).collect()
}

/// Whether this is a letter and then letters, digits, `.`, `_` and `-`.
fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Whether this is a scheme, a colon and something of the characters of a URI.
fn is_uri(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && rest.bytes().all(allowed)
            && percent_decode(rest, true).is_some()
    })
}
