//! A disk that is really full: a small file system of a child's own.

use crate::support::*;
use spanline::{Builder, Provider};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SCENARIO: &str = "SPANLINE_TEST_SCENARIO";
const DISK: &str = "SPANLINE_TEST_DISK";

/// Runs this program again to play a scenario with a file system of this size there. Without the right to mount one nothing
/// is played, and it says so.
fn play(scenario: &str, size: &str) {
    let folder = Folder::new();
    let script = format!("mount -t tmpfs -o {size} none \"$1\" && shift && exec \"$@\"");
    let inside = |program: &Path| {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", &script, "sh", &folder.text()])
            .arg(program);
        command
    };
    let tried = inside("/bin/true".as_ref()).output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        return spanline_test_vectors::skip("mounts of its own are not permitted to this process");
    }
    let output = inside(&std::env::current_exe().unwrap())
        .args(["--exact", "disk::scenario", "--nocapture", "--test-threads=1"])
        .env(SCENARIO, scenario)
        .env(DISK, folder.text())
        .output()
        .unwrap();
    // A signal (SIGBUS) would be no success either.
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{scenario}: {:?} {said} {errors}",
        output.status
    );
}

/// What was said at the levels warn and error.
#[derive(Clone)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn new() -> Self {
        let heard = Self(Arc::default());
        let keeping = heard.clone();
        spanline::set_log_sink(Some(Arc::new(move |level, line| {
            if matches!(level, spanline::Level::Warn | spanline::Level::Error) {
                keeping.0.lock().unwrap().push(line.to_owned());
            }
        })));
        heard
    }

    /// The one line with these words.
    #[track_caller]
    fn once(&self, words: &str) -> String {
        let all = self.0.lock().unwrap();
        let lines: Vec<_> = all.iter().filter(|line| line.contains(words)).collect();
        assert_eq!(lines.len(), 1, "{words}: {all:?}");
        lines[0].clone()
    }
}

/// Writes until there is no more room; gives what holds it.
fn fill(disk: &str) -> PathBuf {
    let path = Path::new(disk).join("filling");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    for block in [65_536, 512, 1] {
        let block = vec![0; block];
        let error = loop {
            if let Err(error) = file.write_all(&block) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
    path
}

/// Does nothing unless it is a child.
#[test]
fn scenario() {
    let (Ok(scenario), Ok(disk)) = (std::env::var(SCENARIO), std::env::var(DISK)) else {
        return;
    };
    match scenario.as_str() {
        "too small" => without_a_spool(&disk, "are not free"),
        "full" => {
            fill(&disk);
            without_a_spool(&disk, "no spool in");
        }
        "no files" => without_a_spool(&disk, "No space left on device"),
        "filled around" => filled_around(&disk),
        "file" => file_goes_on(&disk),
        "file that waits" => file_gives_up(&disk),
        other => panic!("{other}"),
    }
}

/// The spool is off, said once, and nothing else changes.
fn without_a_spool(disk: &str, because: &str) {
    let heard = Heard::new();
    let kept = Kept::default();
    let provider = spooled(disk).add_exporter("out", kept.clone()).build().unwrap();
    make(&provider, "s", (0..100).map(|n| format!("{n:02}")));
    let stats = balanced(&provider);
    assert_eq!(stats.exporters[0].exported, 100);
    assert_eq!(kept.get().len(), 100);
    assert!(heard.once("no spool in").contains(because), "{:?}", heard.0);
    ended(&provider);
}

/// The disk gets full after the spool has its room: whatever is recorded, each page has its block.
fn filled_around(disk: &str) {
    let heard = Heard::new();
    let provider = spooled(disk).add_exporter("out", Stuck).build().unwrap();
    make(&provider, "s", ["first"]);
    fill(disk);
    let long = "x".repeat(1000);
    make(&provider, "s", (0..4_000).map(|n| format!("{n} {long}")));
    provider.flush_within(Duration::from_millis(100));
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:#?}");
    let (dropped, held) = (stats.dropped.buffer_full, stats.exporters[0].held);
    assert!(dropped > 0 && held > 1_000, "{stats:#?}");
    assert_eq!(dropped + held, 4_001, "{stats:#?}");
    let said = |heard: &Heard| {
        let all = heard.0.lock().unwrap().clone();
        all.iter().any(|line| line.contains("spans lost so far"))
    };
    until("it is said", || said(&heard));
    assert!(heard.once("spans lost so far").contains("buffer_bytes"));
    ended(&provider);
    // Who comes next finds no room for a spool, and sends what was left.
    let kept = Kept::default();
    let provider = spooled(disk).add_exporter("out", kept.clone()).build().unwrap();
    until("what was left is sent", || kept.get().len() as u64 >= held);
    make(&provider, "s", ["later"]);
    let stats = balanced(&provider);
    assert_eq!(stats.exporters[0].replayed, held);
    assert_eq!(kept.get().len() as u64, held + 1);
    ended(&provider);
}

/// Everything goes into a file on that disk.
fn to_file(disk: &str, exporter: &str) -> (PathBuf, Builder) {
    let path = Path::new(disk).join("spans.jsonl");
    let text = path.to_str().unwrap().to_owned();
    let builder = spanline::init()
        .without_environment()
        .exporter(exporter)
        .delay_ms(0)
        .exit_timeout_ms(0)
        .options(|options| options.file_path = Some(text));
    (path, builder)
}

/// Spans until the disk is full of them.
fn write_until_full(provider: &Provider) -> u64 {
    let long = "x".repeat(1000);
    let mut made = 0;
    while provider.stats().exporters[0].held == 0 {
        make(provider, "s", (0..50).map(|_| long.as_str()));
        made += 50;
        provider.flush_within(Duration::from_millis(200));
        assert!(made < 5_000, "{:#?}", provider.stats());
    }
    made
}

/// Spans in whole lines, and lines that are not whole.
fn lines(path: &Path) -> (usize, usize) {
    let text = std::fs::read_to_string(path).unwrap();
    let (mut spans, mut torn) = (0, 0);
    for line in text.lines() {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(line) => {
                let scopes = line["resourceSpans"][0]["scopeSpans"].as_array().unwrap().iter();
                spans += scopes
                    .map(|scope| scope["spans"].as_array().unwrap().len())
                    .sum::<usize>();
            }
            Err(_) => torn += 1,
        }
    }
    (spans, torn)
}

/// Spans wait until there is room again, and then none is missing.
fn file_goes_on(disk: &str) {
    let heard = Heard::new();
    let ballast = Path::new(disk).join("ballast");
    File::create(&ballast)
        .unwrap()
        .write_all(&vec![0; 600_000])
        .unwrap();
    let (path, builder) = to_file(disk, "file");
    let provider = builder.build().unwrap();
    let mut made = write_until_full(&provider);
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:#?}");
    assert!(stats.exporters[0].failed.is_empty(), "{stats:#?}");
    assert!(heard.once("spans are not written yet").contains("No space left"));
    std::fs::remove_file(ballast).unwrap();
    make(&provider, "s", ["last"]);
    made += 1;
    assert!(provider.flush().complete);
    let stats = ended(&provider);
    assert_eq!(stats.exporters[0].exported, made, "{stats:#?}");
    let (spans, torn) = lines(&path);
    assert_eq!(spans as u64, made);
    assert!(torn > 0, "the disk was full within a line");
}

/// What waits too long is given up, counted and said; beside it another exporter gets everything.
fn file_gives_up(disk: &str) {
    let heard = Heard::new();
    let (path, builder) = to_file(disk, "file");
    let kept = Kept::default();
    let provider = builder
        .add_exporter("beside", kept.clone())
        .options(|options| options.max_age_ms = Some(300))
        .build()
        .unwrap();
    let made = write_until_full(&provider);
    until("they are given up", || {
        let _ = provider.flush_within(Duration::from_millis(50));
        provider.stats().exporters[0].held == 0
    });
    let stats = balanced(&provider);
    let file = &stats.exporters[0];
    assert!(file.dropped_expired > 0, "{stats:#?}");
    assert_eq!(file.exported + file.dropped_expired, made, "{stats:#?}");
    assert_eq!(kept.get().len() as u64, made);
    assert_eq!(lines(&path).0 as u64, file.exported);
    heard.once("spans are not written yet");
    let stats = ended(&provider);
    assert_eq!(stats.exporters[1].exported, made);
    let given_up = format!("{} too old", stats.exporters[0].dropped_expired);
    let line = heard.once("lost before the end");
    assert!(line.contains(&given_up) && line.contains("max_age_ms"), "{line}");
}

#[test]
fn a_disk_without_room_for_a_spool() {
    play("too small", "size=1m");
    play("full", "size=1m");
    play("no files", "size=4m,nr_inodes=1");
}

#[test]
fn a_disk_that_gets_full_around_a_spool_hurts_nobody() {
    play("filled around", "size=4m");
}

#[test]
fn a_file_of_spans_on_a_full_disk_goes_on_when_there_is_room() {
    play("file", "size=1m");
}

#[test]
fn a_file_of_spans_on_a_disk_that_stays_full_counts_what_it_gives_up() {
    play("file that waits", "size=1m");
}
