//! The promises of the product and the rows of the compliance matrix: each names the test that shows it.

use super::findings;
use crate::root::{read, root};
use toml::{Table, Value};

/// A row or promise without a test is a failure. (While the product is being built this may be `false`: the check then
/// only looks at the tests that are named.)
const OPEN_IS_A_FAILURE: bool = true;

/// tests/claims.toml: `[[claim]]` with `promise` and `test` or `command`.
pub(super) fn claims() -> Result<(), String> {
    let mut found = Vec::new();
    for claim in entries("tests/claims.toml", "claim")? {
        let promise = text(&claim, "promise").to_owned();
        if promise.is_empty() {
            found.push("a claim without a promise".to_owned());
        }
        let tests = texts(&claim, "test");
        let command = text(&claim, "command");
        if tests.is_empty() && command.is_empty() && OPEN_IS_A_FAILURE {
            found.push(format!("open: {promise}"));
        }
        found.extend(
            tests
                .iter()
                .filter_map(|test| missing_test(test))
                .map(|why| format!("{promise}: {why}")),
        );
        if !command.is_empty() && !is_command(command) {
            found.push(format!("{promise}: `{command}` is not a command of xtask"));
        }
    }
    findings(found)
}

/// tests/compliance.toml: `[[row]]` with `id`, `what` and `test`.
pub(super) fn compliance() -> Result<(), String> {
    let mut found = Vec::new();
    let mut ids = Vec::new();
    for row in entries("tests/compliance.toml", "row")? {
        let id = text(&row, "id").to_owned();
        if id.is_empty() || text(&row, "what").is_empty() {
            found.push(format!("row {id}: id or text is missing"));
        }
        let tests = texts(&row, "test");
        if tests.is_empty() && OPEN_IS_A_FAILURE {
            found.push(format!("{id} is open: {}", text(&row, "what")));
        }
        found.extend(
            tests
                .iter()
                .filter_map(|test| missing_test(test))
                .map(|why| format!("{id}: {why}")),
        );
        ids.push(id);
    }
    ids.sort();
    found.extend(
        ids.windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| format!("{} occurs twice", pair[0])),
    );
    findings(found)
}

fn entries(path: &str, name: &str) -> Result<Vec<Value>, String> {
    let table: Table = read(path)?.parse().map_err(|e| format!("{path}: {e}"))?;
    match table.get(name).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Ok(list.clone()),
        _ => Err(format!("{path} has no [[{name}]]")),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// One text, or several.
fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    match value.get(name) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) if !one.is_empty() => vec![one],
        _ => Vec::new(),
    }
}

/// `path::name`: the file must have a test of that name. In Rust that is a function under a `#[test]`; in a script it is
/// the quoted name of the test.
fn missing_test(test: &str) -> Option<String> {
    let Some((path, name)) = test.split_once("::") else {
        return Some(format!("`{test}` is not path::name"));
    };
    let Ok(source) = std::fs::read_to_string(root().join(path)) else {
        return Some(format!("there is no file {path}"));
    };
    let name = name.rsplit("::").next().unwrap_or(name);
    let there = if path.ends_with(".rs") {
        has_rust_test(&source, name)
    } else {
        has_quoted(&source, name)
    };
    (!there).then(|| format!("{path} has no test `{name}`"))
}

/// A test, or an item whose documentation holds an example.
fn has_rust_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let line = line
            .trim_start_matches("pub ")
            .trim_start_matches("async ")
            .trim_start_matches("const ");
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_it(line))
        .any(|(number, _)| {
            let above = lines[..number]
                .iter()
                .rev()
                .take_while(|line| line.starts_with('#') || line.starts_with("//"));
            above.into_iter().any(|line| {
                line.starts_with("#[test]")
                    || line.starts_with("#[tokio::test")
                    || line.starts_with("/// ```")
            }) || in_proptest(&lines[..number])
        })
}

/// Inside `proptest! {` the attribute stands above the function as well, but arguments may span lines; be content with
/// the nearest attribute.
fn in_proptest(above: &[&str]) -> bool {
    above
        .iter()
        .rev()
        .find(|line| !line.is_empty() && !line.starts_with("//"))
        .is_some_and(|line| line.ends_with("#[test]"))
}

fn has_quoted(source: &str, name: &str) -> bool {
    ['"', '\'', '`']
        .iter()
        .any(|quote| source.contains(&format!("{quote}{name}{quote}")))
}

fn is_command(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["cargo", "xtask", rest @ ..] = words.as_slice() else {
        return false;
    };
    match rest {
        ["test", stages @ ..] => stages
            .iter()
            .all(|s| *s == "--all" || crate::test::STAGES.iter().any(|known| known.name == *s)),
        ["demo"]
        | ["demo", "--once"]
        | ["check"]
        | ["bench", "rust"]
        | ["bench", "rust", "--quick"]
        | ["fuzz"] => true,
        ["generate", "--check"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_and_missed() {
        assert_eq!(
            missing_test("xtask/src/check/promises.rs::tests::tests_are_found_and_missed"),
            None
        );
        assert!(
            missing_test("xtask/src/check/promises.rs::has_quoted").is_some(),
            "a function that is no test"
        );
        assert!(missing_test("xtask/src/check/promises.rs::nothing").is_some());
        assert!(missing_test("xtask/src/nowhere.rs::nothing").is_some());
        assert!(missing_test("a_test").is_some());
    }

    #[test]
    fn commands_are_known() {
        assert!(is_command("cargo xtask test vectors"));
        assert!(is_command("cargo xtask demo --once"));
        assert!(!is_command("cargo xtask test everything"));
        assert!(!is_command("make"));
    }
}
