//! Ten minutes of steady load with the memory of the process watched: `docs/soak.md` and its graph.

use super::Outcome;
use super::graph::{self, Sample};
use crate::root::{root, target};
use crate::shell::Run;
use std::path::Path;
use std::time::Duration;

/// Another time than ten minutes, for a look by hand; the documentation is left as it is then.
const VARIABLE: &str = "SPANLINE_SOAK_SECONDS";
const SECONDS: u64 = 600;

/// The stage.
pub(crate) fn stage() -> Result<Outcome, String> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::skip("the soak", "resident memory is only read on Linux"));
    }
    let asked = match std::env::var(VARIABLE) {
        Ok(text) => Some(
            text.parse::<u64>()
                .map_err(|e| format!("{VARIABLE}: `{text}`: {e}"))?,
        ),
        Err(_) => None,
    };
    let seconds = asked.unwrap_or(SECONDS);
    let time = seconds.to_string();
    let run = Run::cargo(["run", "--release", "-p", "spanline-benches", "--", "soak", &time])
        .limit(Duration::from_secs(seconds + 20 * 60));
    let shown = run.shown().to_owned();
    let ended = run.ended()?;
    let series: Vec<Sample> = ended.output.lines().filter_map(Sample::read).collect();
    let mut outcome = Outcome::default();
    let failed = || format!("$ {shown} ({})\n{}\n", ended.how, last_lines(&ended.output));
    let result = if ended.success { Ok(()) } else { Err(failed()) };
    outcome.add(
        &format!("{seconds} s of steady load, resident memory flat"),
        result,
    );
    let folder = if asked.is_none() {
        root().join("docs")
    } else {
        target()
    };
    if !series.is_empty() {
        let conclusion = ended.output.lines().last().unwrap_or_default();
        write(&folder, "soak.svg", &graph::svg(&series))?;
        write(&folder, "soak.md", &page(&series, conclusion))?;
    }
    Ok(outcome)
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let path = folder.join(name);
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

const HEAD: &str = "\
# Memory under a steady load

Written by `cargo xtask test soak`. One program, built for release, makes spans on four threads like a web service (a
request with a query and what it renders; attributes, now and then an event, an error and a long text), a processor
changes each of them at its end, and all go by OTLP/HTTP to a receiver in a process of its own, which counts them.
Afterwards every span has arrived, and the statistics balance.

What is allocated and not freed (the lower line) is what this program holds; what it occupies (the upper line) adds the
program itself and what the C library's allocator keeps for later. The first must not grow; the second may step up when
the machine stalls and more spans wait at once than ever before, and stays within the bound on what waits
(`buffer_bytes`).

![memory over time](soak.svg)
";

/// The page beside the graph: the series by tenths, and what the program concluded.
fn page(series: &[Sample], conclusion: &str) -> String {
    let mut page = format!(
        "{HEAD}\n{conclusion}.\n\n| second | resident KiB | allocated KiB | spans made | arrived |\n|---|---|---|---|---|\n"
    );
    for tenth in 1..=10 {
        let at = (series.len() * tenth / 10).max(1) - 1;
        if let Some(Sample {
            second,
            resident,
            live,
            made,
            arrived,
        }) = series.get(at)
        {
            page += &format!("| {second} | {resident} | {live} | {made} | {arrived} |\n");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_ten_rows_and_the_last_second() {
        let series: Vec<Sample> = (1..=25)
            .filter_map(|second| Sample::read(&format!("{second} 8000 1000 {} 0", second * 10)))
            .collect();
        let page = page(&series, "all arrived");
        assert!(page.contains("\nall arrived.\n"));
        assert_eq!(page.lines().filter(|line| line.ends_with("| 0 |")).count(), 10);
        assert!(page.ends_with("| 25 | 8000 | 1000 | 250 | 0 |\n"));
    }
}
