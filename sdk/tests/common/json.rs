//! The values of vectors as values of the API.

use spanline::{OwnedValue, Value};
use spanline_test_vectors::Value as Json;
use spanline_test_vectors::serde_json::json;
use std::fmt::Debug;

/// Says what differs.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?}, expected {expected:?}"))
    }
}

/// Fails a case whose object has a member that the runner does not know.
pub(crate) fn only_members(object: &Json, known: &[&str]) -> Result<(), String> {
    let mut members = object.as_object().into_iter().flat_map(|members| members.keys());
    match members.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown member `{name}`")),
        None => Ok(()),
    }
}

#[track_caller]
pub(crate) fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// A list of pairs; an absent one is empty.
pub(crate) fn pairs(value: &Json) -> Vec<(String, String)> {
    let list = value.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]).into(), text(&pair[1]).into()))
        .collect()
}

pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    assert_eq!(digits.len() % 2, 0);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A typed value of a vector.
pub(crate) fn owned_value(typed: &Json) -> OwnedValue {
    let plain = &typed["v"];
    match text(&typed["t"]) {
        "string" => text(plain).into(),
        "bool" => plain.as_bool().unwrap().into(),
        "int" => text(plain).parse::<i64>().unwrap().into(),
        "double" => text(plain).parse::<f64>().unwrap().into(),
        "bytes" => OwnedValue::Bytes(unhex(text(plain))),
        "array" => OwnedValue::List(plain.as_array().unwrap().iter().map(owned_value).collect()),
        "map" => OwnedValue::Map(attributes(plain)),
        "empty" => OwnedValue::Empty,
        other => panic!("unknown type {other}"),
    }
}

fn attributes(list: &Json) -> Vec<(String, OwnedValue)> {
    let list = list.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]).into(), owned_value(&pair[1])))
        .collect()
}

/// Owned attributes as they are given to the calls.
pub(crate) fn borrowed(attributes: &[(String, OwnedValue)]) -> Vec<(&str, Value<'_>)> {
    attributes
        .iter()
        .map(|(key, value)| (key.as_str(), Value::from(value)))
        .collect()
}

/// A value of the API as a typed value of a vector.
pub(crate) fn typed(value: &OwnedValue) -> Json {
    match value {
        OwnedValue::Empty => json!({"t": "empty"}),
        OwnedValue::Bool(value) => json!({"t": "bool", "v": value}),
        OwnedValue::I64(value) => json!({"t": "int", "v": value.to_string()}),
        OwnedValue::F64(value) => json!({"t": "double", "v": value.to_string()}),
        OwnedValue::Str(value) => json!({"t": "string", "v": value}),
        OwnedValue::Bytes(value) => json!({"t": "bytes", "v": hex(value)}),
        OwnedValue::List(list) => json!({"t": "array", "v": list.iter().map(typed).collect::<Vec<_>>()}),
        OwnedValue::Map(map) => {
            let pairs: Vec<_> = map
                .iter()
                .map(|(key, value)| json!([key, typed(value)]))
                .collect();
            json!({"t": "map", "v": pairs})
        }
        other => panic!("unknown value {other:?}"),
    }
}
