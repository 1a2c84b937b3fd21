//! The option `flush_on_signals`: what waits is sent, and then the signal does what it would have done.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "forks, and sends signals to itself; see each block")]

mod process;

use process::{Ended, Receiver, Reply, play, play_as};
use spanline::{EndedSpan, Provider, SpanProcessor, Verdict, span};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Of `exit_timeout_ms`, unless a scenario says otherwise.
const BOUND: Duration = Duration::from_secs(1);
const SPANS: usize = 100;

fn builder(endpoint: &str) -> spanline::Builder {
    spanline::set_log_sink(Some(Arc::new(|level, text| {
        println!("{}: {text}", level.name());
    })));
    // A delay that never passes by itself: what arrives was sent because of the signal.
    let builder = spanline::init().without_environment().delay_ms(3_600_000);
    builder
        .endpoint(endpoint)
        .exit_timeout_ms(BOUND.as_millis() as u64)
        .flush_on_signals(true)
}

fn make_spans() {
    (0..SPANS).for_each(|_| drop(span!("queued")));
}

fn start(builder: spanline::Builder) -> Provider {
    let provider = builder.start().unwrap();
    make_spans();
    provider
}

/// A signal for this process.
fn send(signal: libc::c_int) {
    // SAFETY: a signal for the calling process.
    let failed = unsafe { libc::kill(std::process::id().cast_signed(), signal) };
    assert_eq!(failed, 0);
}

fn for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < process::LIMIT, "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The threads of this process with this name.
fn threads(name: &str) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let named = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|found| found.trim() == name)
    };
    all.map(|entry| entry.path()).filter(named).collect()
}

static CALLS: AtomicU32 = AtomicU32::new(0);
static SENDER: AtomicI32 = AtomicI32::new(0);

extern "C" fn count(_: libc::c_int) {
    CALLS.fetch_add(1, Ordering::SeqCst);
}

extern "C" fn count_with_facts(_: libc::c_int, facts: *mut libc::siginfo_t, context: *mut libc::c_void) {
    assert!(!context.is_null());
    // SAFETY: a signal comes with its facts.
    let facts = unsafe { &*facts };
    // SAFETY: a process sent the signal.
    SENDER.store(unsafe { facts.si_pid() }, Ordering::SeqCst);
    CALLS.fetch_add(1, Ordering::SeqCst);
}

fn install(signal: libc::c_int, handler: usize, flags: libc::c_int) {
    // SAFETY: an action is plain numbers, for which zero is valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: the handlers of this file touch atomics alone.
    let failed = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    assert_eq!(failed, 0);
}

/// The handler that is installed.
fn installed(signal: libc::c_int) -> usize {
    // SAFETY: an action is plain numbers, for which zero is valid.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: asks alone, and writes to a local.
    let failed = unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
    assert_eq!(failed, 0);
    action.sa_sigaction
}

const COUNT: extern "C" fn(libc::c_int) = count;

/// Never gives back what it is called for at the end.
#[derive(Debug)]
struct Stuck;

impl SpanProcessor for Stuck {
    fn on_end(&self, _: EndedSpan<'_>) -> Verdict {
        Verdict::Keep
    }

    fn flush(&self, _: Duration) -> bool {
        for_ever()
    }

    fn shutdown(&self, _: Duration) -> bool {
        for_ever()
    }
}

/// How a child of this process ended that did this.
fn forked(child: impl FnOnce()) -> libc::c_int {
    // SAFETY: the child goes on with what tests of forks do: spans, signals, and its end.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        child();
        // SAFETY: leaves without the hooks of the test's own process.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    status
}

/// Plays a scenario when it is run by another test; by itself it does nothing.
#[test]
fn child() {
    let Some((scenario, endpoint)) = process::scenario() else {
        return;
    };
    let builder = builder(&endpoint);
    match scenario.as_str() {
        "term" | "int" | "without" => {
            start(builder.flush_on_signals(scenario != "without"));
            send(if scenario == "int" {
                libc::SIGINT
            } else {
                libc::SIGTERM
            });
            for_ever()
        }
        "second" | "other" => {
            start(builder.exit_timeout_ms(600_000));
            send(libc::SIGTERM);
            until("the flush began", || !threads("spanline-flush").is_empty());
            send(if scenario == "other" {
                libc::SIGINT
            } else {
                libc::SIGTERM
            });
            for_ever()
        }
        "handler" => {
            let with_facts = count_with_facts as *const () as usize;
            install(libc::SIGTERM, with_facts, libc::SA_SIGINFO);
            install(libc::SIGINT, COUNT as usize, libc::SA_RESETHAND);
            let provider = start(builder);
            for round in 1..=2_u32 {
                send(libc::SIGTERM);
                until("handed on", || CALLS.load(Ordering::SeqCst) == round);
                assert_eq!(SENDER.load(Ordering::SeqCst), std::process::id().cast_signed());
                let stats = provider.stats();
                let made = SPANS as u64 * u64::from(round);
                assert_eq!(stats.exporters[0].exported, made, "flushed before: {stats:?}");
                assert!(stats.balances());
                make_spans();
            }
            send(libc::SIGINT);
            until("handed on", || CALLS.load(Ordering::SeqCst) == 3);
            assert_eq!(installed(libc::SIGINT), libc::SIG_DFL, "it was for once");
            std::process::exit(9)
        }
        "later" => {
            start(builder);
            install(libc::SIGTERM, COUNT as usize, 0);
            send(libc::SIGTERM);
            until("called", || CALLS.load(Ordering::SeqCst) == 1);
            std::process::exit(9)
        }
        "runtime" => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.enable_all().build().unwrap().block_on(async {
                start(builder);
                let kind = tokio::signal::unix::SignalKind::terminate();
                let mut signals = tokio::signal::unix::signal(kind).unwrap();
                for _ in 0..3 {
                    send(libc::SIGTERM);
                    signals.recv().await.unwrap();
                }
            });
            std::process::exit(9)
        }
        "ignored" => {
            install(libc::SIGINT, libc::SIG_IGN, 0);
            let provider = start(builder);
            assert_eq!(installed(libc::SIGINT), libc::SIG_IGN);
            send(libc::SIGINT);
            drop(provider);
            std::process::exit(9)
        }
        "restored" => {
            install(libc::SIGTERM, COUNT as usize, libc::SA_RESTART);
            for round in 0..100 {
                let one = spanline::init().without_environment().exporter("discard");
                let provider = one.flush_on_signals(true).build().unwrap();
                assert_ne!(installed(libc::SIGTERM), COUNT as usize);
                if round % 2 == 0 {
                    provider.tracer("t").span("made").start().end();
                    provider.shutdown().unwrap();
                }
                drop(provider);
                assert_eq!(installed(libc::SIGTERM), COUNT as usize);
                assert_eq!(installed(libc::SIGINT), libc::SIG_DFL);
            }
            until("no thread is left", || threads("spanline-signal").is_empty());
            send(libc::SIGTERM);
            until("called", || CALLS.load(Ordering::SeqCst) == 1);
        }
        "left alone" => {
            let provider = start(builder);
            install(libc::SIGTERM, COUNT as usize, 0);
            provider.shutdown().unwrap();
            assert_eq!(installed(libc::SIGTERM), COUNT as usize, "it came later");
            assert_eq!(installed(libc::SIGINT), libc::SIG_DFL);
        }
        "several" => {
            let several: Vec<_> = (0..6)
                .map(|number| {
                    let builder = spanline::init().without_environment().delay_ms(3_600_000);
                    let builder = builder.flush_on_signals(number % 2 == 0);
                    let provider = builder.endpoint(endpoint.clone()).build().unwrap();
                    provider.tracer("t").span("queued").start().end();
                    provider
                })
                .collect();
            send(libc::SIGTERM);
            for_ever_with(&several)
        }
        // One after the other in the order of the URLs.
        "one each" | "one each, handled" => {
            let is_handled = scenario != "one each";
            if is_handled {
                install(libc::SIGTERM, COUNT as usize, 0);
            }
            let one = |url| {
                let builder = spanline::init().without_environment().delay_ms(3_600_000);
                let builder = builder.flush_on_signals(true).exit_timeout_ms(1_000);
                let provider = builder.endpoint(url).build().unwrap();
                let tracer = provider.tracer("t");
                (0..SPANS).for_each(|_| tracer.span("queued").start().end());
                provider
            };
            let several: Vec<_> = endpoint.split(' ').map(one).collect();
            send(libc::SIGTERM);
            if is_handled {
                until("handed on", || CALLS.load(Ordering::SeqCst) == 1);
                // SAFETY: ends the process without its exit hooks, so that only the flush can have sent anything.
                unsafe { libc::_exit(9) }
            }
            for_ever_with(&several)
        }
        "forks" => {
            let provider = start(builder);
            // One that has made nothing has nothing to wait for, and does not trouble its parent.
            let status = forked(|| {
                send(libc::SIGTERM);
                for_ever()
            });
            assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGTERM);
            assert_eq!(provider.stats().exporters[0].attempts, 0);
            let status = forked(|| {
                drop(span!("in the child"));
                send(libc::SIGTERM);
                for_ever()
            });
            assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGTERM);
            assert_eq!(provider.stats().exporters[0].attempts, 0);
            send(libc::SIGTERM);
            for_ever()
        }
        "first" => {
            assert_eq!(std::process::id(), 1);
            let provider = start(builder);
            send(libc::SIGTERM);
            until("flushed", || {
                provider.stats().exporters[0].exported == SPANS as u64
            });
            make_spans();
            assert!(provider.shutdown().unwrap().complete);
        }
        "exit" => {
            start(builder);
            send(libc::SIGTERM);
            std::process::exit(0)
        }
        "stuck" => {
            start(builder.processor(Stuck));
            send(libc::SIGTERM);
            for_ever()
        }
        "idle" => {
            let provider = start(builder);
            assert!(provider.flush().complete);
            let [thread] = threads("spanline-signal").try_into().unwrap();
            let switches = || {
                let status = std::fs::read_to_string(thread.join("status")).unwrap();
                let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            let asleep = || {
                let status = std::fs::read_to_string(thread.join("status")).unwrap();
                status.lines().any(|line| line.starts_with("State:\tS"))
            };
            until("it waits", asleep);
            let before = switches();
            std::thread::sleep(Duration::from_secs(2));
            assert_eq!(before, switches());
        }
        other => panic!("no scenario {other}"),
    }
}

fn for_ever_with<T>(_: &T) -> ! {
    for_ever()
}

#[track_caller]
fn ended_by(scenario: &str, ended: &Ended, signal: libc::c_int) {
    let output = &ended.output;
    assert_eq!(
        ended.status.signal(),
        Some(signal),
        "{scenario}: {:?} {output}",
        ended.status
    );
}

#[track_caller]
fn arrived(scenario: &str, receiver: &Receiver, spans: usize) {
    let mut ids: Vec<_> = receiver.spans().into_iter().map(|span| span.span_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(
        (receiver.spans().len(), ids.len()),
        (spans, spans),
        "{scenario}: each once"
    );
}

#[test]
fn a_signal_flushes_and_then_ends_the_process() {
    for (scenario, signal) in [("term", libc::SIGTERM), ("int", libc::SIGINT)] {
        let receiver = Receiver::start([]);
        let ended = play(scenario, &receiver.url());
        ended_by(scenario, &ended, signal);
        arrived(scenario, &receiver, SPANS);
        assert!(!ended.output.contains("lost"), "{}", ended.output);
    }
}

#[test]
fn without_the_option_a_signal_does_what_it_does() {
    let receiver = Receiver::start([]);
    ended_by("without", &play("without", &receiver.url()), libc::SIGTERM);
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_silent_receiver_delays_the_signal_no_longer_than_the_exit() {
    let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
    let ended = play("term", &receiver.url());
    ended_by("term", &ended, libc::SIGTERM);
    assert!(ended.took > BOUND && ended.took < 4 * BOUND, "{:?}", ended.took);
    let lost: Vec<_> = ended
        .output
        .lines()
        .filter(|line| line.contains("lost"))
        .collect();
    assert_eq!(lost.len(), 1, "{}", ended.output);
    let line = lost[0];
    assert!(
        line.contains("100 spans were lost at exit") && line.contains("never got an answer"),
        "{line}"
    );
}

#[test]
fn at_a_signal_a_silent_receiver_of_one_provider_takes_no_time_from_the_others() {
    for scenario in ["one each", "one each, handled"] {
        let silent = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
        let live = Receiver::start([]);
        let ended = play(scenario, &[silent.url(), live.url()].join(" "));
        match scenario {
            "one each" => ended_by(scenario, &ended, libc::SIGTERM),
            _ => assert_eq!(ended.status.code(), Some(9), "{}", ended.output),
        }
        assert!(!silent.requests().is_empty(), "{scenario}: it tried");
        arrived(scenario, &live, SPANS);
        assert!(ended.took < 4 * BOUND, "{scenario}: {:?}", ended.took);
    }
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (scenario, signal) in [("second", libc::SIGTERM), ("other", libc::SIGINT)] {
        let receiver = Receiver::start(std::iter::repeat_n(Reply::Silence, 100));
        // It would wait for ten minutes.
        ended_by(scenario, &play(scenario, &receiver.url()), signal);
    }
}

#[test]
fn a_handler_that_was_there_is_called_once_after_the_flush() {
    let receiver = Receiver::start([]);
    let ended = play("handler", &receiver.url());
    assert_eq!(ended.status.code(), Some(9), "{}", ended.output);
    arrived("handler", &receiver, 3 * SPANS);
}

#[test]
fn a_handler_that_is_installed_later_wins() {
    for scenario in ["later", "runtime", "ignored"] {
        let receiver = Receiver::start([]);
        let ended = play(scenario, &receiver.url());
        assert_eq!(
            ended.status.code(),
            Some(9),
            "{scenario}: {:?} {}",
            ended.status,
            ended.output
        );
        arrived(scenario, &receiver, SPANS);
    }
}

#[test]
fn what_was_there_is_put_back_at_the_end() {
    for scenario in ["restored", "left alone"] {
        let receiver = Receiver::start([]);
        let ended = play(scenario, &receiver.url());
        assert!(
            ended.status.success(),
            "{scenario}: {:?} {}",
            ended.status,
            ended.output
        );
    }
}

#[test]
fn of_several_providers_those_that_ask_for_it_are_flushed() {
    let receiver = Receiver::start([]);
    ended_by("several", &play("several", &receiver.url()), libc::SIGTERM);
    arrived("several", &receiver, 3);
}

#[test]
fn a_forked_child_has_signals_of_its_own() {
    let receiver = Receiver::start([]);
    ended_by("forks", &play("forks", &receiver.url()), libc::SIGTERM);
    arrived("forks", &receiver, SPANS + 1);
    assert_eq!(receiver.names()["in the child"], 1);
}

/// The first process of a container: no signal ends it that it does not handle.
#[test]
fn the_first_process_of_a_container_flushes_and_goes_on() {
    let inside = |program: &std::path::Path| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork"]).arg(program);
        command
    };
    let tried = inside("/bin/true".as_ref()).output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        return spanline_test_vectors::skip("process numbers of its own are not permitted to this process");
    }
    let receiver = Receiver::start([]);
    let ended = play_as(
        inside(&std::env::current_exe().unwrap()),
        "first",
        &receiver.url(),
    );
    assert!(ended.status.success(), "{:?} {}", ended.status, ended.output);
    arrived("first", &receiver, 2 * SPANS);
}

#[test]
fn an_exit_that_meets_a_signal_loses_nothing() {
    for _ in 0..5 {
        let receiver = Receiver::start([Reply::Late(Duration::from_millis(200))]);
        let ended = play("exit", &receiver.url());
        let signal = ended.status.signal();
        assert!(
            ended.status.success() || signal == Some(libc::SIGTERM),
            "{:?}",
            ended.status
        );
        let sent: usize = receiver
            .requests()
            .iter()
            .map(|request| process::spans_of(&request.body).len())
            .sum();
        assert_eq!(sent, SPANS, "{}", ended.output);
    }
}

#[test]
fn a_callback_that_hangs_does_not_keep_the_signal_back() {
    let receiver = Receiver::start([]);
    let ended = play("stuck", &receiver.url());
    ended_by("stuck", &ended, libc::SIGTERM);
    assert!(ended.took < 4 * BOUND, "{:?}", ended.took);
}

#[test]
fn nothing_is_woken_while_no_signal_comes() {
    let receiver = Receiver::start([]);
    let ended = play("idle", &receiver.url());
    assert!(ended.status.success(), "{:?} {}", ended.status, ended.output);
}
