//! Who may depend on whom: core <- engine <- sdk, core <- collector; nothing depends on what stands outside.

use super::findings;
use crate::shell::Run;
use serde_json::Value;

/// The rooms that ship, each with the packages of this workspace that it may depend on (build dependencies included).
/// A dependency that is not named is an error, and so is a new room that is not in this table.
const ROOMS: &[(&str, &[&str])] = &[
    ("spanline-core", &[]),
    ("spanline-engine", &["spanline-core"]),
    ("spanline-macros", &[]),
    (
        "spanline",
        &["spanline-core", "spanline-engine", "spanline-macros"],
    ),
    ("spanline-collector", &["spanline-core"]),
    ("spanline-test-vectors", &[]),
    ("xtask", &["spanline-test-vectors"]),
];

/// Packages of this workspace that ship to nobody and may depend on anything.
const OUTSIDE: &[&str] = &[
    "spanline-example-minimal",
    "spanline-example-orders",
    "spanline-benches",
    "spanline-fuzz",
];

/// What tests may use besides: foreign crates freely, of ours only these. core must be testable without the rest.
const TESTS_MAY_USE: &[(&str, &[&str])] = &[
    ("spanline-core", &["spanline-test-vectors"]),
    ("spanline-engine", &["spanline-test-vectors"]),
    ("spanline-macros", &["spanline"]),
    ("spanline", &["spanline-test-vectors", "spanline-collector"]),
    ("spanline-collector", &["spanline"]),
];

/// The check.
pub(super) fn check() -> Result<(), String> {
    let metadata = Run::new(
        "sh",
        ["-c", "cargo metadata --format-version 1 --no-deps 2>/dev/null"],
    )
    .output()?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|e| format!("cargo metadata: {e}"))?;
    findings(broken(&metadata))
}

fn broken(metadata: &Value) -> Vec<String> {
    let packages: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let names: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let mut found = Vec::new();
    for (package, name) in packages.iter().zip(&names) {
        if OUTSIDE.contains(name) {
            continue;
        }
        let Some(allowed) = look_up(ROOMS, name) else {
            found.push(format!(
                "{name} is not in the table of rooms (xtask/src/check/arrows.rs)"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev";
            if *name == "spanline-core" && !for_tests {
                found.push(format!("spanline-core depends on {to}: core has no dependencies"));
            }
            if !names.contains(&to) {
                continue;
            }
            let tests = if for_tests {
                look_up(TESTS_MAY_USE, name).unwrap_or_default()
            } else {
                &[]
            };
            if !allowed.contains(&to) && !tests.contains(&to) {
                let kind = if for_tests { "the tests of " } else { "" };
                found.push(format!("{kind}{name} may not depend on {to}"));
            }
        }
    }
    found
}

fn look_up(table: &[(&str, &'static [&'static str])], name: &str) -> Option<&'static [&'static str]> {
    table
        .iter()
        .find(|(room, _)| *room == name)
        .map(|(_, list)| *list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(from: &str, to: &str, kind: Value) -> Vec<String> {
        let mut packages: Vec<Value> = ROOMS
            .iter()
            .map(|(name, _)| json!({ "name": name, "dependencies": [] }))
            .collect();
        packages.push(json!({ "name": "spanline-example-orders", "dependencies": [] }));
        let from = packages.iter_mut().find(|p| p["name"] == from).unwrap();
        from["dependencies"] = json!([{ "name": to, "kind": kind }]);
        broken(&json!({ "packages": packages }))
    }

    #[test]
    fn wrong_arrows_are_found() {
        assert_eq!(
            with("spanline-engine", "spanline-core", Value::Null),
            Vec::<String>::new()
        );
        assert_eq!(
            with("spanline-example-orders", "spanline", Value::Null),
            Vec::<String>::new()
        );
        assert_eq!(
            with("spanline-core", "proptest", "dev".into()),
            Vec::<String>::new()
        );
        assert_eq!(with("spanline-engine", "spanline", Value::Null).len(), 1);
        assert_eq!(with("spanline-core", "spanline", "dev".into()).len(), 1);
        assert_eq!(with("spanline-core", "memchr", Value::Null).len(), 1);
        assert_eq!(with("spanline-core", "cc", "build".into()).len(), 1);
        assert_eq!(with("spanline", "spanline-collector", Value::Null).len(), 1);
        assert_eq!(with("spanline", "spanline-example-orders", "dev".into()).len(), 1);
    }

    #[test]
    fn a_room_must_be_in_the_table() {
        let found = broken(&json!({ "packages": [{ "name": "spanline-new", "dependencies": [] }] }));
        assert!(found[0].contains("not in the table"), "{found:?}");
    }
}
