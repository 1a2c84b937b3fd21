//! `cargo xtask fuzz`: cargo-fuzz over the targets in `fuzz/fuzz_targets`, with the vectors as seeds.

use crate::root::root;
use crate::setup;
use crate::shell::Run;
use std::time::Duration;

/// Seconds per target.
const SECONDS: u64 = 120;

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
            names.push((*arg).to_owned());
        }
    }
    let all = targets()?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(format!(
            "there is no fuzz target `{unknown}`; there are: {}",
            all.join(", ")
        ));
    }
    setup::program("c++", &["g++"])?;
    setup::cargo_tool("cargo-fuzz", "^0.13")?;
    println!("==> writing the seeds, and replaying them together with what earlier runs found");
    replay().output()?;
    let mut crashed = Vec::new();
    for target in if names.is_empty() { all } else { names } {
        let seeds = std::fs::read_dir(root().join("fuzz/corpus").join(&target)).map_or(0, Iterator::count);
        println!("==> fuzz {target}: {seeds} inputs to start from, {seconds} s");
        let args = [
            "fuzz",
            "run",
            &target,
            "--",
            &format!("-max_total_time={seconds}"),
            "-timeout=10",
        ];
        let run = with_sanitizer(Run::cargo(args)).limit(Duration::from_secs(seconds + 1200));
        if let Err(why) = run.shown_run() {
            println!("{why}; a crashing input is kept in fuzz/artifacts/{target}");
            crashed.push(target);
        }
    }
    if crashed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed: {}", crashed.join(", ")))
    }
}

/// Runs every target over its seeds, its corpus and its findings, as plain tests without a fuzzer. Writes the seeds
/// into the corpora.
pub(crate) fn replay() -> Run {
    Run::cargo(["test", "--no-default-features", "--no-fail-fast", "--color=never"])
        .env("SPANLINE_FUZZ_SEEDS", root().join("fuzz/corpus"))
        .dir("fuzz")
}

/// The targets, by name.
fn targets() -> Result<Vec<String>, String> {
    let entries =
        std::fs::read_dir(root().join("fuzz/fuzz_targets")).map_err(|e| format!("fuzz/fuzz_targets: {e}"))?;
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
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
