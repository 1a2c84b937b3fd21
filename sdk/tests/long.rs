//! What takes long to see: memory, threads and wake-ups over time. Run by the stage `long` of `cargo xtask test --all`;
//! each scenario is a process of its own.

#[cfg(feature = "grpc")]
#[path = "grpc/receiver.rs"]
#[allow(dead_code, reason = "a part is used")]
mod grpc;
mod process;

use process::{Receiver, dead_url, play, switches};
use spanline::options::ExporterOption;
use spanline::{Builder, Provider, Span, span};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

fn discarding() -> spanline::Builder {
    spanline::init().without_environment().exporter("discard")
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    match scenario.as_str() {
        "providers" => providers(&endpoint),
        "threads" => threads(),
        "open" => open(),
        "idle" => idle(&endpoint),
        other => panic!("no scenario {other}"),
    }
}

/// A number of `/proc/self/status`.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let digits = line.trim_start_matches(':').split_whitespace().next().unwrap();
    digits.parse().unwrap()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Waits until as many threads run as before: those that were told to end may still be on their way.
fn wait_for_threads(before: u64) {
    while status("Threads") > before {
        thread::yield_now();
    }
}

fn providers(endpoint: &str) {
    let round = |count| {
        for n in 0..count {
            let builder = spanline::init().without_environment();
            // Now and then one with a connection.
            let builder = match n % 100 {
                0 => builder.endpoint(endpoint),
                _ => builder.exporter("discard"),
            };
            let provider = builder.build().unwrap();
            let late = provider.tracer("many").span("work").start();
            provider.tracer("many").span("work").start().end();
            let report = provider.shutdown().unwrap();
            assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
            drop(late);
            let stats = provider.stats();
            assert!(stats.balances() && stats.live == 0, "{stats:?}");
        }
    };
    let threads = status("Threads");
    round(500);
    wait_for_threads(threads);
    let (memory, files) = (status("VmRSS"), descriptors());
    round(10_000);
    wait_for_threads(threads);
    let grown = status("VmRSS").saturating_sub(memory);
    assert!(grown < 8 << 10, "{grown} KiB");
    assert_eq!(descriptors(), files);
}

const THREADS: u64 = 1000;

/// All at once: each makes spans, leaves one to another thread and one open.
fn threads() {
    let provider = discarding().start().unwrap();
    let before = status("Threads");
    let barrier = Barrier::new(THREADS as usize);
    let left: Vec<Span> = thread::scope(|scope| {
        let (provider, barrier) = (&provider, &barrier);
        let all: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(move || {
                    let tracer = provider.tracer("threads");
                    barrier.wait();
                    for _ in 0..100 {
                        let outer = span!("outer");
                        outer.set("key", "value");
                        drop(span!("inner"));
                    }
                    std::mem::forget(tracer.span("for ever").start());
                    tracer.span("left").start()
                })
            })
            .collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let stats = provider.stats();
    assert!(stats.balances() && stats.live == 2 * THREADS, "{stats:?}");
    for span in left {
        assert!(span.is_recording());
        span.end();
    }
    let report = provider.flush();
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    assert_eq!(
        (report.stats.exporters[0].exported, report.stats.live),
        (201 * THREADS, THREADS)
    );
    // The pipeline and the exporter.
    wait_for_threads(before + 2);
}

const OPEN: u64 = 1_000_000;

fn open() {
    let all = |provider: &Provider| -> Vec<Span> {
        let tracer = provider.tracer("open");
        (0..OPEN).map(|_| tracer.span("open").start()).collect()
    };
    let before = status("VmRSS");
    let bounded = discarding().build().unwrap();
    let spans = all(&bounded);
    let stats = bounded.stats();
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(stats.started, OPEN);
    assert_eq!(stats.live + stats.refused.open_bound, OPEN);
    assert!((99_900..=100_000).contains(&stats.live), "{stats:?}");
    let held = status("VmRSS") - before;
    assert!(
        held < 512 << 10,
        "{held} KiB for the spans and their million handles"
    );
    drop(spans);
    let stats = bounded.shutdown().unwrap().stats;
    assert!(stats.balances() && stats.live == 0, "{stats:?}");

    // As many as were asked for, where the option allows it.
    let wide = discarding()
        .options(|options| options.max_open_spans = Some(OPEN))
        .build()
        .unwrap();
    let spans = all(&wide);
    let stats = wide.stats();
    assert!(stats.balances() && stats.live > OPEN - 1000, "{stats:?}");
    spans.into_iter().for_each(Span::abandon);
    let stats = wide.shutdown().unwrap().stats;
    assert!(stats.balances(), "{stats:?}");
    assert_eq!(
        (stats.live, stats.abandoned + stats.refused.open_bound),
        (0, OPEN),
        "{stats:?}"
    );
}

/// Exporters of all kinds, one of which never finds anybody: what it could not deliver has grown too old.
fn idle(endpoint: &str) {
    let folder = std::env::temp_dir().join(format!("spanline-idle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let otlp = |url: String, protocol: &str| ExporterOption {
        endpoint: Some(url),
        protocol: Some(protocol.to_owned()),
        ..ExporterOption::from("otlp")
    };
    #[cfg(feature = "grpc")]
    let grpc = grpc::Receiver::start();
    let exporters = [
        otlp(endpoint.to_owned(), "http/protobuf"),
        otlp(dead_url(), "http/protobuf"),
        ExporterOption {
            path: Some(folder.join("spans.jsonl").to_string_lossy().into_owned()),
            ..ExporterOption::from("file")
        },
        #[cfg(feature = "grpc")]
        otlp(grpc.url(), "grpc"),
    ];
    let count = exporters.len();
    let builder = spanline::init()
        .without_environment()
        .options(|options| options.max_age_ms = Some(2_000));
    let provider = exporters
        .into_iter()
        .fold(builder, Builder::exporter)
        .start()
        .unwrap();
    let open = span!("open");
    drop(span!("work"));
    let report = provider.flush();
    assert!(report.complete, "{:?}", report.stats);
    for (number, exporter) in report.stats.exporters.iter().enumerate() {
        let fate = (exporter.exported, exporter.dropped_expired);
        let expected = if number == 1 { (0, 1) } else { (1, 0) };
        assert_eq!(fate, expected, "{exporter:?}");
    }
    // Whatever was under way comes to rest first.
    thread::sleep(Duration::from_secs(1));
    let before = switches();
    thread::sleep(Duration::from_secs(10));
    assert_eq!(switches(), before);
    assert_eq!(
        before.len(),
        1 + count,
        "the pipeline and one thread of each exporter"
    );
    drop(open);
    let stats = provider.shutdown().unwrap().stats;
    assert!(stats.balances() && stats.live == 0, "{stats:?}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[track_caller]
fn played(scenario: &str) {
    let receiver = Receiver::start([]);
    let ended = play(scenario, &receiver.url());
    assert!(ended.status.success(), "{scenario}: {}", ended.output);
}

#[test]
#[ignore = "long: run by the stage `long`"]
fn ten_thousand_providers_come_and_go_and_leave_nothing() {
    played("providers");
}

#[test]
#[ignore = "long: run by the stage `long`"]
fn a_thousand_threads_at_once_lose_nothing() {
    played("threads");
}

#[test]
#[ignore = "long: run by the stage `long`"]
fn a_million_open_spans_are_bounded_and_counted() {
    played("open");
}

#[test]
#[ignore = "long: run by the stage `long`"]
fn an_idle_process_is_not_woken_in_ten_seconds() {
    played("idle");
}
