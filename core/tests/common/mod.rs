//! Reads the conformance vectors and reports on them. A runner gives each case to a function; an operation, member or
//! schema that it does not know fails the run.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) use serde_json::Value as Json;
use std::{collections::BTreeMap, fs, path::Path};

/// What became of a case: `Err` says what differs.
pub(crate) type Outcome = Result<Done, String>;

/// A case that was not refuted.
pub(crate) enum Done {
    Passed,
    /// Not served, with the reason.
    Skipped(&'static str),
}

/// Runs every case of one file and fails the test when one of them fails.
pub(crate) fn run(file: &str, format: &str, case: impl Fn(&Json) -> Outcome) {
    run_as(file, file, format, case);
}

/// As [`run`], for a second runner of the same file: its report has a name of its own.
pub(crate) fn run_as(report: &str, file: &str, format: &str, case: impl Fn(&Json) -> Outcome) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/vectors")
        .join(format!("{file}.json"));
    let document: Json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(document["schema"], "tracing-vectors/1");
    assert_eq!(document["format"], format);
    let (mut passed, mut failed) = (0, Vec::new());
    let mut skipped = BTreeMap::<_, Vec<_>>::new();
    for vector in list(&document["cases"]) {
        let id = text(&vector["id"]);
        match case(vector) {
            Ok(Done::Passed) => passed += 1,
            Ok(Done::Skipped(reason)) => skipped.entry(reason).or_default().push(id),
            Err(difference) => failed.push(format!("{file}/{id}: {difference}")),
        }
    }
    let skips: usize = skipped.values().map(Vec::len).sum();
    println!(
        "vectors {report}: {passed} passed, {} failed, {skips} skipped",
        failed.len()
    );
    for (reason, ids) in skipped {
        println!("vectors {report}: skipped ({reason}): {}", ids.join(" "));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(passed > 0, "no case of {file} was run");
}

/// Fails a case whose members are not all known.
pub(crate) fn only_members(object: &Json, known: &[&str]) -> Result<(), String> {
    match object
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys())
        .find(|name| !known.contains(&name.as_str()))
    {
        Some(name) => Err(format!("unknown member `{name}`")),
        None => Ok(()),
    }
}

/// Says what differs.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?}, expected {expected:?}"))
    }
}

pub(crate) fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

pub(crate) fn list(value: &Json) -> &[Json] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}

/// A list of pairs; an absent one is empty.
pub(crate) fn pairs(value: &Json) -> Vec<(String, String)> {
    match value {
        Json::Null => Vec::new(),
        _ => list(value)
            .iter()
            .map(|pair| (text(&pair[0]).into(), text(&pair[1]).into()))
            .collect(),
    }
}

/// A 56-bit number as 14 hex digits.
pub(crate) fn number56(value: &Json) -> Option<u64> {
    value.as_str().map(|digits| {
        assert_eq!(digits.len(), 14);
        u64::from_str_radix(digits, 16).unwrap()
    })
}
