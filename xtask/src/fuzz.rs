//! `cargo xtask fuzz`: cargo-fuzz over the targets in `fuzz/fuzz_targets`, with the vectors as seeds. A run over all of
//! them that is long enough writes `docs/fuzzing.md`.

use crate::root::{root, target};
use crate::setup;
use crate::shell::Run;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// Seconds per target. Shorter runs leave the documentation as it is.
const SECONDS: u64 = 300;

const PAGE: &str = "fuzzing.md";

/// A target, by the first lines of its file.
#[derive(Debug)]
struct Target {
    name: String,
    reads: String,
    holds: String,
}

/// What a run of one target came to.
#[derive(Debug, Default)]
struct Ran {
    /// Inputs that it started from.
    inputs: usize,
    runs: u64,
    seconds: u64,
    /// Inputs that reached something new.
    new: u64,
    /// Inputs that broke something.
    findings: usize,
}

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    let mut seconds = SECONDS;
    let mut names = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if *arg == "--seconds" {
            let value = args.next().and_then(|text| text.parse().ok()).filter(|n| *n > 0);
            seconds = value.ok_or("--seconds needs a number over 0")?;
        } else {
            names.push(*arg);
        }
    }
    let all = targets()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| !all.iter().any(|target| target.name == **name))
    {
        let known: Vec<&str> = all.iter().map(|target| &*target.name).collect();
        return Err(format!(
            "there is no fuzz target `{unknown}`; there are: {}",
            known.join(", ")
        ));
    }
    setup::program("c++", &["g++"])?;
    setup::cargo_tool("cargo-fuzz", "^0.13")?;
    println!("==> writing the seeds, and replaying them together with what earlier runs found");
    replay().output()?;
    let chosen = |target: &&Target| names.is_empty() || names.contains(&&*target.name);
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for target in all.iter().filter(chosen) {
        let (result, success) = fuzz(&target.name, seconds)?;
        println!(
            "{} runs in {} s, {} new inputs, {} findings",
            result.runs, result.seconds, result.new, result.findings
        );
        rows.push((target, result));
        if !success {
            failed.push(&*target.name);
        }
    }
    let folder = match names.is_empty() && seconds >= SECONDS {
        true => root().join("docs"),
        false => target(),
    };
    write(&folder, &page(&rows))?;
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

/// Fuzzes one target; whether that went well.
fn fuzz(name: &str, seconds: u64) -> Result<(Ran, bool), String> {
    let (corpus, artifacts) = (
        root().join("fuzz/corpus").join(name),
        root().join("fuzz/artifacts").join(name),
    );
    let (inputs, known) = (files(&corpus), files(&artifacts));
    println!("==> fuzz {name}: {inputs} inputs to start from, {seconds} s");
    let args = [
        "fuzz",
        "run",
        name,
        "--",
        &format!("-max_total_time={seconds}"),
        "-timeout=10",
        "-print_final_stats=1",
    ];
    let run = with_sanitizer(Run::cargo(args)).limit(Duration::from_secs(seconds + 2400));
    println!("$ {}", run.shown());
    let ended = run.ended()?;
    let result = Ran {
        inputs,
        findings: files(&artifacts).saturating_sub(known),
        ..statistics(&ended.output)
    };
    if !ended.success {
        let lines: Vec<&str> = ended.output.lines().collect();
        println!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        println!(
            "{name} ended with {}; a crashing input is kept in fuzz/artifacts/{name}",
            ended.how
        );
    }
    Ok((result, ended.success))
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// What libFuzzer says at its end: `Done 7 runs in 3 second(s)`, `stat::number_of_executed_units: 7` and the like.
fn statistics(output: &str) -> Ran {
    let mut result = Ran::default();
    for line in output.lines() {
        let number = |start: &str| -> Option<u64> {
            let text = line.strip_prefix(start)?.trim();
            text.split(' ').next()?.parse().ok()
        };
        if let Some(runs) = number("stat::number_of_executed_units:") {
            result.runs = runs;
        }
        if let Some(new) = number("stat::new_units_added:") {
            result.new = new;
        }
        if let Some((_, time)) = line.split_once(" runs in ") {
            let seconds = time.split(' ').next().and_then(|text| text.parse().ok());
            result.seconds = seconds.unwrap_or(result.seconds);
        }
    }
    result
}

fn page(rows: &[(&Target, Ran)]) -> String {
    let mut page = "# What fuzzing found\n\n\
        Written by `cargo xtask fuzz`, from its run. Each target reads what comes from outside of the process, built with \
        the address sanitizer and with all assertions; it fails on a panic, on an access out of bounds, on an input that \
        takes longer than ten seconds or more than two GiB, and wherever something does not hold that holds for every \
        input. It starts from the conformance vectors and from what earlier runs reached, and libFuzzer looks for inputs \
        that reach more. `cargo xtask test corpora` runs all of them again as plain tests.\n\n\
        *From* is how many inputs a run started from, *new* how many it added because they reached something new. \
        A *finding* is an input that failed; it becomes a test when it is mended.\n\n\
        | target | reads | what holds | from | runs | seconds | new | findings |\n\
        |---|---|---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for (target, result) in rows {
        // Writing to a String never fails.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} |",
            target.name,
            target.reads,
            target.holds,
            result.inputs,
            result.runs,
            result.seconds,
            result.new,
            match result.findings {
                0 => "none".to_owned(),
                some => some.to_string(),
            }
        );
    }
    let sum = |of: fn(&Ran) -> u64| rows.iter().map(|(_, result)| of(result)).sum::<u64>();
    let (runs, seconds) = (sum(|result| result.runs), sum(|result| result.seconds));
    let findings = sum(|result| result.findings as u64);
    let _ = writeln!(
        page,
        "\n{} targets, {runs} runs in {seconds} s, {findings} findings.",
        rows.len()
    );
    page
}

fn write(folder: &Path, page: &str) -> Result<(), String> {
    let path = folder.join(PAGE);
    std::fs::write(&path, page).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("\n{page}\n(wrote {})", path.display());
    Ok(())
}

/// Runs every target over its seeds, its corpus and its findings, as plain tests without a fuzzer. Writes the seeds
/// into the corpora.
pub(crate) fn replay() -> Run {
    Run::cargo(["test", "--no-default-features", "--no-fail-fast", "--color=never"])
        .env("SPANLINE_FUZZ_SEEDS", root().join("fuzz/corpus"))
        .dir("fuzz")
}

/// The targets, by name.
fn targets() -> Result<Vec<Target>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut targets = Vec::new();
    for name in names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)) {
        let path = format!("fuzz/fuzz_targets/{name}.rs");
        let text = std::fs::read_to_string(root().join(&path)).map_err(|e| format!("{path}: {e}"))?;
        targets.push(
            described(name, &text).ok_or(format!("{path} does not say what it `Reads:` and `Holds:`"))?,
        );
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

fn described(name: String, text: &str) -> Option<Target> {
    let line = |start: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(start))?;
        Some(found.trim().trim_end_matches('.').to_owned())
    };
    Some(Target {
        name,
        reads: line("//! Reads:")?,
        holds: line("//! Holds:")?,
    })
}

/// The sanitizer's switch is unstable: nightly has it, and the variable opens it on a stable compiler.
fn with_sanitizer(run: Run) -> Run {
    let nightly = Run::new("rustc", ["--version"])
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .succeeds();
    if nightly {
        run.env("RUSTUP_TOOLCHAIN", "nightly")
    } else {
        run.env("RUSTC_BOOTSTRAP", "1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_read() {
        let output = "#2\tINITED cov: 5\nDone 12345 runs in 301 second(s)\n\
                      stat::number_of_executed_units: 12345\nstat::average_exec_per_sec:     41\n\
                      stat::new_units_added:          67\n";
        let result = statistics(output);
        assert_eq!((result.runs, result.seconds, result.new), (12345, 301, 67));
        assert_eq!(statistics("error: could not compile").runs, 0);
    }

    #[test]
    fn a_target_says_what_it_reads_and_what_holds() {
        let target = described("a".to_owned(), "//! Reads: x.\n//! Holds: y; z.\n#![no_main]").unwrap();
        assert_eq!((&*target.reads, &*target.holds), ("x", "y; z"));
        assert!(described("a".to_owned(), "//! Reads: x.").is_none());
        let result = Ran {
            runs: 7,
            ..Ran::default()
        };
        let page = page(&[(&target, result)]);
        assert!(
            page.contains("| `a` | x | y; z | 0 | 7 | 0 | 0 | none |"),
            "{page}"
        );
    }
}
