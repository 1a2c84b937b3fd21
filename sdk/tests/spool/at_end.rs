//! The end of a process: what others left is sent before it, as far as there is time, and what stays is told.

use crate::support::*;
use spanline::{ExportBatch, ExportResult, SpanExporter};
use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const SPOOL: &str = "SPANLINE_TEST_AT_END";
const ARRIVED: &str = "SPANLINE_TEST_ARRIVED";
const EXIT: &str = "SPANLINE_TEST_EXIT";
const LOOKED: &str = "SPANLINE_TEST_LOOKED";

/// A slow receiver: writes a line for each span. Or, where there is no file for it, nobody at all.
#[derive(Debug)]
struct Slow(Option<File>);

impl SpanExporter for Slow {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let Some(mut file) = self.0.as_ref() else {
            return ExportResult::retry().unreachable();
        };
        std::thread::sleep(Duration::from_millis(20));
        let lines: String = batch
            .spans()
            .map(|span| format!("{}\n", span.view.name()))
            .collect();
        file.write_all(lines.as_bytes()).unwrap();
        ExportResult::success()
    }
}

/// Does nothing unless it is a child: builds a provider, records one span and returns at once.
#[test]
fn short_lived() {
    let Ok(spool) = std::env::var(SPOOL) else { return };
    let arrived = std::env::var(ARRIVED)
        .ok()
        .map(|path| File::create(path).unwrap());
    let provider = spooled(&spool)
        .exit_timeout_ms(std::env::var(EXIT).unwrap().parse::<u64>().unwrap())
        .add_exporter("out", Slow(arrived))
        .build()
        .unwrap();
    if std::env::var_os(LOOKED).is_some() {
        // Where nobody listens an exit does not wait, not even for the first look at what others left.
        let looked = || provider.stats().exporters[0].replayed > 0;
        until("the spool was looked at", looked);
    }
    make(&provider, "s", ["own"]);
    // The end of the process is what is tested, not that of the handle.
    std::mem::forget(provider);
    std::process::exit(0);
}

/// What a short-lived process said, and the names of the spans that arrived.
fn run(folder: &Folder, exit: &str, somebody: bool) -> (String, Vec<String>) {
    let arrived: PathBuf = folder.path().join("arrived");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "at_end::short_lived",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(SPOOL, folder.text())
        .env(EXIT, exit);
    if somebody {
        command.env(ARRIVED, &arrived);
    } else if exit != "0" {
        command.env(LOOKED, "");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let names = fs::read_to_string(&arrived).unwrap_or_default();
    let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
    names.sort();
    (String::from_utf8_lossy(&output.stderr).into_owned(), names)
}

fn names(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("{n:05}")).collect()
}

#[test]
fn what_others_left_is_sent_before_a_short_process_ends() {
    let folder = Folder::new();
    let first = stuck(&folder);
    make(&first, "s", names(8_000));
    ended(&first);
    drop(first);
    let (said, arrived) = run(&folder, "60000", true);
    let mut expected = names(8_000);
    expected.push("own".to_owned());
    assert_eq!(arrived, expected, "{said}");
    assert_eq!(folder.files(), Vec::<PathBuf>::new(), "nothing held, no file");
    assert!(!said.contains("in the spool"), "{said}");
}

#[test]
fn what_there_was_no_time_for_is_told() {
    let folder = Folder::new();
    let first = stuck(&folder);
    make(&first, "s", names(8_000));
    ended(&first);
    drop(first);
    let (said, _) = run(&folder, "10000", false);
    let line = "8000 spans of earlier processes still wait in the spool for the next start";
    assert!(said.contains(line), "{said}");
    assert!(
        said.contains("1 span for the exporter out waits in the spool"),
        "{said}"
    );
    assert_eq!(folder.files().len(), 2);
}

/// A program that crashes again and again while nobody listens.
#[test]
fn the_files_that_are_left_are_bounded() {
    let folder = Folder::new();
    let mut said = String::new();
    for start in 1..=18 {
        said = run(&folder, "0", false).0;
        let bounded = said.contains("16 files that earlier processes left wait in it already");
        assert_eq!(bounded, start > 16, "start {start}: {said}");
    }
    assert_eq!(folder.files().len(), 16, "{said}");
    // Nothing of them is lost: the next start that finds somebody sends it all.
    let (said, arrived) = run(&folder, "60000", true);
    assert_eq!(arrived.len(), 17, "{said}");
    assert_eq!(folder.files().len(), 0, "{said}");
}
