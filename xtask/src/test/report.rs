//! What became of a stage, on the terminal and in tests/REPORT.md.

use crate::shell::Run;
use std::fmt::Write;
use std::time::Duration;

/// What a stage found out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Tests that were not run: what, why, and how many they are.
    pub(crate) skipped: Vec<Skip>,
    /// Lines to show always.
    pub(crate) notes: Vec<String>,
    /// What to show when something failed.
    pub(crate) log: String,
}

/// Something that was not run.
#[derive(Debug)]
pub(crate) struct Skip {
    pub(crate) what: String,
    pub(crate) reason: String,
    pub(crate) count: u64,
}

impl Outcome {
    /// The stage itself could not do its work.
    pub(crate) fn broken(why: String) -> Outcome {
        Outcome {
            failed: 1,
            log: why,
            ..Outcome::default()
        }
    }

    /// The whole stage was not run.
    pub(crate) fn skip(what: &str, reason: impl Into<String>) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.add_skip(what, reason);
        outcome
    }

    /// One thing was not run.
    pub(crate) fn add_skip(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skip {
            what: what.into(),
            reason: reason.into(),
            count: 1,
        });
    }

    /// One thing passed or failed.
    pub(crate) fn add(&mut self, what: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                let _ = writeln!(self.log, "FAILED {what}\n{}", why.trim_end());
            }
        }
    }

    /// Adds another outcome to this one.
    pub(crate) fn join(&mut self, other: Outcome) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
        self.notes.extend(other.notes);
        self.log += &other.log;
    }

    fn skips(&self) -> u64 {
        self.skipped.iter().map(|skip| skip.count).sum()
    }
}

/// A finished stage.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl Done {
    /// Shows it: in short when it passed, whole when not.
    pub(crate) fn print(&self) {
        for note in &self.outcome.notes {
            println!("    {note}");
        }
        if self.outcome.failed > 0 {
            println!("{}", self.outcome.log.trim_end());
        }
        println!("    {} ({:.1} s)", counts(&self.outcome), self.took.as_secs_f64());
    }
}

fn counts(outcome: &Outcome) -> String {
    let mut text = format!("{} passed, {} failed", outcome.passed, outcome.failed);
    if outcome.skips() > 0 {
        let _ = write!(text, ", {} skipped", outcome.skips());
    }
    text
}

/// The sum, with what was skipped above it.
///
/// # Errors
/// When something failed; the text is empty, for the sum is to be the last line.
pub(crate) fn close(done: &[Done]) -> Result<(), String> {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!();
    for stage in done {
        passed += stage.outcome.passed;
        failed += stage.outcome.failed;
        skipped += stage.outcome.skips();
        for skip in &stage.outcome.skipped {
            println!(
                "skipped: {}: {} ({}): {}",
                stage.name, skip.what, skip.count, skip.reason
            );
        }
    }
    let red: Vec<&str> = done
        .iter()
        .filter(|d| d.outcome.failed > 0)
        .map(|d| d.name)
        .collect();
    if !red.is_empty() {
        println!("failed stages: {}", red.join(", "));
    }
    match skipped {
        0 => println!("{passed} passed, {failed} failed"),
        _ => println!("{passed} passed, {failed} failed, {skipped} skipped"),
    }
    if failed > 0 { Err(String::new()) } else { Ok(()) }
}

/// Writes tests/REPORT.md.
pub(crate) fn write_report(done: &[Done]) -> Result<(), String> {
    let mut text = String::from(
        "# Report of the last full run\n\nWritten by `cargo xtask test --all`.\n\n| | |\n|---|---|\n",
    );
    for (what, value) in machine() {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    text += "\n| stage | what | passed | failed | skipped | seconds |\n|---|---|---|---|---|---|\n";
    let mut total = Outcome::default();
    for Done {
        name,
        about,
        outcome,
        took,
    } in done
    {
        let (passed, failed, skips) = (outcome.passed, outcome.failed, outcome.skips());
        let _ = writeln!(
            text,
            "| {name} | {about} | {passed} | {failed} | {skips} | {:.0} |",
            took.as_secs_f64()
        );
        total.passed += passed;
        total.failed += failed;
    }
    let skips: u64 = done.iter().map(|d| d.outcome.skips()).sum();
    let took: f64 = done.iter().map(|d| d.took.as_secs_f64()).sum();
    let _ = writeln!(
        text,
        "| **all** | | {} | {} | {skips} | {took:.0} |",
        total.passed, total.failed
    );
    text += "\n## Skipped, and why\n\n";
    for stage in done {
        for skip in &stage.outcome.skipped {
            let _ = writeln!(
                text,
                "- {}: {} ({}): {}",
                stage.name, skip.what, skip.count, skip.reason
            );
        }
    }
    if skips == 0 {
        text += "Nothing.\n";
    }
    text += "\n## Notes of the stages\n";
    for stage in done.iter().filter(|d| !d.outcome.notes.is_empty()) {
        let _ = writeln!(
            text,
            "\n{}:\n\n```\n{}\n```",
            stage.name,
            stage.outcome.notes.join("\n")
        );
    }
    std::fs::write(crate::root::root().join("tests/REPORT.md"), text)
        .map_err(|e| format!("tests/REPORT.md: {e}"))
}

fn machine() -> Vec<(&'static str, String)> {
    let first = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
    let run = |program: &str, args: &[&str]| Run::new(program, args).output().map(first).unwrap_or_default();
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: String, start: &str, separator: char| {
        let line = text
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_default()
            .to_owned();
        line.split_once(separator)
            .map(|(_, value)| value.trim().trim_matches('"').to_owned())
            .unwrap_or_default()
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let dirty = if run("git", &["status", "--porcelain"]).is_empty() {
        ""
    } else {
        " and uncommitted changes"
    };
    vec![
        (
            "commit",
            format!("{}{dirty}", run("git", &["rev-parse", "--short=12", "HEAD"])),
        ),
        (
            "processor",
            format!(
                "{}, {cpus} cores",
                after(file("/proc/cpuinfo"), "model name", ':')
            ),
        ),
        (
            "system",
            format!(
                "{}, Linux {}",
                after(file("/etc/os-release"), "PRETTY_NAME", '='),
                run("uname", &["-rm"])
            ),
        ),
        ("Rust", run("rustc", &["--version"])),
    ]
}
