//! Files of OTLP JSON lines, and the standard output.

use crate::common::finish;
use crate::folder::Folder;
use crate::names;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use spanline::options::ExporterOption;
use spanline::{Builder, Provider};
use std::path::Path;

fn to_file(path: String) -> Builder {
    let exporter = ExporterOption {
        path: Some(path),
        ..ExporterOption::from("file")
    };
    let builder = spanline::init().without_environment().exporter(exporter);
    builder.delay_ms(3_600_000)
}

fn record(provider: &Provider, name: &str) {
    provider.tracer("file").span(name).start().end();
    provider.flush();
}

/// The names of the spans in a file, line by line.
fn lines(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines()
        .map(|line| {
            let data: TracesData = serde_json::from_str(line).unwrap();
            let request = opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest {
                resource_spans: data.resource_spans,
            };
            names(&request).into_iter().map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn each_batch_is_a_line_that_others_read() {
    let folder = Folder::new();
    for run in 0..2 {
        let provider = to_file(folder.text("spans.jsonl")).build().unwrap();
        let tracer = provider.tracer("file");
        tracer.span("a").start().end();
        tracer.span("b").start().end();
        record(&provider, "c");
        record(&provider, &format!("run {run}"));
        let stats = finish(&provider);
        assert_eq!(
            (stats.exporters[0].name.as_str(), stats.exporters[0].exported),
            ("file", 4)
        );
    }
    let expected = [
        vec!["a", "b", "c"],
        vec!["run 0"],
        vec!["a", "b", "c"],
        vec!["run 1"],
    ];
    assert_eq!(lines(&folder.path("spans.jsonl")), expected);
}

#[test]
fn files_are_put_aside_by_size() {
    let folder = Folder::new();
    let exporter = ExporterOption {
        path: Some(folder.text("spans.jsonl")),
        max_bytes: Some(1),
        max_files: Some(3),
        ..ExporterOption::from("file")
    };
    let builder = spanline::init().without_environment().exporter(exporter);
    let provider = builder.delay_ms(3_600_000).build().unwrap();
    for name in ["a", "b", "c", "d"] {
        record(&provider, name);
    }
    finish(&provider);
    for (name, span) in [
        ("spans.jsonl", "d"),
        ("spans.jsonl.1", "c"),
        ("spans.jsonl.2", "b"),
    ] {
        assert_eq!(lines(&folder.path(name)), [[span]], "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 3);
}

#[test]
fn a_file_that_cannot_be_written_loses_spans_and_counts_them() {
    let folder = Folder::new();
    let provider = to_file(folder.text("no/such/folder/spans.jsonl"))
        .build()
        .unwrap();
    record(&provider, "a");
    // Somebody makes the folder: the exporter goes on by itself.
    std::fs::create_dir_all(folder.path("no/such/folder")).unwrap();
    record(&provider, "b");
    let exporter = &finish(&provider).exporters[0];
    assert_eq!(exporter.exported, 1);
    assert_eq!(exporter.failed, [("file".to_owned(), 1)]);
    assert_eq!(lines(&folder.path("no/such/folder/spans.jsonl")), [["b"]]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_waited_for_within_the_bounds() {
    let provider = to_file("/dev/full".to_owned()).build().unwrap();
    provider.tracer("file").span("a").start().end();
    let report = provider.flush_within(std::time::Duration::from_millis(100));
    assert!(!report.complete);
    assert_eq!(report.stats.exporters[0].held, 1, "kept for when there is room");
    let _ = provider.shutdown_within(std::time::Duration::from_millis(100));
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(stats.exporters[0].exported, 0);
}

#[test]
#[ignore = "the program of the test below"]
fn child_writes_to_its_output() {
    let provider = spanline::init().build().unwrap();
    provider.tracer("out").span("said").start().end();
    let _ = provider.shutdown();
}

#[test]
fn the_standard_output_gets_the_same_lines() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "file::child_writes_to_its_output",
        ])
        .env("OTEL_TRACES_EXPORTER", "otlp/stdout")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.contains("resourceSpans"))
        .expect(&text);
    let start = line.find('{').unwrap();
    let data: TracesData = serde_json::from_str(&line[start..]).unwrap();
    assert_eq!(data.resource_spans[0].scope_spans[0].spans[0].name, "said");
}
