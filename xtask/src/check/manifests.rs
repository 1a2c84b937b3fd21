//! Every crate takes version, edition, oldest Rust, licence and lints from the workspace, and dependencies from its table.

use super::findings;
use crate::root::{files, read};
use toml::{Table, Value};

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];

/// The check.
pub(super) fn check() -> Result<(), String> {
    let mut found = Vec::new();
    for path in files()?
        .into_iter()
        .filter(|f| f.ends_with("Cargo.toml") && f != "Cargo.toml")
    {
        let manifest: Table = read(&path)?.parse().map_err(|e| format!("{path}: {e}"))?;
        // A workspace of its own (the fuzz targets) has no root to take from.
        if !manifest.contains_key("workspace") {
            found.extend(
                broken(&manifest)
                    .into_iter()
                    .map(|what| format!("{path}: {what}")),
            );
        }
    }
    findings(found)
}

fn broken(manifest: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let workspace =
        |value: Option<&Value>| value.and_then(|v| v.get("workspace")) == Some(&Value::Boolean(true));
    let package = manifest.get("package");
    for key in INHERITED {
        if !workspace(package.and_then(|p| p.get(key))) {
            found.push(format!("`{key}.workspace = true` is missing"));
        }
    }
    if package.and_then(|p| p.get("description")).is_none() {
        found.push("it has no description".to_owned());
    }
    if !workspace(manifest.get("lints")) {
        found.push("`lints.workspace = true` is missing".to_owned());
    }
    for (table, name, value) in dependencies(manifest) {
        if !workspace(Some(value)) {
            found.push(format!(
                "{name} in {table} does not come from the workspace's table"
            ));
        }
    }
    found
}

/// All dependencies, those of single platforms included.
fn dependencies(manifest: &Table) -> Vec<(&'static str, &String, &Value)> {
    let mut all = Vec::new();
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    for place in targets.filter_map(Value::as_table).chain([manifest]) {
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = place.get(table).and_then(Value::as_table).into_iter().flatten();
            all.extend(entries.map(|(name, value)| (table, name, value)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::broken;

    const GOOD: &str = "
[package]
name = 'a'
description = 'b'
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true
[target.'cfg(unix)'.dependencies]
libc = { workspace = true }
[lints]
workspace = true
";

    #[test]
    fn what_is_not_inherited_is_found() {
        assert_eq!(broken(&GOOD.parse().unwrap()), Vec::<String>::new());
        assert_eq!(
            broken(
                &GOOD
                    .replace("version.workspace = true\nedition", "version = '1'\nedition")
                    .parse()
                    .unwrap()
            )
            .len(),
            1
        );
        assert_eq!(
            broken(&GOOD.replace("[lints]", "[other]").parse().unwrap()).len(),
            1
        );
        assert_eq!(
            broken(&GOOD.replace("{ workspace = true }", "'0.2'").parse().unwrap()).len(),
            1
        );
    }
}
