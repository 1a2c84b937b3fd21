//! What was redacted is nowhere: in no file, no request, no output, and not in the spool.

use crate::common::{Receiver, finish};
use spanline::options::{ExporterOption, RedactOptions};
use spanline::{
    Builder, ConsoleExporter, ExportBatch, ExportResult, FinishedSpan, Provider, SpanContext, SpanExporter,
    StatusCode, TraceFlags, TraceState, Value,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRET: &str = "s3cret-0123456789-value";
/// Stands beside what is secret, and stays.
const PLAIN: &str = "plain-0123456789-value";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("spanline-redacted-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn text(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[track_caller]
fn is_clean(what: &str, bytes: &[u8]) {
    assert!(contains(bytes, PLAIN), "{what}: the span is there");
    assert!(
        !contains(bytes, SECRET),
        "{what}: {:?}",
        String::from_utf8_lossy(bytes)
    );
}

fn redacting() -> Builder {
    spanline::init().without_environment().options(|options| {
        let list = |text: &str| Some(vec![text.to_owned()]);
        options.redact = RedactOptions {
            keys: list("password"),
            remove_keys: list("goes"),
            patterns: list("~s3cret-[0-9]+-value"),
            ..RedactOptions::default()
        };
    })
}

/// A span that says the secret wherever something can be said.
fn record(provider: &Provider) {
    let attributes = [("first", SECRET.into())];
    let span = provider
        .tracer("t")
        .span(&format!("name {SECRET}"))
        .attributes(&attributes)
        .start();
    let map = [
        ("inner", Value::Str(SECRET)),
        ("password", Value::Bytes(SECRET.as_bytes())),
    ];
    let list = [Value::Str("a"), Value::Map(&map)];
    span.set("goes", SECRET)
        .set("password", Value::Bytes(SECRET.as_bytes()))
        .set("text", format!("{PLAIN} {SECRET}").as_str())
        .set("list", Value::List(&list))
        .set("overwritten", SECRET)
        .set("overwritten", 1);
    span.add_event(SECRET, &[("text", SECRET.into()), ("goes", SECRET.into())]);
    span.add_exception("E", SECRET, SECRET, None, &[]);
    let ids = (
        spanline::TraceId::from_bytes([7; 16]),
        spanline::SpanId::from_bytes([7; 8]),
    );
    let linked = SpanContext::new(ids.0, ids.1, TraceFlags::SAMPLED, true, TraceState::EMPTY);
    span.add_link(&linked, &[("text", SECRET.into())]);
    span.set_status(StatusCode::Error, SECRET);
    span.end();
}

fn exporter(name: &str, protocol: &str, endpoint: String) -> ExporterOption {
    ExporterOption {
        protocol: Some(protocol.to_owned()),
        endpoint: Some(endpoint),
        ..ExporterOption::from(name)
    }
}

/// Writes spans as the console exporter does.
#[derive(Clone, Debug, Default)]
struct Console(Arc<Mutex<Vec<u8>>>);

impl SpanExporter for Console {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let mut out = self.0.lock().unwrap();
        let spans = batch
            .spans()
            .map(|span| FinishedSpan::from_view(span.view, span.scope.clone()));
        let spans: Vec<_> = spans.collect();
        ConsoleExporter::new(&mut *out).export(spans).unwrap();
        ExportResult::success()
    }
}

#[test]
fn no_exporter_is_told() {
    let folder = Folder::new();
    let receiver = Receiver::start();
    let url = |path: &str| receiver.url().replace("/v1/traces", path);
    let console = Console::default();
    let provider = redacting()
        .exporter(exporter("otlp", "http/protobuf", url("/otlp")))
        .exporter(exporter("otlp", "http/json", url("/otlp-json")))
        .exporter(exporter("zipkin", "http/json", url("/zipkin-json")))
        .exporter(exporter("zipkin", "http/protobuf", url("/zipkin")))
        .exporter(exporter("jaeger", "http/thrift.binary", url("/jaeger")))
        .exporter(ExporterOption {
            path: Some(folder.text("spans.jsonl")),
            ..ExporterOption::from("file")
        })
        .add_exporter("console", console.clone())
        .build()
        .unwrap();
    record(&provider);
    assert!(finish(&provider).redacted.masked >= 9);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 5);
    for request in requests {
        is_clean(&request.line, &request.body);
    }
    is_clean("file", &fs::read(folder.text("spans.jsonl")).unwrap());
    is_clean("console", &console.0.lock().unwrap());
}

/// Never gets anything done.
#[derive(Debug)]
struct Stuck;

impl SpanExporter for Stuck {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        ExportResult::retry()
    }
}

fn all_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all_files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn the_spool_never_has_it() {
    let folder = Folder::new();
    let provider = redacting()
        .spool_dir(folder.text(""))
        .buffer_bytes(1 << 20)
        .add_exporter("stuck", Stuck)
        .build()
        .unwrap();
    record(&provider);
    let mut files = Vec::new();
    all_files(&folder.0, &mut files);
    assert_eq!(files.len(), 1, "{files:?}");
    is_clean("spool", &fs::read(&files[0]).unwrap());
    let report = provider.shutdown_within(Duration::from_millis(200)).unwrap();
    assert!(report.stats.balances());
    is_clean("spool", &fs::read(&files[0]).unwrap());
}
