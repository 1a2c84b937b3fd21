//! Spans among threads: nothing is lost, counted twice or left behind, whoever starts, changes and ends them where.

mod process;

use process::{Receiver, play, switches};
use spanline::{
    Context, CurrentSpan, EndedSpan, Provider, Span, SpanProcessor, Stats, Tracer, Verdict, span,
};
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread;
use std::time::Duration;

fn discarding() -> Provider {
    let builder = spanline::init().without_environment().exporter("discard");
    builder.build().unwrap()
}

#[track_caller]
fn flushed(provider: &Provider) -> Stats {
    let report = provider.flush();
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    report.stats
}

#[test]
fn a_hundred_threads_lose_nothing() {
    let receiver = Receiver::start([]);
    let builder = spanline::init().without_environment().endpoint(receiver.url());
    let provider = builder.build().unwrap();
    let tracer = provider.tracer("threads");
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| (0..1000).for_each(|_| tracer.span("work").start().end()));
        }
    });
    let stats = flushed(&provider);
    assert_eq!(stats.exporters[0].exported, 100_000, "{stats:?}");
    let mut ids: Vec<_> = receiver.spans().into_iter().map(|span| span.span_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100_000, "each once");
}

#[test]
fn a_thousand_short_threads_lose_nothing_and_keep_nothing() {
    let provider = discarding();
    let tracer = provider.tracer("threads");
    for _ in 0..50 {
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| tracer.span("work").start().end());
            }
        });
    }
    let stats = flushed(&provider);
    assert_eq!((stats.exporters[0].exported, stats.live), (1000, 0));
}

#[test]
fn spans_end_on_other_threads_than_they_start() {
    let provider = discarding();
    let tracer = provider.tracer("threads");
    let (send, receive) = std::sync::mpsc::channel::<Span>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for span in receive {
                span.set("ended", "elsewhere");
                span.end();
            }
        });
        for _ in 0..4 {
            let (send, tracer) = (send.clone(), &tracer);
            scope.spawn(move || {
                for _ in 0..2000 {
                    send.send(tracer.span("travels").start()).unwrap();
                }
            });
        }
        drop(send);
    });
    let stats = flushed(&provider);
    assert_eq!((stats.accepted, stats.live), (8000, 0));
}

#[test]
fn of_many_threads_that_change_and_end_a_span_one_ends_it() {
    const THREADS: usize = 4;
    let provider = discarding();
    let tracer = provider.tracer("threads");
    for _ in 0..200 {
        let span = tracer.span("shared").start();
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for n in 0..THREADS {
                let (span, barrier) = (&span, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for _ in 0..20 {
                        span.set("key", "some text").add_event("event", &[]);
                    }
                    if n % 2 == 0 {
                        span.end();
                    }
                });
            }
        });
        assert!(!span.is_recording());
    }
    let stats = flushed(&provider);
    assert_eq!((stats.started, stats.ended, stats.accepted), (200, 200, 200));
}

thread_local! {
    /// A span, or several, that end when their thread's own state is taken down.
    static KEPT: RefCell<Vec<Span>> = const { RefCell::new(Vec::new()) };
}

/// Ends spans in destructors of thread-locals, before and after ours.
fn end_with_threads(tracer: &Tracer, keep_first: bool) {
    let threads: Vec<_> = (0..50)
        .map(|_| {
            let tracer = tracer.clone();
            thread::spawn(move || {
                if keep_first {
                    KEPT.with_borrow_mut(|_| ());
                }
                tracer.span("plain").start().end();
                KEPT.with_borrow_mut(|kept| {
                    kept.push(tracer.span("kept").start());
                    kept.push(tracer.span("kept").start());
                });
            })
        })
        .collect();
    // Joined one by one: the end of a scope does not wait for the destructors of its threads.
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Marks spans at their end, and drops some.
#[derive(Debug, Default)]
struct Marks {
    ended: AtomicUsize,
    unmarked: AtomicUsize,
}

#[derive(Debug)]
struct Marking(Arc<Marks>);

impl SpanProcessor for Marking {
    fn on_ending(&self, span: &CurrentSpan) {
        span.set("marked", true);
    }

    fn on_end(&self, span: EndedSpan<'_>) -> Verdict {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
        if span.view().attribute("marked").is_none() {
            self.0.unmarked.fetch_add(1, Ordering::Relaxed);
        }
        Verdict::Keep
    }
}

#[test]
fn spans_that_end_with_their_thread_are_not_lost() {
    let provider = discarding();
    let tracer = provider.tracer("threads");
    for keep_first in [true, false] {
        end_with_threads(&tracer, keep_first);
    }
    let stats = flushed(&provider);
    assert_eq!((stats.accepted, stats.live), (300, 0), "{stats:?}");
}

#[test]
fn spans_that_end_with_their_thread_do_not_pass_processors_by() {
    let marks = Arc::new(Marks::default());
    let builder = spanline::init().without_environment().exporter("discard");
    let provider = builder.processor(Marking(marks.clone())).build().unwrap();
    let tracer = provider.tracer("threads");
    for keep_first in [true, false] {
        end_with_threads(&tracer, keep_first);
    }
    let stats = flushed(&provider);
    assert_eq!((stats.accepted, stats.live), (300, 0), "{stats:?}");
    assert_eq!(marks.ended.load(Ordering::Relaxed), 300);
    assert_eq!(marks.unmarked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_thread_that_is_torn_down_after_the_shutdown_calls_no_processor() {
    for keep_first in [true, false] {
        let marks = Arc::new(Marks::default());
        let builder = spanline::init().without_environment().exporter("discard");
        let provider = builder.processor(Marking(marks.clone())).build().unwrap();
        let tracer = provider.tracer("threads");
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            let thread = scope.spawn(|| {
                if keep_first {
                    KEPT.with_borrow_mut(|_| ());
                }
                tracer.span("before").start().end();
                KEPT.with_borrow_mut(|kept| kept.push(tracer.span("kept").start()));
                barrier.wait();
                barrier.wait();
            });
            barrier.wait();
            assert!(provider.shutdown().unwrap().complete);
            barrier.wait();
            thread.join().unwrap();
        });
        let stats = provider.stats();
        assert!(stats.balances(), "{stats:?}");
        assert_eq!((stats.live, stats.dropped.after_shutdown), (0, 1), "{stats:?}");
        assert_eq!(
            marks.ended.load(Ordering::Relaxed),
            1,
            "the span that ended before"
        );
    }
}

/// A part of a provider whose destructor makes a span of another one, and panics.
#[derive(Debug)]
struct Noisy(Tracer);

impl SpanProcessor for Noisy {}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.span("from a destructor").start().end();
        panic!("on purpose");
    }
}

#[test]
fn parts_of_a_provider_are_dropped_with_nothing_borrowed() {
    let other = discarding();
    let end = |in_thread: bool| {
        let builder = spanline::init().without_environment().exporter("discard");
        let gone = builder.processor(Noisy(other.tracer("other"))).build().unwrap();
        gone.tracer("gone").span("work").start().end();
        assert!(gone.shutdown().unwrap().complete);
        drop(gone);
        if !in_thread {
            // Another provider's first span on this thread lets go of what is gone.
            let third = discarding();
            third.tracer("third").span("work").start().end();
            assert_eq!(flushed(&third).accepted, 1);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| end(false)).join().unwrap();
    });
    let stats = flushed(&other);
    assert_eq!((stats.accepted, stats.refused.reentrant), (1, 0), "{stats:?}");
    // At the end of a thread there is nothing to make a span with; it is counted, and the panic goes no further.
    thread::scope(|scope| {
        scope.spawn(|| end(true)).join().unwrap();
    });
    // A scope does not wait for the destructors of its threads.
    while other.stats().refused.reentrant == 0 {
        thread::yield_now();
    }
    let stats = flushed(&other);
    assert_eq!((stats.accepted, stats.refused.reentrant), (1, 1), "{stats:?}");
}

#[test]
fn what_cannot_be_kept_is_counted() {
    let builder = spanline::init().without_environment().exporter("discard");
    let builder = builder
        .delay_ms(3_600_000)
        .options(|options| options.max_open_spans = Some(64));
    let provider = builder.build().unwrap();
    let tracer = provider.tracer("bounds");
    let open: Vec<_> = (0..100).map(|_| tracer.span("open").start()).collect();
    let refused = open.iter().filter(|span| !span.is_recording()).count() as u64;
    assert!((36..=68).contains(&refused), "{refused}");
    let mut open = open.into_iter();
    open.by_ref().take(10).for_each(Span::abandon);
    drop(open);
    let stats = flushed(&provider);
    assert_eq!((stats.refused.open_bound, stats.abandoned), (refused, 10));
    assert_eq!(stats.accepted, 100 - refused - 10);
}

#[test]
fn a_full_buffer_is_counted() {
    let receiver = Receiver::start(std::iter::repeat_n(process::Reply::Silence, 100));
    let builder = spanline::init().without_environment().endpoint(receiver.url());
    let provider = builder.buffer_bytes(1 << 20).build().unwrap();
    let tracer = provider.tracer("bounds");
    for _ in 0..50_000 {
        tracer.span("one of very many").start().set("key", "value").end();
    }
    let stats = provider.stats();
    assert!(stats.dropped.buffer_full > 0 && stats.balances(), "{stats:?}");
    let report = provider.shutdown_within(Duration::ZERO).unwrap();
    assert!(report.stats.balances(), "{:?}", report.stats);
}

fn own_threads() -> usize {
    let mut found = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        found += usize::from(name.starts_with("spanline"));
    }
    found
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Flushes from inside the callbacks.
#[derive(Debug)]
struct Flushing(Arc<OnceLock<Provider>>, Arc<AtomicU64>);

impl SpanProcessor for Flushing {
    fn on_start(&self, _: &CurrentSpan, _: &Context) {
        self.call();
    }

    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        self.call();
        Verdict::Keep
    }

    fn flush(&self, _: Duration) -> bool {
        true
    }
}

impl Flushing {
    fn call(&self) {
        if let Some(provider) = self.0.get() {
            let report = provider.flush_within(Duration::from_secs(60));
            self.1.fetch_add(u64::from(!report.complete), Ordering::Relaxed);
        }
    }
}

/// Flushes and shuts down from the exporter's own thread.
#[derive(Debug)]
struct FlushingExporter(Arc<OnceLock<Provider>>);

impl spanline::SpanExporter for FlushingExporter {
    fn export(&self, _: spanline::ExportBatch<'_>, _: Option<Duration>) -> spanline::ExportResult {
        let provider = self.0.get().unwrap();
        assert!(!provider.flush().complete, "it cannot wait for itself");
        drop(span!("not traced"));
        spanline::ExportResult::success()
    }
}

#[test]
fn a_flush_in_our_own_callbacks_does_not_wait_for_itself() {
    let late = Arc::new(OnceLock::new());
    let waited = Arc::new(AtomicU64::new(0));
    let builder = spanline::init().without_environment();
    let provider = builder
        .processor(Flushing(late.clone(), waited.clone()))
        .add_exporter("flushing", FlushingExporter(late.clone()))
        .build()
        .unwrap();
    late.set(provider.clone()).unwrap();
    let tracer = provider.tracer("callbacks");
    (0..5).for_each(|_| tracer.span("work").start().end());
    let report = provider.shutdown().unwrap();
    assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
    assert_eq!(
        (report.stats.exporters[0].exported, report.stats.caught_panics),
        (5, 0)
    );
    assert_eq!(waited.load(Ordering::Relaxed), 0, "none ran into its limit");
}

#[test]
fn a_flush_inside_an_asynchronous_runtime_ends() {
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let several = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    for runtime in [current, several] {
        let receiver = Receiver::start([]);
        let builder = spanline::init().without_environment().endpoint(receiver.url());
        let provider = builder.build().unwrap();
        let report = runtime.block_on(async {
            let task = provider.clone();
            let work = tokio::spawn(async move {
                task.tracer("async").span("work").start().end();
                task.flush().complete
            });
            provider.tracer("async").span("work").start().end();
            assert!(provider.flush().complete);
            assert!(work.await.unwrap());
            provider.shutdown().unwrap()
        });
        assert!(report.complete && report.stats.balances(), "{:?}", report.stats);
        assert_eq!(receiver.spans().len(), 2);
    }
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    match scenario.as_str() {
        "providers" => providers(),
        "idle" => idle(&endpoint),
        other => panic!("no scenario {other}"),
    }
}

fn providers() {
    let round = |count| {
        for _ in 0..count {
            let provider = discarding();
            let span = provider.tracer("many").span("work").start();
            provider.tracer("many").span("work").start().end();
            drop(provider);
            drop(span);
        }
    };
    round(200);
    let before = resident_kib();
    round(1000);
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 8 << 10, "{grown} KiB");
    // A thread that was told to end may still be on its way.
    while own_threads() > 0 {
        thread::yield_now();
    }
}

fn idle(endpoint: &str) {
    let builder = spanline::init().without_environment().endpoint(endpoint);
    let provider = builder.start().unwrap();
    drop(span!("work"));
    assert!(provider.flush().complete);
    // Whatever was under way comes to rest first.
    thread::sleep(Duration::from_secs(1));
    let before = switches();
    thread::sleep(Duration::from_secs(3));
    assert_eq!(switches(), before);
    assert_eq!(before.len(), 2, "the pipeline and one exporter");
}

#[test]
fn many_providers_come_and_go_and_leave_nothing() {
    let ended = play("providers", "");
    assert!(ended.status.success(), "{}", ended.output);
}

#[test]
fn an_idle_process_is_not_woken() {
    let receiver = Receiver::start([]);
    let ended = play("idle", &receiver.url());
    assert!(ended.status.success(), "{}", ended.output);
}
