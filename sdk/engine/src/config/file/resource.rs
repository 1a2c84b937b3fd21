//! The resource of the file.

use super::walk::{Place, Walk};
use crate::ErrorKind;
use crate::config::{Node, Value};
use crate::options::{LogLevel, resource::parse as parse_list};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use spanline_core::OwnedValue;

/// Sets the attributes: those of the list, and over them those written out.
pub(super) fn attributes(walk: &mut Walk, resource: &Place<'_>) {
    let mut attributes: Vec<(String, OwnedValue)> = Vec::new();
    if let (Some(text), Some(place)) = (resource.text("attributes_list"), resource.get("attributes_list")) {
        match parse_list(text) {
            Ok(listed) => attributes.extend(listed.into_iter().map(|a| (a.key.into_owned(), a.value))),
            Err((pair, wrong)) => {
                let text = format!("pair {pair} {wrong}; all of the list is ignored");
                walk.remark(LogLevel::Warn, &place, text);
            }
        }
    }
    for place in resource.get("attributes").iter().flat_map(Place::items) {
        let Some(value) = place.get("value") else { continue };
        let Some(converted) = convert(walk, &value, place.text("type")) else {
            continue;
        };
        let name = place.text("name").unwrap_or_default();
        attributes.retain(|(known, _)| known != name);
        attributes.push((name.to_owned(), converted));
    }
    if !attributes.is_empty() {
        walk.set("resource", OwnedValue::Map(attributes), resource);
    }
}

/// A value of this type. Without a type a scalar is text, as it is written.
fn convert(walk: &mut Walk, place: &Place<'_>, kind: Option<&str>) -> Option<OwnedValue> {
    let kind = kind.unwrap_or("string");
    let (item, list) = match kind.strip_suffix("_array") {
        Some(item) => (item, true),
        None => (kind, false),
    };
    let value = match (&place.node.value, list) {
        (Value::List(items), true) => items
            .iter()
            .map(|node| scalar(node, item))
            .collect::<Option<Vec<_>>>()
            .map(OwnedValue::List),
        (_, true) => None,
        (_, false) => scalar(place.node, item),
    };
    if value.is_none() {
        let text = format!("the value is not of the type `{kind}`; the member `type` says which it is");
        walk.wrong(ErrorKind::WrongType, place, text);
    }
    value
}

fn scalar(node: &Node, kind: &str) -> Option<OwnedValue> {
    match (kind, &node.value) {
        ("bool", Value::Bool(value)) => Some(OwnedValue::Bool(*value)),
        ("int", Value::Int(number)) => Some(OwnedValue::I64(*number)),
        ("double", _) => node.as_f64().map(OwnedValue::F64),
        ("string", _) => node.text().map(OwnedValue::from),
        _ => None,
    }
}
