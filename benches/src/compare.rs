//! `rust [--quick]`: everything beside the peers, in turn, in one run.

use crate::machine::{self, Machine};
use crate::measure::Sample;
use crate::page::{self, Run};
use crate::row::Row;
use crate::sink::Receiver;
use crate::subject::{FASTRACE, MAPS, OPENTELEMETRY, OURS};
use crate::work::Work;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// How much is done.
#[derive(Clone, Copy, Debug)]
struct Size {
    rounds: usize,
    spans: u64,
}

const FULL: Size = Size {
    rounds: 10,
    spans: 200_000,
};
const QUICK: Size = Size {
    rounds: 3,
    spans: 100_000,
};
/// The burst is always as large as it is said to be.
const BURST: u64 = 200_000;

/// The command.
pub(crate) fn command(args: &[&str]) -> Result<(), String> {
    if !cfg!(feature = "peers") {
        return Err("the peers are not built in; use `cargo xtask bench rust`".to_owned());
    }
    let quick = match args {
        [] => false,
        ["--quick"] => true,
        _ => return Err("rust [--quick]".to_owned()),
    };
    let size = if quick { QUICK } else { FULL };
    let mut receiver = Receiver::start().map_err(|error| format!("the receiver: {error}"))?;
    let mut rows = plan();
    let mut others = Vec::new();
    for round in 1..=size.rounds {
        others.push(machine::others());
        print!("round {round} of {}:", size.rounds);
        let mut before = None;
        for row in &mut rows {
            if before.replace(row.work) != Some(row.work) {
                print!(" {}", row.work.name());
                let _ = std::io::stdout().flush();
            }
            let sample = sample(row, size, &mut receiver)?;
            row.samples.push(sample);
        }
        println!();
    }
    let run = Run {
        machine: Machine::here(),
        quick,
        repetitions: size.rounds,
        others: others.iter().sum::<f64>() / others.len() as f64,
    };
    if let Some(warning) = run.warning() {
        println!("{warning}");
    }
    save(&run, &rows)
}

/// All that is measured, subjects of the same work beside each other.
fn plan() -> Vec<Row> {
    let mut rows = Vec::new();
    for work in Work::ALL {
        let ours: &[&str] = match work {
            Work::Carried | Work::Burst => &[""],
            Work::Exported => &["", "monotonic", "gzip", "zstd", "grpc"],
            _ => &["", "monotonic"],
        };
        let opentelemetry: &[&str] = match work {
            Work::Exported => &["", "gzip", "zstd", "grpc"],
            _ => &[""],
        };
        let fastrace: &[&str] = if work == Work::Bare { &["", "local"] } else { &[""] };
        let maps: &[&str] = if work == Work::Carried { &[""] } else { &[] };
        for (subject, variants) in [
            (OURS, ours),
            (OPENTELEMETRY, opentelemetry),
            (FASTRACE, fastrace),
            (MAPS, maps),
        ] {
            rows.extend(variants.iter().map(|variant| Row {
                work,
                subject,
                variant,
                samples: Vec::new(),
            }));
        }
    }
    rows
}

/// One repetition, in a process of its own.
fn sample(row: &Row, size: Size, receiver: &mut Receiver) -> Result<Sample, String> {
    let spans = if row.work == Work::Burst {
        BURST
    } else {
        size.spans
    };
    let what = format!("{} {} {}", row.work.name(), row.subject, row.variant);
    let failed = |error: &dyn std::fmt::Display| format!("{what}: {error}");
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let mut command = Command::new(program);
    command.args(["measure", row.subject, row.variant, row.work.name()]);
    command.arg(spans.to_string());
    if row.work.is_exported() {
        command.arg(receiver.endpoint(row.variant));
    }
    // The peers read the environment; all subjects are measured with their defaults.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut sample = Sample::read(text.trim()).map_err(|error| failed(&error))?;
    if row.work.is_exported() {
        sample.seen = Some(receiver.spans().map_err(|error| failed(&error))?);
    }
    Ok(sample)
}

/// Writes both results.
fn save(run: &Run, rows: &[Row]) -> Result<(), String> {
    let peers: serde_json::Map<String, Value> = run
        .machine
        .peers
        .iter()
        .map(|(name, version)| (name.clone(), json!(version)))
        .collect();
    let results = json!({
        "machine": run.machine.name, "commit": run.machine.commit, "toolchain": run.machine.toolchain,
        "date": run.machine.date, "quick": run.quick, "repetitions": run.repetitions, "busy": run.is_busy(),
        "peers": peers, "rows": rows.iter().map(Row::json).collect::<Vec<Value>>(),
    });
    let dir = machine::root().join("benches/results");
    std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
    for (name, text) in [("rust.json", text + "\n"), ("rust.md", page::write(run, rows))] {
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_is_measured_with_us_and_both_peers() {
        let rows = plan();
        for work in Work::ALL {
            for subject in [OURS, OPENTELEMETRY, FASTRACE] {
                let default =
                    |row: &&Row| row.work == work && row.subject == subject && row.variant.is_empty();
                assert_eq!(rows.iter().filter(default).count(), 1, "{work:?} {subject}");
            }
        }
    }
}
