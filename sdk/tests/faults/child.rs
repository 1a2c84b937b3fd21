//! The host program of a fault: does what it is told on standard input, a line for each order.

use spanline::options::ExporterOption;
use spanline::{ExporterStats, Provider, Stats, Tracer};
use spanline_test_vectors::serde_json::{Value, from_str, json};
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Set in a host: the options that have no variable, as a JSON object.
pub(crate) const OPTIONS: &str = "SPANLINE_TEST_OPTIONS";
/// What the host's own lines begin with; the test harness writes to the same output.
pub(crate) const MARK: &str = "@host ";

/// The ids of all spans that were made, as hex digits.
type Ids = Arc<Mutex<String>>;

/// Is a host when another test runs this program; by itself it does nothing.
#[test]
fn child() {
    let Ok(options) = std::env::var(OPTIONS) else {
        return;
    };
    let provider = provider(&from_str(&options).unwrap());
    let tracer = provider.tracer("faults");
    let (ids, mut load) = (Ids::default(), None);
    tell(&json!({ "memory": memory() }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (order, number) = line.split_once(' ').unwrap_or((&line, "0"));
        let number: u64 = number.parse().unwrap();
        match order {
            "make" => {
                (0..number).for_each(|n| make(&tracer, n, Some(&ids)));
                tell(&json!(number));
            }
            "load" => load = Some(Load::start(&tracer, number, &ids)),
            "unload" => tell(&json!(load.take().map_or(0, Load::stop))),
            "ids" => tell(&json!(std::mem::take(
                &mut *ids.lock().unwrap_or_else(PoisonError::into_inner)
            ))),
            "flush" => {
                let report = provider.flush_within(Duration::from_millis(number));
                tell(&told(report.complete, &report.stats));
            }
            "stats" => tell(&told(false, &provider.stats())),
            "shutdown" => {
                let report = provider.shutdown_within(Duration::from_millis(number)).unwrap();
                tell(&told(report.complete, &report.stats));
            }
            "exit" => return,
            other => panic!("no order {other}"),
        }
    }
}

/// As the environment says, and the options that no variable sets.
fn provider(options: &Value) -> Provider {
    let number = |name: &str| options[name].as_u64();
    let builder = spanline::init().options(|all| {
        all.buffer_bytes = number("buffer_bytes").or(all.buffer_bytes);
        all.max_age_ms = number("max_age_ms").or(all.max_age_ms);
        all.max_request_bytes = number("max_request_bytes").or(all.max_request_bytes);
        all.exit_timeout_ms = number("exit_timeout_ms").or(all.exit_timeout_ms);
    });
    let urls = options["exporters"].as_array().into_iter().flatten();
    let builder = urls.fold(builder, |builder, url| {
        builder.exporter(ExporterOption {
            name: "otlp".to_owned(),
            endpoint: url.as_str().map(str::to_owned),
            ..ExporterOption::default()
        })
    });
    builder.start().unwrap()
}

fn make(tracer: &Tracer, number: u64, ids: Option<&Ids>) {
    let span = tracer
        .span("GET /api/users")
        .attribute("http.request.method", "GET")
        .attribute("url.path", "/api/users/42")
        .attribute("number", number as i64)
        .start();
    if let Some(ids) = ids {
        use std::fmt::Write;
        let context = span.context();
        let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
        write!(ids, "{}{}", context.trace_id(), context.span_id()).unwrap();
    }
    span.end();
}

/// A thread that makes spans at a rate.
struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Load {
    /// The ids are kept up to 10,000 spans a second; above that they would be most of the memory.
    fn start(tracer: &Tracer, per_second: u64, ids: &Ids) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, tracer) = (stop.clone(), tracer.clone());
        let ids = (per_second <= 10_000).then(|| ids.clone());
        let thread = std::thread::spawn(move || {
            let (began, mut made) = (Instant::now(), 0);
            while !stopped.load(Ordering::Acquire) {
                let due = began.elapsed().as_micros() as u64 * per_second / 1_000_000;
                (made..due).for_each(|n| make(&tracer, n, ids.as_ref()));
                made = made.max(due);
                std::thread::sleep(Duration::from_millis(5));
            }
            made
        });
        Self { stop, thread }
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

fn tell(what: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{what}").unwrap();
    out.flush().unwrap();
}

fn told(complete: bool, stats: &Stats) -> Value {
    json!({
        "complete": complete,
        "balances": stats.balances(),
        "started": stats.started,
        "accepted": stats.accepted,
        "buffer_full": stats.dropped.buffer_full,
        "dropped": stats.dropped.total(),
        "exporters": stats.exporters.iter().map(of_exporter).collect::<Vec<_>>(),
        "memory": memory(),
        "peak": peak(),
    })
}

fn of_exporter(stats: &ExporterStats) -> Value {
    json!({
        "name": stats.name,
        "exported": stats.exported,
        "rejected": stats.rejected,
        "failed": stats.failed,
        "queue_full": stats.dropped_queue_full,
        "expired": stats.dropped_expired,
        "held": stats.held,
        "attempts": stats.attempts,
    })
}

/// Resident memory in KiB.
fn memory() -> u64 {
    status("VmRSS:")
}

/// The most that it was.
fn peak() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
