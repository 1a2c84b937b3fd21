//! The fault tests with their long scenarios, and the table of what they saw: `docs/faults.md`.

use super::{Outcome, libtest};
use crate::root::{FEATURES, root, target};
use crate::shell::Run;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// Tells the tests where to leave the rows, and that there is time.
const VARIABLE: &str = "SPANLINE_FAULTS_TABLE";

/// Tells them where our own collector is.
const COLLECTOR: &str = "SPANLINE_TEST_COLLECTOR";

/// The headings, by the letter that the places of their rows begin with.
const GROUPS: &[(char, &str)] = &[
    ('a', "Answers that ask for another attempt"),
    ('b', "Refusals"),
    ('c', "Answers that are not what they should be"),
    ('d', "Redirects"),
    ('e', "Connections that break"),
    ('f', "Receivers that are slow"),
    ('g', "Outages"),
    ('h', "TLS"),
    ('i', "gRPC"),
    ('j', "Several exporters"),
];

const HEAD: &str = "\
# What becomes of spans when a receiver misbehaves

Written by `cargo xtask test faults`, from what its tests saw. In each of them a program that is set up by its
environment alone makes spans, a receiver on the loopback interface misbehaves by a script and keeps what it was sent by
trace id and span id, decoded by an implementation that is not ours. After each of them the statistics balance: every
span that was accepted is exported, rejected, failed for a named reason, dropped for a named reason or still held.

*Statistics* are those of the exporter at the end. *Said* is what the program wrote on standard error (each kind of
message once a minute). *Memory* is the resident memory of the whole program before its first span and at its highest,
in a build without optimisation.
";

/// The stage.
pub(crate) fn stage() -> Result<Outcome, String> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::skip("the fault tests", "only set up for Linux"));
    }
    let folder = target().join("faults");
    match std::fs::remove_dir_all(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {e}", folder.display()));
        }
        _ => {}
    }
    Run::cargo(["build", "-p", "spanline-collector"]).output()?;
    let collector = target().join("debug").join("spanline-collector");
    let run = Run::cargo([
        "test",
        "--workspace",
        "--features",
        FEATURES,
        "--test",
        "faults",
        "--no-fail-fast",
        "--color=never",
        "--",
        "--include-ignored",
    ]);
    let run = run.env(VARIABLE, &folder).env(COLLECTOR, collector);
    let mut outcome = libtest::count(run)?;
    if outcome.failed == 0 {
        let rows = rows(&folder)?;
        let path = root().join("docs/faults.md");
        std::fs::write(&path, table(&rows)?).map_err(|e| format!("{}: {e}", path.display()))?;
        outcome
            .notes
            .push(format!("docs/faults.md: {} faults", rows.len()));
    }
    Ok(outcome)
}

/// The rows by their places.
fn rows(folder: &Path) -> Result<Vec<(String, Value)>, String> {
    let broken = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.display());
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| broken(&e))? {
        let path = entry.map_err(|e| broken(&e))?.path();
        let text = std::fs::read_to_string(&path).map_err(|e| broken(&e))?;
        let place = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        rows.push((place, serde_json::from_str(&text).map_err(|e| broken(&e))?));
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(rows)
}

fn table(rows: &[(String, Value)]) -> Result<String, String> {
    let mut text = HEAD.to_owned();
    if let Some((place, _)) = rows
        .iter()
        .find(|(place, _)| !GROUPS.iter().any(|(letter, _)| place.starts_with(*letter)))
    {
        return Err(format!("the row {place} belongs to no group"));
    }
    for (letter, heading) in GROUPS {
        let of_group: Vec<&Value> = rows
            .iter()
            .filter(|(place, _)| place.starts_with(*letter))
            .map(|(_, row)| row)
            .collect();
        if of_group.is_empty() {
            continue;
        }
        text += &format!("\n## {heading}\n\n| fault | what happened | statistics | said | memory, MiB |\n");
        text += "|---|---|---|---|---|\n";
        for row in of_group {
            let said: Vec<String> = row["said"].as_array().into_iter().flatten().map(cell).collect();
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                cell(&row["fault"]),
                cell(&row["happened"]),
                cell(&row["statistics"]),
                said.join("<br>"),
                memory(&row["memory_kib"])
            );
        }
    }
    Ok(text)
}

/// Text in a cell of a table.
fn cell(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}

fn memory(kib: &Value) -> String {
    let mib = |number: usize| kib[number].as_u64().unwrap_or(0) as f64 / 1024.0;
    format!("{:.1}, {:.1}", mib(0), mib(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_become_tables_by_group() {
        let row = |fault: &str| {
            json!({"fault": fault, "happened": "x|y", "statistics": "10 exported", "said": ["<a>", "b"],
                "memory_kib": [1024, 2560]})
        };
        let rows = [("a01".to_owned(), row("one")), ("b01".to_owned(), row("two"))];
        let text = table(&rows).unwrap();
        assert!(text.contains("## Refusals\n"), "{text}");
        assert!(
            text.contains("| one | x\\|y | 10 exported | &lt;a><br>b | 1.0, 2.5 |\n"),
            "{text}"
        );
        assert!(!text.contains("## gRPC"));
        assert!(table(&[("z01".to_owned(), row("lost"))]).is_err());
    }
}
