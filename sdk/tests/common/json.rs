//! The values of vectors as values of the API.

use spanline::{OwnedValue, Value};
use spanline_test_vectors::Value as Json;
use spanline_test_vectors::json::hex;
pub(crate) use spanline_test_vectors::json::{only_members, pairs, same, text, unhex};
use spanline_test_vectors::serde_json::json;

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
