//! Helpers of the runners of conformance vectors.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) use spanline_test_vectors::{Case, Level, Value as Json, run};
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

pub(crate) fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// A list of pairs; an absent one is empty.
pub(crate) fn pairs(value: &Json) -> Vec<(String, String)> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| (text(&pair[0]).into(), text(&pair[1]).into()))
        .collect()
}

/// A 56-bit number as 14 hex digits; null is none.
pub(crate) fn number56(value: &Json) -> Option<u64> {
    value.as_str().map(|digits| {
        assert_eq!(digits.len(), 14);
        u64::from_str_radix(digits, 16).unwrap()
    })
}
