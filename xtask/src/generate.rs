//! `cargo xtask generate`: writes what is made from `sdk/engine/options.toml`, or with `--check` compares it.

mod docs;
mod rust;
mod table;

use crate::root::{read, root};
use std::fs;

const TABLE: &str = "sdk/engine/options.toml";
const RUST: &str = "sdk/engine/src/options/generated.rs";
const DOCS: &str = "docs/options.md";

/// `cargo xtask generate [--check]`.
///
/// # Errors
/// As [`run`], or another argument.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    match args {
        [] => run(false),
        ["--check"] => run(true),
        _ => Err("usage: cargo xtask generate [--check]".to_owned()),
    }
}

/// As a rule of `cargo xtask check`.
pub(crate) fn check() -> Result<(), String> {
    run(true)
}

/// Writes the generated files, or with `check` says which of them are not as they would be written.
///
/// # Errors
/// What is wrong with the table, or which file cannot be read or written, or differs.
fn run(check: bool) -> Result<(), String> {
    let text = read(TABLE)?;
    let options = table::parse(&text).map_err(|e| format!("{TABLE}: {e}"))?;
    let mut stale = Vec::new();
    for (path, content) in [
        (RUST, rust::formatted(&rust::render(&options))?),
        (DOCS, docs::render(&options)),
    ] {
        let file = root().join(path);
        if fs::read_to_string(&file).is_ok_and(|old| old == content) {
            continue;
        }
        if check {
            stale.push(path);
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        fs::write(&file, content).map_err(|e| format!("{path}: {e}"))?;
        println!("wrote {path}");
    }
    match stale.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "not as {TABLE} says: {}; run `cargo xtask generate`",
            stale.join(", ")
        )),
    }
}
