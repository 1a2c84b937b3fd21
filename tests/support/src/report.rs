//! What became of the cases, and how `cargo xtask test vectors` learns of it.

use serde_json::{Value, json};
use std::path::Path;

/// Where a case was run, in the words of SCHEMA.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// On the pure functions and state machines of core and engine.
    Engine,
    /// Through the public API of the `spanline` package, as a user would write it.
    Surface,
}

impl Level {
    /// The word of the report.
    pub fn name(self) -> &'static str {
        match self {
            Level::Engine => "engine",
            Level::Surface => "surface",
        }
    }
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The result was the expected one.
    Passed,
    /// It was not; the text says what was there instead.
    Failed(String),
    /// Not run, with the reason (never empty).
    Skipped(String),
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Skipped(_) => "skipped",
        }
    }

    fn text(&self) -> &str {
        match self {
            Outcome::Passed => "",
            Outcome::Failed(text) | Outcome::Skipped(text) => text,
        }
    }
}

impl From<()> for Outcome {
    fn from(_: ()) -> Outcome {
        Outcome::Passed
    }
}

impl<E: core::fmt::Display> From<Result<(), E>> for Outcome {
    fn from(result: Result<(), E>) -> Outcome {
        match result {
            Ok(()) => Outcome::Passed,
            Err(text) => Outcome::Failed(text.to_string()),
        }
    }
}

/// Writes the outcomes of one call of `run` as `<dir>/<runner>-<level>-<file>-<number>.json`:
/// `{runner, level, file, cases: [{id, op, outcome, text}]}`.
pub(crate) fn write(
    dir: &Path,
    runner: &str,
    level: Level,
    file: &str,
    outcomes: &[(String, String, Outcome)],
) -> Result<(), String> {
    let cases: Vec<Value> = outcomes
        .iter()
        .map(|(id, op, outcome)| json!({ "id": id, "op": op, "outcome": outcome.word(), "text": outcome.text() }))
        .collect();
    let report = json!({ "runner": runner, "level": level.name(), "file": file, "cases": cases });
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let stem = format!("{runner}-{}-{file}", level.name()).replace(['/', ' '], "_");
    // Two runs of one file by one runner keep both reports: take the first free number.
    for number in 0..1000 {
        let path = dir.join(format!("{stem}-{}-{number}.json", std::process::id()));
        match std::fs::File::create_new(&path) {
            Ok(out) => {
                return serde_json::to_writer(out, &report).map_err(|e| format!("{}: {e}", path.display()));
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(format!("{}: {e}", path.display())),
        }
    }
    Err(format!("too many reports of {stem} in {}", dir.display()))
}
