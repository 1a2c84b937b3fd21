//! Where things are.

use std::path::{Path, PathBuf};

/// The features with which the workspace is built, linted, documented and tested: all that the SDK has. What is missing
/// without them shows where a crate is checked alone.
pub(crate) const FEATURES: &str = "spanline/full";

/// The folder of the workspace. cargo sets the variable when it runs us; a binary started by hand knows where it was built.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&here)
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder that cargo builds into, shared by all debug builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A file of the workspace as text.
pub(crate) fn read(path: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(path)).map_err(|e| format!("{path}: {e}"))
}

/// The files that git knows or would add (so neither build output nor what .gitignore names), relative to the root.
pub(crate) fn files() -> Result<Vec<String>, String> {
    let list =
        crate::shell::Run::new("git", ["ls-files", "--cached", "--others", "--exclude-standard"]).output()?;
    let mut files: Vec<String> = list
        .lines()
        .map(str::to_owned)
        .filter(|f| root().join(f).is_file())
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
