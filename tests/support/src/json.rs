//! Reading the JSON of vectors in a runner.

use serde_json::Value;
use std::fmt::Debug;

/// The members of a span to encode.
pub const SPAN_MEMBERS: &[&str] = &[
    "trace_id",
    "span_id",
    "parent_span_id",
    "parent_remote",
    "name",
    "kind",
    "start",
    "end",
    "trace_flags",
    "tracestate",
    "attributes",
    "dropped_attributes",
    "events",
    "dropped_events",
    "links",
    "dropped_links",
    "status",
];

/// Says what differs.
///
/// # Errors
/// When `found` is not `expected`.
pub fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?}, expected {expected:?}"))
    }
}

/// Fails a case whose object has a member that the runner does not know.
///
/// # Errors
/// Names the member.
pub fn only_members(object: &Value, known: &[&str]) -> Result<(), String> {
    let mut members = object.as_object().into_iter().flat_map(|members| members.keys());
    match members.find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("unknown member `{name}`")),
        None => Ok(()),
    }
}

/// A text.
///
/// # Panics
/// When it is something else.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// A list of pairs of texts; an absent one is empty.
///
/// # Panics
/// When a pair holds something else than texts.
#[track_caller]
pub fn pairs(value: &Value) -> Vec<(String, String)> {
    let list = value.as_array().into_iter().flatten();
    list.map(|pair| (text(&pair[0]).into(), text(&pair[1]).into()))
        .collect()
}

/// The bytes of hex digits.
///
/// # Panics
/// When they are none.
#[track_caller]
pub fn unhex(digits: &str) -> Vec<u8> {
    assert_eq!(digits.len() % 2, 0, "{digits}");
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        })
        .collect()
}

/// Bytes as lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
