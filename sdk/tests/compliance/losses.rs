//! What is lost is said with its reason and the option that would have kept it; exporters that misbehave while it is
//! lost harm nobody.

use crate::common::{Answer, Receiver, finish, problems_during, problems_heard};
use spanline::{ExportBatch, ExportResult, Provider, SpanExporter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// For conditions that other threads bring about.
const LIMIT: Duration = Duration::from_secs(30);

#[track_caller]
fn wait_for(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LIMIT, "it did not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What an exporter was asked to do.
#[derive(Debug, Default)]
struct Calls {
    exports: AtomicU64,
    flushes: AtomicU64,
    interrupts: AtomicU64,
    shutdowns: AtomicU64,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Calls {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// Hangs in each export until it is let go, and panics wherever else it can.
#[derive(Clone, Debug, Default)]
struct Hanging(Arc<Calls>);

impl SpanExporter for Hanging {
    fn export(&self, _: ExportBatch<'_>, _: Option<Duration>) -> ExportResult {
        self.0.exports.fetch_add(1, Ordering::SeqCst);
        let mut open = self.0.open.lock().unwrap();
        while !*open {
            open = self.0.opened.wait(open).unwrap();
        }
        ExportResult::success()
    }

    fn flush(&self, _: Duration) -> bool {
        self.0.flushes.fetch_add(1, Ordering::SeqCst);
        panic!("flush, as asked");
    }

    fn interrupt(&self) {
        self.0.interrupts.fetch_add(1, Ordering::SeqCst);
        panic!("interrupt, as asked");
    }

    fn shutdown(&self) {
        self.0.shutdowns.fetch_add(1, Ordering::SeqCst);
        panic!("shutdown, as asked");
    }
}

fn make(provider: &Provider, spans: u64) {
    let tracer = provider.tracer("t");
    (0..spans).for_each(|_| tracer.span("s").start().end());
}

#[test]
fn an_exporter_that_panics_in_flush_interrupt_and_shutdown_harms_nobody() {
    let hanging = Hanging::default();
    let calls = hanging.0.clone();
    let builder = spanline::init().without_environment().add_exporter("h1", hanging);
    let provider = builder.build().unwrap();
    make(&provider, 3);
    wait_for(|| calls.exports.load(Ordering::SeqCst) == 1);
    assert!(!provider.flush_within(Duration::ZERO).complete);
    assert_eq!(calls.flushes.load(Ordering::SeqCst), 1);
    let report = provider.shutdown_within(Duration::from_millis(10)).unwrap();
    assert!(!report.complete && report.stats.balances(), "{:?}", report.stats);
    assert_eq!(report.stats.exporters[0].held, 3);
    wait_for(|| calls.interrupts.load(Ordering::SeqCst) == 1);
    assert_eq!(calls.shutdowns.load(Ordering::SeqCst), 0, "it is still at work");
    calls.open();
    wait_for(|| provider.stats().exporters[0].held == 0);
    wait_for(|| provider.stats().caught_panics == 4);
    assert_eq!(
        provider.stats().exporters[0].exported,
        3,
        "it came through after all"
    );
    drop(provider);
    assert_eq!(calls.shutdowns.load(Ordering::SeqCst), 1);
}

#[test]
fn an_exporter_is_shut_down_once_also_when_it_was_never_used() {
    for spans in [0, 1] {
        let hanging = Hanging::default();
        let calls = hanging.0.clone();
        calls.open();
        let builder = spanline::init().without_environment().add_exporter("h2", hanging);
        let provider = builder.delay_ms(3_600_000).build().unwrap();
        let late = provider.tracer("t").span("late").start();
        make(&provider, spans);
        finish(&provider);
        assert!(provider.shutdown().is_err());
        // Wakes whatever is left of the provider.
        late.end();
        make(&provider, 3);
        provider.flush_within(Duration::ZERO);
        drop(provider);
        assert_eq!(calls.shutdowns.load(Ordering::SeqCst), 1, "{spans} spans");
        assert_eq!(calls.exports.load(Ordering::SeqCst), spans);
    }
}

/// Answers every batch alike and notes how long it might have taken.
#[derive(Clone, Debug)]
struct Refusing(ExportResult, Arc<Mutex<Vec<Duration>>>);

impl Refusing {
    fn new(result: ExportResult) -> (Self, Arc<Mutex<Vec<Duration>>>) {
        let timeouts = Arc::<Mutex<Vec<Duration>>>::default();
        (Self(result, timeouts.clone()), timeouts)
    }
}

impl SpanExporter for Refusing {
    fn export(&self, _: ExportBatch<'_>, timeout: Option<Duration>) -> ExportResult {
        self.1.lock().unwrap().push(timeout.unwrap_or(Duration::MAX));
        self.0.clone()
    }
}

/// A batch that grew too old makes room: what waited behind it in the buffer is taken, without anybody's help.
#[test]
fn the_drain_is_woken_when_a_batch_grew_too_old() {
    let (refusing, attempts) = Refusing::new(ExportResult::retry().after(LIMIT));
    let builder = spanline::init()
        .without_environment()
        .add_exporter("old", refusing);
    let provider = builder
        .delay_ms(0)
        .options(|options| options.max_age_ms = Some(200))
        .build()
        .unwrap();
    for batch in 1..=3 {
        make(&provider, 1);
        wait_for(|| attempts.lock().unwrap().len() == batch);
    }
    wait_for(|| provider.stats().exporters[0].dropped_expired == 3);
    finish(&provider);
}

#[test]
fn an_attempt_may_last_no_longer_than_its_batch() {
    for (stay, longest) in [(None, 10_000), (Some(700), 700), (Some(60_000), 10_000)] {
        let (exporter, timeouts) = Refusing::new(ExportResult::success());
        let builder = spanline::init()
            .without_environment()
            .add_exporter("stay", exporter);
        let provider = builder
            .options(|options| options.export_timeout_ms = stay)
            .build()
            .unwrap();
        make(&provider, 1);
        finish(&provider);
        let timeout = timeouts.lock().unwrap()[0];
        assert!(timeout <= Duration::from_millis(longest), "{stay:?}: {timeout:?}");
        let whole = timeout == Duration::from_secs(10);
        assert_eq!(whole, longest == 10_000, "{stay:?}: {timeout:?}");
    }
}

#[test]
fn a_flush_does_not_wait_for_a_pause_that_is_longer() {
    let (refusing, attempts) = Refusing::new(ExportResult::retry().after(Duration::from_secs(3_600)));
    let builder = spanline::init()
        .without_environment()
        .add_exporter("paused", refusing);
    let provider = builder.build().unwrap();
    let begun = Instant::now();
    for flush in 1..=3 {
        make(&provider, 1);
        assert!(!provider.flush_within(Duration::from_secs(120)).complete);
        assert_eq!(attempts.lock().unwrap().len(), flush, "each flush tries once");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "the pause is 300 s");
    let stats = provider.stats();
    assert!(stats.balances() && stats.exporters[0].held == 3, "{stats:?}");
    let report = provider.shutdown_within(Duration::from_secs(120)).unwrap();
    assert!(report.stats.balances() && report.stats.exporters[0].held == 0);
    assert!(begun.elapsed() < Duration::from_secs(60), "nor does a shutdown");
}

#[test]
fn what_is_lost_while_spans_are_made_is_said_with_the_option_that_bounds_it() {
    let hanging = Hanging::default();
    let calls = hanging.0.clone();
    let builder = spanline::init()
        .without_environment()
        .buffer_bytes(1 << 20)
        .add_exporter("h3", hanging);
    let provider = builder
        .options(|options| options.max_open_spans = Some(64))
        .build()
        .unwrap();
    let (lost, _) = problems_heard(|heard| {
        let tracer = provider.tracer("t");
        let open: Vec<_> = (0..200).map(|_| tracer.span("open").start()).collect();
        drop(open);
        make(&provider, 30_000);
        assert!(provider.stats().dropped.buffer_full > 0);
        // Nobody takes anything any more, and it is said all the same.
        let lost = || {
            let heard = heard.lock().unwrap();
            let said = heard.iter().rev().find(|problem| {
                problem.kind == "spans_lost"
                    && problem
                        .message
                        .contains("by a full buffer (see the option buffer_bytes)")
            });
            said.map(|problem| problem.message.clone())
        };
        wait_for(|| lost().is_some());
        lost().unwrap()
    });
    assert!(
        lost.contains("over the number of open spans (see the option max_open_spans)"),
        "{lost}"
    );
    calls.open();
    drop(provider);
}

#[test]
fn a_shutdown_says_what_it_lost_and_what_was_lost_before() {
    let hanging = Hanging::default();
    let calls = hanging.0.clone();
    let (refusing, _) = Refusing::new(ExportResult::failure("401"));
    let builder = spanline::init()
        .without_environment()
        .add_exporter("silent", hanging)
        .add_exporter("strict", refusing);
    let provider = builder
        .delay_ms(0)
        .options(|options| options.max_open_spans = Some(1))
        .build()
        .unwrap();
    let tracer = provider.tracer("t");
    let open = tracer.span("open").start();
    tracer.span("refused").start().end();
    open.end();
    wait_for(|| !provider.stats().exporters[1].failed.is_empty());
    let (report, said) = problems_during(|| provider.shutdown_within(Duration::from_millis(50)).unwrap());
    assert!(!report.complete && report.stats.balances());
    let said: Vec<_> = said
        .iter()
        .filter(|problem| problem.kind == "lost_at_shutdown" && problem.message.contains("silent"))
        .map(|problem| problem.message.as_str())
        .collect();
    // A longer wait would have kept nothing: it never came to an end with anything.
    let (now, before) = (
        "1 span was lost at shutdown: 1 as the exporter silent did not deliver them",
        "; spans lost before the end: 1 over the number of open spans (see the option max_open_spans), \
         1 that the exporter strict failed to deliver: 401 (see the option headers)",
    );
    assert!(
        said.len() == 1 && said[0].starts_with(now) && said[0].ends_with(before),
        "{said:?}"
    );
    assert!(!said[0].contains("flush_timeout_ms"), "{said:?}");
    calls.open();
}

/// Under one key for all exporters and reasons, the first would keep the others from being heard for a minute.
#[test]
fn of_several_exporters_in_trouble_each_says_so_by_its_name() {
    let statuses = [401, 501, 400];
    let receivers = statuses.map(|status| Receiver::start().answer([status; 3].map(Answer::status)));
    let builder = spanline::init().without_environment();
    let builder = receivers.iter().fold(builder, |builder, receiver| {
        builder.exporter(spanline::options::ExporterOption {
            endpoint: Some(receiver.url()),
            ..spanline::options::ExporterOption::from("otlp")
        })
    });
    let provider = builder.build().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    problems_heard(|_| {
        spanline::set_log_sink(Some(Arc::new(move |_, line| {
            sink.lock().unwrap().push(line.to_owned());
        })));
        for _ in 0..3 {
            make(&provider, 1);
            let _ = provider.flush();
        }
        spanline::set_log_sink(None);
    });
    let lines = lines.lock().unwrap();
    for ((receiver, status), name) in receivers.iter().zip(statuses).zip(["otlp", "otlp_2", "otlp_3"]) {
        let url = receiver.url();
        let server = url.split('/').nth(2).unwrap();
        let begin = format!("{name} to {server}: the receiver answered {status}");
        let said = lines.iter().filter(|line| line.starts_with(&begin));
        assert_eq!(said.count(), 1, "{begin}: {lines:?}");
    }
    finish(&provider);
}
