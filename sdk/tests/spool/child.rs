//! The process that is killed: this same program, which notes each span after its end has returned.

use crate::support::{spooled, until};
use spanline::{ExportBatch, ExportResult, SpanExporter};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// Trace id and span id.
pub(crate) type Note = [u8; 24];

const SPOOL: &str = "SPANLINE_TEST_SPOOL";
const NOTES: &str = "SPANLINE_TEST_NOTES";
const RUN: &str = "SPANLINE_TEST_RUN";
const HTTP: &str = "SPANLINE_TEST_HTTP";
const FRAMES: &str = "SPANLINE_TEST_FRAMES";
const LAST: &str = "SPANLINE_TEST_LAST";

/// Starts a child that records and sends until it is killed; the last one stops by itself when all is sent.
pub(crate) fn run_child(spool: &str, notes: &Path, run: u32, http: u16, frames: u16, last: bool) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::child", "--nocapture", "--test-threads=1"])
        .env(SPOOL, spool)
        .env(NOTES, notes)
        .env(RUN, run.to_string())
        .env(HTTP, http.to_string())
        .env(FRAMES, frames.to_string())
        .env(LAST, last.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Sends each batch as a frame and waits for the answer.
#[derive(Debug)]
struct Frames {
    run: u32,
    port: u16,
    stream: Mutex<Option<TcpStream>>,
}

impl SpanExporter for Frames {
    fn export(&self, batch: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let mut stream = self.stream.lock().unwrap();
        let body = batch.otlp_request();
        let sent = || -> std::io::Result<TcpStream> {
            let mut stream = match stream.take() {
                Some(stream) => stream,
                None => TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?,
            };
            let head = [self.run.to_le_bytes(), (body.len() as u32).to_le_bytes()].concat();
            stream.write_all(&[&head, body].concat())?;
            stream.read_exact(&mut [0])?;
            Ok(stream)
        }();
        match sent {
            Ok(known) => {
                *stream = Some(known);
                ExportResult::success()
            }
            Err(_) => ExportResult::retry(),
        }
    }
}

/// Does nothing unless it is a child.
#[test]
fn child() {
    let Ok(spool) = std::env::var(SPOOL) else { return };
    let variable = |name| std::env::var(name).unwrap();
    let run: u32 = variable(RUN).parse().unwrap();
    let provider = spooled(&spool)
        .resource_attribute("run", variable(RUN))
        .buffer_bytes(32_u64 << 20)
        .delay_ms(20)
        .log_level("error")
        // A busy machine is no reason to send a batch twice.
        .timeout_ms(60_000_u64)
        .exporter("otlp")
        .endpoint(format!("http://127.0.0.1:{}/v1/traces", variable(HTTP)))
        .header("x-run", variable(RUN))
        .add_exporter(
            "frames",
            Frames {
                run,
                port: variable(FRAMES).parse().unwrap(),
                stream: Mutex::default(),
            },
        )
        .build()
        .unwrap();
    let own = format!("spanline-{}-", std::process::id());
    let mut files = std::fs::read_dir(&spool).unwrap().flatten();
    let has_own = |folder: std::fs::DirEntry| {
        let mut files = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
        files.any(|file| file.file_name().to_string_lossy().starts_with(&own))
    };
    assert!(files.any(has_own), "no spool");
    let last = variable(LAST) == "true";
    let notes = File::options()
        .create(true)
        .append(true)
        .open(variable(NOTES))
        .unwrap();
    std::thread::scope(|threads| {
        for thread in 0..4_u64 {
            let (provider, mut notes) = (&provider, &notes);
            threads.spawn(move || {
                let tracer = provider.tracer("kill test");
                for round in 0_u64.. {
                    for _ in 0..20 {
                        let span = tracer.span("work").start();
                        span.set("thread", thread as i64);
                        span.set("round", round as i64);
                        if round % 50 == 7 {
                            // Larger than a slot.
                            span.set("large", "x".repeat(70_000).as_str());
                        }
                        let context = span.context();
                        span.end();
                        let mut note: Note = [0; 24];
                        note[..16].copy_from_slice(&context.trace_id().to_bytes());
                        note[16..].copy_from_slice(&context.span_id().to_bytes());
                        notes.write_all(&note).unwrap();
                    }
                    if last && round == 20 {
                        return;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
    let folder = Path::new(&spool);
    until("everything that was left is sent", || {
        let own = std::fs::read_dir(folder).unwrap().flatten();
        let mut files = own.map(|entry| entry.path()).filter(|path| path.is_dir());
        files.all(|folder| std::fs::read_dir(folder).unwrap().count() == 1)
    });
    let report = provider.shutdown().unwrap();
    let stats = &report.stats;
    assert!(report.complete && stats.balances(), "{stats:#?}");
    let exporters = &stats.exporters;
    assert!(
        exporters
            .iter()
            .all(|one| one.held == 0 && one.replayed > 0 && one.exported == stats.accepted + one.replayed),
        "{stats:#?}"
    );
}
