//! What a process's end does to its spans, and how long that takes; each scenario is a process of its own.
#![allow(unsafe_code, reason = "forks and leaves processes; see each block")]

mod process;

use process::{Receiver, Reply, advice, dead_url, play, spans_of};
use spanline::{ExportBatch, ExportResult, ExporterDescription, Provider, SpanExporter, span};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SPANS: usize = 100;

const PROTOCOL: &str = "see the options endpoint and protocol";

fn start(endpoint: &str) -> Provider {
    // A delay that never passes by itself: what arrives was sent by the end of the process.
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder.endpoint(endpoint).start().unwrap()
}

fn make_spans() {
    for _ in 0..SPANS {
        drop(span!("queued"));
    }
}

/// Panics with what panics once more when it is dropped.
#[derive(Debug)]
struct Panics {
    /// All calls, or each second one.
    always: bool,
    calls: Arc<AtomicU64>,
}

struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("dropped, as asked");
    }
}

impl SpanExporter for Panics {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        if self.always || before.is_multiple_of(2) {
            std::panic::panic_any(Payload);
        }
        ExportResult::success()
    }

    fn describe(&self) -> ExporterDescription {
        panic!("describe, as asked");
    }
}

/// Batches, each of so many spans.
const ROUNDS: u64 = 12;
const EACH: u64 = 10;

/// Two exporters that panic again and again, beside two that get everything; the last batch is the exit's.
fn beside_panics(endpoint: &str) {
    let (all, some) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let panics = |always, calls: &Arc<AtomicU64>| Panics {
        always,
        calls: calls.clone(),
    };
    let provider = spanline::init()
        .without_environment()
        .delay_ms(3_600_000)
        .exporter("otlp")
        .exporter("memory")
        .endpoint(endpoint)
        .add_exporter("always", panics(true, &all))
        .add_exporter("sometimes", panics(false, &some))
        .start()
        .unwrap();
    let make = || (0..EACH).for_each(|_| drop(span!("queued")));
    for _ in 0..ROUNDS {
        make();
        assert!(provider.flush().complete);
    }
    assert_eq!(provider.finished_spans().unwrap().len() as u64, ROUNDS * EACH);
    let stats = provider.stats();
    assert!(stats.balances(), "{stats:#?}");
    let [otlp, memory, always, sometimes] = &stats.exporters[..] else {
        panic!("{stats:#?}")
    };
    assert_eq!((otlp.exported, memory.exported), (ROUNDS * EACH, ROUNDS * EACH));
    assert_eq!(always.failed, [("panic".to_owned(), ROUNDS * EACH)]);
    assert_eq!(sometimes.failed, [("panic".to_owned(), ROUNDS / 2 * EACH)]);
    assert_eq!(sometimes.exported, ROUNDS / 2 * EACH, "it goes on");
    let called = (all.load(Ordering::Relaxed), some.load(Ordering::Relaxed));
    assert_eq!(called, (ROUNDS, ROUNDS), "each batch is tried once");
    // Those of export, and two of describe.
    assert_eq!(stats.caught_panics, ROUNDS + ROUNDS / 2 + 2);
    make();
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    match scenario.as_str() {
        "return" => {
            start(&endpoint);
            make_spans();
        }
        "exit" => {
            start(&endpoint);
            make_spans();
            std::process::exit(7);
        }
        "panic" => {
            start(&endpoint);
            make_spans();
            panic!("on purpose");
        }
        "threads" => {
            start(&endpoint);
            for _ in 0..4 {
                std::thread::spawn(make_spans).join().unwrap();
            }
            std::process::exit(0);
        }
        "dropped" => {
            let builder = spanline::init().without_environment().delay_ms(3_600_000);
            let provider = builder.endpoint(endpoint).build().unwrap();
            let tracer = provider.tracer("t");
            (0..SPANS).for_each(|_| tracer.span("queued").start().end());
            drop(tracer);
            drop(provider);
            // SAFETY: ends the process without its exit hooks, so that only the drop can have sent anything.
            unsafe { libc::_exit(0) }
        }
        "panics" => beside_panics(&endpoint),
        "nothing" => {
            start(&endpoint);
        }
        "known dead" => {
            let provider = start(&endpoint);
            make_spans();
            assert!(!provider.flush_within(Duration::from_millis(200)).complete);
            make_spans();
        }
        "several" => {
            for _ in 0..6 {
                let builder = spanline::init().without_environment().delay_ms(3_600_000);
                let provider = builder.endpoint(endpoint.clone()).build().unwrap();
                provider.tracer("t").span("queued").start().end();
                std::mem::forget(provider);
            }
        }
        // One after the other in the order of the URLs.
        "one each" => {
            for url in endpoint.split(' ') {
                let builder = spanline::init().without_environment().delay_ms(3_600_000);
                let provider = builder.endpoint(url).build().unwrap();
                let tracer = provider.tracer("t");
                (0..SPANS).for_each(|_| tracer.span("queued").start().end());
                std::mem::forget(provider);
            }
        }
        "after shutdown" => {
            let provider = start(&endpoint);
            let late = span!("late");
            make_spans();
            assert!(provider.shutdown().unwrap().complete);
            assert!(provider.shutdown().is_err());
            drop(late);
            make_spans();
            let stats = provider.stats();
            assert!(stats.balances(), "{stats:?}");
            assert_eq!(stats.dropped.after_shutdown, 1);
            assert_eq!(stats.refused.after_shutdown, SPANS as u64);
        }
        other => panic!("no scenario {other}"),
    }
}

#[track_caller]
fn nothing_is_lost(scenario: &str, code: i32, spans: usize) {
    let receiver = Receiver::start([]);
    let ended = play(scenario, &receiver.url());
    assert_eq!(ended.status.code(), Some(code), "{}", ended.output);
    let mut ids: Vec<_> = receiver.spans().into_iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), spans);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), spans, "each once");
}

#[test]
fn a_return_from_main_loses_nothing() {
    nothing_is_lost("return", 0, SPANS);
}

#[test]
fn an_exit_loses_nothing() {
    nothing_is_lost("exit", 7, SPANS);
}

/// The rest of the program, the other exporters and the exit go on as if nothing were.
#[test]
fn exporters_that_panic_again_and_again_lose_their_own_alone() {
    let receiver = Receiver::start([]);
    let ended = play("panics", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
    assert_eq!(receiver.spans().len() as u64, (ROUNDS + 1) * EACH);
    assert!(ended.took < LESS_THAN_THE_BOUND, "{:?}", ended.took);
    let said = |words: &str| ended.errors.lines().filter(|line| line.contains(words)).count();
    assert_eq!(
        said("spanline error: the exporter panicked"),
        1,
        "{}",
        ended.errors
    );
    // What receivers refused, at the end.
    assert_eq!(said("failed to deliver: panic"), 1, "{}", ended.errors);
}

#[test]
fn a_panic_that_nobody_catches_loses_nothing() {
    nothing_is_lost("panic", 101, SPANS);
}

#[test]
fn spans_of_threads_that_are_gone_are_not_lost_at_exit() {
    nothing_is_lost("threads", 0, 4 * SPANS);
}

#[test]
fn a_provider_that_is_dropped_sends_what_it_has() {
    nothing_is_lost("dropped", 0, SPANS);
}

/// The time that a shutdown has is not spent on an address where nobody is.
#[test]
fn a_shutdown_tries_an_address_where_nobody_is_for_some_seconds_only() {
    let provider = start(&dead_url());
    make_spans();
    let began = std::time::Instant::now();
    let report = provider.shutdown_within(Duration::from_secs(300)).unwrap();
    let took = began.elapsed();
    assert!(
        !report.complete && report.stats.exporters[0].attempts > 1,
        "{report:?}"
    );
    assert!(
        took > Duration::from_secs(4) && took < Duration::from_secs(100),
        "{took:?}"
    );
}

#[test]
fn an_exit_with_nothing_queued_sends_nothing() {
    nothing_is_lost("nothing", 0, 0);
}

#[test]
fn a_second_shutdown_is_an_error_and_later_spans_are_counted() {
    nothing_is_lost("after shutdown", 0, SPANS);
}

/// The bound is 2 s; a scenario that waited for it with this endpoint took longer than that.
const LESS_THAN_THE_BOUND: Duration = Duration::from_millis(1900);

#[test]
fn an_exit_does_not_wait_for_an_endpoint_that_refuses() {
    for scenario in ["return", "exit", "dropped", "known dead", "several"] {
        let ended = play(scenario, &dead_url());
        assert!(ended.took < LESS_THAN_THE_BOUND, "{scenario}: {:?}", ended.took);
    }
}

#[test]
fn an_exit_waits_for_a_silent_endpoint_no_longer_than_the_bound() {
    for scenario in ["return", "dropped", "several"] {
        let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
        let ended = play(scenario, &receiver.url());
        assert!(!receiver.requests().is_empty(), "{scenario}: it tried");
        assert!(ended.took > Duration::from_secs(1), "{scenario}: it waited");
        assert!(
            ended.took < Duration::from_secs(4),
            "{scenario}: {:?}",
            ended.took
        );
    }
}

#[test]
fn an_exit_with_nothing_queued_does_not_wait() {
    let ended = play("nothing", &Receiver::start([Reply::Silence]).url());
    assert!(ended.took < LESS_THAN_THE_BOUND, "{:?}", ended.took);
}

/// The bound is that of all of them together, and a receiver that is silent takes nothing of it from the others.
#[test]
fn a_silent_receiver_of_one_provider_takes_no_time_from_the_others() {
    for silent_first in [true, false] {
        let silent = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
        // Nor does one that takes some of the time itself.
        let live = Receiver::start([Reply::Late(Duration::from_millis(300))]);
        let mut urls = [live.url(), silent.url(), silent.url()];
        if silent_first {
            urls.rotate_left(1);
        }
        let ended = play("one each", &urls.join(" "));
        assert!(ended.status.success(), "{}", ended.output);
        assert_eq!(
            spans_of(&live.requests()[0].body).len(),
            SPANS,
            "{}",
            ended.errors
        );
        assert_eq!(silent.requests().len(), 2, "each tried");
        assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
        let lost = ended.errors.matches("100 spans were lost at exit: ").count();
        assert_eq!(lost, 2, "{}", ended.errors);
    }
}

/// Of several providers too there is one line. A longer wait is not what would have helped where nobody answers.
#[test]
fn an_exit_says_once_what_it_lost_and_which_option_would_have_kept_it() {
    let silent = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
    for (url, words) in [
        (silent.url(), format!("never got an answer{}", advice(PROTOCOL))),
        (
            dead_url(),
            format!("reached nobody{}", advice("see the option endpoint")),
        ),
    ] {
        for (scenario, times) in [("return", 1), ("several", 6)] {
            let ended = play(scenario, &url);
            let lines: Vec<_> = ended
                .errors
                .lines()
                .filter(|line| line.contains(" lost at exit: "))
                .collect();
            assert_eq!(lines.len(), 1, "{}", ended.errors);
            let one = lines[0].contains("1 span was lost") && !lines[0].contains(" 1 spans");
            assert_eq!(one, scenario == "several", "{}", lines[0]);
            assert_eq!(lines[0].matches(" lost at exit: ").count(), times, "{}", lines[0]);
            // All of them have tried.
            assert_eq!(lines[0].matches(&words).count(), times, "{}", lines[0]);
        }
    }
}
